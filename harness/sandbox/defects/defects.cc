#include "harness/sandbox/defects/defects.h"

#include <algorithm>

#include "harness/base/strings.h"

namespace holdfast::sandbox {

const std::vector<DefectText>& AllDefects() {
  using D = Defect;
  static const std::vector<DefectText> kAll{
      {D::kCreateInParallel, "create-in-parallel",
       "An OrderedReady set gets all its missing pods at once.", "SS-ORD-2", "fail",
       {"SS-ORD-1", "SS-ORD-3", "SS-ORD-4", "SS-ORD-5"}, "scale-cycle"},
      {D::kCreateDescending, "create-descending",
       "Missing pods are made from the highest ordinal down.", "SS-ORD-1", "fail",
       {"SS-ORD-2", "SS-ORD-3", "SS-ORD-4", "SS-ORD-5"}, "scale-cycle"},
      {D::kCreateBeforeReady, "create-before-ready",
       "The next pod is made once its predecessor runs, ready or not.", "SS-ORD-2", "fail",
       {"SS-ORD-3", "SS-ORD-4", "SS-ORD-5"}, "scale-cycle"},
      {D::kScaleDownAscending, "scale-down-ascending",
       "A scale-down removes the lowest condemned pod first.", "SS-ORD-7", "fail", {}, "scale-cycle"},
      {D::kScaleDownOverlapping, "scale-down-overlapping",
       "A scale-down does not wait until the pod above is gone.", "SS-ORD-7", "fail", {}, "scale-cycle"},
      {D::kUpdateAscending, "update-ascending",
       "A rolling update replaces the lowest outdated pod first.", "SS-UPD-1", "fail",
       {"SS-UPD-2"}, "image-update"},
      {D::kUpdateTwoAtATime, "update-two-at-a-time",
       "A rolling update takes two pods down at once.", "SS-UPD-2", "fail", {"SS-UPD-11"}, "image-update"},
      {D::kUpdateIgnoresPartition, "update-ignores-partition",
       "A rolling update also replaces the pods below the partition.", "SS-UPD-5", "fail",
       {"SS-UPD-6"}, "partition"},
      {D::kUpdateIgnoresReadiness, "update-ignores-readiness",
       "A rolling update goes on before the replaced pod is ready.", "SS-UPD-2", "fail",
       {"SS-UPD-11", "SS-UPD-4"}, "image-update"},
      {D::kUpdateUnderOnDelete, "update-under-on-delete",
       "A change of the template deletes pods although the strategy is OnDelete.", "SS-UPD-10",
       "fail", {"SS-ID-3"}, "on-delete"},
      {D::kWrongRevisionAfterKill, "wrong-revision-after-kill",
       "A pod below the partition that was killed comes back on the new revision.", "SS-UPD-5",
       "fail", {"SS-UPD-6"}, "partition"},
      {D::kClaimDeletedOnScaleDown, "claim-deleted-on-scale-down",
       "A scale-down deletes the claims although the policy is Retain.", "SS-PVC-5", "fail",
       {"SS-PVC-2", "SS-DATA-1", "SS-DATA-2", "HX-LOST"}, "scale-cycle"},
      {D::kClaimDeletedOnPodDelete, "claim-deleted-on-pod-delete",
       "The claim of a deleted pod is deleted with it.", "SS-RET-3", "fail",
       {"SS-PVC-2", "SS-DATA-1", "SS-DATA-2", "HX-LOST"}, "pod-delete"},
      {D::kLabelsMissing, "labels-missing",
       "Pods lack the labels that carry their name and ordinal.", "SS-ID-4", "fail", {}, "pod-delete"},
      {D::kStatusCountersWrong, "status-counters-wrong",
       "status.readyReplicas stays one behind.", "SS-STAT-3", "fail", {"SS-STAT-4"}, "pod-delete"},
      {D::kUnexpectedRestart, "unexpected-restart",
       "The controller replaces a healthy pod that nobody touched.", "SS-ID-3", "fail", {}, "steady"},
      {D::kFreshClaimOnRecreate, "fresh-claim-on-recreate",
       "A pod that comes back is given a new volume under the old claim's name.", "SS-PVC-2",
       "fail", {"SS-DATA-1", "SS-DATA-2", "HX-LOST", "SS-RET-3"}, "pod-delete"},
      {D::kVolumeAttachedTwice, "volume-attached-twice",
       "A volume is attached to a node before the other has let it go.", "SS-AMO-6", "fail", {}, "drain"},
      {D::kEndpointOfDeadPod, "endpoint-of-dead-pod",
       "The endpoint of a pod that is gone stays in the slice.", "SS-NET-2", "fail",
       {"SS-NET-1"}, "pod-delete"},
      {D::kFreshVolumeOnRecreate, "fresh-volume-on-recreate",
       "The volume is empty when its pod comes back, though claim and volume are the same.",
       "SS-DATA-2", "fail", {"SS-DATA-1", "SS-DATA-5", "HX-LOST"}, "pod-delete"},
      {D::kVolumesSwapped, "volumes-swapped",
       "Two pods that come back find each other's volume at their mount.", "SS-DATA-2", "fail",
       {"SS-DATA-1", "SS-DATA-3", "SS-DATA-5", "SS-AMO-2", "HX-LOST", "HX-PHANTOM"}, "pod-delete-all"},
      {D::kVolumeFromOldCopy, "volume-from-old-copy",
       "The volume holds an old copy of itself when its pod comes back.", "SS-DATA-1", "fail",
       {"HX-LOST", "SS-DATA-4"}, "pod-delete"},
      {D::kLastSecondLostOnCrash, "last-second-lost-on-crash",
       "A crash takes the last second of writes, synced or not.", "SS-DATA-1", "fail",
       {"HX-LOST", "SS-DATA-4"}, "node-crash"},
      {D::kBlockCorrupted, "block-corrupted",
       "One block of a file on the volume is overwritten with noise.", "SS-DATA-1", "fail",
       {"HX-LOST", "HX-TORN", "HX-PHANTOM", "SS-DATA-6"}, "pod-delete"},
      {D::kTwoIncarnations, "two-incarnations",
       "The old process of a pod goes on beside the new one.", "SS-AMO-2", "fail", {"SS-AMO-3"}, "pod-delete"},
      {D::kWrongHostName, "wrong-host-name", "The host name inside a pod is not the pod's name.",
       "SS-ID-5P", "fail", {}, "pod-delete"},
      {D::kStaleDns, "stale-dns", "A pod's DNS name keeps the address of its former life.",
       "SS-NET-3", "fail", {}, "pod-delete"},
      {D::kEvictionIgnoresBudget, "eviction-ignores-budget",
       "An eviction is granted although the budget allows no disruption.", "SS-PDB-1", "fail",
       {"SS-PDB-3", "SS-PDB-8"}, "budget"},
      {D::kWatchDropsEvent, "watch-drops-event", "A watch leaves out one event.", "RUN-WATCH",
       "unknown", {}, "scale-cycle"},
      {D::kWatchRepeatsEvent, "watch-repeats-event", "A watch sends an old event again.",
       "RUN-WATCH", "unknown", {}, "scale-cycle"},
  };
  return kAll;
}

const DefectText* FindDefect(std::string_view name) {
  const auto& all = AllDefects();
  const auto found = std::ranges::find(all, name, &DefectText::name);
  return found == all.end() ? nullptr : &*found;
}

std::vector<std::string> Defects::Names() const {
  std::vector<std::string> names;
  for (const DefectText& text : AllDefects()) {
    if (Has(text.defect)) names.push_back(text.name);
  }
  return names;
}

Result<Defects> Defects::FromNames(const std::vector<std::string>& names) {
  Defects defects;
  std::vector<std::string> known;
  for (const DefectText& text : AllDefects()) known.push_back(text.name);
  for (const std::string& name : names) {
    const DefectText* text = FindDefect(name);
    if (text == nullptr) {
      const auto near = Nearest(name, known);
      return Fail(ErrorCode::kInvalidArgument,
                  "there is no defect \"{}\"{}; \"holdfast list defects\" names them all", name,
                  near ? fmt::format(" (\"{}\" is meant?)", *near) : "");
    }
    defects.Set(text->defect);
  }
  return defects;
}

}  // namespace holdfast::sandbox
