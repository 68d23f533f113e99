#include "workloads/common.h"

#include <algorithm>

#include "harness/base/strings.h"

namespace holdfast::workloads {
namespace {

constexpr const char* kNameLabel = "app.kubernetes.io/name";

std::vector<std::string> Items(const std::string& text) {
  std::vector<std::string> items;
  for (const std::string& part : Split(text, ','))
    if (const std::string item(Trim(part)); !item.empty()) items.push_back(item);
  return items;
}

// A parameter that the error names.
template <typename Parse>
Result<Json> Read(const Json& parameters, const char* name, Parse parse) {
  auto value = parse(GetString(parameters, {name}));
  if (!value) return Fail(value.error().In(name));
  return value;
}

Json MetaLabels(const Json& manifest, const Json& labels) {
  Json all = GetObject(manifest, {"metadata", "labels"});
  if (!all.is_object()) all = Json::object();
  all.update(labels);
  return all;
}

void ApplyResources(const Json& parameters, Json& container) {
  const std::pair<const char*, std::pair<const char*, const char*>> places[] = {
      {"cpu", {"requests", "cpu"}},
      {"memory", {"requests", "memory"}},
      {"cpuLimit", {"limits", "cpu"}},
      {"memoryLimit", {"limits", "memory"}}};
  for (const auto& [name, place] : places) {
    const std::string value = GetString(parameters, {name});
    if (!value.empty()) container["resources"][place.first][place.second] = value;
  }
}

Json AntiAffinity(const std::string& mode, const std::string& name) {
  const Json term = {{"labelSelector", {{"matchLabels", {{kNameLabel, name}}}}},
                     {"topologyKey", "kubernetes.io/hostname"}};
  if (mode == "required")
    return {{"podAntiAffinity",
             {{"requiredDuringSchedulingIgnoredDuringExecution", Json::array({term})}}}};
  const Json weighted = {{"weight", 100}, {"podAffinityTerm", term}};
  return {{"podAntiAffinity",
           {{"preferredDuringSchedulingIgnoredDuringExecution", Json::array({weighted})}}}};
}

// Without ownership to fix nothing may run as uid 0, which restricted namespaces refuse.
void RemoveOwnVolume(Json& pod) {
  Json& containers = pod["initContainers"];
  for (auto it = containers.begin(); it != containers.end();)
    it = GetString(*it, {"name"}) == "own-volume" ? containers.erase(it) : it + 1;
}

// What the Pod Security Standards demand of the profile restricted.
void Restrict(int64_t uid, Json& pod) {
  pod["securityContext"] = {{"runAsNonRoot", true},
                            {"runAsUser", uid},
                            {"runAsGroup", uid},
                            {"fsGroup", uid},
                            {"fsGroupChangePolicy", "OnRootMismatch"},
                            {"seccompProfile", {{"type", "RuntimeDefault"}}}};
  for (const char* list : {"initContainers", "containers"}) {
    if (!pod.contains(list)) continue;
    for (Json& container : pod[list])
      container["securityContext"] = {{"allowPrivilegeEscalation", false},
                                      {"capabilities", {{"drop", Json::array({"ALL"})}}}};
  }
}

Status ApplyPod(const Deployment& deployment, Json& pod) {
  const Json& parameters = deployment.parameters;
  HOLDFAST_ASSIGN(const Json selector, Read(parameters, "nodeSelector", ParseLabels));
  if (!selector.empty()) pod["nodeSelector"] = selector;
  HOLDFAST_ASSIGN(const Json tolerations, Read(parameters, "tolerations", ParseTolerations));
  if (!tolerations.empty()) pod["tolerations"] = tolerations;
  HOLDFAST_ASSIGN(const Json nodes, Read(parameters, "nodeAffinity", ParseNodeAffinity));
  if (!nodes.empty()) pod["affinity"]["nodeAffinity"] = nodes;
  if (const std::string mode = GetString(parameters, {"antiAffinity"}, "none"); mode != "none") {
    // A template may hold an affinity of its own.
    const Json rule = AntiAffinity(mode, deployment.name);
    for (const auto& [key, value] : rule.items())
      pod["affinity"][key] = value;
  }
  const std::pair<const char*, const char*> names[] = {{"priorityClass", "priorityClassName"},
                                                       {"serviceAccount", "serviceAccountName"}};
  for (const auto& [parameter, field] : names)
    if (const std::string value = GetString(parameters, {parameter}); !value.empty())
      pod[field] = value;
  if (const std::string secret = GetString(parameters, {"imagePullSecret"}); !secret.empty())
    pod["imagePullSecrets"] = Json::array({{{"name", secret}}});
  if (const std::string grace = GetString(parameters, {"terminationGracePeriod"}); !grace.empty()) {
    HOLDFAST_ASSIGN(const Nanos nanos, ParseDuration(grace));
    pod["terminationGracePeriodSeconds"] =
        std::chrono::duration_cast<std::chrono::seconds>(nanos).count();
  }
  const bool restricted = GetString(parameters, {"podSecurity"}) == "restricted";
  if (pod.contains("initContainers") &&
      (restricted || !GetBool(parameters, {"fixOwnership"}, true)))
    RemoveOwnVolume(pod);
  if (restricted) Restrict(GetInt(parameters, {"uid"}, 1000), pod);
  for (const char* list : {"initContainers", "containers"}) {
    if (!pod.contains(list)) continue;
    for (Json& container : pod[list])
      container["imagePullPolicy"] = GetString(parameters, {"imagePullPolicy"}, "IfNotPresent");
  }
  // A quota on cpu or memory refuses a pod of which one container, be it an init container, names
  // none.
  if (pod.contains("initContainers"))
    for (Json& container : pod["initContainers"])
      ApplyResources(parameters, container);
  if (!GetArray(pod, {"containers"}).empty()) ApplyResources(parameters, pod["containers"][0]);
  return {};
}

void ApplySet(const Json& parameters, const Json& labels, Json& spec) {
  if (!labels.empty() && spec.contains("volumeClaimTemplates"))
    for (Json& claim : spec["volumeClaimTemplates"])
      claim["metadata"]["labels"] = MetaLabels(claim, labels);
  spec["podManagementPolicy"] = GetString(parameters, {"podManagementPolicy"}, "OrderedReady");
  const std::string strategy = GetString(parameters, {"updateStrategy"}, "RollingUpdate");
  spec["updateStrategy"] = {{"type", strategy}};
  if (strategy == "RollingUpdate")
    spec["updateStrategy"]["rollingUpdate"] = {{"partition", GetInt(parameters, {"partition"})}};
  if (const int64_t start = OrdinalsStart(parameters); start > 0)
    spec["ordinals"] = {{"start", start}};
  const std::string deleted = GetString(parameters, {"whenDeleted"}, "Retain");
  const std::string scaled = GetString(parameters, {"whenScaled"}, "Retain");
  // Left out when it is the default, for servers that do not know it.
  if (deleted != "Retain" || scaled != "Retain")
    spec["persistentVolumeClaimRetentionPolicy"] = {{"whenDeleted", deleted},
                                                    {"whenScaled", scaled}};
}

Status ApplyWorkload(const Deployment& deployment, const Json& labels, Json& manifest) {
  const Json& parameters = deployment.parameters;
  Json& spec = manifest["spec"];
  spec["replicas"] =
      deployment.replicas > 0 ? deployment.replicas : GetInt(parameters, {"replicas"}, 1);
  if (GetString(manifest, {"kind"}) == "StatefulSet") ApplySet(parameters, labels, spec);
  if (const int64_t seconds = GetInt(parameters, {"minReadySeconds"}); seconds > 0)
    spec["minReadySeconds"] = seconds;
  if (const int64_t limit = GetInt(parameters, {"revisionHistoryLimit"}, 10); limit != 10)
    spec["revisionHistoryLimit"] = limit;
  Json& pod = spec["template"];
  pod["metadata"]["labels"] = MetaLabels(pod, labels);
  return ApplyPod(deployment, pod["spec"]);
}

Json Budget(const Deployment& deployment, const Json& budget) {
  Json manifest = {{"apiVersion", "policy/v1"},
                   {"kind", "PodDisruptionBudget"},
                   {"metadata",
                    {{"name", deployment.name},
                     {"namespace", deployment.ns},
                     {"labels", {{kNameLabel, deployment.name}}}}},
                   {"spec", budget}};
  manifest["spec"]["selector"] = {{"matchLabels", {{kNameLabel, deployment.name}}}};
  return manifest;
}

}  // namespace

int64_t OrdinalsStart(const Json& parameters) { return GetInt(parameters, {"ordinalsStart"}); }

Result<Json> ParseLabels(const std::string& text) {
  Json labels = Json::object();
  for (const std::string& item : Items(text)) {
    const size_t equals = item.find('=');
    if (equals == std::string::npos || equals == 0)
      return Fail(ErrorCode::kInvalidArgument, "'{}' is not key=value", item);
    labels[item.substr(0, equals)] = item.substr(equals + 1);
  }
  return labels;
}

Result<Json> ParseNodeAffinity(const std::string& text) {
  HOLDFAST_ASSIGN(const Json labels, ParseLabels(text));
  Json expressions = Json::array();
  for (const auto& [key, value] : labels.items())
    expressions.push_back({{"key", key},
                           {"operator", "In"},
                           {"values", Split(value.get<std::string>(), '|')}});
  if (expressions.empty()) return Json::object();
  const Json term = {{"matchExpressions", expressions}};
  return Json{{"requiredDuringSchedulingIgnoredDuringExecution",
               {{"nodeSelectorTerms", Json::array({term})}}}};
}

Result<Json> ParseTolerations(const std::string& text) {
  static const std::vector<std::string> effects = {"NoSchedule", "PreferNoSchedule", "NoExecute"};
  Json tolerations = Json::array();
  for (const std::string& item : Items(text)) {
    Json toleration = {{"operator", "Exists"}};
    const size_t colon = item.rfind(':');
    const std::string taint = item.substr(0, colon);
    if (colon != std::string::npos) {
      toleration["effect"] = item.substr(colon + 1);
      if (std::find(effects.begin(), effects.end(), item.substr(colon + 1)) == effects.end())
        return Fail(ErrorCode::kInvalidArgument, "'{}' has no effect of {}", item,
                    Join(effects, ", "));
    }
    const size_t equals = taint.find('=');
    if (taint != "*") toleration["key"] = taint.substr(0, equals);
    if (equals != std::string::npos) {
      toleration["operator"] = "Equal";
      toleration["value"] = taint.substr(equals + 1);
    }
    if (taint.empty() || equals == 0)
      return Fail(ErrorCode::kInvalidArgument, "'{}' names no taint", item);
    tolerations.push_back(std::move(toleration));
  }
  return tolerations;
}

Result<Json> ParseBudget(const std::string& text) {
  if (text.empty()) return Json::object();
  const size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  const std::string value = equals == std::string::npos ? "" : text.substr(equals + 1);
  const bool percent = value.ends_with('%');
  const auto number = ParseInt(percent ? value.substr(0, value.size() - 1) : value);
  if ((name != "minAvailable" && name != "maxUnavailable") || !number || *number < 0)
    return Fail(ErrorCode::kInvalidArgument,
                "'{}' is not minAvailable=N or maxUnavailable=N, with N a number or a percentage",
                text);
  return Json{{name, percent ? Json(value) : Json(*number)}};
}

Status ApplyCommon(const Deployment& deployment, std::vector<Json>& manifests) {
  HOLDFAST_ASSIGN(const Json labels, Read(deployment.parameters, "labels", ParseLabels));
  if (labels.contains(kNameLabel))
    return Fail(ErrorCode::kInvalidArgument, "labels: {} is the one that selects the pods",
                kNameLabel);
  HOLDFAST_ASSIGN(const Json budget, Read(deployment.parameters, "budget", ParseBudget));
  if (!budget.empty()) manifests.push_back(Budget(deployment, budget));
  for (Json& manifest : manifests) {
    if (!labels.empty()) manifest["metadata"]["labels"] = MetaLabels(manifest, labels);
    const std::string kind = GetString(manifest, {"kind"});
    if (kind == "StatefulSet" || kind == "Deployment")
      HOLDFAST_RETURN_IF_ERROR(ApplyWorkload(deployment, labels, manifest));
  }
  return {};
}

}  // namespace holdfast::workloads
