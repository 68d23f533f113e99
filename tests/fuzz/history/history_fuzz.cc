// Any bytes as a history, in every format, through all engines: an error or a verdict, never a
// crash, and never a pass of a damaged record.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "harness/check/history/reader.h"
#include "harness/check/history/verdicts.h"

using holdfast::check::Verdict;
using holdfast::check::history::Format;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
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
