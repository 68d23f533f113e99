#include "harness/sandbox/world/node_links.h"

#include <vector>

#include "harness/sandbox/world/world_plan.h"

namespace holdfast::sandbox {
namespace {

// Rules in the order in which they count; the kernel's own come after (32766).
LinkCommands Rules(int index, PartitionFrom from, const char* verb) {
  LinkCommands commands;
  const std::string pods = PodCidr(index);
  const auto add = [&](std::string& side, const std::string& rule) {
    side += fmt::format("rule {} {}\n", verb, rule);
  };
  if (from == PartitionFrom::kControlPlane) {
    // The API's answers to the node and its calls of the agent; then its answers to pods.
    add(commands.world, fmt::format("priority 100 from {} to {} blackhole", kWorldIp, NodeIp(index)));
    add(commands.world, fmt::format("priority 101 from {} to {} ipproto tcp sport {} blackhole",
                                    kWorldIp, pods, kInnerApiPort));
    // Without this the API would still get what the node sends on connections that are open.
    add(commands.node,
        fmt::format("priority 100 to {} ipproto tcp dport {} blackhole", kWorldIp, kInnerApiPort));
  }
  if (from == PartitionFrom::kPeers) {
    // What stays inside the node, and what is for or from the world itself.
    add(commands.node, fmt::format("priority 100 iif lo to {} lookup main", pods));
    add(commands.node, fmt::format("priority 101 iif pods0 to {} lookup main", pods));
    add(commands.node, fmt::format("priority 102 from {} to {} lookup main", kWorldIp, pods));
    add(commands.node, fmt::format("priority 103 to {} lookup main", kWorldIp));
    add(commands.node, fmt::format("priority 104 to {} blackhole", kAllPods));
    add(commands.node, fmt::format("priority 105 to {} blackhole", kAllNodes));
  }
  return commands;
}

}  // namespace

std::string NodeLinkCommands(int index, int pid) {
  return fmt::format(
      "link add {0} type veth peer name uplink netns {1}\n"
      "link set {0} master {2} up\n"
      "route replace {3} via {4}\n",
      NodeName(index), pid, kUnderlay, PodCidr(index), NodeIp(index));
}

std::string RemoveNodeLinkCommands(int index) {
  return fmt::format("link delete {}\n", NodeName(index));
}

std::string NodeNetworkCommands(int index) {
  return fmt::format(
      "link set lo up\n"
      "address add {}/24 dev uplink\n"
      "link set uplink up\n"
      "route add default via {}\n",
      NodeIp(index), kWorldIp);
}

LinkCommands CutCommands(int index, PartitionFrom from) {
  if (from == PartitionFrom::kAll) return {fmt::format("link set {} down\n", NodeName(index)), ""};
  return Rules(index, from, "add");
}

LinkCommands MendCommands(int index, PartitionFrom from) {
  if (from == PartitionFrom::kAll) return {fmt::format("link set {} up\n", NodeName(index)), ""};
  return Rules(index, from, "del");
}

}  // namespace holdfast::sandbox
