// The node agent: what a kubelet is to a Kubernetes node. It registers the node, keeps its
// heartbeat, and runs the pods bound to it as real processes.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_NODE_AGENT_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_NODE_AGENT_H_

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/sandbox/defects/defects.h"

namespace holdfast::sandbox {

struct NodeAgentOptions {
  std::string node_name;
  std::string api_server;  // "https://10.250.0.1:6443".
  std::filesystem::path ca_file;
  std::filesystem::path token_file;
  std::string node_ip;
  std::string pod_cidr;  // "10.244.4.0/22": /16 to /24; the first address becomes the bridge's.
  std::string boot_id;   // Another one after each boot of the node.
  std::string dns_server;
  std::string cluster_domain = "cluster.local";
  std::filesystem::path state_directory;  // Container layers and pod directories.
  std::filesystem::path volume_root;      // One directory per persistent volume, by its name.
  std::filesystem::path image_cache;
  std::filesystem::path log_directory;  // Empty: the agent logs to standard error and container
                                        // logs go with their pod.
  bool single_id_map = false;           // Told to the API as an annotation of the node.
  bool fast_readiness = true;           // Probes are retried every 100 ms until they succeed first.
  Nanos first_restart_delay = std::chrono::seconds(10);  // Of a crashing container; doubles.
  Nanos heartbeat = std::chrono::seconds(2);             // Of the lease.
  // How often config maps and the like are written again in running pods.
  Nanos volume_refresh = std::chrono::seconds(2);
  Defects defects{};
};

// Runs until SIGTERM. To be started as root of the world's user namespace, in network, mount and
// pid namespaces of its own with the interface `uplink` configured. Everything it starts dies with
// it. Returns the exit code.
int NodeAgentMain(const NodeAgentOptions& options);

// The command line that runs an agent as a part of this program: {"__node-agent", "<json>"}.
std::vector<std::string> NodeAgentArguments(const NodeAgentOptions& options);
NodeAgentOptions DecodeNodeAgentOptions(const Json& json);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_NODE_AGENT_H_
