#include "workloads/pause/pause.h"

#include "workloads/common.h"
#include "workloads/manifest.h"
#include "workloads/pause/embedded.h"

namespace holdfast::workloads::pause {
namespace {

constexpr const char* kName = "idle";
constexpr const char* kImage = "pause:3.10";

Json Claims(const Json& parameters) {
  if (!GetBool(parameters, {"claims"})) return nullptr;
  const std::string storage = GetString(parameters, {"storage"}, "1Gi");
  Json spec = {{"accessModes", {"ReadWriteOnce"}},
               {"resources", {{"requests", {{"storage", storage}}}}}};
  if (const std::string name = GetString(parameters, {"storageClass"}); !name.empty())
    spec["storageClassName"] = name;
  return Json::array({{{"metadata", {{"name", "data"}}}, {"spec", spec}}});
}

}  // namespace

std::string PauseWorkload::Description() const {
  return "pods that do nothing and have no clients, up to thousands, for what only the API shows";
}

ParameterSchema PauseWorkload::Parameters() const {
  ParameterSchema schema = CommonParameters({.image = kImage,
                                             .next_image = "pause:3.9",
                                             .grace = "5s",
                                             .replicas = 3,
                                             .max_replicas = 5000});
  schema.push_back({.name = "claims",
                    .type = ParameterType::kBoolean,
                    .fallback = false,
                    .description = "give each pod a volume"});
  return schema;
}

Capabilities PauseWorkload::GetCapabilities(const Json& /*parameters*/) const {
  Capabilities capabilities;
  capabilities.clients = false;
  capabilities.shell = false;
  return capabilities;
}

Target PauseWorkload::GetTarget(const Json& parameters) const {
  Target target;
  target.name = kName;
  target.service = kName;
  if (GetBool(parameters, {"claims"})) target.claim_templates = {"data"};
  target.container = "pause";
  return target;
}

std::vector<std::string> PauseWorkload::Images(const Json& parameters) const {
  return {GetString(parameters, {"image"}, kImage)};
}

Result<std::vector<Json>> PauseWorkload::Manifests(const Deployment& deployment) const {
  const Json claims = Claims(deployment.parameters);
  const Json values = {
      {"NAME", deployment.name},
      {"NAMESPACE", deployment.ns},
      {"IMAGE", GetString(deployment.parameters, {"image"}, kImage)},
      {"CLAIMS", claims},
      {"MOUNTS", claims.is_null()
                     ? Json(nullptr)
                     : Json::array({{{"name", "data"}, {"mountPath", "/data"}}})}};
  const Template templates[] = {{"service.yaml", embedded::service_yaml},
                                {"statefulset.yaml", embedded::statefulset_yaml}};
  HOLDFAST_ASSIGN(std::vector<Json> manifests, FillTemplates(templates, values));
  HOLDFAST_RETURN_IF_ERROR(ApplyCommon(deployment, manifests));
  return manifests;
}

int PauseWorkload::Port(const Json& /*parameters*/) const { return 0; }

Result<std::unique_ptr<Session>> PauseWorkload::Connect(const Deployment& /*deployment*/,
                                                        const Endpoint& endpoint,
                                                        Nanos /*timeout*/) const {
  return Fail(ErrorCode::kUnavailable, "nothing in pod {} answers clients", endpoint.pod);
}

Status PauseWorkload::Prepare(Session& /*session*/) const { return {}; }

}  // namespace holdfast::workloads::pause
