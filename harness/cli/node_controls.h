// The two kinds of power over nodes: the sandbox's own interface, and commands of the user.
#ifndef HOLDFAST_HARNESS_CLI_NODE_CONTROLS_H_
#define HOLDFAST_HARNESS_CLI_NODE_CONTROLS_H_

#include <memory>

#include "faults/node_control.h"
#include "harness/kube/client.h"
#include "harness/suite/suite.h"

namespace holdfast::cli {

// Over the sandbox behind `client`, which outlives it.
std::unique_ptr<faults::NodeControl> SandboxNodeControl(kube::Client& client);
// Over the user's commands; each is given to the shell with {node} and {from} replaced by quoted
// words.
std::unique_ptr<faults::NodeControl> CommandNodeControl(const suite::NodeCommands& commands);

// What a run has: the suite's commands, else the sandbox's interface when that is what answers,
// else nothing.
std::unique_ptr<faults::NodeControl> MakeNodeControl(kube::Client& client,
                                                     const suite::NodeCommands& commands);
// From what NodeControl::Recipe gave; nullptr for a recipe that is not known.
std::unique_ptr<faults::NodeControl> NodeControlFromRecipe(kube::Client& client,
                                                           const Json& recipe);

}  // namespace holdfast::cli

#endif  // HOLDFAST_HARNESS_CLI_NODE_CONTROLS_H_
