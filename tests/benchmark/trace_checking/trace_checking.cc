// Watch events per second from file to verdict, and lines per second of the reader alone.
//   benchmark_trace_checking [EVENTS] [SEED]
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <fstream>

#include <fmt/format.h>

#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "harness/check/check.h"
#include "harness/trace/trace_reader.h"
#include "tests/benchmark/trace_checking/trace_generator.h"

namespace {

using Clock = std::chrono::steady_clock;

double Since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

int64_t PeakMiB() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

}  // namespace

int main(int argc, char** argv) {
  holdfast::benchmark::TraceSize size;
  if (argc > 1) size.events = holdfast::ParseInt(argv[1]).value_or(size.events);
  if (argc > 2) size.seed = static_cast<uint64_t>(holdfast::ParseInt(argv[2]).value_or(1));
  const holdfast::TemporaryDirectory directory;
  const auto path = directory.path() / "t.jsonl";
  {
    std::ofstream out(path, std::ios::binary);
    holdfast::benchmark::GenerateTrace(size, out);
  }
  const double megabytes = static_cast<double>(std::filesystem::file_size(path)) / 1e6;
  auto begin = Clock::now();
  holdfast::check::CheckCost cost;
  const auto verdicts = holdfast::check::CheckPath(path, cost);
  const double seconds = Since(begin);
  if (!verdicts) {
    std::fprintf(stderr, "%s\n", verdicts.error().message.c_str());
    return 1;
  }
  fmt::print("{} watch events, {:.0f} MB, seed {}: {:.2f} s from file to verdict, {:.0f} events/s, "
             "{:.0f} MB/s\n",
             cost.watch_events, megabytes, size.seed, seconds,
             static_cast<double>(cost.watch_events) / seconds, megabytes / seconds);
  fmt::print("{} states kept, {} steps of the judges, peak {} MiB, verdict: {}\n",
             cost.kept_states, cost.steps, PeakMiB(), verdicts->reason);
  const auto small = directory.path() / "small.jsonl";
  {
    std::ofstream out(small, std::ios::binary);
    holdfast::benchmark::GenerateSmallEvents(2 * size.events, out);
  }
  begin = Clock::now();
  const auto model = holdfast::trace::ReadTraceFile(small);
  const double reading = Since(begin);
  if (!model) return 1;
  fmt::print("{} small events read in {:.2f} s: {:.2f} M lines/s\n", model->watch_events, reading,
             static_cast<double>(model->watch_events) / reading / 1e6);
  return verdicts->exit;
}
