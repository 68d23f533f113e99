// One thread, one request at a time: statuses of a pod cannot overtake each other.
#include "harness/sandbox/node/status_publisher.h"

#include <algorithm>

#include "harness/base/log.h"

namespace holdfast::sandbox::node {
namespace {

constexpr Nanos kRetry = std::chrono::milliseconds(200);
// While the API keeps up each transition is told; when it does not, the middle ones are dropped.
constexpr size_t kMostQueued = 4;

std::string PathOf(const PodKey& pod) {
  return fmt::format("/api/v1/namespaces/{}/pods/{}", pod.ns, pod.name);
}

}  // namespace

StatusPublisher::StatusPublisher(ApiClient& api, Clock& clock)
    : api_(api),
      clock_(clock),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void StatusPublisher::Publish(const PodKey& pod, Json status) {
  {
    const std::scoped_lock lock(mutex_);
    Entry& entry = entries_[pod.uid];
    entry.pod = pod;
    if (entry.statuses.size() >= kMostQueued) entry.statuses.pop_back();
    entry.statuses.push_back(std::move(status));
  }
  changed_.notify_all();
}

void StatusPublisher::Delete(const PodKey& pod) {
  {
    const std::scoped_lock lock(mutex_);
    Entry& entry = entries_[pod.uid];
    entry.pod = pod;
    entry.remove = true;
  }
  changed_.notify_all();
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
  while (!stop.stop_requested()) {
    const auto busy = std::find_if(entries_.begin(), entries_.end(), [](const auto& item) {
      return !item.second.statuses.empty() || item.second.remove;
    });
    if (busy == entries_.end()) {
      changed_.wait(lock, stop, [&] {
        return std::any_of(entries_.begin(), entries_.end(), [](const auto& item) {
          return !item.second.statuses.empty() || item.second.remove;
        });
      });
      continue;
    }
    const PodKey pod = busy->second.pod;
    const bool remove = busy->second.statuses.empty();
    const Json status = remove ? Json() : busy->second.statuses.front();
    lock.unlock();
    const bool done = remove ? SendDelete(pod, stop) : Send(pod, status, stop);
    if (!done) clock_.SleepFor(kRetry, stop);
    lock.lock();
    const auto entry = entries_.find(pod.uid);
    if (!done || entry == entries_.end()) continue;
    if (remove)
      entries_.erase(entry);
    else if (!entry->second.statuses.empty())
      entry->second.statuses.pop_front();
  }
}

}  // namespace holdfast::sandbox::node
