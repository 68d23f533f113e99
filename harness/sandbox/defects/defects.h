// Switchable defects of the sandbox: the places where real systems fail, by which the harness
// proves that its guarantees can catch something.
#ifndef HOLDFAST_HARNESS_SANDBOX_DEFECTS_DEFECTS_H_
#define HOLDFAST_HARNESS_SANDBOX_DEFECTS_DEFECTS_H_

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"

namespace holdfast::sandbox {

// In the order of the table in defects.cc; the component that holds the switch is named there.
enum class Defect : unsigned {
  // The StatefulSet controller.
  kCreateInParallel,
  kCreateDescending,
  kCreateBeforeReady,
  kScaleDownAscending,
  kScaleDownOverlapping,
  kUpdateAscending,
  kUpdateTwoAtATime,
  kUpdateIgnoresPartition,
  kUpdateIgnoresReadiness,
  kUpdateUnderOnDelete,
  kWrongRevisionAfterKill,
  kClaimDeletedOnScaleDown,
  kClaimDeletedOnPodDelete,
  kLabelsMissing,
  kStatusCountersWrong,
  kUnexpectedRestart,
  // Other controllers.
  kFreshClaimOnRecreate,
  kVolumeAttachedTwice,
  kEndpointOfDeadPod,
  // The volumes and the node agent.
  kFreshVolumeOnRecreate,
  kVolumesSwapped,
  kVolumeFromOldCopy,
  kLastSecondLostOnCrash,
  kBlockCorrupted,
  kTwoIncarnations,
  kWrongHostName,
  // A database inside of its pod.
  kReplicaOutOfOrder,
  kReplicaLosesRow,
  kReplicaInventsRow,
  kAckDroppedAtFailover,
  kStalePrimary,
  // Name service.
  kStaleDns,
  // The API server.
  kEvictionIgnoresBudget,
  kGrantsWithoutEffect,
  kWatchDropsEvent,
  kWatchRepeatsEvent,
  kCount,
};

struct DefectText {
  Defect defect;
  std::string name;                  // "create-in-parallel".
  std::string title;                 // One sentence: what the sandbox does wrong.
  std::string guarantee;             // The id that must catch it.
  std::string verdict;               // "fail", or "unknown" when the record itself is damaged.
  std::vector<std::string> follows;  // Ids that may be broken with it, as its consequence.
  std::string suite;                 // The smallest suite that shows it: suites/controls/<suite>.yaml.
};

const std::vector<DefectText>& AllDefects();
// nullptr when none has this name.
const DefectText* FindDefect(std::string_view name);

// A set of switches; empty by default. Passed by value in the options of each component.
class Defects {
 public:
  Defects() = default;
  explicit Defects(Defect defect) { Set(defect); }
  void Set(Defect defect) { bits_.set(static_cast<size_t>(defect)); }
  [[nodiscard]] bool Has(Defect defect) const { return bits_.test(static_cast<size_t>(defect)); }
  [[nodiscard]] bool None() const { return bits_.none(); }
  [[nodiscard]] std::vector<std::string> Names() const;
  // kInvalidArgument names the unknown one and the nearest that there is.
  static Result<Defects> FromNames(const std::vector<std::string>& names);

 private:
  std::bitset<static_cast<size_t>(Defect::kCount)> bits_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_DEFECTS_DEFECTS_H_
