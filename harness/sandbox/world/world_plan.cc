#include "harness/sandbox/world/world_plan.h"

#include "harness/base/strings.h"

namespace holdfast::sandbox {

std::string EncodePlan(const WorldPlan& plan) {
  return DumpJson({{"nodes", plan.nodes},
                   {"imageCache", plan.image_cache.string()},
                   {"mountPoint", plan.mount_point.string()},
                   {"logDirectory", plan.log_directory.string()},
                   {"outerKubeconfig", plan.outer_kubeconfig.string()},
                   {"outerPort", plan.outer_port},
                   {"singleIdMap", plan.single_id_map},
                   {"userNamespace", plan.user_namespace},
                   {"realTime", plan.real_time},
                   {"defects", plan.defects.Names()},
                   {"command", plan.command}});
}

Result<WorldPlan> DecodePlan(std::string_view text) {
  HOLDFAST_ASSIGN(const Json json, ParseJson(text));
  WorldPlan plan;
  plan.nodes = static_cast<int>(GetInt(json, {"nodes"}));
  plan.image_cache = GetString(json, {"imageCache"});
  plan.mount_point = GetString(json, {"mountPoint"});
  plan.log_directory = GetString(json, {"logDirectory"});
  plan.outer_kubeconfig = GetString(json, {"outerKubeconfig"});
  plan.outer_port = static_cast<int>(GetInt(json, {"outerPort"}));
  plan.single_id_map = GetBool(json, {"singleIdMap"});
  plan.user_namespace = GetBool(json, {"userNamespace"});
  plan.real_time = GetBool(json, {"realTime"});
  std::vector<std::string> defects;
  for (const Json& name : GetArray(json, {"defects"}))
    if (name.is_string()) defects.push_back(name.get<std::string>());
  HOLDFAST_ASSIGN(plan.defects, Defects::FromNames(defects));
  for (const Json& word : GetArray(json, {"command"}))
    if (word.is_string()) plan.command.push_back(word.get<std::string>());
  if (plan.nodes < 1 || plan.nodes > kMaxNodes || plan.mount_point.empty())
    return Fail(ErrorCode::kInvalidArgument, "this is no plan of a world: {}", text);
  return plan;
}

std::string NodeName(int index) { return fmt::format("node-{}", static_cast<char>('a' + index)); }
std::string NodeIp(int index) { return fmt::format("10.250.0.{}", 11 + index); }
std::string PodCidr(int index) { return fmt::format("10.244.{}.0/22", 4 + 4 * index); }

std::string WorldNetworkCommands() {
  return fmt::format(
      "link set lo up\n"
      "link add {0} type bridge\n"
      "address add {1}/24 dev {0}\n"
      "link set {0} up\n",
      kUnderlay, kWorldIp);
}

std::string KubeconfigText(const std::string& server,
                           const std::string& ca_pem,
                           const std::string& token) {
  return fmt::format(
      "apiVersion: v1\n"
      "kind: Config\n"
      "current-context: holdfast-sandbox\n"
      "clusters:\n"
      "- name: holdfast-sandbox\n"
      "  cluster:\n"
      "    server: {}\n"
      "    certificate-authority-data: {}\n"
      "contexts:\n"
      "- name: holdfast-sandbox\n"
      "  context:\n"
      "    cluster: holdfast-sandbox\n"
      "    user: holdfast-sandbox\n"
      "    namespace: default\n"
      "users:\n"
      "- name: holdfast-sandbox\n"
      "  user:\n"
      "    token: {}\n",
      server, Base64Encode(ca_pem), token);
}

}  // namespace holdfast::sandbox
