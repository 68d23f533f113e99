// The list of faults. Explicit, because a linker drops registrations hidden in static objects.
#include <algorithm>

#include "faults/all_faults.h"

namespace holdfast::faults {

const std::vector<const Fault*>& AllFaults() {
  static const std::vector<const Fault*> kAll{
      &PodDeleteFault(),     &EvictFault(),          &ContainerKillFault(), &ScaleFault(),
      &ImageUpdateFault(),   &TemplateRestartFault(), &ClaimDeleteFault(),
      &StatefulSetDeleteFault(), &NodeDrainFault(),  &CordonFault(),        &TaintFault(),
      &OutOfServiceFault(),  &NodeCrashFault(),      &NodeFreezeFault(),    &NodePartitionFault(),
      &NodeReturnFault()};
  return kAll;
}

const Fault* FindFault(const std::string& name) {
  const auto& all = AllFaults();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Fault* fault) { return fault->Text().name == name; });
  return found == all.end() ? nullptr : *found;
}

}  // namespace holdfast::faults
