// What the nodes were when something happened to a pod.
#ifndef HOLDFAST_HARNESS_CHECK_NODE_FACTS_H_
#define HOLDFAST_HARNESS_CHECK_NODE_FACTS_H_

#include <string>
#include <vector>

#include "harness/check/context.h"

namespace holdfast::check {

// States of the node that were in force at some time of [from, to]; empty when it was not watched.
std::vector<const trace::NodeState*> NodeStates(const Context& context,
                                                std::string_view node,
                                                double from,
                                                double to);
// Ready was Unknown during all of [from, to].
bool NodeWasUnreachable(const Context& context, std::string_view node, double from, double to);
// Not Ready at some time of it, or no state is known; or a fault had the node as its target.
bool NodeWasUnwell(const Context& context, const trace::PodLife& life, double from, double to);
// Somebody gave the pods of an unreachable node up before `t`: the node was deleted, or carried the
// taint out-of-service.
bool NodeWasReleased(const Context& context, std::string_view node, double t);
// Cordoned during all of [from, to].
bool NodeWasCordoned(const Context& context, std::string_view node, double from, double to);

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_NODE_FACTS_H_
