#include "faults/pod_fault.h"

namespace holdfast::faults {

Status PodFault::Validate(const Json& parameters) const { return ValidatePodChoice(parameters); }

Result<FaultTargets> PodFault::Choose(const Snapshot& now,
                                      const std::string& primary,
                                      const Json& parameters,
                                      Random& random) const {
  FaultTargets targets;
  HOLDFAST_ASSIGN(targets.pods, ChoosePods(Text().name, now, primary, parameters, random));
  HOLDFAST_RETURN_IF_ERROR(Complete(now, parameters, targets));
  return targets;
}

}  // namespace holdfast::faults
