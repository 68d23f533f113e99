// Parameters and manifests of the workloads "volume" and "deployment-control".
#include "workloads/volume/volume.h"

#include "workloads/common.h"
#include "workloads/manifest.h"
#include "workloads/volume/embedded.h"
#include "workloads/volume/session.h"

namespace holdfast::workloads::volume {
namespace {

constexpr const char* kName = "vol";
constexpr int64_t kPort = 8080;
constexpr const char* kImage = "busybox:1";
constexpr int64_t kScriptMode = 0755;

Json OrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

// A probe of the kind `how` ("http", "tcp", "exec") as a manifest has it.
Json Probe(const std::string& how, int64_t port, int period, int failures) {
  Json probe = {{"periodSeconds", period}, {"timeoutSeconds", 5}, {"failureThreshold", failures}};
  if (how == "tcp")
    probe["tcpSocket"] = {{"port", port}};
  else if (how == "exec")
    probe["exec"] = {{"command", {"sh", "-c", embedded::ready_sh}}};
  else
    probe["httpGet"] = {{"path", "/cgi-bin/op?ready&-"}, {"port", port}};
  return probe;
}

void AddProbes(const Json& parameters, int64_t port, Json& values) {
  const std::string kind = GetString(parameters, {"probes"}, "http");
  values["STARTUP_PROBE"] = kind == "all" ? Probe("http", port, 1, 30) : Json(nullptr);
  values["LIVENESS_PROBE"] = kind == "all" ? Probe("http", port, 5, 6) : Json(nullptr);
  values["READINESS_PROBE"] = kind == "none" ? Json(nullptr) : Probe(kind, port, 1, 3);
}

}  // namespace

std::string VolumeWorkload::Name() const { return IsSet() ? "volume" : "deployment-control"; }

std::string VolumeWorkload::Description() const {
  return IsSet() ? "plain files: each pod serves its own volume over HTTP (busybox), with a marker "
                   "and a witness of who writes"
                 : "negative control: the pods of `volume` as a Deployment on one shared claim";
}

ParameterSchema VolumeWorkload::Parameters() const {
  ParameterSchema schema = CommonParameters({.image = kImage,
                                             .next_image = "busybox:1-rebuilt",
                                             .grace = "10s",
                                             .replicas = 3,
                                             .max_replicas = 1000});
  schema.push_back({.name = "accessMode",
                    .type = ParameterType::kString,
                    .fallback = IsSet() ? "ReadWriteOnce" : "ReadWriteMany",
                    .description = "how the volumes may be mounted",
                    .allowed = {"ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"}});
  schema.push_back({.name = "probes",
                    .type = ParameterType::kString,
                    .fallback = "http",
                    .description = "what makes a pod ready; all adds startup and liveness probes",
                    .allowed = {"http", "tcp", "exec", "none", "all"}});
  schema.push_back({.name = "port",
                    .type = ParameterType::kInteger,
                    .fallback = kPort,
                    .description = "TCP port of the server",
                    .min = 1024,
                    .max = 65535});
  return schema;
}

Capabilities VolumeWorkload::GetCapabilities(const Json& /*parameters*/) const {
  Capabilities capabilities;
  // On a shared claim every pod has every file.
  capabilities.writes = IsSet() ? Writes::kOwnKeys : Writes::kPrimary;
  return capabilities;
}

Target VolumeWorkload::GetTarget(const Json& /*parameters*/) const {
  Target target;
  target.kind = IsSet() ? "StatefulSet" : "Deployment";
  target.name = kName;
  target.service = kName;
  if (IsSet()) target.claim_templates = {"data"};
  target.container = "volume";
  return target;
}

std::vector<std::string> VolumeWorkload::Images(const Json& parameters) const {
  return {GetString(parameters, {"image"}, kImage)};
}

Result<Json> VolumeWorkload::Values(const Deployment& deployment) const {
  const Json& parameters = deployment.parameters;
  const int64_t port = GetInt(parameters, {"port"}, kPort);
  Json values = {
      {"NAME", deployment.name},
      {"NAMESPACE", deployment.ns},
      {"IMAGE", GetString(parameters, {"image"}, kImage)},
      {"STORAGE", GetString(parameters, {"storage"}, "1Gi")},
      {"STORAGE_CLASS", OrNull(GetString(parameters, {"storageClass"}))},
      {"ACCESS_MODE", GetString(parameters, {"accessMode"}, "ReadWriteOnce")},
      {"PORT", port},
      {"PORT_TEXT", std::to_string(port)},
      {"SCRIPT_MODE", kScriptMode},
      {"OP_SH", embedded::op_sh},
      {"START_SH", embedded::start_sh},
  };
  AddProbes(parameters, port, values);
  HOLDFAST_ASSIGN(const Json pod, ParseManifest(embedded::pod_yaml, "pod.yaml"));
  HOLDFAST_ASSIGN(Json filled, FillPlaceholders(pod, values));
  if (!IsSet()) {
    filled["spec"]["volumes"].push_back(
        {{"name", "data"},
         {"persistentVolumeClaim", {{"claimName", deployment.name + "-shared"}}}});
  }
  values["POD"] = std::move(filled);
  return values;
}

Result<std::vector<Json>> VolumeWorkload::Manifests(const Deployment& deployment) const {
  std::vector<Template> templates = {
      {"service.yaml", embedded::service_yaml}, {"configmap.yaml", embedded::configmap_yaml}};
  if (IsSet()) {
    templates.push_back({"statefulset.yaml", embedded::statefulset_yaml});
  } else {
    templates.push_back({"claim.yaml", embedded::claim_yaml});
    templates.push_back({"deployment.yaml", embedded::deployment_yaml});
  }
  HOLDFAST_ASSIGN(const Json values, Values(deployment));
  HOLDFAST_ASSIGN(std::vector<Json> manifests, FillTemplates(templates, values));
  HOLDFAST_RETURN_IF_ERROR(ApplyCommon(deployment, manifests));
  return manifests;
}

int VolumeWorkload::Port(const Json& parameters) const {
  return static_cast<int>(GetInt(parameters, {"port"}, kPort));
}

Result<std::unique_ptr<Session>> VolumeWorkload::Connect(const Deployment& deployment,
                                                         const Endpoint& endpoint,
                                                         Nanos timeout) const {
  std::vector<std::string> names;
  // Of a large set a probe does not ask for every sibling.
  constexpr size_t kMostNames = 9;
  if (IsSet()) {
    for (const std::string& pod : PodNames(*this, deployment)) {
      if (names.size() >= kMostNames && pod != endpoint.pod) continue;
      names.push_back(pod + "." + deployment.name);
    }
  }
  return OpenSession(endpoint, IsSet() ? endpoint.pod : "-", std::move(names), timeout);
}

Status VolumeWorkload::Prepare(Session& session) const {
  const Outcome outcome = session.Position();
  if (outcome.type == OutcomeType::kOk) return {};
  return Fail(ErrorCode::kUnavailable, "the volume's server does not answer: {}", outcome.error);
}

}  // namespace holdfast::workloads::volume
