// What every fault implements: what it would do, doing it, and the proof that it happened. A fault
// never knows which database runs.
#ifndef HOLDFAST_FAULTS_FAULT_H_
#define HOLDFAST_FAULTS_FAULT_H_

#include <string>
#include <vector>

#include "faults/cluster.h"
#include "harness/base/json.h"
#include "harness/base/parameters.h"
#include "harness/base/random.h"
#include "harness/base/result.h"

namespace holdfast::faults {

// One rule of a Role, as RBAC spells it.
struct PolicyRule {
  std::string api_group;
  std::string resource;  // "pods", "statefulsets/scale".
  std::vector<std::string> verbs;
  bool cluster = false;  // Needed for the whole cluster, not only in the run's namespace.
};

struct FaultText {
  std::string name;
  std::string summary;  // One sentence.
  std::string proof;    // What proves that it happened.
  std::string undo;     // What takes it back.
  ParameterSchema parameters;
  std::vector<PolicyRule> permissions;
  bool touches_nodes = false;               // Subject to the fence around nodes.
  bool evicts = false;                      // Subject to budgets.
  Nanos typical = std::chrono::seconds(15);  // For the plan's estimate.
};

// The victims, chosen before anything is done.
struct FaultTargets {
  std::vector<Pod> pods;
  std::vector<Node> nodes;
  std::vector<Claim> claims;
  std::vector<std::string> gives_up;  // Guarantees that this use of the fault takes away.
};

// What was seen afterwards. A fault without proof makes its scenario unknown.
struct Proof {
  bool proven = false;
  std::string sentence;
};

// Stateless and thread-safe; one instance per process.
class Fault {
 public:
  Fault() = default;
  Fault(const Fault&) = delete;
  Fault& operator=(const Fault&) = delete;
  virtual ~Fault() = default;
  [[nodiscard]] virtual const FaultText& Text() const = 0;
  // The API writes that it would make to these targets, in order, for `plan`.
  [[nodiscard]] virtual std::vector<std::string> Writes(const FaultTargets& targets,
                                                        const Json& parameters) const = 0;
  // A mistake in the parameters that the schema cannot say ("pod and role exclude each other").
  [[nodiscard]] virtual Status Validate(const Json& /*parameters*/) const { return {}; }
  // kNotFound or kInvalidArgument when there is nothing to do it to; the error names what was
  // looked for. Never looks at a clock: the same snapshot and seed give the same victims.
  [[nodiscard]] virtual Result<FaultTargets> Choose(const Snapshot& now,
                                                    const std::string& primary,
                                                    const Json& parameters,
                                                    Random& random) const = 0;
  // Does it and waits for the proof. An error only when it could not be done (a refused write) or
  // on a stop; a proof that did not come in time is `proven == false` with the reason.
  [[nodiscard]] virtual Result<Proof> Inject(Cluster& cluster,
                                             const FaultTargets& targets,
                                             const Json& parameters) const = 0;
};

// All faults, by explicit list.
const std::vector<const Fault*>& AllFaults();
// nullptr when there is none of that name.
const Fault* FindFault(const std::string& name);

}  // namespace holdfast::faults

#endif  // HOLDFAST_FAULTS_FAULT_H_
