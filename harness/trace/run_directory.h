// The run directory (holdfast-run/1): every piece of evidence of one run of one suite.
//
// run.json is a single object, replaced atomically:
//   format            "holdfast-run/1"
//   holdfast          version of the harness
//   run               run id, a DNS label fragment
//   seed              integer
//   suite             {name, path, text, sha256}
//   cluster           {kind: "sandbox"|"kubernetes", context, server, version, uid, nodes}
//   workload          {name, parameters{...}, images[...]}
//   target            {kind, namespace, name, replicas, service, claimTemplates[...], container}
//   load              {writers, readers, rate, window}    window = rows that a "read" asks for at
//   most scenarios         [{name, steps: ["pod-delete ..."], faults: n, limits{settle: "2m",
//   ...}}], in order expect            {fail: [ids]}, or absent accept            [{id, reason,
//   until}], or absent state             "running" | "finished" | "interrupted" | "failed" (with
//   "error": one sentence) started, ended    RFC 3339 limits            {"minimum-acks": n}   fewer
//   acknowledged writes than this decide nothing
#ifndef HOLDFAST_HARNESS_TRACE_RUN_DIRECTORY_H_
#define HOLDFAST_HARNESS_TRACE_RUN_DIRECTORY_H_

#include <filesystem>

#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::trace {

inline constexpr const char* kRunFormat = "holdfast-run/1";
inline constexpr const char* kTraceFormat = "holdfast-trace/1";

// Names inside a run directory.
struct RunDirectory {
  std::filesystem::path root;
  [[nodiscard]] std::filesystem::path RunJson() const { return root / "run.json"; }
  [[nodiscard]] std::filesystem::path Trace() const { return root / "trace.jsonl"; }
  [[nodiscard]] std::filesystem::path History() const { return root / "history.jsonl"; }
  [[nodiscard]] std::filesystem::path Journal() const { return root / "journal.jsonl"; }
  [[nodiscard]] std::filesystem::path Verdicts() const { return root / "verdicts.json"; }
  [[nodiscard]] std::filesystem::path JUnit() const { return root / "junit.xml"; }
  [[nodiscard]] std::filesystem::path Html() const { return root / "report.html"; }
  [[nodiscard]] std::filesystem::path Logs() const { return root / "logs"; }
};

// Makes the directory; it must not hold a run already, because evidence is never overwritten.
Result<RunDirectory> CreateRunDirectory(const std::filesystem::path& root);
Status WriteRunJson(const RunDirectory& directory, const Json& run);
// An error when the file is missing, not JSON or of another format.
Result<Json> ReadRunJson(const RunDirectory& directory);

}  // namespace holdfast::trace

#endif  // HOLDFAST_HARNESS_TRACE_RUN_DIRECTORY_H_
