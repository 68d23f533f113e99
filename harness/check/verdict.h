// What a check says, and how many of them become one verdict and one exit code.
#ifndef HOLDFAST_HARNESS_CHECK_VERDICT_H_
#define HOLDFAST_HARNESS_CHECK_VERDICT_H_

#include <string>
#include <vector>

#include "harness/base/json.h"

namespace holdfast::check {

enum class Verdict { kPass, kNotApplicable, kUnknown, kFail };
// "pass", "not-applicable", "unknown", "fail".
std::string_view ToString(Verdict verdict);

struct ObjectId {
  std::string kind;
  std::string name;
  std::string uid;
};
struct Evidence {
  std::string file;  // "trace.jsonl" or "history.jsonl".
  int64_t line = 0;  // 1-based.
};

// One contradiction: a sentence that can be understood alone, and where to look.
struct Finding {
  std::string sentence;
  std::vector<ObjectId> objects;
  std::vector<Evidence> evidence;
  std::string during;  // The fault or action it fell in, or empty.
};

// One guarantee judged on one scenario.
struct CheckResult {
  std::string id;
  std::string scenario;
  Verdict verdict = Verdict::kUnknown;
  std::string reason;  // One sentence; for a pass what was seen, for unknown why, for a fail the
                       // first finding in short.
  std::vector<Finding> findings;
  bool accepted = false;  // A fail that the suite waives or expects; it does not count.
  Json measures = nullptr;  // What was measured, for machines; null where nothing was.
};

struct Verdicts {
  Verdict verdict = Verdict::kUnknown;
  int exit = 3;        // 0, 1 or 3.
  std::string reason;  // The one sentence of the last line.
  std::vector<CheckResult> checks;
};

// {"format":"holdfast-verdicts/1","verdict","exit","reason","checks":[...]}.
Json ToJson(const Verdicts& verdicts);

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_VERDICT_H_
