// The outer side of a world: makes its namespaces and its first process, and talks to it.
#ifndef HOLDFAST_HARNESS_SANDBOX_WORLD_WORLD_START_H_
#define HOLDFAST_HARNESS_SANDBOX_WORLD_WORLD_START_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/result.h"
#include "harness/sandbox/world/id_map.h"
#include "harness/sandbox/world/line_reader.h"
#include "harness/sandbox/world/world_plan.h"

namespace holdfast::sandbox {

// A process in namespaces of its own, not let go yet: it runs with the first byte that `commands`
// gets, and ends without one. It is killed when the thread that started it ends.
struct StartedProcess {
  pid_t pid = 0;
  FileDescriptor process;
  FileDescriptor commands;
  LineReader reports{FileDescriptor()};
};

// Starts the part `argv_for` names with the best id map that works; `argv_for` is told which.
// `descriptors` follow after 3 (reports) and 4 (commands). `quiet`: standard streams are /dev/null.
Result<StartedProcess> StartInNamespaces(
    const std::function<std::vector<std::string>(IdMap)>& argv_for,
    const std::vector<int>& descriptors,
    bool quiet);

// The world of `plan`; its API's outer socket is opened here and told in `plan.outer_port`.
Result<StartedProcess> StartWorld(WorldPlan& plan);

// Kills it and waits until it and all in it are gone.
void KillAndReap(const StartedProcess& started);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_WORLD_WORLD_START_H_
