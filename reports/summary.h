// The end of a run in words: what `run` prints last and what `check` prints.
#ifndef HOLDFAST_REPORTS_SUMMARY_H_
#define HOLDFAST_REPORTS_SUMMARY_H_

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/check/verdict.h"

namespace holdfast::reports {

enum class Color { kNone, kRed, kGreen, kYellow, kDim };
// The text in that colour for an ANSI terminal, or as it is when `enabled` is false.
std::string Paint(std::string_view text, Color color, bool enabled);
// fail is red, unknown yellow, pass green, not-applicable dim.
Color ColorOf(check::Verdict verdict);

struct SummaryOptions {
  bool color = false;
  size_t findings = 5;  // Shown per guarantee; the rest are counted.
  std::vector<std::pair<std::string, std::string>> files =
      {};  // Label and path of what was written.
};

// A table of counts per scenario, then every fail, unknown and accepted fail with its sentences and
// evidence, then the files. Ends in a newline; holds no control characters but ours.
std::string RenderSummary(const check::Verdicts& verdicts, const SummaryOptions& options);

// "exit 1: <reason>\n": the last line of every command that judges.
std::string ExitLine(int exit, std::string_view reason);

}  // namespace holdfast::reports

#endif  // HOLDFAST_REPORTS_SUMMARY_H_
