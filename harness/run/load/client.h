// One logical client: performs operations one after the other and records each of them.
#ifndef HOLDFAST_HARNESS_RUN_LOAD_CLIENT_H_
#define HOLDFAST_HARNESS_RUN_LOAD_CLIENT_H_

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "harness/run/load/address_book.h"
#include "harness/run/load/latency.h"
#include "harness/run/load/watchdog.h"
#include "harness/trace/history_writer.h"
#include "workloads/workload.h"

namespace holdfast::run {

// What every client shares. Nothing is owned; all of it outlives the clients.
struct LoadContext {
  const workloads::Workload* workload = nullptr;
  const workloads::Deployment* deployment = nullptr;
  AddressBook* addresses = nullptr;
  trace::HistoryWriter* history = nullptr;
  Watchdog* watchdog = nullptr;  // Started.
  Clock* clock = nullptr;
  Latency* latency = nullptr;  // Of operations that ended ok; null: not wanted.
  Nanos deadline = std::chrono::seconds(2);  // Of one operation, after connecting.
  Nanos connect_timeout = std::chrono::seconds(2);
  Nanos backoff_min = std::chrono::milliseconds(50);
  Nanos backoff_max = std::chrono::milliseconds(500);
};

// Connects to where the pod is now; kUnavailable when that fails, with the class in `reason`
// ("no-address" when the pod has none).
Result<std::unique_ptr<workloads::Session>> ConnectTo(const LoadContext& context,
                                                      const std::string& pod);

// The further fields of a completion line: what the driver knows, and the error; null without any.
Json CompletionFields(const workloads::Outcome& outcome);

// Not thread-safe: one thread at a time.
class Client {
 public:
  // `process` is the first process number; after an operation with unknown outcome the next one is
  // `stride` higher, because a process whose operation may still take effect must not go on.
  Client(const LoadContext& context, int64_t process, int64_t stride)
      : context_(context),
        process_(process),
        stride_(stride) {}

  // Writes the invoke line, connects if need be (a failed attempt is a failed operation, so that
  // an outage shows in the history), sends once, and writes the completion line.
  workloads::Outcome Perform(const std::string& pod, const workloads::Operation& operation);
  workloads::Outcome Add(const std::string& pod, const std::string& key, int64_t value) {
    return Perform(pod, {.function = workloads::Function::kAdd, .key = key, .value = value});
  }
  workloads::Outcome Read(const std::string& pod, const std::string& key, int window) {
    return Perform(pod, {.function = workloads::Function::kRead, .key = key, .window = window});
  }
  // When the next operation was to begin, on the context's clock: written beside its invoke line, and
  // its latency counts from then. Without it, from when it begins.
  void Due(Nanos at) { due_ = at; }
  // How long to leave the pod alone after what went wrong last; zero when all is well.
  [[nodiscard]] Nanos BackoffLeft(const std::string& pod) const;
  [[nodiscard]] int64_t process() const { return process_; }

 private:
  struct Node {
    std::unique_ptr<workloads::Session> session;
    Nanos backoff{0};
    Nanos not_before{0};
  };
  workloads::Outcome Try(const std::string& pod,
                         Node& node,
                         const workloads::Operation& operation);
  void Settle(Node& node, const workloads::Outcome& outcome);

  const LoadContext context_;
  int64_t process_;
  const int64_t stride_;
  std::optional<Nanos> due_;
  std::map<std::string, Node> nodes_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LOAD_CLIENT_H_
