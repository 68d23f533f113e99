// The links of the nodes as input for `ip -batch`: made, cut and mended. Pure.
#ifndef HOLDFAST_HARNESS_SANDBOX_WORLD_NODE_LINKS_H_
#define HOLDFAST_HARNESS_SANDBOX_WORLD_NODE_LINKS_H_

#include <string>

#include "harness/sandbox/api/node_control.h"

namespace holdfast::sandbox {

// In the world's network namespace: the link to node `index`, whose network namespace is that of
// process `pid`, and the route to its pods.
std::string NodeLinkCommands(int index, int pid);
// What is left of the link of a node that is gone.
std::string RemoveNodeLinkCommands(int index);
// Inside the node's network namespace.
std::string NodeNetworkCommands(int index);

// Commands for the two sides of a cut; either may be empty. Rules of policy routing lose packets
// without a word, as a broken network does; what passes the bridge inside the node still passes.
struct LinkCommands {
  std::string world;
  std::string node;
};
LinkCommands CutCommands(int index, PartitionFrom from);
// Undoes CutCommands.
LinkCommands MendCommands(int index, PartitionFrom from);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_WORLD_NODE_LINKS_H_
