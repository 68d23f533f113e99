// The base of faults that strike pods of the set: chosen by name, role, ordinal, or by the seed.
#ifndef HOLDFAST_FAULTS_POD_FAULT_H_
#define HOLDFAST_FAULTS_POD_FAULT_H_

#include "faults/common.h"

namespace holdfast::faults {

// Its parameters begin with WithPodChoice's.
class PodFault : public Fault {
 public:
  [[nodiscard]] Status Validate(const Json& parameters) const override;
  [[nodiscard]] Result<FaultTargets> Choose(const Snapshot& now,
                                            const std::string& primary,
                                            const Json& parameters,
                                            Random& random) const override;

 private:
  // What goes with the chosen pods: their claims, what is given up.
  [[nodiscard]] virtual Status Complete(const Snapshot& /*now*/,
                                        const Json& /*parameters*/,
                                        FaultTargets& /*targets*/) const {
    return {};
  }
};

}  // namespace holdfast::faults

#endif  // HOLDFAST_FAULTS_POD_FAULT_H_
