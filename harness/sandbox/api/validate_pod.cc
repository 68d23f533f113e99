// Pods: containers, volumes, mounts, and what an update may change.
#include <algorithm>
#include <set>
#include <string>

#include "harness/base/strings.h"
#include "harness/sandbox/api/quantity.h"
#include "harness/sandbox/api/validate_parts.h"

namespace holdfast::sandbox {
namespace {

using Type = FieldError::Type;

void CheckPorts(const Json& ports, const std::string& at, FieldErrors& errors) {
  std::set<std::string> names;
  for (size_t i = 0; i < ports.size(); ++i) {
    const std::string field = fmt::format("{}[{}]", at, i);
    const std::string name = GetString(ports[i], {"name"});
    if (!name.empty() && !names.insert(name).second)
      errors.push_back({Type::kDuplicate, field + ".name", Quoted(name)});
    const Json* number = FindPath(ports[i], {"containerPort"});
    if (number == nullptr) {
      errors.push_back({Type::kRequired, field + ".containerPort", ""});
    } else if (const int64_t port = GetInt(ports[i], {"containerPort"}); port < 1 || port > 65535) {
      errors.push_back({Type::kInvalid, field + ".containerPort",
                        fmt::format("{}: must be between 1 and 65535, inclusive", port)});
    }
    const std::string protocol = GetString(ports[i], {"protocol"});
    if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP")
      errors.push_back({Type::kNotSupported, field + ".protocol",
                        Quoted(protocol) + ": supported values: \"SCTP\", \"TCP\", \"UDP\""});
  }
}

void CheckEnv(const Json& env, const std::string& at, FieldErrors& errors) {
  for (size_t i = 0; i < env.size(); ++i) {
    const std::string field = fmt::format("{}[{}]", at, i);
    const std::string name = GetString(env[i], {"name"});
    if (name.empty()) {
      errors.push_back({Type::kRequired, field + ".name", ""});
    } else if (name.find('=') != std::string::npos) {
      errors.push_back({Type::kInvalid, field + ".name",
                        Quoted(name) +
                            ": a valid environment variable name must consist only of printable "
                            "ASCII characters other than '='"});
    }
    const Json* from = FindPath(env[i], {"valueFrom"});
    if (from == nullptr || !from->is_object()) continue;
    if (!GetString(env[i], {"value"}).empty())
      errors.push_back({Type::kInvalid, field + ".valueFrom",
                        "\"\": may not be specified when `value` is not empty"});
    if (from->empty())
      errors.push_back({Type::kInvalid, field + ".valueFrom",
                        "\"\": must specify one of: `fieldRef`, `resourceFieldRef`, "
                        "`configMapKeyRef` or `secretKeyRef`"});
    if (from->size() > 1)
      errors.push_back({Type::kInvalid, field + ".valueFrom",
                        "\"\": may not have more than one field specified at a time"});
  }
}

void CheckProbe(const Json& container,
                const char* name,
                const std::string& at,
                FieldErrors& errors) {
  const Json* probe = FindPath(container, {name});
  if (probe == nullptr || !probe->is_object()) return;
  const std::string field = at + "." + name;
  int handlers = 0;
  for (const char* handler : {"exec", "httpGet", "tcpSocket", "grpc"})
    handlers += probe->contains(handler) ? 1 : 0;
  if (handlers == 0) errors.push_back({Type::kRequired, field, "must specify a handler type"});
  if (handlers > 1)
    errors.push_back({Type::kForbidden, field, "may not specify more than 1 handler type"});
  for (const char* number : {"initialDelaySeconds", "timeoutSeconds", "periodSeconds",
                             "successThreshold", "failureThreshold"})
    if (const int64_t value = GetInt(*probe, {number}); value < 0)
      errors.push_back({Type::kInvalid, field + "." + number,
                        fmt::format("{}: must be greater than or equal to 0", value)});
  const int64_t successes = GetInt(*probe, {"successThreshold"}, 1);
  if (std::string_view(name) != "readinessProbe" && successes != 1)
    errors.push_back(
        {Type::kInvalid, field + ".successThreshold", fmt::format("{}: must be 1", successes)});
}

void CheckResources(const Json& resources, const std::string& at, FieldErrors& errors) {
  const Json& limits = GetObject(resources, {"limits"});
  const Json& requests = GetObject(resources, {"requests"});
  for (const char* kind : {"limits", "requests"})
    for (const auto& [name, value] : GetObject(resources, {kind}).items()) {
      const auto amount = ParseQuantity(value);
      if (amount && *amount < 0)
        errors.push_back({Type::kInvalid, fmt::format("{}.{}[{}]", at, kind, name),
                          fmt::format("{}: must be greater than or equal to 0", DumpJson(value))});
    }
  for (const auto& [name, value] : requests.items()) {
    const auto limit = limits.find(name);
    if (limit == limits.end()) continue;
    const auto asked = ParseQuantity(value);
    const auto most = ParseQuantity(*limit);
    if (asked && most && *asked > *most)
      errors.push_back(
          {Type::kInvalid, at + ".requests",
           fmt::format("{}: must be less than or equal to {} limit of {}", DumpJson(value), name,
                       limit->is_string() ? limit->get<std::string>() : DumpJson(*limit))});
  }
}

void CheckContainers(const Json& spec, const std::string& at, FieldErrors& errors) {
  if (GetArray(spec, {"containers"}).empty())
    errors.push_back({Type::kRequired, at + ".containers", ""});
  std::set<std::string> names;
  for (const char* list : {"initContainers", "containers"}) {
    const Json& containers = GetArray(spec, {list});
    for (size_t i = 0; i < containers.size(); ++i) {
      const Json& container = containers[i];
      const std::string field = fmt::format("{}.{}[{}]", at, list, i);
      const std::string name = GetString(container, {"name"});
      if (name.empty()) {
        errors.push_back({Type::kRequired, field + ".name", ""});
      } else if (const std::string why = WhyNotDnsLabel(name); !why.empty()) {
        errors.push_back({Type::kInvalid, field + ".name", Quoted(name) + ": " + why});
      } else if (!names.insert(name).second) {
        errors.push_back({Type::kDuplicate, field + ".name", Quoted(name)});
      }
      const std::string image = GetString(container, {"image"});
      if (image.empty()) errors.push_back({Type::kRequired, field + ".image", ""});
      if (image != Trim(image))
        errors.push_back({Type::kInvalid, field + ".image",
                          Quoted(image) + ": must not have leading or trailing whitespace"});
      const std::string pull = GetString(container, {"imagePullPolicy"});
      if (pull != "Always" && pull != "IfNotPresent" && pull != "Never")
        errors.push_back(
            {Type::kNotSupported, field + ".imagePullPolicy",
             Quoted(pull) + ": supported values: \"Always\", \"IfNotPresent\", \"Never\""});
      CheckPorts(GetArray(container, {"ports"}), field + ".ports", errors);
      CheckEnv(GetArray(container, {"env"}), field + ".env", errors);
      CheckResources(GetObject(container, {"resources"}), field + ".resources", errors);
      for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"})
        CheckProbe(container, probe, field, errors);
    }
  }
}

void CheckVolumes(const Json& spec, const std::string& at, FieldErrors& errors) {
  std::set<std::string> names;
  const Json& volumes = GetArray(spec, {"volumes"});
  for (size_t i = 0; i < volumes.size(); ++i) {
    const std::string field = fmt::format("{}.volumes[{}]", at, i);
    const std::string name = GetString(volumes[i], {"name"});
    if (name.empty()) {
      errors.push_back({Type::kRequired, field + ".name", ""});
    } else if (const std::string why = WhyNotDnsLabel(name); !why.empty()) {
      errors.push_back({Type::kInvalid, field + ".name", Quoted(name) + ": " + why});
    } else if (!names.insert(name).second) {
      errors.push_back({Type::kDuplicate, field + ".name", Quoted(name)});
    }
    if (volumes[i].size() > 2)
      errors.push_back({Type::kForbidden, field, "may not specify more than 1 volume type"});
    if (const Json* claim = FindPath(volumes[i], {"persistentVolumeClaim"});
        claim != nullptr && GetString(*claim, {"claimName"}).empty())
      errors.push_back({Type::kRequired, field + ".persistentVolumeClaim.claimName", ""});
  }
}

void CheckMounts(const Json& spec, const Json& claims, const std::string& at, FieldErrors& errors) {
  std::set<std::string> volumes;
  for (const Json& volume : GetArray(spec, {"volumes"}))
    volumes.insert(GetString(volume, {"name"}));
  for (const Json& claim : claims)
    volumes.insert(GetString(claim, {"metadata", "name"}));
  for (const char* list : {"initContainers", "containers"}) {
    const Json& containers = GetArray(spec, {list});
    for (size_t i = 0; i < containers.size(); ++i) {
      std::set<std::string> paths;
      const Json& mounts = GetArray(containers[i], {"volumeMounts"});
      for (size_t j = 0; j < mounts.size(); ++j) {
        const std::string field = fmt::format("{}.{}[{}].volumeMounts[{}]", at, list, i, j);
        const std::string name = GetString(mounts[j], {"name"});
        const std::string path = GetString(mounts[j], {"mountPath"});
        if (name.empty()) {
          errors.push_back({Type::kRequired, field + ".name", ""});
        } else if (!volumes.contains(name)) {
          errors.push_back({Type::kNotFound, field + ".name", Quoted(name)});
        }
        if (path.empty()) {
          errors.push_back({Type::kRequired, field + ".mountPath", ""});
        } else if (!paths.insert(path).second) {
          errors.push_back(
              {Type::kInvalid, field + ".mountPath", Quoted(path) + ": must be unique"});
        }
      }
    }
  }
}

Json FixedPodSpec(const Json& object) {
  Json spec = SpecWithout(object, {"activeDeadlineSeconds", "tolerations", "schedulingGates",
                                   "terminationGracePeriodSeconds"});
  for (const char* list : {"containers", "initContainers"})
    if (const auto found = spec.find(list); found != spec.end())
      for (Json& container : *found)
        container.erase("image");
  return spec;
}

}  // namespace

void CheckPodSpec(const Json& spec,
                  const Json& claims,
                  const std::string& at,
                  FieldErrors& errors) {
  CheckVolumes(spec, at, errors);
  CheckContainers(spec, at, errors);
  CheckMounts(spec, claims, at, errors);
  if (const int64_t grace = GetInt(spec, {"terminationGracePeriodSeconds"}); grace < 0)
    errors.push_back({Type::kInvalid, at + ".terminationGracePeriodSeconds",
                      fmt::format("{}: must be greater than or equal to 0", grace)});
  if (const Json* deadline = FindPath(spec, {"activeDeadlineSeconds"});
      deadline != nullptr && GetInt(spec, {"activeDeadlineSeconds"}) < 1)
    errors.push_back({Type::kInvalid, at + ".activeDeadlineSeconds",
                      DumpJson(*deadline) + ": must be between 1 and 2147483647, inclusive"});
  const std::string policy = GetString(spec, {"dnsPolicy"});
  if (policy != "ClusterFirst" && policy != "ClusterFirstWithHostNet" && policy != "Default" &&
      policy != "None")
    errors.push_back({Type::kNotSupported, at + ".dnsPolicy",
                      Quoted(policy) +
                          ": supported values: \"ClusterFirstWithHostNet\", \"ClusterFirst\", "
                          "\"Default\", \"None\""});
  for (const char* member : {"hostname", "subdomain"})
    if (const std::string name = GetString(spec, {member}); !name.empty())
      if (const std::string why = WhyNotDnsLabel(name); !why.empty())
        errors.push_back({Type::kInvalid, at + "." + member, Quoted(name) + ": " + why});
  CheckLabels(GetObject(spec, {"nodeSelector"}), at + ".nodeSelector", errors);
  const Json& tolerations = GetArray(spec, {"tolerations"});
  for (size_t i = 0; i < tolerations.size(); ++i) {
    const std::string op = GetString(tolerations[i], {"operator"}, "Equal");
    const std::string field = fmt::format("{}.tolerations[{}]", at, i);
    if (op != "Equal" && op != "Exists" && op != "Lt" && op != "Gt")
      errors.push_back({Type::kNotSupported, field + ".operator",
                        Quoted(op) + ": supported values: \"Equal\", \"Exists\""});
    if (op == "Exists" && !GetString(tolerations[i], {"value"}).empty())
      errors.push_back({Type::kInvalid, field + ".operator",
                        "\"Exists\": value must be empty when `operator` is 'Exists'"});
  }
}

void CheckPodUpdate(const Json& old, const Json& pod, FieldErrors& errors) {
  if (FixedPodSpec(old) != FixedPodSpec(pod))
    errors.push_back({Type::kForbidden, "spec",
                      "pod updates may not change fields other than "
                      "`spec.containers[*].image`,`spec.initContainers[*].image`,"
                      "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
                      "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be "
                      "set to 1 if it was previously negative)"});
  const Json* before = FindPath(old, {"spec", "terminationGracePeriodSeconds"});
  const Json* after = FindPath(pod, {"spec", "terminationGracePeriodSeconds"});
  if (before != nullptr && after != nullptr && *before != *after &&
      !(GetInt(old, {"spec", "terminationGracePeriodSeconds"}) < 0 && *after == 1))
    errors.push_back({Type::kForbidden, "spec",
                      "pod updates may not change fields other than "
                      "`spec.containers[*].image`,`spec.initContainers[*].image`,"
                      "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
                      "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be "
                      "set to 1 if it was previously negative)"});
  const Json& now = GetArray(pod, {"spec", "tolerations"});
  for (Json kept : GetArray(old, {"spec", "tolerations"})) {
    kept.erase("tolerationSeconds");
    const bool found = std::any_of(now.begin(), now.end(), [&](Json other) {
      other.erase("tolerationSeconds");
      return other == kept;
    });
    if (found) continue;
    errors.push_back({Type::kForbidden, "spec.tolerations",
                      "existing toleration can not be modified except its tolerationSeconds"});
    break;
  }
}

}  // namespace holdfast::sandbox
