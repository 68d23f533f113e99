#include "harness/run/load/load_generator.h"

#include <algorithm>

namespace holdfast::run {

std::vector<LoadKey> SentinelKeys(const LoadOptions& options) {
  if (options.writes != workloads::Writes::kOwnKeys)
    return {{.name = kSentinelKey, .pod = options.pods.front()}};
  std::vector<LoadKey> keys;
  for (const std::string& pod : options.pods)
    keys.push_back({.name = fmt::format("{}-{}", kSentinelKey, pod), .pod = pod});
  return keys;
}

std::vector<LoadKey> LoadKeys(const LoadOptions& options) {
  std::vector<LoadKey> keys;
  if (options.pods.empty()) return keys;
  for (int writer = 0; writer < options.writers; ++writer) {
    const size_t pod = options.writes == workloads::Writes::kPrimary
                           ? 0
                           : static_cast<size_t>(writer) % options.pods.size();
    keys.push_back({.name = WriterKey(writer), .pod = options.pods[pod]});
  }
  for (LoadKey& key : SentinelKeys(options))
    keys.push_back(std::move(key));
  return keys;
}

int64_t SentinelProcess(const LoadOptions& options) {
  return options.writers + options.readers + options.registers + options.lists;
}

int64_t ProcessStride(const LoadOptions& options) { return SentinelProcess(options) + 1; }

Json HistoryHeader(const std::string& run, const std::string& system, const LoadOptions& options) {
  Json header = {{"hist", 1},           {"run", run},
                 {"clock", "monotonic-ns"}, {"system", system},
                 {"nodes", options.pods}, {"workload", "insert-set"},
                 {"model", "set"},      {"seed", options.seed},
                 {"unique_values", true}};
  // Reads of registers have one value, reads of sets a list.
  if (options.registers + options.lists > 0) header["model"] = "mixed";
  if (options.lists > 0) header["isolation"] = "serializable";
  if (options.writes == workloads::Writes::kOwnKeys) {
    for (const LoadKey& key : LoadKeys(options))
      header["owners"][key.name] = key.pod;
  }
  return header;
}

Result<std::unique_ptr<LoadGenerator>> LoadGenerator::Create(const LoadContext& context,
                                                             const LoadOptions& options) {
  if (options.writers < 0 || options.writers > kMaxWriters)
    return Fail(ErrorCode::kInvalidArgument, "load.writers is {}; it must be 0 to {}",
                options.writers, kMaxWriters);
  if (options.readers < 0 || options.window < 1 || options.rate < 0)
    return Fail(ErrorCode::kInvalidArgument,
                "load.readers and load.rate must not be negative, load.window at least 1");
  if (options.loop == Loop::kOpen && options.rate <= 0)
    return Fail(ErrorCode::kInvalidArgument,
                "load.loop open needs a load.rate: operations are due at a rate, not as fast as "
                "possible");
  const RegisterMix& mix = options.mix;
  if (options.skew < 0 || options.register_keys < 1 ||
      std::min({mix.reads, mix.writes, mix.cas}) < 0 || mix.reads + mix.writes + mix.cas < 1)
    return Fail(ErrorCode::kInvalidArgument,
                "load.skew must not be negative, load.registers at least 1, and of "
                "load.register-reads, -writes and -cas one above 0");
  const int marked = options.writers + options.registers + options.lists;
  if (options.registers < 0 || options.lists < 0 || marked > kMaxWriters)
    return Fail(ErrorCode::kInvalidArgument,
                "load.writers, load.register-clients and load.transaction-clients are {} together; "
                "at most {} can be told apart",
                marked, kMaxWriters);
  if (options.pods.empty())
    return Fail(ErrorCode::kInvalidArgument, "the load has no pod to read from");
  return std::unique_ptr<LoadGenerator>(new LoadGenerator(context, options));
}

LoadGenerator::LoadGenerator(const LoadContext& context, const LoadOptions& options)
    : context_(context),
      open_(options.loop == Loop::kOpen),
      schedule_(*context.clock, options.rate, options.loop),
      resumed_(context.clock->Now()) {
  const int64_t stride = ProcessStride(options);
  int64_t process = 0;
  const std::vector<LoadKey> keys = LoadKeys(options);
  for (int writer = 0; writer < options.writers; ++writer) {
    writers_.push_back(std::make_unique<Writer>(
        context, writer, keys[static_cast<size_t>(writer)], process++, stride));
    writers_.back()->SetPadding(options.padding);
  }
  const Random random(options.seed);
  for (int reader = 0; reader < options.readers; ++reader)
    readers_.push_back(std::make_unique<Reader>(
        context, options.pods, keys, options.writes == workloads::Writes::kOwnKeys, options.window,
        options.skew, random.Fork("reader-" + std::to_string(reader)), process++, stride));
  std::vector<std::string> registers;
  for (int i = 0; i < options.register_keys; ++i)
    registers.push_back("r" + std::to_string(i));
  // Each client with a pod of its own where any will do.
  for (int client = 0; client < options.registers; ++client) {
    const size_t pod = options.writes == workloads::Writes::kAnyPod
                           ? static_cast<size_t>(client) % options.pods.size()
                           : 0;
    registers_.push_back(std::make_unique<RegisterClient>(
        context, options.writers + client, options.pods[pod], registers,
        options.mix, options.skew,
        random.Fork("register-" + std::to_string(client)), process++, stride));
  }
  for (int client = 0; client < options.lists; ++client)
    lists_.push_back(std::make_unique<ListClient>(
        context, options.writers + options.registers + client, options.pods.front(),
        random.Fork("list-" + std::to_string(client)), process++, stride));
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
  for (const auto& client : registers_)
    start(*client);
  for (const auto& client : lists_)
    start(*client);
}

void LoadGenerator::Loop(Worker& worker, const std::stop_token& stop) {
  Nanos wait{0};
  while (!stop.stop_requested()) {
    if (wait > Nanos{0} && !context_.clock->SleepFor(wait, stop)) return;
    const Schedule::Slot slot = schedule_.Take();
    if (slot.wait > Nanos{0} && !context_.clock->SleepFor(slot.wait, stop)) return;
    if (!gate_.Enter(stop)) return;
    if (open_) worker.Due(std::max(slot.due, resumed_.load()));
    worker.Step();
    wait = worker.Pause();
    gate_.Leave();
  }
}

void LoadGenerator::Pause() {
  gate_.Close();
  context_.history->Flush();
}

void LoadGenerator::Resume() {
  resumed_ = schedule_.Restart();
  gate_.Open();
}

void LoadGenerator::Stop() {
  for (std::jthread& thread : threads_)
    thread.request_stop();
  threads_.clear();
  context_.history->Flush();
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
