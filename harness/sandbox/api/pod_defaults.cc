#include "harness/sandbox/api/pod_defaults.h"

#include <utility>

namespace holdfast::sandbox {
namespace {

bool HasLatestTag(const std::string& image) {
  if (image.find('@') != std::string::npos) return false;
  const size_t slash = image.rfind('/');
  const size_t colon = image.find(':', slash == std::string::npos ? 0 : slash);
  return colon == std::string::npos || image.substr(colon) == ":latest";
}

void DefaultProbe(Json& container, const char* key) {
  const auto found = container.find(key);
  if (found == container.end()) return;
  Json& probe = *found;
  SetDefault(probe, "timeoutSeconds", 1);
  SetDefault(probe, "periodSeconds", 10);
  SetDefault(probe, "successThreshold", 1);
  SetDefault(probe, "failureThreshold", 3);
  if (const auto http = probe.find("httpGet"); http != probe.end()) {
    SetDefault(*http, "path", "/");
    SetDefault(*http, "scheme", "HTTP");
  }
}

void DefaultContainer(Json& container) {
  SetDefault(container, "terminationMessagePath", "/dev/termination-log");
  SetDefault(container, "terminationMessagePolicy", "File");
  SetDefault(container, "imagePullPolicy",
             HasLatestTag(GetString(container, {"image"})) ? "Always" : "IfNotPresent");
  SetDefault(container, "resources", Json::object());
  if (const auto ports = container.find("ports"); ports != container.end())
    for (Json& port : *ports)
      SetDefault(port, "protocol", "TCP");
  for (const char* probe : {"livenessProbe", "readinessProbe", "startupProbe"})
    DefaultProbe(container, probe);
  if (const auto env = container.find("env"); env != container.end()) {
    for (Json& variable : *env) {
      if (FindPath(variable, {"valueFrom", "fieldRef"}) != nullptr)
        SetDefault(variable["valueFrom"]["fieldRef"], "apiVersion", "v1");
      if (FindPath(variable, {"valueFrom", "resourceFieldRef"}) != nullptr)
        SetDefault(variable["valueFrom"]["resourceFieldRef"], "divisor", "0");
    }
  }
  Json& resources = container["resources"];
  if (const auto limits = resources.find("limits"); limits != resources.end()) {
    if (!resources.contains("requests")) resources["requests"] = Json::object();
    for (const auto& [name, value] : limits->items())
      SetDefault(resources["requests"], name.c_str(), value);
  }
}

void DefaultVolume(Json& volume) {
  bool has_source = false;
  for (const auto& [key, value] : volume.items())
    has_source = has_source || key != "name";
  if (!has_source) volume["emptyDir"] = Json::object();
  for (const char* source : {"secret", "configMap", "downwardAPI", "projected"})
    if (const auto found = volume.find(source); found != volume.end() && found->is_object())
      SetDefault(*found, "defaultMode", 420);
  if (const auto found = volume.find("hostPath"); found != volume.end() && found->is_object())
    SetDefault(*found, "type", "");
}

}  // namespace

void SetDefault(Json& object, const char* key, Json value) {
  if (object.is_object() && !object.contains(key)) object[key] = std::move(value);
}

void DefaultPodSpec(Json& spec) {
  SetDefault(spec, "restartPolicy", "Always");
  SetDefault(spec, "terminationGracePeriodSeconds", 30);
  SetDefault(spec, "dnsPolicy", "ClusterFirst");
  SetDefault(spec, "securityContext", Json::object());
  SetDefault(spec, "schedulerName", "default-scheduler");
  if (const std::string account = GetString(spec, {"serviceAccountName"}); !account.empty())
    spec["serviceAccount"] = account;
  for (const char* list : {"containers", "initContainers"})
    if (const auto found = spec.find(list); found != spec.end())
      for (Json& container : *found)
        DefaultContainer(container);
  if (const auto volumes = spec.find("volumes"); volumes != spec.end())
    for (Json& volume : *volumes)
      DefaultVolume(volume);
}

void AdmitPodSpec(Json& spec) {
  if (GetString(spec, {"serviceAccountName"}).empty()) spec["serviceAccountName"] = "default";
  spec["serviceAccount"] = spec["serviceAccountName"];
  SetDefault(spec, "enableServiceLinks", true);
  SetDefault(spec, "priority", 0);
  SetDefault(spec, "preemptionPolicy", "PreemptLowerPriority");
  SetDefault(spec, "tolerations", Json::array());
  Json& tolerations = spec["tolerations"];
  for (const char* taint : {"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"}) {
    bool tolerated = false;
    for (const Json& toleration : tolerations) {
      const std::string key = GetString(toleration, {"key"});
      const std::string effect = GetString(toleration, {"effect"});
      tolerated =
          tolerated || ((key.empty() || key == taint) && (effect.empty() || effect == "NoExecute"));
    }
    if (tolerated) continue;
    tolerations.push_back({{"key", taint},
                           {"operator", "Exists"},
                           {"effect", "NoExecute"},
                           {"tolerationSeconds", 300}});
  }
}

std::string QosClass(const Json& spec) {
  bool any = false;
  bool guaranteed = true;
  for (const char* list : {"containers", "initContainers"}) {
    for (const Json& container : GetArray(spec, {list})) {
      const Json& limits = GetObject(container, {"resources", "limits"});
      const Json& requests = GetObject(container, {"resources", "requests"});
      for (const char* what : {"cpu", "memory"}) {
        const bool limited = limits.contains(what);
        any = any || limited || requests.contains(what);
        guaranteed =
            guaranteed && limited && (!requests.contains(what) || requests[what] == limits[what]);
      }
    }
  }
  if (!any) return "BestEffort";
  return guaranteed ? "Guaranteed" : "Burstable";
}

}  // namespace holdfast::sandbox
