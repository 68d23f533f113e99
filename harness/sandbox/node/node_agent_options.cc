// The agent's options on its command line.
#include "harness/sandbox/node/node_agent.h"

namespace holdfast::sandbox {

std::vector<std::string> NodeAgentArguments(const NodeAgentOptions& options) {
  const Json json = {{"nodeName", options.node_name},
                     {"apiServer", options.api_server},
                     {"caFile", options.ca_file.string()},
                     {"tokenFile", options.token_file.string()},
                     {"nodeIP", options.node_ip},
                     {"podCIDR", options.pod_cidr},
                     {"bootID", options.boot_id},
                     {"dnsServer", options.dns_server},
                     {"clusterDomain", options.cluster_domain},
                     {"stateDirectory", options.state_directory.string()},
                     {"volumeRoot", options.volume_root.string()},
                     {"imageCache", options.image_cache.string()},
                     {"logDirectory", options.log_directory.string()},
                     {"singleIdMap", options.single_id_map},
                     {"fastReadiness", options.fast_readiness},
                     {"firstRestartDelayNanos", options.first_restart_delay.count()},
                     {"heartbeatNanos", options.heartbeat.count()},
                     {"volumeRefreshNanos", options.volume_refresh.count()},
                     {"defects", options.defects.Names()}};
  return {"__node-agent", DumpJson(json)};
}

NodeAgentOptions DecodeNodeAgentOptions(const Json& json) {
  NodeAgentOptions options;
  options.node_name = GetString(json, {"nodeName"});
  options.api_server = GetString(json, {"apiServer"});
  options.ca_file = GetString(json, {"caFile"});
  options.token_file = GetString(json, {"tokenFile"});
  options.node_ip = GetString(json, {"nodeIP"});
  options.pod_cidr = GetString(json, {"podCIDR"});
  options.boot_id = GetString(json, {"bootID"});
  options.dns_server = GetString(json, {"dnsServer"});
  options.cluster_domain = GetString(json, {"clusterDomain"}, options.cluster_domain);
  options.state_directory = GetString(json, {"stateDirectory"});
  options.volume_root = GetString(json, {"volumeRoot"});
  options.image_cache = GetString(json, {"imageCache"});
  options.log_directory = GetString(json, {"logDirectory"});
  options.single_id_map = GetBool(json, {"singleIdMap"});
  options.fast_readiness = GetBool(json, {"fastReadiness"}, options.fast_readiness);
  options.first_restart_delay =
      Nanos(GetInt(json, {"firstRestartDelayNanos"}, options.first_restart_delay.count()));
  options.heartbeat = Nanos(GetInt(json, {"heartbeatNanos"}, options.heartbeat.count()));
  options.volume_refresh =
      Nanos(GetInt(json, {"volumeRefreshNanos"}, options.volume_refresh.count()));
  std::vector<std::string> defects;
  for (const Json& name : GetArray(json, {"defects"}))
    if (name.is_string()) defects.push_back(name.get<std::string>());
  // The names come from our own control plane, which has checked them.
  options.defects = Defects::FromNames(defects).value_or(Defects{});
  return options;
}

}  // namespace holdfast::sandbox
