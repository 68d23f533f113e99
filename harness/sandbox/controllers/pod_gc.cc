// The rounds of the pod garbage collector.
#include "harness/sandbox/controllers/pod_gc.h"

#include <algorithm>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/taints.h"

namespace holdfast::sandbox {
namespace {

constexpr char kAll[] = "all";

}  // namespace

PodGarbageCollector::PodGarbageCollector(Registry& registry,
                                         const ClusterIndex& index,
                                         const NodeTimings& timings,
                                         size_t finished_pods_kept)
    : registry_(registry),
      index_(index),
      timings_(timings),
      finished_pods_kept_(finished_pods_kept) {}

void PodGarbageCollector::Resync(WorkQueue& queue) { queue.Add(kAll); }

void PodGarbageCollector::Observe(const StoreEvent& event, WorkQueue& queue) {
  // Everything else waits for the next round.
  if (event.resource == "nodes" && event.type == StoreEvent::Type::kDeleted) queue.Add(kAll);
}

Status PodGarbageCollector::FailAndDelete(const IndexedPod& pod, const std::string& why) {
  const std::string now = FormatRfc3339(registry_.clock().Wall());
  if (!pod.terminal) {
    const auto failed =
        registry_.Edit("pods", pod.ns, pod.name, pod.uid, [&](Json& object) -> Status {
          object["status"]["phase"] = "Failed";
          if (why.empty()) return {};
          SetCondition(object,
                       {{"type", "DisruptionTarget"},
                        {"status", "True"},
                        {"observedGeneration", GetInt(object, {"metadata", "generation"}, 1)},
                        {"reason", "DeletionByPodGC"},
                        {"message", why}},
                       now);
          return {};
        });
    if (!failed && failed.error().code == ErrorCode::kNotFound) return {};
    if (!failed) return Fail(failed.error());
  }
  DeleteParameters parameters;
  parameters.uid = pod.uid;
  parameters.grace_seconds = 0;
  const auto deleted = registry_.Delete("pods", pod.ns, pod.name, parameters);
  if (!deleted && deleted.error().code != ErrorCode::kNotFound) return Fail(deleted.error());
  return {};
}

Status PodGarbageCollector::CollectOutOfService(const IndexedPod& pod) {
  const auto node = registry_.store().Get("nodes", "", pod.node);
  if (!node || ConditionIs((*node)->json, "Ready", "True") ||
      !HasTaint((*node)->json, kTaintOutOfService)) {
    return {};
  }
  return FailAndDelete(pod, "");
}

Status PodGarbageCollector::CollectOrphan(const IndexedPod& pod) {
  if (registry_.store().Get("nodes", "", pod.node)) return {};
  const auto missing = missing_since_.find(pod.node);
  if (missing == missing_since_.end() ||
      registry_.clock().Now() - missing->second < timings_.gc_quarantine) {
    return {};
  }
  return FailAndDelete(pod, "PodGC: node no longer exists");
}

Status PodGarbageCollector::CollectFinished(std::vector<PodPtr> finished) {
  if (finished.size() <= finished_pods_kept_) return {};
  std::ranges::sort(finished, {}, [](const PodPtr& pod) {
    return GetString(pod->json(), {"metadata", "creationTimestamp"});
  });
  finished.resize(finished.size() - finished_pods_kept_);
  for (const PodPtr& pod : finished)
    HOLDFAST_RETURN_IF_ERROR(FailAndDelete(*pod, ""));
  return {};
}

Status PodGarbageCollector::Sync(const std::string& key, WorkQueue& queue) {
  queue.AddAfter(key, timings_.gc_period);
  const Nanos now = registry_.clock().Now();
  std::erase_if(missing_since_, [&](const auto& entry) {
    return registry_.store().Get("nodes", "", entry.first).has_value();
  });
  Status outcome;
  const auto note = [&](const Status& status) {
    if (!status && outcome) outcome = status;
  };
  std::vector<PodPtr> finished;
  for (const PodPtr& pod : index_.AllPods()) {
    if (pod->terminal && !pod->terminating) finished.push_back(pod);
    if (pod->node.empty()) {
      if (pod->terminating) note(FailAndDelete(*pod, ""));
      continue;
    }
    if (!registry_.store().Get("nodes", "", pod->node)) {
      if (missing_since_.try_emplace(pod->node, now).second)
        queue.AddAfter(key, timings_.gc_quarantine);
    }
    if (pod->terminating) note(CollectOutOfService(*pod));
    note(CollectOrphan(*pod));
  }
  note(CollectFinished(std::move(finished)));
  return outcome;
}

}  // namespace holdfast::sandbox
