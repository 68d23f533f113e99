#include "harness/run/load/load_generator.h"

namespace holdfast::run {

std::vector<std::string> LoadKeys(const LoadOptions& options) {
  std::vector<std::string> keys;
  for (int writer = 0; writer < options.writers; ++writer)
    keys.push_back(WriterKey(writer));
  keys.emplace_back(kSentinelKey);
  return keys;
}

int64_t SentinelProcess(const LoadOptions& options) { return options.writers + options.readers; }

int64_t ProcessStride(const LoadOptions& options) { return SentinelProcess(options) + 1; }

Json HistoryHeader(const std::string& run,
                   const std::string& system,
                   const std::vector<std::string>& nodes,
                   uint64_t seed) {
  return {{"hist", 1},        {"run", run},     {"clock", "monotonic-ns"},
          {"system", system}, {"nodes", nodes}, {"workload", "insert-set"},
          {"model", "set"},   {"seed", seed},   {"unique_values", true}};
}

Result<std::unique_ptr<LoadGenerator>> LoadGenerator::Create(const LoadContext& context,
                                                             const LoadOptions& options) {
  if (options.writers < 1 || options.writers > kMaxWriters)
    return Fail(ErrorCode::kInvalidArgument, "load.writers is {}; it must be 1 to {}",
                options.writers, kMaxWriters);
  if (options.readers < 0 || options.window < 1 || options.rate < 0)
    return Fail(ErrorCode::kInvalidArgument,
                "load.readers and load.rate must not be negative, load.window at least 1");
  if (options.pods.empty())
    return Fail(ErrorCode::kInvalidArgument, "the load has no pod to read from");
  return std::unique_ptr<LoadGenerator>(new LoadGenerator(context, options));
}

LoadGenerator::LoadGenerator(const LoadContext& context, const LoadOptions& options)
    : context_(context),
      limiter_(*context.clock, options.rate) {
  const int64_t stride = ProcessStride(options);
  int64_t process = 0;
  for (int writer = 0; writer < options.writers; ++writer)
    writers_.push_back(
        std::make_unique<Writer>(context, writer, WriterKey(writer), process++, stride));
  const Random random(options.seed);
  for (int reader = 0; reader < options.readers; ++reader)
    readers_.push_back(std::make_unique<Reader>(
        context, options.pods, LoadKeys(options), options.window,
        random.Fork("reader-" + std::to_string(reader)), process++, stride));
}

LoadGenerator::~LoadGenerator() { Stop(); }

void LoadGenerator::Start() {
  if (!threads_.empty()) return;
  const auto start = [this](Worker& worker) {
    threads_.emplace_back([this, &worker](const std::stop_token& stop) { Loop(worker, stop); });
  };
  for (const auto& writer : writers_)
    start(*writer);
  for (const auto& reader : readers_)
    start(*reader);
}

void LoadGenerator::Loop(Worker& worker, const std::stop_token& stop) {
  Nanos wait{0};
  while (!stop.stop_requested()) {
    if (wait > Nanos{0} && !context_.clock->SleepFor(wait, stop)) return;
    const Nanos slot = limiter_.Reserve();
    if (slot > Nanos{0} && !context_.clock->SleepFor(slot, stop)) return;
    if (!gate_.Enter(stop)) return;
    worker.Step();
    wait = worker.Pause();
    gate_.Leave();
  }
}

void LoadGenerator::Pause() { gate_.Close(); }

void LoadGenerator::Resume() { gate_.Open(); }

void LoadGenerator::Stop() {
  for (std::jthread& thread : threads_)
    thread.request_stop();
  threads_.clear();
}

Status LoadGenerator::WriteTombstones(Nanos timeout, const std::stop_token& stop) {
  const Deadline deadline(*context_.clock, timeout);
  for (const auto& writer : writers_) {
    for (;;) {
      const workloads::Outcome outcome = writer->Step();
      if (outcome.type == workloads::OutcomeType::kOk) break;
      if (deadline.Passed())
        return Fail(ErrorCode::kTimedOut, "key {} could not be written after the faults: {}",
                    writer->key(), outcome.error);
      if (!context_.clock->SleepFor(writer->Pause(), stop))
        return Fail(ErrorCode::kCancelled, "stopped while writing key {}", writer->key());
    }
  }
  return {};
}

}  // namespace holdfast::run
