#include "harness/run/stop_watch.h"

#include "harness/run/cluster_journal.h"

namespace holdfast::run {
namespace {

constexpr Nanos kPoll = std::chrono::milliseconds(200);

}  // namespace

StopWatch::StopWatch(std::filesystem::path file,
                     kube::Client& client,
                     std::string run,
                     std::function<bool()> heartbeat_lost,
                     std::stop_source stop)
    : file_(std::move(file)),
      name_(JournalName(run)),
      heartbeat_lost_(std::move(heartbeat_lost)),
      stop_(std::move(stop)) {
  thread_ = std::jthread([this](const std::stop_token& end) { Poll(end); });
  watch_ = client.Watch(kube::resources::kConfigMaps, kJournalNamespace, *this);
}

StopWatch::~StopWatch() {
  watch_.reset();
  thread_ = {};
}

std::string StopWatch::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

void StopWatch::Stop(const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (!reason_.empty()) return;
    reason_ = reason;
  }
  stop_.request_stop();
}

void StopWatch::Poll(const std::stop_token& end) {
  while (SystemClock().SleepFor(kPoll, end)) {
    std::error_code error;
    if (std::filesystem::exists(file_, error)) Stop("the stop file " + file_.string() + " is there");
    if (heartbeat_lost_())
      Stop("the API server could not be told for too long that this run lives");
  }
}

void StopWatch::OnList(const std::string& /*resource_version*/, size_t /*items*/) {}

void StopWatch::OnEvent(const std::string& type, Json object) {
  if (GetString(object, {"metadata", "name"}) != name_) return;
  if (type == "DELETED") {
    Stop("somebody removed this run's journal from the cluster");
    return;
  }
  const Json* asked = FindPath(object, {"metadata", "annotations", kStopAnnotation});
  if (asked != nullptr)
    Stop(std::string("the annotation ") + kStopAnnotation + " was put on ConfigMap " + name_);
}

}  // namespace holdfast::run
