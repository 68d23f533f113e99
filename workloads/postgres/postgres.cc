// Parameters and manifests of the workload "postgres".
#include "workloads/postgres/postgres.h"

#include "harness/base/strings.h"
#include "workloads/common.h"
#include "workloads/manifest.h"
#include "workloads/postgres/embedded.h"
#include "workloads/postgres/session.h"

namespace holdfast::workloads::postgres {
namespace {

constexpr const char* kName = "pg";
// A path of our own: /var/lib/postgresql/data is a symlink in the official images of 18.0 and 18.1,
// and nothing can be mounted on it.
constexpr const char* kMount = "/holdfast/data";
constexpr int64_t kDefaultPort = 5432;
constexpr int64_t kDefaultUid = 999;  // Of the official image.

bool Independent(const Json& parameters) {
  return GetString(parameters, {"topology"}, "primary-replicas") == "independent";
}

// The setting synchronous_standby_names: a quorum of the other pods; empty when none is asked for.
std::string SynchronousNames(const Deployment& deployment) {
  const int64_t wanted = GetInt(deployment.parameters, {"synchronous"});
  if (wanted == 0) return "";
  const int64_t start = OrdinalsStart(deployment.parameters);
  std::vector<std::string> names;
  for (int64_t i = start + 1; i < start + std::max(deployment.replicas, 1); ++i)
    names.push_back(fmt::format("\"{}-{}\"", deployment.name, i));
  return fmt::format("ANY {} ({})", wanted, Join(names, ","));
}

Json Placeholders(const Deployment& deployment) {
  const Json& parameters = deployment.parameters;
  const int64_t port = GetInt(parameters, {"port"}, kDefaultPort);
  const int64_t uid = GetInt(parameters, {"uid"}, kDefaultUid);
  const std::string storage_class = GetString(parameters, {"storageClass"});
  return {
      {"NAME", deployment.name},
      {"NAMESPACE", deployment.ns},
      {"SERVICE", kName},
      {"IMAGE", GetString(parameters, {"image"}, "postgres:15")},
      {"STORAGE", GetString(parameters, {"storage"}, "1Gi")},
      {"STORAGE_CLASS", storage_class.empty() ? Json(nullptr) : Json(storage_class)},
      {"BIN", GetString(parameters, {"bin"})},
      {"MOUNT", kMount},
      {"PORT", port},
      {"PORT_TEXT", std::to_string(port)},
      {"COMMIT", GetString(parameters, {"commit"}, "on")},
      {"PRIMARY_ORDINAL", std::to_string(OrdinalsStart(parameters))},
      {"SYNCHRONOUS", SynchronousNames(deployment)},
      {"TOPOLOGY", Independent(parameters) ? "independent" : "primary-replicas"},
      {"UID", uid},
      {"UID_TEXT", std::to_string(uid)},
      {"PASSWORD_BASE64", Base64Encode(deployment.password)},
      {"OWN_VOLUME_SH", embedded::own_volume_sh},
      {"SETUP_SH", embedded::setup_sh},
      {"START_SH", embedded::start_sh},
      {"READY_SH", embedded::ready_sh},
  };
}

}  // namespace

std::string PostgresWorkload::Description() const {
  return "PostgreSQL, one primary (the lowest ordinal) and streaming replicas, asynchronous or a "
         "quorum of them synchronous; or independent servers";
}

ParameterSchema PostgresWorkload::Parameters() const {
  ParameterSchema schema = CommonParameters(
      {.image = "postgres:15",
       .next_image = "postgres:15-rebuilt",
       .uid = kDefaultUid,
       .uid_text = "user that the server runs as, one that the image knows: 70 in alpine images"});
  const ParameterSchema own = {
      {.name = "topology",
       .type = ParameterType::kString,
       .fallback = "primary-replicas",
       .description = "a primary that the others stream from, or a server of its own in each pod",
       .allowed = {"primary-replicas", "independent"}},
      {.name = "synchronous",
       .type = ParameterType::kInteger,
       .fallback = 0,
       .description = "replicas that must have a commit before it is acknowledged",
       .min = 0,
       .max = 8},
      {.name = "commit",
       .type = ParameterType::kString,
       .fallback = "on",
       .description = "synchronous_commit: how far a commit must have come",
       .allowed = {"on", "remote_write", "remote_apply", "local"}},
      {.name = "bin",
       .type = ParameterType::kString,
       .fallback = "",
       .description = "folder of PostgreSQL's programs in the image, when neither on PATH nor in "
                      "/usr/lib/postgresql/*/bin"},
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
  schema.insert(schema.end(), own.begin(), own.end());
  return schema;
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

Capabilities PostgresWorkload::GetCapabilities(const Json& parameters) const {
  Capabilities capabilities;
  if (Independent(parameters)) capabilities.writes = Writes::kOwnKeys;
  capabilities.registers = !Independent(parameters);
  capabilities.transactions = !Independent(parameters);
  return capabilities;
}

Result<std::vector<Json>> PostgresWorkload::Manifests(const Deployment& deployment) const {
  const int64_t synchronous = GetInt(deployment.parameters, {"synchronous"});
  if (synchronous >= std::max(deployment.replicas, 1) ||
      (synchronous > 0 && Independent(deployment.parameters)))
    return Fail(ErrorCode::kInvalidArgument,
                "synchronous is {}, but there are {} replicas besides the primary", synchronous,
                Independent(deployment.parameters) ? 0 : std::max(deployment.replicas, 1) - 1);
  const Template templates[] = {
      {"secret.yaml", embedded::secret_yaml},
      {"service.yaml", embedded::service_yaml},
      {"statefulset.yaml", embedded::statefulset_yaml},
  };
  HOLDFAST_ASSIGN(std::vector<Json> manifests, FillTemplates(templates, Placeholders(deployment)));
  HOLDFAST_RETURN_IF_ERROR(ApplyCommon(deployment, manifests));
  return manifests;
}

int PostgresWorkload::Port(const Json& parameters) const {
  return static_cast<int>(GetInt(parameters, {"port"}, kDefaultPort));
}

Result<std::unique_ptr<Session>> PostgresWorkload::Connect(const Deployment& deployment,
                                                           const Endpoint& endpoint,
                                                           Nanos timeout) const {
  return OpenSession(endpoint, deployment.password, timeout, Independent(deployment.parameters));
}

Status PostgresWorkload::Prepare(Session& session) const { return PrepareTables(session); }

}  // namespace holdfast::workloads::postgres
