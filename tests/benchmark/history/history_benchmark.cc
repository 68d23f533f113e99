// Speed of everything that judges histories, on one thread. Where Porcupine was measured on the same
// inputs and the same machine, its figure stands in the label.
#include <sys/resource.h>

#include <cstdlib>
#include <filesystem>

#include <benchmark/benchmark.h>

#include "harness/base/files.h"
#include "harness/check/history/frontier.h"
#include "harness/check/history/list_append.h"
#include "harness/check/history/reader.h"
#include "harness/check/history/registers.h"
#include "harness/check/history/replay.h"
#include "harness/check/history/sets.h"
#include "harness/check/history/stream_check.h"
#include "harness/check/history/streaming_zones.h"
#include "harness/check/history/zones.h"
#include "tests/benchmark/history/workloads.h"

namespace holdfast::check::history {
namespace {

namespace fs = std::filesystem;

void Expect(bool good, benchmark::State& state) {
  if (!good) state.SkipWithError("the verdict is wrong");
}

void PublicLogs(benchmark::State& state) {
  const char* folder = std::getenv("HOLDFAST_HISTORIES");
  if (folder == nullptr) {
    state.SkipWithError("set HOLDFAST_HISTORIES to the folder of the public histories");
    return;
  }
  std::vector<History> histories;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".log") continue;
    if (auto history = ReadHistory(entry.path())) histories.push_back(*std::move(history));
  }
  RegisterOptions options;
  options.minimise = false;
  uint64_t steps = 0;
  for (auto _ : state) {
    steps = 0;
    for (const History& history : histories)
      steps += CheckRegisters(history, options).steps;
  }
  state.counters["steps"] = static_cast<double>(steps);
  state.counters["logs"] = static_cast<double>(histories.size());
  state.SetLabel("Porcupine 70 ms for 35 logs");
}
BENCHMARK(PublicLogs)->Unit(benchmark::kMicrosecond);

void RegistersInMemory(benchmark::State& state) {
  const std::vector<Op> ops = RegisterOps(
      RegisterEvents(static_cast<size_t>(state.range(0)), static_cast<uint32_t>(state.range(1)), 10));
  Zones zones;
  for (auto _ : state)
    Expect(zones.Check(ops, kNil).decision == Decision::kLinearizable, state);
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetLabel("Porcupine 0.15 M/s at 5 clients, no answer at 20");
}
BENCHMARK(RegistersInMemory)
    ->Args({1'000'000, 5})
    ->Args({1'000'000, 20})
    ->Args({1'000'000, 100})
    ->Args({5'000'000, 20})
    ->Unit(benchmark::kMillisecond);

void RegistersStreaming(benchmark::State& state) {
  const std::vector<StreamEvent> events = RegisterEvents(
      static_cast<size_t>(state.range(0)), static_cast<uint32_t>(state.range(1)), 0);
  size_t peak = 0;
  for (auto _ : state) {
    StreamingZones zones(0);
    std::vector<int64_t> open(static_cast<size_t>(state.range(1)), kNever);
    for (const StreamEvent& event : events) {
      if (event.type == StreamEvent::Type::kInvoke) {
        open[event.client] = event.start;
        if (event.write) zones.Write(event.value, event.start);
        continue;
      }
      open[event.client] = kNever;
      if (event.write) {
        zones.Acknowledge(event.value, event.time);
      } else {
        zones.Read(event.value, event.start, event.time);
      }
      if (zones.WantsAdvance()) {
        int64_t watermark = event.time;
        for (const int64_t start : open)
          watermark = std::min(watermark, start);
        zones.Advance(watermark);
      }
    }
    Expect(zones.decision() == Decision::kLinearizable, state);
    peak = zones.peak();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["peak_blocks"] = static_cast<double>(peak);
}
BENCHMARK(RegistersStreaming)
    ->Args({1'000'000, 5})
    ->Args({1'000'000, 20})
    ->Args({1'000'000, 100})
    ->Args({5'000'000, 20})
    ->Unit(benchmark::kMillisecond);

void RegistersFromFile(benchmark::State& state) {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "history.jsonl";
  const std::vector<StreamEvent> events = RegisterEvents(static_cast<size_t>(state.range(0)), 20, 10);
  if (!WriteFileAtomic(path, RegisterLines(events))) return;
  for (auto _ : state) {
    const auto history = ReadHistory(path);
    Expect(history && CheckRegisters(*history, {}).violated_keys == 0, state);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["lines"] = benchmark::Counter(
      static_cast<double>(events.size()) * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(RegistersFromFile)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void RegistersStreamingFromFile(benchmark::State& state) {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "history.jsonl";
  if (!WriteFileAtomic(path, RegisterLines(RegisterEvents(static_cast<size_t>(state.range(0)), 20, 0)))) return;
  for (auto _ : state) {
    const auto report = StreamRegisters(path);
    Expect(report && report->decision == Decision::kLinearizable, state);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(RegistersStreamingFromFile)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

class Nothing final : public EventSink {
 public:
  void Header(const Json&) override {}
  void Event(const HistoryEvent& event) override { time += event.time; }
  void Damaged(int64_t, const std::string&) override { ++damaged; }
  void Torn(int64_t) override { ++damaged; }
  int64_t time = 0;
  int64_t damaged = 0;
};

void LinesAlone(benchmark::State& state) {
  const TemporaryDirectory folder;
  const fs::path path = folder.path() / "history.jsonl";
  const std::vector<StreamEvent> events = RegisterEvents(1'000'000, 20, 10);
  if (!WriteFileAtomic(path, RegisterLines(events))) return;
  for (auto _ : state) {
    Nothing sink;
    Expect(StreamJsonLines(path, sink).has_value() && sink.damaged == 0, state);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(events.size()));
}
BENCHMARK(LinesAlone)->Unit(benchmark::kMillisecond);

void CrashedWritesAndAStaleRead(benchmark::State& state) {
  const std::vector<Op> ops = StaleRead(static_cast<uint32_t>(state.range(0)));
  Zones zones;
  for (auto _ : state)
    Expect(zones.Check(ops, kNil).decision == Decision::kViolated, state);
  state.SetLabel("Porcupine: no answer in 15 s at 20");
}
BENCHMARK(CrashedWritesAndAStaleRead)->Arg(0)->Arg(20)->Unit(benchmark::kMicrosecond);

void CrashedWritesBySearch(benchmark::State& state) {
  const std::vector<Op> ops = StaleRead(static_cast<uint32_t>(state.range(0)));
  Frontier frontier;
  for (auto _ : state)
    Expect(frontier.CheckRegister(ops, kNil, {}).decision == Decision::kViolated, state);
}
BENCHMARK(CrashedWritesBySearch)->Arg(20)->Unit(benchmark::kMicrosecond);

void Revisions(benchmark::State& state) {
  const History history =
      StoreHistory(static_cast<size_t>(state.range(0)), static_cast<uint32_t>(state.range(1)));
  Replay replay;
  for (auto _ : state)
    Expect(replay.Check(history, {}).decision == Decision::kLinearizable, state);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(Revisions)->Args({1'000'000, 20})->Args({1'000'000, 100})->Unit(benchmark::kMillisecond);

void ListAppend(benchmark::State& state) {
  const History history = AppendHistory(static_cast<size_t>(state.range(0)), 20);
  for (auto _ : state)
    Expect(CheckListAppend(history, true).found == 0, state);
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetLabel("Elle 0.10 to 0.16 M/s by its own account");
}
BENCHMARK(ListAppend)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

void SetOfAMillion(benchmark::State& state) {
  constexpr uint32_t kElements = 1'000'000;
  constexpr int64_t kReads = 1000;
  std::vector<uint64_t> present((kElements + 63) / 64);
  for (auto _ : state) {
    std::fill(present.begin(), present.end(), 0);
    SetTimeline timeline(kElements);
    uint32_t added = 0;
    for (int64_t read = 0; read < kReads; ++read) {
      for (; added < static_cast<uint32_t>((read + 1) * (kElements / kReads)); ++added) {
        timeline.Acknowledge(added, read * 10 + 1);
        present[added / 64] |= uint64_t{1} << (added % 64);
      }
      timeline.Read(read * 10 + 2, read * 10 + 3, present);
    }
    timeline.Finish();
    int64_t kept = 0;
    for (uint32_t i = 0; i < kElements; ++i)
      if (timeline.FateOf(i) == SetTimeline::Fate::kKept) ++kept;
    Expect(kept == kElements, state);
  }
  state.counters["bytes"] = static_cast<double>(kElements * 16 + 2 * present.size() * 8);
}
BENCHMARK(SetOfAMillion)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace holdfast::check::history

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  struct rusage usage {};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("peak memory of all of it: %ld MB\n", usage.ru_maxrss / 1024);
  return 0;
}
