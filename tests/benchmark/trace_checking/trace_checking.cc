// Watch events per second from file to verdict, and lines per second of the reader alone.
// The seconds of the processor are told beside those of the clock: on a busy machine they differ.
//   benchmark_trace_checking [EVENTS] [SEED] [SMALL EVENTS]
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

double Processor() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
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
  int64_t small_events = 2 * size.events;
  if (argc > 3) small_events = holdfast::ParseInt(argv[3]).value_or(small_events);
  const holdfast::TemporaryDirectory directory;
  const auto path = directory.path() / "t.jsonl";
  {
    std::ofstream out(path, std::ios::binary);
    holdfast::benchmark::GenerateTrace(size, out);
  }
  const double megabytes = static_cast<double>(std::filesystem::file_size(path)) / 1e6;
  auto begin = Clock::now();
  double processor = Processor();
  holdfast::check::CheckCost cost;
  const auto verdicts = holdfast::check::CheckPath(path, cost);
  const double seconds = Since(begin);
  processor = Processor() - processor;
  if (!verdicts) {
    std::fprintf(stderr, "%s\n", verdicts.error().message.c_str());
    return 1;
  }
  const auto events = static_cast<double>(cost.watch_events);
  fmt::print("{} watch events, {:.0f} MB, seed {}: {:.2f} s from file to verdict, {:.0f} events/s, "
             "{:.0f} MB/s; {:.2f} s of the processor, {:.0f} events/s\n",
             cost.watch_events, megabytes, size.seed, seconds, events / seconds,
             megabytes / seconds, processor, events / processor);
  fmt::print("{} states kept, {} steps of the judges, peak {} MiB, verdict: {}\n",
             cost.kept_states, cost.steps, PeakMiB(), verdicts->reason);
  const auto small = directory.path() / "small.jsonl";
  {
    std::ofstream out(small, std::ios::binary);
    holdfast::benchmark::GenerateSmallEvents(small_events, out);
  }
  begin = Clock::now();
  processor = Processor();
  const auto model = holdfast::trace::ReadTraceFile(small);
  const double reading = Since(begin);
  processor = Processor() - processor;
  if (!model) return 1;
  const auto lines = static_cast<double>(model->watch_events);
  fmt::print("{} small events read in {:.2f} s: {:.2f} M lines/s; {:.2f} s of the processor, {:.2f} M "
             "lines/s\n",
             model->watch_events, reading, lines / reading / 1e6, processor,
             lines / processor / 1e6);
  return verdicts->exit;
}
