// What faults have in common: parameters that choose pods and nodes, the choice itself, and waiting
// for a proof.
#ifndef HOLDFAST_FAULTS_COMMON_H_
#define HOLDFAST_FAULTS_COMMON_H_

#include "faults/fault.h"
#include "harness/base/strings.h"

namespace holdfast::faults {

inline constexpr const char* kForcedDeletionGivesUp = "SS-AMO-2";

Parameter WithinParameter(const char* fallback, const char* description);
// `schema` with pod, role, ordinal and count before it.
ParameterSchema WithPodChoice(ParameterSchema schema);
// `schema` with node, of (a pod's role) before it.
ParameterSchema WithNodeChoice(ParameterSchema schema);

// A duration parameter, `fallback` when it is not given. REQUIRES that the schema was checked.
Nanos Duration(const Json& parameters, const char* name, Nanos fallback);
std::optional<Nanos> Grace(const Json& parameters);
// pod, role and ordinal exclude each other; grace is in whole seconds.
Status ValidatePodChoice(const Json& parameters);
Status ValidateNodeChoice(const Json& parameters);

// "the primary's pod", "2 pods of the set, chosen by the seed": what the parameters ask for.
std::string Whom(const Json& parameters);
// The pods that the parameters mean: live ones, as many as `count` says. kNotFound names what is
// missing.
Result<std::vector<Pod>> ChoosePods(const std::string& fault,
                                    const Snapshot& now,
                                    const std::string& primary,
                                    const Json& parameters,
                                    Random& random);
// The node that the parameters mean: by name, or where the pod of a role runs.
Result<Node> ChooseNode(const std::string& fault,
                        const Snapshot& now,
                        const std::string& primary,
                        const Json& parameters,
                        Random& random);
std::vector<Pod> PodsOn(const Snapshot& now, const std::string& node);
// "pg-0, pg-1".
std::string Names(const std::vector<Pod>& pods);
// "pod pg-0", or what was asked for when nobody is chosen yet.
std::string PodText(const FaultTargets& targets, const Json& parameters);
std::string NodeText(const FaultTargets& targets, const Json& parameters);

// Waits for the proof. Unproven with `missing` when it does not come; an error only on a stop.
Result<Proof> Await(Cluster& cluster,
                    const std::string& what,
                    const Condition& condition,
                    Nanos within,
                    const std::string& proven,
                    const std::string& missing);
// Whether none of these uids is there any more.
bool AllGone(const Snapshot& now, const std::vector<Pod>& pods);

}  // namespace holdfast::faults

#endif  // HOLDFAST_FAULTS_COMMON_H_
