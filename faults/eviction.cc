#include "faults/eviction.h"

#include "faults/common.h"

namespace holdfast::faults {
namespace {

// Budgets follow the pods with a short delay; asking more often than this only costs the server.
constexpr Nanos kPause = std::chrono::milliseconds(250);

}  // namespace

bool IsBudgetRefusal(const Error& error) { return error.http_status == 429; }

Result<EvictionResult> EvictAll(Cluster& cluster,
                                const std::vector<Pod>& pods,
                                std::optional<Nanos> grace,
                                const Deadline& deadline) {
  EvictionResult result;
  std::vector<Pod> left = pods;
  while (!left.empty()) {
    std::vector<Pod> again;
    for (const Pod& pod : left) {
      const Status evicted = cluster.EvictPod(pod, grace);
      if (evicted) {
        ++result.evicted;
        continue;
      }
      // 404, or 409 for another uid under the name: this pod is gone, and its replacement is not
      // ours to evict.
      const Error& error = evicted.error();
      if (error.code == ErrorCode::kNotFound || error.code == ErrorCode::kConflict) continue;
      if (!IsBudgetRefusal(error)) return Fail(error);
      ++result.refused;
      result.words = error.message;
      again.push_back(pod);
    }
    left = std::move(again);
    if (left.empty()) break;
    if (deadline.Passed())
      return Fail(ErrorCode::kTimedOut, "the budget did not yield for {} in {} requests: {}",
                  Names(left), result.refused, result.words);
    if (!cluster.Pause(kPause))
      return Fail(ErrorCode::kCancelled, "stopped while waiting for a budget");
  }
  return result;
}

}  // namespace holdfast::faults
