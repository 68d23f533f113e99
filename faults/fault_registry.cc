// The list of faults. Explicit, because a linker drops registrations hidden in static objects.
#include <algorithm>

#include "faults/fault.h"
#include "faults/pod_delete.h"
#include "faults/scale.h"

namespace holdfast::faults {

const std::vector<const Fault*>& AllFaults() {
  static const PodDelete kPodDelete;
  static const Scale kScale;
  static const std::vector<const Fault*> kAll{&kPodDelete, &kScale};
  return kAll;
}

const Fault* FindFault(const std::string& name) {
  const auto& all = AllFaults();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Fault* fault) { return fault->Text().name == name; });
  return found == all.end() ? nullptr : *found;
}

}  // namespace holdfast::faults
