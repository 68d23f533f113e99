// Everything that stops a run from outside: a file, an annotation on the run's ConfigMap, the loss
// of that ConfigMap, and a heartbeat that was not heard for too long.
#ifndef HOLDFAST_HARNESS_RUN_STOP_WATCH_H_
#define HOLDFAST_HARNESS_RUN_STOP_WATCH_H_

#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "harness/kube/client.h"

namespace holdfast::run {

// Thread-safe. Looks at the file every 200 ms; the annotation comes by a watch.
class StopWatch : public kube::WatchHandler {
 public:
  // `heartbeat_lost` is asked now and then. `stop` is requested once something stops the run.
  StopWatch(std::filesystem::path file,
            kube::Client& client,
            std::string run,
            std::function<bool()> heartbeat_lost,
            std::stop_source stop);
  ~StopWatch() override;
  // Why the run was stopped, one sentence; empty when it was not.
  [[nodiscard]] std::string reason() const;

  void OnList(const std::string& resource_version, size_t items) override;
  void OnEvent(const std::string& type, Json object) override;
  void OnGap(const std::string& /*reason*/) override {}
  void OnTrouble(const Error& /*error*/) override {}

 private:
  void Stop(const std::string& reason);
  void Poll(const std::stop_token& end);
  const std::filesystem::path file_;
  const std::string name_;
  const std::function<bool()> heartbeat_lost_;
  std::stop_source stop_;
  mutable std::mutex mutex_;
  std::string reason_;
  std::jthread thread_;
  std::unique_ptr<kube::WatchHandle> watch_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_STOP_WATCH_H_
