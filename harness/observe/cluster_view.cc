// ClusterView (recorder.h) and the list of what a run records.
#include "harness/observe/recorder.h"

namespace holdfast::observe {

const ClusterView::Objects& ClusterView::All(const std::string& plural) const {
  static const Objects kNone;
  const auto found = by_resource.find(plural);
  return found == by_resource.end() ? kNone : found->second;
}

std::shared_ptr<const Json> ClusterView::Find(const std::string& plural,
                                              const std::string& name) const {
  const Objects& objects = All(plural);
  const auto found = objects.find(name);
  return found == objects.end() ? nullptr : found->second;
}

std::vector<kube::Resource> DefaultResources() {
  return {kube::resources::kPods,
          kube::resources::kStatefulSets,
          kube::resources::kControllerRevisions,
          kube::resources::kPersistentVolumeClaims,
          kube::resources::kServices,
          kube::resources::kEndpointSlices,
          kube::resources::kPodDisruptionBudgets,
          kube::resources::kEvents,
          kube::resources::kNodes,
          kube::resources::kPersistentVolumes,
          kube::resources::kVolumeAttachments,
          kube::resources::kDeployments,
          kube::resources::kReplicaSets};
}

}  // namespace holdfast::observe
