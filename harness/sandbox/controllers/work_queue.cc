// A deduplicating queue with delays.
#include "harness/sandbox/controllers/work_queue.h"

#include <algorithm>

namespace holdfast::sandbox {
namespace {

constexpr Nanos kFirstDelay = std::chrono::milliseconds(5);
constexpr Nanos kLongestDelay = std::chrono::seconds(5);

}  // namespace

void WorkQueue::Add(const std::string& key) {
  if (in_ready_.insert(key).second) ready_.push_back(key);
}

void WorkQueue::AddAfter(const std::string& key, Nanos delay) {
  if (delay <= Nanos{0}) {
    Add(key);
    return;
  }
  const Nanos at = clock_.Now() + delay;
  const auto [entry, fresh] = delayed_.emplace(key, at);
  if (!fresh) entry->second = std::min(entry->second, at);
}

void WorkQueue::AddRateLimited(const std::string& key) {
  const int failures = std::min(failures_[key]++, 20);
  AddAfter(key, std::min(kLongestDelay, kFirstDelay * (int64_t{1} << failures)));
}

void WorkQueue::Promote() {
  const Nanos now = clock_.Now();
  for (auto entry = delayed_.begin(); entry != delayed_.end();) {
    if (entry->second <= now) {
      Add(entry->first);
      entry = delayed_.erase(entry);
    } else {
      ++entry;
    }
  }
}

std::optional<std::string> WorkQueue::Take() {
  Promote();
  if (ready_.empty()) return std::nullopt;
  std::string key = std::move(ready_.front());
  ready_.pop_front();
  in_ready_.erase(key);
  return key;
}

std::optional<Nanos> WorkQueue::NextDue() const {
  if (!ready_.empty()) return Nanos{0};
  if (delayed_.empty()) return std::nullopt;
  Nanos earliest = delayed_.begin()->second;
  for (const auto& [key, at] : delayed_)
    earliest = std::min(earliest, at);
  return std::max(Nanos{0}, earliest - clock_.Now());
}

}  // namespace holdfast::sandbox
