// The first of its kind is posted, the next ones patch its count.
#include "harness/sandbox/node/event_recorder.h"

#include "harness/base/time_format.h"

namespace holdfast::sandbox::node {
namespace {

constexpr size_t kMostQueued = 1000;
constexpr size_t kQuiet = 12;  // A few pods' worth.
constexpr size_t kMostKnown = 4096;

}  // namespace

EventRecorder::EventRecorder(ApiClient& api, Clock& clock, std::string node_name)
    : api_(api),
      clock_(clock),
      node_name_(std::move(node_name)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void EventRecorder::Record(const Json& pod,
                           const std::string& container,
                           bool warning,
                           const std::string& reason,
                           const std::string& message) {
  const Nanos now = clock_.Wall();
  const std::string stamp = FormatRfc3339(now);
  Json involved = {{"kind", "Pod"},
                   {"apiVersion", "v1"},
                   {"namespace", GetString(pod, {"metadata", "namespace"})},
                   {"name", GetString(pod, {"metadata", "name"})},
                   {"uid", GetString(pod, {"metadata", "uid"})},
                   {"resourceVersion", GetString(pod, {"metadata", "resourceVersion"})}};
  if (!container.empty()) involved["fieldPath"] = "spec.containers{" + container + "}";
  Json event = {
      {"apiVersion", "v1"},
      {"kind", "Event"},
      {"metadata",
       {{"name", fmt::format("{}.{:x}", GetString(pod, {"metadata", "name"}), now.count())},
        {"namespace", GetString(pod, {"metadata", "namespace"})}}},
      {"involvedObject", involved},
      {"type", warning ? "Warning" : "Normal"},
      {"reason", reason},
      {"message", message},
      {"count", 1},
      {"firstTimestamp", stamp},
      {"lastTimestamp", stamp},
      {"eventTime", nullptr},
      {"source", {{"component", "kubelet"}, {"host", node_name_}}},
      {"reportingComponent", "kubelet"},
      {"reportingInstance", node_name_}};
  {
    const std::scoped_lock lock(mutex_);
    if (queue_.size() >= kMostQueued) return;
    queue_.push_back(std::move(event));
  }
  changed_.notify_all();
}

void EventRecorder::RecordIfQuiet(const Json& pod,
                                  const std::string& container,
                                  const std::string& reason,
                                  const std::string& message) {
  {
    const std::scoped_lock lock(mutex_);
    if (queue_.size() >= kQuiet) return;
  }
  Record(pod, container, false, reason, message);
}

void EventRecorder::Send(const Json& event, const std::stop_token& stop) {
  const std::string key = GetString(event, {"involvedObject", "uid"}) + "/" +
                          GetString(event, {"involvedObject", "fieldPath"}) + "/" +
                          GetString(event, {"reason"}) + "/" + GetString(event, {"message"});
  const std::string path =
      fmt::format("/api/v1/namespaces/{}/events", GetString(event, {"metadata", "namespace"}));
  if (known_.size() > kMostKnown) known_.clear();
  Known& known = known_[key];
  if (known.count > 0) {
    const auto patched =
        api_.Patch(path + "/" + known.name, kMergePatch,
                   {{"count", known.count + 1}, {"lastTimestamp", event["lastTimestamp"]}}, stop);
    if (patched) {
      ++known.count;
      return;
    }
  }
  known = {GetString(event, {"metadata", "name"}), 1};
  if (!api_.Post(path, event, stop)) known_.erase(key);
}

void EventRecorder::Run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    if (!changed_.wait(lock, stop, [&] { return !queue_.empty(); })) return;
    const Json event = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    Send(event, stop);
    lock.lock();
  }
}

}  // namespace holdfast::sandbox::node
