#include "harness/sandbox/node/pod_life.h"

namespace holdfast::sandbox::node {
namespace {

// A token that the pod may show to the API or to others, as the kubelet asks for it.
Result<std::string> RequestToken(ApiClient& api,
                                 const PodKey& key,
                                 const std::string& account,
                                 const std::string& audience,
                                 int64_t seconds) {
  Json request = {{"apiVersion", "authentication.k8s.io/v1"},
                  {"kind", "TokenRequest"},
                  {"spec",
                   {{"expirationSeconds", seconds},
                    {"boundObjectRef",
                     {{"apiVersion", "v1"},
                      {"kind", "Pod"},
                      {"name", key.name},
                      {"uid", key.uid}}}}}};
  if (!audience.empty()) request["spec"]["audiences"] = Json::array({audience});
  HOLDFAST_ASSIGN(const Json answer,
                  api.Post(fmt::format("/api/v1/namespaces/{}/serviceaccounts/{}/token", key.ns,
                                       account),
                           request));
  return GetString(answer, {"status", "token"});
}

}  // namespace

PodKey KeyOf(const Json& pod) {
  return {GetString(pod, {"metadata", "namespace"}), GetString(pod, {"metadata", "name"}),
          GetString(pod, {"metadata", "uid"})};
}

bool IsDeleting(const Json& pod) { return FindPath(pod, {"metadata", "deletionTimestamp"}); }

bool IsTerminal(const Json& pod) {
  const std::string phase = GetString(pod, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed";
}

VolumeContext MakeVolumeContext(NodeServices& services,
                                const Json& pod,
                                const std::string& pod_ip,
                                const std::filesystem::path& directory) {
  ApiClient& api = services.api;
  const PodKey key = KeyOf(pod);
  // "https://10.250.0.1:6443"
  const std::string server = services.options.api_server;
  const size_t colon = server.rfind(':');
  const size_t slashes = server.find("//");
  const bool told = slashes != std::string::npos && colon != std::string::npos && colon > slashes;
  const std::string api_host = told ? server.substr(slashes + 2, colon - slashes - 2) : "";
  const std::string api_port = told ? server.substr(colon + 1) : "";
  return {.pod = {.pod_ip = pod_ip,
                  .host_ip = services.options.node_ip,
                  .cluster_domain = services.options.cluster_domain,
                  .api_host = api_host,
                  .api_port = api_port,
                  .get =
                      [&api, ns = key.ns](const std::string& resource, const std::string& name) {
                        return api.Get(
                            fmt::format("/api/v1/namespaces/{}/{}/{}", ns, resource, name));
                      }},
          .get = [&api](const std::string& path) { return api.Get(path); },
          .token =
              [&api, key,
               account = GetString(pod, {"spec", "serviceAccountName"}, "default")](
                  const std::string& audience, int64_t seconds) {
                return RequestToken(api, key, account, audience, seconds);
              },
          .lives = services.lives,
          .directory = directory / "volumes",
          .host_paths = services.options.state_directory / "host-paths",
          .node_name = services.options.node_name};
}

}  // namespace holdfast::sandbox::node
