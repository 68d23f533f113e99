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
// Of two times of toleration the shorter one; less than 0 is for ever.
int64_t ShorterTolerance(int64_t a, int64_t b);
// Cordoned during all of the time from kDelta before `at` to kDelta after, and when what the line tells
// was written.
bool NodeWasCordoned(const Context& context, std::string_view node, const trace::At& at);

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_NODE_FACTS_H_
