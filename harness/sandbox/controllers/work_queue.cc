// A deduplicating queue with delays.
#include "harness/sandbox/controllers/work_queue.h"

#include <algorithm>

namespace holdfast::sandbox {
namespace {

constexpr Nanos kFirstDelay = std::chrono::milliseconds(5);
constexpr Nanos kLongestDelay = std::chrono::seconds(5);

}  // namespace

void WorkQueue::Delay(const std::string& key, Nanos at) {
  const auto [entry, fresh] = delayed_.emplace(key, at);
  if (!fresh) {
    if (entry->second <= at) return;
    by_time_.erase({entry->second, key});
    entry->second = at;
  }
  by_time_.emplace(at, key);
}

void WorkQueue::Add(const std::string& key) {
  if (const auto rest = resting_.find(key); rest != resting_.end()) {
    if (rest->second > clock_.Now()) {
      Delay(key, rest->second);
      return;
    }
    resting_.erase(rest);
  }
  if (in_ready_.insert(key).second) ready_.push_back(key);
}

void WorkQueue::AddAfter(const std::string& key, Nanos delay) {
  if (delay <= Nanos{0}) {
    Add(key);
  } else {
    Delay(key, clock_.Now() + delay);
  }
}

void WorkQueue::Rest(const std::string& key, Nanos duration) {
  // Shorter than a millisecond is not worth the entry.
  if (duration < std::chrono::milliseconds(1)) return;
  const Nanos now = clock_.Now();
  if (resting_.size() >= 1000) std::erase_if(resting_, [&](auto& r) { return r.second <= now; });
  resting_[key] = now + duration;
}

void WorkQueue::AddRateLimited(const std::string& key) {
  const int failures = std::min(failures_[key]++, 20);
  AddAfter(key, std::min(kLongestDelay, kFirstDelay * (int64_t{1} << failures)));
}

void WorkQueue::Promote() {
  const Nanos now = clock_.Now();
  while (!by_time_.empty() && by_time_.begin()->first <= now) {
    const std::string key = by_time_.begin()->second;
    by_time_.erase(by_time_.begin());
    delayed_.erase(key);
    Add(key);
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
  if (by_time_.empty()) return std::nullopt;
  return std::max(Nanos{0}, by_time_.begin()->first - clock_.Now());
}

}  // namespace holdfast::sandbox
