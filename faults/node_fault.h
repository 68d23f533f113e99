// The base of faults that strike one node: chosen by name, or by whose pod runs there.
#ifndef HOLDFAST_FAULTS_NODE_FAULT_H_
#define HOLDFAST_FAULTS_NODE_FAULT_H_

#include "faults/common.h"

namespace holdfast::faults {

// Its parameters begin with WithNodeChoice's; its targets are the node and the set's pods there.
class NodeFault : public Fault {
 public:
  [[nodiscard]] Status Validate(const Json& parameters) const override;
  [[nodiscard]] Result<FaultTargets> Choose(const Snapshot& now,
                                            const std::string& primary,
                                            const Json& parameters,
                                            Random& random) const override;

 protected:
  // Cordons the node and waits until it is seen unschedulable.
  static Result<Proof> CordonAndAwait(Cluster& cluster, const Node& node, Nanos within);

 private:
  // An error when the fault has nothing to do there.
  [[nodiscard]] virtual Status CheckTargets(const FaultTargets& /*targets*/) const { return {}; }
};

}  // namespace holdfast::faults

#endif  // HOLDFAST_FAULTS_NODE_FAULT_H_
