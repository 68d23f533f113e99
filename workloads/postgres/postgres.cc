// Parameters and manifests of the workload "postgres".
#include "workloads/postgres/postgres.h"

#include "harness/base/strings.h"
#include "workloads/manifest.h"
#include "workloads/postgres/embedded.h"
#include "workloads/postgres/session.h"

namespace holdfast::workloads::postgres {
namespace {

constexpr const char* kName = "pg";
constexpr const char* kMount = "/var/lib/postgresql/data";
constexpr int64_t kDefaultPort = 5432;
constexpr int64_t kDefaultUid = 999;  // Of the official image.

Json Placeholders(const Deployment& deployment) {
  const Json& parameters = deployment.parameters;
  const int64_t port = GetInt(parameters, {"port"}, kDefaultPort);
  const int64_t uid = GetInt(parameters, {"uid"}, kDefaultUid);
  const std::string storage_class = GetString(parameters, {"storageClass"});
  return {
      {"NAME", deployment.name},
      {"NAMESPACE", deployment.ns},
      {"SERVICE", kName},
      {"REPLICAS",
       deployment.replicas > 0 ? deployment.replicas : GetInt(parameters, {"replicas"}, 3)},
      {"IMAGE", GetString(parameters, {"image"}, "postgres:15")},
      {"STORAGE", GetString(parameters, {"storage"}, "1Gi")},
      {"STORAGE_CLASS", storage_class.empty() ? Json(nullptr) : Json(storage_class)},
      {"BIN", GetString(parameters, {"bin"})},
      {"MOUNT", kMount},
      {"PORT", port},
      {"PORT_TEXT", std::to_string(port)},
      {"UID", uid},
      {"UID_TEXT", std::to_string(uid)},
      {"PASSWORD_BASE64", Base64Encode(deployment.password)},
      {"OWN_VOLUME_SH", embedded::own_volume_sh},
      {"SETUP_SH", embedded::setup_sh},
      {"START_SH", embedded::start_sh},
      {"READY_SH", embedded::ready_sh},
  };
}

// Without ownership to fix nothing may run as uid 0, which restricted namespaces refuse.
void RemoveOwnVolume(Json& statefulset) {
  Json& containers = statefulset["spec"]["template"]["spec"]["initContainers"];
  for (auto it = containers.begin(); it != containers.end();) {
    it = GetString(*it, {"name"}) == "own-volume" ? containers.erase(it) : it + 1;
  }
}

}  // namespace

std::string PostgresWorkload::Description() const {
  return "PostgreSQL, one primary (ordinal 0) and streaming replicas, synchronous_commit on and "
         "no synchronous standby";
}

ParameterSchema PostgresWorkload::Parameters() const {
  return {
      {.name = "replicas",
       .type = ParameterType::kInteger,
       .fallback = 3,
       .description = "pods; ordinal 0 is the primary",
       .min = 1,
       .max = 9},
      {.name = "image",
       .type = ParameterType::kString,
       .fallback = "postgres:15",
       .description = "an image with sh and PostgreSQL 12 or newer"},
      {.name = "storage",
       .type = ParameterType::kQuantity,
       .fallback = "1Gi",
       .description = "size of each pod's volume"},
      {.name = "storageClass",
       .type = ParameterType::kString,
       .fallback = nullptr,
       .description = "storage class of the volumes; the cluster's default when left out",
       .optional = true},
      {.name = "bin",
       .type = ParameterType::kString,
       .fallback = "",
       .description = "folder of PostgreSQL's programs in the image, when neither on PATH nor in "
                      "/usr/lib/postgresql/*/bin"},
      {.name = "uid",
       .type = ParameterType::kInteger,
       .fallback = kDefaultUid,
       .description = "user and group that the server runs as; the image must know it",
       .min = 1},
      {.name = "fixOwnership",
       .type = ParameterType::kBoolean,
       .fallback = true,
       .description = "give the volume to the uid in an init container that runs as root"},
      {.name = "port",
       .type = ParameterType::kInteger,
       .fallback = kDefaultPort,
       .description = "TCP port of the server",
       .min = 1024,
       .max = 65535},
  };
}

Target PostgresWorkload::GetTarget(const Json& /*parameters*/) const {
  return {.kind = "StatefulSet",
          .name = kName,
          .service = kName,
          .claim_templates = {"data"},
          .container = "postgres"};
}

std::vector<std::string> PostgresWorkload::Images(const Json& parameters) const {
  return {GetString(parameters, {"image"}, "postgres:15")};
}

Result<std::vector<Json>> PostgresWorkload::Manifests(const Deployment& deployment) const {
  const std::pair<const char*, const char*> templates[] = {
      {"secret.yaml", embedded::secret_yaml},
      {"service.yaml", embedded::service_yaml},
      {"statefulset.yaml", embedded::statefulset_yaml},
  };
  const Json values = Placeholders(deployment);
  std::vector<Json> manifests;
  for (const auto& [name, text] : templates) {
    HOLDFAST_ASSIGN(const Json parsed, ParseManifest(text, name));
    HOLDFAST_ASSIGN(Json filled, FillPlaceholders(parsed, values));
    manifests.push_back(std::move(filled));
  }
  if (!GetBool(deployment.parameters, {"fixOwnership"}, true)) RemoveOwnVolume(manifests.back());
  return manifests;
}

int PostgresWorkload::Port(const Json& parameters) const {
  return static_cast<int>(GetInt(parameters, {"port"}, kDefaultPort));
}

std::string PostgresWorkload::Primary(const Deployment& deployment) const {
  return deployment.name + "-0";
}

Result<std::unique_ptr<Session>> PostgresWorkload::Connect(const Deployment& deployment,
                                                           const Endpoint& endpoint,
                                                           Nanos timeout) const {
  return OpenSession(endpoint, deployment.password, timeout);
}

Status PostgresWorkload::Prepare(Session& session) const { return PrepareTables(session); }

}  // namespace holdfast::workloads::postgres
