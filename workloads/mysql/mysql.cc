// Parameters and manifests of the workloads "mysql" and "mariadb".
#include "workloads/mysql/mysql.h"

#include "harness/base/strings.h"
#include "workloads/common.h"
#include "workloads/manifest.h"
#include "workloads/mysql/embedded.h"
#include "workloads/mysql/session.h"

namespace holdfast::workloads::mysql {
namespace {

constexpr int64_t kPort = 3306;
constexpr int64_t kUid = 999;  // Of the official images.

const char* DefaultImage(Flavor flavor) {
  return flavor == Flavor::kMariaDb ? "mariadb:10.11" : "mysql:9";
}

Json Values(const Deployment& deployment, Flavor flavor) {
  const Json& parameters = deployment.parameters;
  const int64_t port = GetInt(parameters, {"port"}, kPort);
  const int64_t uid = GetInt(parameters, {"uid"}, kUid);
  const bool semi_sync = GetBool(parameters, {"semiSync"});
  const std::string storage_class = GetString(parameters, {"storageClass"});
  return {
      {"NAME", deployment.name},
      {"NAMESPACE", deployment.ns},
      {"FLAVOR", flavor == Flavor::kMariaDb ? "mariadb" : "mysql"},
      {"IMAGE", GetString(parameters, {"image"}, DefaultImage(flavor))},
      {"STORAGE", GetString(parameters, {"storage"}, "1Gi")},
      {"STORAGE_CLASS", storage_class.empty() ? Json(nullptr) : Json(storage_class)},
      {"PORT", port},
      {"PORT_TEXT", std::to_string(port)},
      {"PRIMARY_ORDINAL", std::to_string(OrdinalsStart(parameters))},
      {"UID", uid},
      {"UID_TEXT", std::to_string(uid)},
      {"PASSWORD_BASE64", Base64Encode(deployment.password)},
      {"PRIMARY_CNF", ServerConfig(flavor, true, semi_sync)},
      {"REPLICA_CNF", ServerConfig(flavor, false, semi_sync)},
      {"OWN_VOLUME_SH", embedded::own_volume_sh},
      {"SETUP_SH", embedded::setup_sh},
      {"START_SH", embedded::start_sh},
      {"READY_SH", embedded::ready_sh},
  };
}

}  // namespace

std::string MySqlWorkload::Name() const {
  return flavor_ == Flavor::kMariaDb ? "mariadb" : "mysql";
}

std::string MySqlWorkload::Description() const {
  return std::string(flavor_ == Flavor::kMariaDb ? "MariaDB" : "MySQL") +
         ", one source (the lowest ordinal) and replicas by GTID; every commit flushed";
}

ParameterSchema MySqlWorkload::Parameters() const {
  ParameterSchema schema = CommonParameters(
      {.image = DefaultImage(flavor_),
       .next_image = flavor_ == Flavor::kMariaDb ? "mariadb:11.8" : "mysql:9-rebuilt",
       .storage = "1Gi",
       .grace = "60s",
       .uid = kUid});
  const ParameterSchema own = {
      {.name = "semiSync",
       .type = ParameterType::kBoolean,
       .fallback = false,
       .description = "acknowledge a commit only when a replica has it, or after 10 s without one"},
      {.name = "fixOwnership",
       .type = ParameterType::kBoolean,
       .fallback = true,
       .description = "give the volume to the uid in an init container that runs as root"},
      {.name = "port",
       .type = ParameterType::kInteger,
       .fallback = kPort,
       .description = "TCP port of the server",
       .min = 1024,
       .max = 65535},
  };
  schema.insert(schema.end(), own.begin(), own.end());
  return schema;
}

Target MySqlWorkload::GetTarget(const Json& /*parameters*/) const {
  Target target;
  target.name = Name();
  target.service = Name();
  target.claim_templates = {"data"};
  target.container = "mysql";
  return target;
}

std::vector<std::string> MySqlWorkload::Images(const Json& parameters) const {
  return {GetString(parameters, {"image"}, DefaultImage(flavor_))};
}

Result<std::vector<Json>> MySqlWorkload::Manifests(const Deployment& deployment) const {
  const Template templates[] = {
      {"secret.yaml", embedded::secret_yaml},
      {"service.yaml", embedded::service_yaml},
      {"configmap.yaml", embedded::configmap_yaml},
      {"statefulset.yaml", embedded::statefulset_yaml},
  };
  HOLDFAST_ASSIGN(std::vector<Json> manifests, FillTemplates(templates, Values(deployment, flavor_)));
  HOLDFAST_RETURN_IF_ERROR(ApplyCommon(deployment, manifests));
  return manifests;
}

int MySqlWorkload::Port(const Json& parameters) const {
  return static_cast<int>(GetInt(parameters, {"port"}, kPort));
}

Result<std::unique_ptr<Session>> MySqlWorkload::Connect(const Deployment& deployment,
                                                        const Endpoint& endpoint,
                                                        Nanos timeout) const {
  return OpenSession(flavor_, endpoint, deployment.password, timeout);
}

Status MySqlWorkload::Prepare(Session& session) const { return PrepareTables(session); }

}  // namespace holdfast::workloads::mysql
