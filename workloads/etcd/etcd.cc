// Parameters and manifests of the workload "etcd".
#include "workloads/etcd/etcd.h"

#include "harness/base/strings.h"
#include "workloads/common.h"
#include "workloads/etcd/embedded.h"
#include "workloads/etcd/members.h"
#include "workloads/etcd/session.h"
#include "workloads/manifest.h"

namespace holdfast::workloads::etcd {
namespace {

constexpr const char* kName = "etcd";
constexpr const char* kImage = "etcd:3.4";
constexpr int64_t kPort = 2379;

// The flag --initial-cluster.
std::string InitialCluster(const std::vector<std::string>& pods,
                           const Deployment& deployment,
                           int64_t peer_port) {
  std::vector<std::string> members;
  for (const std::string& pod : pods)
    members.push_back(pod + "=" + PeerUrl(pod, deployment, peer_port));
  return Join(members, ",");
}

}  // namespace

std::string EtcdWorkload::Description() const {
  return "etcd, a quorum of members that know each other by their stable names; every member takes "
         "reads and writes";
}

ParameterSchema EtcdWorkload::Parameters() const {
  ParameterSchema schema = CommonParameters({.image = kImage,
                                             .next_image = "etcd:3.5",
                                             .storage = "1Gi",
                                             .grace = "30s",
                                             .replicas = 3,
                                             .max_replicas = 7,
                                             .policy = "Parallel",
                                             // What a member that was taken out has on its volume
                                             // would keep its ordinal from joining again.
                                             .when_scaled = "Delete"});
  const auto milliseconds = [](const char* name, int64_t fallback, const char* description) {
    return Parameter{.name = name,
                     .type = ParameterType::kInteger,
                     .fallback = fallback,
                     .description = description,
                     .min = 10,
                     .max = 50'000};
  };
  schema.push_back(milliseconds("heartbeat", 100, "milliseconds between a leader's heartbeats"));
  schema.push_back(milliseconds("election", 1000, "milliseconds without one until an election"));
  schema.push_back({.name = "port",
                    .type = ParameterType::kInteger,
                    .fallback = kPort,
                    .description = "TCP port for clients; the next one is for peers",
                    .min = 1024,
                    .max = 65534});
  return schema;
}

Capabilities EtcdWorkload::GetCapabilities(const Json& /*parameters*/) const {
  Capabilities capabilities;
  capabilities.writes = Writes::kAnyPod;
  capabilities.registers = true;
  capabilities.shell = false;  // The official image holds nothing but its programs.
  capabilities.members = true;
  return capabilities;
}

Target EtcdWorkload::GetTarget(const Json& /*parameters*/) const {
  Target target;
  target.name = kName;
  target.service = kName;
  target.claim_templates = {"data"};
  target.container = "etcd";
  return target;
}

std::vector<std::string> EtcdWorkload::Images(const Json& parameters) const {
  return {GetString(parameters, {"image"}, kImage)};
}

Result<std::vector<Json>> EtcdWorkload::Manifests(const Deployment& deployment) const {
  const Json& parameters = deployment.parameters;
  const int64_t port = GetInt(parameters, {"port"}, kPort);
  const int64_t heartbeat = GetInt(parameters, {"heartbeat"}, 100);
  const int64_t election = GetInt(parameters, {"election"}, 1000);
  if (election < 5 * heartbeat)
    return Fail(ErrorCode::kInvalidArgument,
                "election ({} ms) must be at least five times heartbeat ({} ms)", election,
                heartbeat);
  if (GetString(parameters, {"podManagementPolicy"}, "Parallel") == "OrderedReady" &&
      deployment.replicas > 1)
    return Fail(ErrorCode::kInvalidArgument,
                "podManagementPolicy OrderedReady waits for the first member to be ready, which "
                "needs a quorum; use Parallel");
  const std::string storage_class = GetString(parameters, {"storageClass"});
  const Json values = {
      {"NAME", deployment.name},
      {"NAMESPACE", deployment.ns},
      {"IMAGE", GetString(parameters, {"image"}, kImage)},
      {"STORAGE", GetString(parameters, {"storage"}, "1Gi")},
      {"STORAGE_CLASS", storage_class.empty() ? Json(nullptr) : Json(storage_class)},
      {"PORT", port},
      {"PORT_TEXT", std::to_string(port)},
      {"PEER_PORT", port + 1},
      {"PEER_PORT_TEXT", std::to_string(port + 1)},
      {"HEARTBEAT", std::to_string(heartbeat)},
      {"ELECTION", std::to_string(election)},
      {"CLUSTER", InitialCluster(PodNames(*this, deployment), deployment, port + 1)},
  };
  const Template templates[] = {
      {"configmap.yaml", embedded::configmap_yaml},
      {"service.yaml", embedded::service_yaml},
      {"statefulset.yaml", embedded::statefulset_yaml},
  };
  HOLDFAST_ASSIGN(std::vector<Json> manifests, FillTemplates(templates, values));
  Deployment placed = deployment;
  for (const auto& [name, value] : {std::pair("podManagementPolicy", "Parallel"),
                                    std::pair("whenScaled", "Delete")})
    if (!parameters.contains(name)) placed.parameters[name] = value;
  HOLDFAST_RETURN_IF_ERROR(ApplyCommon(placed, manifests));
  return manifests;
}

int EtcdWorkload::Port(const Json& parameters) const {
  return static_cast<int>(GetInt(parameters, {"port"}, kPort));
}

Result<std::unique_ptr<Session>> EtcdWorkload::Connect(const Deployment& /*deployment*/,
                                                       const Endpoint& endpoint,
                                                       Nanos timeout) const {
  return OpenSession(endpoint, timeout);
}

Result<std::vector<Json>> EtcdWorkload::BeforeResize(Session& session,
                                                     const Deployment& deployment,
                                                     const Resize& resize) const {
  if (resize.to < 1)
    return Fail(ErrorCode::kInvalidArgument,
                "the last member cannot be taken out of its cluster; scale to 1 or more");
  const int64_t peer_port = Port(deployment.parameters) + 1;
  HOLDFAST_ASSIGN(const std::string cluster,
                  resize.to > resize.from
                      ? AddMember(session, resize.pod, PeerUrl(resize.pod, deployment, peer_port))
                      : RemoveMember(session, resize.pod));
  return std::vector<Json>{{{"apiVersion", "v1"},
                            {"kind", "ConfigMap"},
                            {"metadata",
                             {{"name", deployment.name + "-members"},
                              {"namespace", deployment.ns}}},
                            {"data", {{"cluster", cluster}, {"state", "existing"}}}}};
}

Status EtcdWorkload::Prepare(Session& session) const {
  const Outcome outcome = session.Position();
  if (outcome.type == OutcomeType::kOk) return {};
  return Fail(ErrorCode::kUnavailable, "the member does not answer: {}", outcome.error);
}

}  // namespace holdfast::workloads::etcd
