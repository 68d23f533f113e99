// One thread, one request at a time: statuses of a pod cannot overtake each other.
#include "harness/sandbox/node/status_publisher.h"

#include <algorithm>

#include "harness/base/log.h"

namespace holdfast::sandbox::node {
namespace {

constexpr Nanos kRetry = std::chrono::milliseconds(200);
// While the API keeps up each transition is told; when it does not, the middle ones are dropped.
constexpr size_t kMostQueued = 4;
constexpr int kThreads = 3;

std::string PathOf(const PodKey& pod) {
  return fmt::format("/api/v1/namespaces/{}/pods/{}", pod.ns, pod.name);
}

}  // namespace

StatusPublisher::StatusPublisher(ApiClient& api, Clock& clock)
    : api_(api),
      clock_(clock) {
  for (int i = 0; i < kThreads; ++i)
    threads_.emplace_back([this](const std::stop_token& stop) { Run(stop); });
}

void StatusPublisher::Enqueue(const Entry& entry) {
  if (!entry.wanting()) return;
  ready_.push_back(entry.pod.uid);
  changed_.notify_one();
}

void StatusPublisher::Publish(const PodKey& pod, Json status) {
  {
    const std::scoped_lock lock(mutex_);
    Entry& entry = entries_[pod.uid];
    entry.pod = pod;
    if (entry.statuses.size() >= kMostQueued) entry.statuses.pop_back();
    entry.statuses.push_back(std::move(status));
    Enqueue(entry);
  }
}

void StatusPublisher::Delete(const PodKey& pod) {
  {
    const std::scoped_lock lock(mutex_);
    Entry& entry = entries_[pod.uid];
    entry.pod = pod;
    entry.remove = true;
    Enqueue(entry);
  }
}

void StatusPublisher::Forget(const PodKey& pod) {
  const std::scoped_lock lock(mutex_);
  entries_.erase(pod.uid);
}

bool StatusPublisher::Send(const PodKey& pod, const Json& status, const std::stop_token& stop) {
  const auto sent = api_.Patch(PathOf(pod) + "/status", kStrategicMergePatch,
                               {{"metadata", {{"uid", pod.uid}}}, {"status", status}}, stop);
  if (sent) return true;
  const int http = sent.error().http_status;
  if (http == 0 || http >= 500 || http == 429) return false;
  // Gone, or another pod with the same name by now: nobody wants this status any more.
  if (http != 404 && http != 409 && http != 422)
    Log(LogLevel::kWarning, "status of pod {}/{}: {}", pod.ns, pod.name, sent.error().message);
  return true;
}

bool StatusPublisher::SendDelete(const PodKey& pod, const std::stop_token& stop) {
  const auto sent = api_.Delete(PathOf(pod),
                                {{"apiVersion", "v1"},
                                 {"kind", "DeleteOptions"},
                                 {"gracePeriodSeconds", 0},
                                 {"preconditions", {{"uid", pod.uid}}}},
                                stop);
  if (sent) return true;
  const int http = sent.error().http_status;
  if (http != 0 && http != 404 && http != 409)
    Log(LogLevel::kWarning, "cannot delete pod {}/{}: {}", pod.ns, pod.name, sent.error().message);
  return http == 404 || http == 409;
}

void StatusPublisher::Run(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (changed_.wait(lock, stop, [this] { return !ready_.empty(); })) {
    const std::string uid = std::move(ready_.front());
    ready_.pop_front();
    auto entry = entries_.find(uid);
    if (entry == entries_.end() || !entry->second.wanting()) continue;
    entry->second.busy = true;
    const PodKey pod = entry->second.pod;
    const bool remove = entry->second.statuses.empty();
    const Json status = remove ? Json() : entry->second.statuses.front();
    lock.unlock();
    const bool done = remove ? SendDelete(pod, stop) : Send(pod, status, stop);
    if (!done) clock_.SleepFor(kRetry, stop);
    lock.lock();
    entry = entries_.find(uid);
    if (entry == entries_.end()) continue;  // Forgotten meanwhile.
    entry->second.busy = false;
    if (done && remove) {
      entries_.erase(entry);
      continue;
    }
    if (done && !entry->second.statuses.empty()) entry->second.statuses.pop_front();
    Enqueue(entry->second);
  }
}

}  // namespace holdfast::sandbox::node
