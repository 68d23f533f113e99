#include "harness/check/client_history.h"

#include <fmt/format.h>

#include "harness/base/strings.h"
#include "harness/check/history/stream_check.h"
#include "harness/check/summary.h"

namespace holdfast::check {
namespace {

// Answers that tell a revision end the streaming: the history is then read whole.
CheckResult SessionsOfStream(const history::StreamReport& report, const std::string& file) {
  CheckResult result;
  result.id = "HX-SESSION";
  result.scenario = kBareHistory;
  result.verdict = Verdict::kNotApplicable;
  result.reason = "no answer tells at which revision it was made";
  if (report.damaged > 0) {
    result.verdict = Verdict::kUnknown;
    result.reason = fmt::format("{} is damaged or contradicts itself at {}", file, report.damage);
  } else if (report.decision != history::Decision::kLinearizable) {
    result.verdict = Verdict::kUnknown;
    result.reason =
        fmt::format("reading ended at line {}, where HX-LINEARIZABLE was broken", report.line);
  }
  return result;
}

CheckResult FromStream(const history::StreamReport& report, const std::string& file) {
  CheckResult result;
  result.id = "HX-LINEARIZABLE";
  result.scenario = kBareHistory;
  // A value that nobody is seen to have written may stand in a line that is damaged.
  const bool doubtful = report.damaged > 0 && report.type == history::Violation::Type::kPhantom;
  if (report.decision == history::Decision::kViolated && !doubtful) {
    result.verdict = Verdict::kFail;
    result.reason = report.sentence;
    Finding finding;
    finding.sentence = report.sentence;
    finding.evidence.push_back({.file = file, .line = report.line});
    result.findings.push_back(std::move(finding));
  } else if (report.damaged > 0) {
    result.verdict = Verdict::kUnknown;
    result.reason = fmt::format("{} is damaged or contradicts itself at {}", file, report.damage);
  } else if (report.operations == 0) {
    result.verdict = Verdict::kUnknown;
    result.reason = "no operation was answered";
  } else {
    result.verdict = Verdict::kPass;
    result.reason = fmt::format(
        "{} answered operations on {} keys, {} of unknown outcome; streamed with at most {} values "
        "of a key at once: linearizable",
        WithThousands(report.operations), report.keys, report.crashed, report.peak);
  }
  return result;
}

}  // namespace

Result<Verdicts> CheckHistoryFile(const std::filesystem::path& path,
                                  history::Format format,
                                  const history::JudgeOptions& options,
                                  uint64_t stream_above) {
  const bool lines = format != history::Format::kJepsen && format != history::Format::kEdn;
  const bool registers =
      options.model == history::Model::kUnknown || options.model == history::Model::kRegister;
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (lines && registers && !error && size > stream_above) {
    const auto report = history::StreamRegisters(path);
    // What is no JSON on lines, or needs the whole history, is read as a whole.
    if (report && report->decision != history::Decision::kNotApplicable)
      return Summarize({FromStream(*report, path.filename().string()),
                        SessionsOfStream(*report, path.filename().string())},
                       nullptr);
  }
  HOLDFAST_ASSIGN(history::History record, history::ReadHistory(path, format));
  if (record.torn) {
    ++record.problem_count;
    record.problems.push_back({.line = record.lines + 1, .sentence = "the last line is cut off: more may be missing"});
  }
  std::vector<CheckResult> checks;
  for (history::Judged& judged :
       history::JudgeHistory(record, options, path.filename().string())) {
    judged.result.scenario = kBareHistory;
    checks.push_back(std::move(judged.result));
  }
  return Summarize(std::move(checks), nullptr);
}

}  // namespace holdfast::check
