// Any bytes as a trace, through the reader and every guarantee: an error or verdicts, never a crash;
// a record that the reader calls damaged before its end is never green.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "harness/base/files.h"
#include "harness/check/check.h"
#include "harness/trace/trace_reader.h"

namespace {

[[noreturn]] void Wrong(const char* what) {
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  std::istringstream in(text);
  const auto model = holdfast::trace::ReadTrace(in);
  static const holdfast::TemporaryDirectory directory;
  const auto path = directory.path() / "t.jsonl";
  {
    std::ofstream out(path, std::ios::binary);
    out << text;
    if (!out.flush()) Wrong("cannot write the input");
  }
  const auto verdicts = holdfast::check::CheckPath(path);
  if (model.has_value() != verdicts.has_value()) Wrong("reader and judge disagree on what is a trace");
  if (!verdicts) return 0;
  // Damage that names no resource concerns every guarantee.
  for (const auto& problem : model->problems)
    if (problem.resource.empty() && verdicts->exit == 0) Wrong("a damaged record is green");
  for (const auto& check : verdicts->checks)
    if (check.reason.empty()) Wrong("a verdict without a reason");
  return 0;
}
