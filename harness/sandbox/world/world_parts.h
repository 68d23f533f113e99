// The processes of a world: the arguments that start each one, and its main function.
#ifndef HOLDFAST_HARNESS_SANDBOX_WORLD_WORLD_PARTS_H_
#define HOLDFAST_HARNESS_SANDBOX_WORLD_WORLD_PARTS_H_

#include <string>

#include "harness/sandbox/world/world_plan.h"

namespace holdfast::sandbox {

inline constexpr const char* kWorldPart = "__world";
inline constexpr const char* kControlPlanePart = "__control-plane";
inline constexpr const char* kNodeInitPart = "__node-init";
inline constexpr const char* kProbePart = "__world-probe";

// PID 1 of the world. Descriptors: 3 reports go out (lines "ready", "detached", "error
// <sentence>"), 4 commands come in ("d": stay after the outer process ends), 5 refers to the outer
// process, 6 the API's socket on the host's loopback. Returns the command's exit code.
int WorldMain(const WorldPlan& plan);
// Store, API server, controllers and DNS. Descriptors: 3 reports ("serving", "ready", "error ..."),
// 4 and 5 the API's sockets outside and inside, 6 the requests for operations on nodes. Runs until
// it is killed.
int ControlPlaneMain(const WorldPlan& plan);
// PID 1 of a node: waits on descriptor 3 for its network link ("n") and for the API ("a"), and runs
// the agent; one that dies is started again.
int NodeInitMain(const WorldPlan& plan, int index);
// Tries in fresh namespaces all that a world does to them; descriptor 3 takes one sentence per
// failure.
int ProbeMain();

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_WORLD_WORLD_PARTS_H_
