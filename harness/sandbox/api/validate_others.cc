// Services, disruption budgets, configuration, priority classes.
#include <set>
#include <string>

#include "harness/base/strings.h"
#include "harness/sandbox/api/validate_parts.h"

namespace holdfast::sandbox {
namespace {

using Type = FieldError::Type;

void CheckService(const Json* old, const Json& object, FieldErrors& errors) {
  const std::string type = GetString(object, {"spec", "type"});
  const std::string address = GetString(object, {"spec", "clusterIP"});
  CheckOneOf(object, {"spec", "type"}, {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"},
             errors);
  CheckOneOf(object, {"spec", "sessionAffinity"}, {"ClientIP", "None"}, errors);
  CheckLabels(GetObject(object, {"spec", "selector"}), "spec.selector", errors);
  const Json& ports = GetArray(object, {"spec", "ports"});
  if (ports.empty() && address != "None" && type != "ExternalName")
    errors.push_back({Type::kRequired, "spec.ports", ""});
  if (type == "ExternalName" && GetString(object, {"spec", "externalName"}).empty())
    errors.push_back({Type::kRequired, "spec.externalName", ""});
  std::set<std::string> names;
  std::set<std::string> numbers;
  for (size_t i = 0; i < ports.size(); ++i) {
    const std::string field = fmt::format("spec.ports[{}]", i);
    const std::string name = GetString(ports[i], {"name"});
    if (name.empty()) {
      if (ports.size() > 1) errors.push_back({Type::kRequired, field + ".name", ""});
    } else if (const std::string why = WhyNotDnsLabel(name); !why.empty()) {
      errors.push_back({Type::kInvalid, field + ".name", Quoted(name) + ": " + why});
    } else if (!names.insert(name).second) {
      errors.push_back({Type::kDuplicate, field + ".name", Quoted(name)});
    }
    const int64_t port = GetInt(ports[i], {"port"});
    if (port < 1 || port > 65535)
      errors.push_back({Type::kInvalid, field + ".port",
                        fmt::format("{}: must be between 1 and 65535, inclusive", port)});
    const std::string protocol = GetString(ports[i], {"protocol"});
    if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP")
      errors.push_back({Type::kNotSupported, field + ".protocol",
                        Quoted(protocol) + ": supported values: \"SCTP\", \"TCP\", \"UDP\""});
    if (!numbers.insert(fmt::format("{}/{}", port, protocol)).second)
      errors.push_back(
          {Type::kDuplicate, field, DumpJson({{"port", port}, {"protocol", protocol}})});
  }
  if (old == nullptr) return;
  const std::string before = GetString(*old, {"spec", "clusterIP"});
  if (!before.empty() && address != before && type != "ExternalName")
    errors.push_back({Type::kInvalid, "spec.clusterIPs[0]",
                      fmt::format("[\"{}\"]: may not change once set", address)});
}

void CheckBudget(const Json& object, FieldErrors& errors) {
  const Json* least = FindPath(object, {"spec", "minAvailable"});
  const Json* most = FindPath(object, {"spec", "maxUnavailable"});
  if (least != nullptr && most != nullptr)
    errors.push_back({Type::kInvalid, "spec",
                      DumpJson(GetObject(object, {"spec"})) +
                          ": minAvailable and maxUnavailable cannot be both set"});
  if (least != nullptr) CheckIntOrPercent(*least, "spec.minAvailable", false, errors);
  if (most != nullptr) CheckIntOrPercent(*most, "spec.maxUnavailable", false, errors);
  CheckSelector(GetObject(object, {"spec", "selector"}), "spec.selector", errors);
  CheckOptionalOneOf(object, {"spec", "unhealthyPodEvictionPolicy"},
                     {"AlwaysAllow", "IfHealthyBudget"}, errors);
}

// Keys, size and immutability of a ConfigMap or Secret.
void CheckData(const Json* old, const Json& object, FieldErrors& errors) {
  constexpr size_t kLargest = 1UL << 20U;
  size_t size = 0;
  for (const char* member : {"data", "binaryData"}) {
    for (const auto& [key, value] : GetObject(object, {member}).items()) {
      bool plain = !key.empty() && key.size() <= 253 && key != "." && key != "..";
      for (const char c : key)
        plain = plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.');
      if (!plain)
        errors.push_back({Type::kInvalid, fmt::format("{}[{}]", member, key),
                          Quoted(key) +
                              ": a valid config key must consist of alphanumeric characters, '-', "
                              "'_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex "
                              "used for validation is '[-._a-zA-Z0-9]+')"});
      size += value.is_string() ? value.get_ref<const std::string&>().size() : 0;
    }
  }
  if (size > kLargest)
    errors.push_back({Type::kTooLong, "", fmt::format("may not be more than {} bytes", kLargest)});
  if (old == nullptr) return;
  if (GetString(object, {"kind"}) == "Secret" &&
      old->value("type", Json()) != object.value("type", Json()))
    errors.push_back(
        {Type::kInvalid, "type", Quoted(GetString(object, {"type"})) + ": field is immutable"});
  if (!GetBool(*old, {"immutable"})) return;
  if (!GetBool(object, {"immutable"}))
    errors.push_back({Type::kForbidden, "immutable", "field is immutable when `immutable` is set"});
  for (const char* member : {"data", "binaryData"})
    if (old->value(member, Json()) != object.value(member, Json()))
      errors.push_back({Type::kForbidden, member, "field is immutable when `immutable` is set"});
}

void CheckPriorityClass(const Json* old, const Json& object, FieldErrors& errors) {
  const std::string name = GetString(object, {"metadata", "name"});
  const int64_t value = GetInt(object, {"value"});
  const bool system = name == "system-cluster-critical" || name == "system-node-critical";
  if (name.starts_with("system-") && !system)
    errors.push_back({Type::kForbidden, "metadata.name",
                      "priority class names with 'system-' prefix are reserved for system use "
                      "only. error: " +
                          name + " is not a known system priority class"});
  if (!system && value > 1'000'000'000)
    errors.push_back({Type::kForbidden, "value",
                      "maximum allowed value of a user defined priority is 1000000000"});
  CheckOneOf(object, {"preemptionPolicy"}, {"Never", "PreemptLowerPriority"}, errors);
  if (old != nullptr && GetInt(*old, {"value"}) != value)
    errors.push_back({Type::kForbidden, "value", "may not be changed in an update."});
}

}  // namespace

void CheckOthers(const Json* old, const Json& object, FieldErrors& errors) {
  const std::string kind = GetString(object, {"kind"});
  if (kind == "Service") CheckService(old, object, errors);
  if (kind == "PodDisruptionBudget") CheckBudget(object, errors);
  if (kind == "ConfigMap" || kind == "Secret") CheckData(old, object, errors);
  if (kind == "PriorityClass") CheckPriorityClass(old, object, errors);
  if (old != nullptr && (kind == "RoleBinding" || kind == "ClusterRoleBinding") &&
      old->value("roleRef", Json()) != object.value("roleRef", Json()))
    errors.push_back({Type::kInvalid, "roleRef",
                      DumpJson(object.value("roleRef", Json())) + ": cannot change roleRef"});
}

}  // namespace holdfast::sandbox
