// Any bytes as a history, in every format, through all engines: an error or a verdict, never a
// crash, and never a pass of a damaged record.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "harness/check/history/json_lines.h"
#include "harness/check/history/plain_line.h"
#include "harness/check/history/reader.h"
#include "harness/check/history/verdicts.h"

using holdfast::check::Verdict;
using holdfast::check::history::Format;

namespace {

namespace history = holdfast::check::history;

bool Same(const history::Scalar& a, const history::Scalar& b) {
  return a.type == b.type && a.number == b.number && a.text == b.text;
}

// What the short way takes, the parser takes in the same way.
void CompareLines(std::string_view text) {
  history::JsonLineParser parser;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    history::HistoryEvent plain;
    if (!history::ParsePlainLine(line, plain)) continue;
    const std::string padded = std::string(line) + std::string(history::kLinePadding, '\0');
    history::HistoryEvent parsed;
    bool same = parser.Parse(padded.data(), line.size(), parsed) && parsed.index == plain.index &&
                parsed.time == plain.time && Same(parsed.process, plain.process) &&
                parsed.type == plain.type && parsed.function == plain.function &&
                Same(parsed.key, plain.key) && parsed.shape == plain.shape &&
                Same(parsed.value, plain.value) && parsed.list.size() == plain.list.size() &&
                parsed.node == plain.node && parsed.role == plain.role &&
                parsed.revision == plain.revision && parsed.modified == plain.modified &&
                parsed.version == plain.version && !parsed.has_error;
    for (size_t i = 0; same && i < plain.list.size(); ++i)
      same = Same(parsed.list[i], plain.list[i]);
    if (same) continue;
    std::fprintf(stderr, "two readings of: %s\n", std::string(line).c_str());
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  CompareLines(text);
  holdfast::check::history::JudgeOptions options;
  options.fresh_reads = true;
  options.registers.limits = {.configurations = 1U << 10U, .steps = 20'000};
  for (const Format format : {Format::kAuto, Format::kHoldfast, Format::kJson, Format::kJepsen, Format::kEdn}) {
    const auto history = holdfast::check::history::ReadHistoryText(text, format);
    if (!history) continue;
    for (const auto& judged : JudgeHistory(*history, options, "h")) {
      if (judged.result.verdict == Verdict::kPass && history->problem_count > 0) {
        std::fputs("a damaged history passed\n", stderr);
        std::abort();
      }
      if (judged.result.reason.empty()) {
        std::fputs("a verdict without a reason\n", stderr);
        std::abort();
      }
    }
  }
  return 0;
}
