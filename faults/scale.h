// scale: the set is given another number of replicas; two of them make a scale cycle.
#ifndef HOLDFAST_FAULTS_SCALE_H_
#define HOLDFAST_FAULTS_SCALE_H_

#include "faults/fault.h"

namespace holdfast::faults {

class Scale : public Fault {
 public:
  [[nodiscard]] const FaultText& Text() const override;
  [[nodiscard]] std::vector<std::string> Writes(const Json& parameters) const override;
  [[nodiscard]] Status Validate(const Json& parameters) const override;
  [[nodiscard]] Result<FaultTargets> Choose(const Snapshot& now,
                                            const std::string& primary,
                                            const Json& parameters,
                                            Random& random) const override;
  [[nodiscard]] Result<Proof> Inject(Cluster& cluster,
                                     const FaultTargets& targets,
                                     const Json& parameters) const override;
};

}  // namespace holdfast::faults

#endif  // HOLDFAST_FAULTS_SCALE_H_
