// Rows of a table test: a record, a guarantee, and the verdict that must come out.
#ifndef HOLDFAST_TESTS_UNIT_CHECK_RULE_ROWS_H_
#define HOLDFAST_TESTS_UNIT_CHECK_RULE_ROWS_H_

#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/check/record_builder.h"

namespace holdfast::check {

struct RuleRow {
  const char* name;
  const char* id;
  const char* verdict;
  TraceText trace;
};

// A failure must name objects and lines, whatever the guarantee.
inline void ExpectVerdicts(const std::vector<RuleRow>& rows) {
  for (const RuleRow& row : rows) {
    const CheckResult result = Find(CheckTrace(row.trace.Text()), row.id, "trace");
    EXPECT_EQ(ToString(result.verdict), row.verdict)
        << row.id << " on '" << row.name << "': " << result.reason;
    if (result.verdict != Verdict::kFail) continue;
    ASSERT_FALSE(result.findings.empty()) << row.name;
    EXPECT_FALSE(result.findings[0].objects.empty()) << row.name;
    EXPECT_FALSE(result.findings[0].evidence.empty()) << row.name;
  }
}

// A gap in the watch of the pods while the record goes on.
inline TraceText& Gap(TraceText& trace, const char* resource) {
  return trace.Line({{"kind", "gap"}, {"resource", resource}, {"reason", "410 Gone"}});
}

// The newest line tells an object that was there when the watch began.
inline TraceText& Listed(TraceText& trace, const char* resource) {
  Json line = *ParseJson(trace.lines().back());
  line["event"]["type"] = "LIST";
  trace.lines().back() = DumpJson(line);
  for (std::string& text : trace.lines()) {
    Json open = *ParseJson(text);
    if (GetString(open, {"kind"}) != "watch-open" || GetString(open, {"resource"}) != resource) continue;
    open["items"] = 1;
    text = DumpJson(open);
  }
  return trace;
}

// The same record of another server, "v1.24.9".
inline TraceText On(const char* server, TraceText trace) {
  std::string& run = trace.lines().front();
  run.replace(run.find("v1.36.2"), 7, server);
  return trace;
}

// What the watch of the volumes says of the one behind the claim.
inline TraceText& Volume(TraceText& trace, const char* type, const std::string& claim, const Edit& edit = {}) {
  Json volume = {{"metadata",
                  {{"name", "pv-" + claim},
                   {"uid", "volume-" + claim},
                   {"creationTimestamp", "2027-01-15T08:00:00Z"}}}};
  volume["spec"] = {{"claimRef", {{"namespace", "ns"}, {"name", claim}, {"uid", "claim-" + claim}}},
                    {"csi", {{"driver", "d"}, {"volumeHandle", "h-" + claim}}},
                    {"accessModes", {"ReadWriteOnce"}},
                    {"persistentVolumeReclaimPolicy", "Delete"}};
  volume["status"]["phase"] = "Bound";
  if (edit) edit(volume);
  return trace.Watch("persistentvolumes", type, volume);
}

inline Edit At(const char* path, const Json& value) {
  return [pointer = Json::json_pointer(path), value](Json& object) { object[pointer] = value; };
}

}  // namespace holdfast::check

#endif  // HOLDFAST_TESTS_UNIT_CHECK_RULE_ROWS_H_
