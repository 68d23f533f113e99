#include "harness/sandbox/api/defaults.h"

#include <string>

#include "harness/base/strings.h"
#include "harness/sandbox/api/pod_defaults.h"

namespace holdfast::sandbox {
namespace {

void DefaultClaim(Json& claim) {
  Json& spec = claim["spec"];
  SetDefault(spec, "volumeMode", "Filesystem");
}

void DefaultTemplate(Json& spec) {
  if (!spec["template"].is_object()) spec["template"] = Json::object();
  if (!spec["template"]["spec"].is_object()) spec["template"]["spec"] = Json::object();
  DefaultPodSpec(spec["template"]["spec"]);
}

void DefaultStatefulSet(Json& object) {
  Json& spec = object["spec"];
  SetDefault(spec, "replicas", 1);
  SetDefault(spec, "podManagementPolicy", "OrderedReady");
  SetDefault(spec, "revisionHistoryLimit", 10);
  SetDefault(spec, "updateStrategy", Json::object());
  Json& strategy = spec["updateStrategy"];
  if (GetString(strategy, {"type"}).empty()) {
    strategy["type"] = "RollingUpdate";
    SetDefault(strategy, "rollingUpdate", Json::object());
  }
  if (strategy["type"] == "RollingUpdate" && strategy.contains("rollingUpdate")) {
    SetDefault(strategy["rollingUpdate"], "partition", 0);
    // The gate MaxUnavailableStatefulSet is off in 1.36: the field is dropped without a word.
    if (strategy["rollingUpdate"].is_object()) strategy["rollingUpdate"].erase("maxUnavailable");
  }
  SetDefault(spec, "persistentVolumeClaimRetentionPolicy", Json::object());
  Json& retention = spec["persistentVolumeClaimRetentionPolicy"];
  SetDefault(retention, "whenDeleted", "Retain");
  SetDefault(retention, "whenScaled", "Retain");
  DefaultTemplate(spec);
  if (const auto claims = spec.find("volumeClaimTemplates"); claims != spec.end()) {
    for (Json& claim : *claims) {
      claim["kind"] = "PersistentVolumeClaim";
      claim["apiVersion"] = "v1";
      DefaultClaim(claim);
      claim["status"] = {{"phase", "Pending"}};
    }
  }
}

void DefaultDeployment(Json& object) {
  Json& spec = object["spec"];
  SetDefault(spec, "replicas", 1);
  SetDefault(spec, "revisionHistoryLimit", 10);
  SetDefault(spec, "progressDeadlineSeconds", 600);
  SetDefault(spec, "strategy", Json::object());
  Json& strategy = spec["strategy"];
  if (GetString(strategy, {"type"}).empty()) strategy["type"] = "RollingUpdate";
  if (strategy["type"] == "RollingUpdate") {
    SetDefault(strategy, "rollingUpdate", Json::object());
    SetDefault(strategy["rollingUpdate"], "maxUnavailable", "25%");
    SetDefault(strategy["rollingUpdate"], "maxSurge", "25%");
  }
  DefaultTemplate(spec);
}

void DefaultReplicaSet(Json& object) {
  SetDefault(object["spec"], "replicas", 1);
  DefaultTemplate(object["spec"]);
}

void DefaultService(Json& object) {
  Json& spec = object["spec"];
  if (!spec.is_object()) spec = Json::object();
  SetDefault(spec, "type", "ClusterIP");
  SetDefault(spec, "sessionAffinity", "None");
  SetDefault(spec, "internalTrafficPolicy", "Cluster");
  SetDefault(spec, "ipFamilies", Json::array({"IPv4"}));
  SetDefault(spec, "ipFamilyPolicy", "SingleStack");
  if (const std::string ip = GetString(spec, {"clusterIP"}); !ip.empty())
    spec["clusterIPs"] = Json::array({ip});
  if (const auto ports = spec.find("ports"); ports != spec.end()) {
    for (Json& port : *ports) {
      SetDefault(port, "protocol", "TCP");
      if (port.contains("port")) SetDefault(port, "targetPort", port["port"]);
    }
  }
}

void DefaultBinding(Json& object) {
  constexpr const char* kGroup = "rbac.authorization.k8s.io";
  if (object["roleRef"].is_object()) SetDefault(object["roleRef"], "apiGroup", kGroup);
  const auto subjects = object.find("subjects");
  if (subjects == object.end() || !subjects->is_array()) return;
  for (Json& subject : *subjects)
    if (const std::string kind = GetString(subject, {"kind"}); kind == "User" || kind == "Group")
      SetDefault(subject, "apiGroup", kGroup);
}

void DefaultSecret(Json& object) {
  SetDefault(object, "type", "Opaque");
  const auto plain = object.find("stringData");
  if (plain == object.end()) return;
  for (const auto& [key, value] : plain->items())
    if (value.is_string()) object["data"][key] = Base64Encode(value.get<std::string>());
  object.erase("stringData");
}

void AddFinalizer(Json& object, const char* name) {
  Json& list = object["metadata"]["finalizers"];
  if (!list.is_array()) list = Json::array();
  for (const Json& have : list)
    if (have == name) return;
  list.push_back(name);
}

}  // namespace

void ApplyDefaults(const ResourceInfo& info, Json& object) {
  const std::string& kind = info.kind;
  if (kind == "Pod") {
    Json& spec = object["spec"];
    if (!spec.is_object()) spec = Json::object();
    DefaultPodSpec(spec);
    SetDefault(spec, "enableServiceLinks", true);
  } else if (kind == "StatefulSet") {
    DefaultStatefulSet(object);
  } else if (kind == "Deployment") {
    DefaultDeployment(object);
  } else if (kind == "ReplicaSet") {
    DefaultReplicaSet(object);
  } else if (kind == "DaemonSet" || kind == "ReplicationController" || kind == "Job") {
    if (kind == "ReplicationController") SetDefault(object["spec"], "replicas", 1);
    DefaultTemplate(object["spec"]);
  } else if (kind == "CronJob") {
    SetDefault(object["spec"], "concurrencyPolicy", "Allow");
    SetDefault(object["spec"], "suspend", false);
    DefaultTemplate(object["spec"]["jobTemplate"]["spec"]);
  } else if (kind == "PriorityClass") {
    SetDefault(object, "preemptionPolicy", "PreemptLowerPriority");
  } else if (kind == "CSIDriver") {
    SetDefault(object["spec"], "attachRequired", true);
    SetDefault(object["spec"], "podInfoOnMount", false);
    SetDefault(object["spec"], "storageCapacity", false);
    SetDefault(object["spec"], "fsGroupPolicy", "ReadWriteOnceWithFSType");
    SetDefault(object["spec"], "volumeLifecycleModes", Json::array({"Persistent"}));
    SetDefault(object["spec"], "requiresRepublish", false);
    SetDefault(object["spec"], "seLinuxMount", false);
  } else if (kind == "RoleBinding" || kind == "ClusterRoleBinding") {
    DefaultBinding(object);
  } else if (kind == "Service") {
    DefaultService(object);
  } else if (kind == "PersistentVolumeClaim") {
    DefaultClaim(object);
  } else if (kind == "PersistentVolume") {
    SetDefault(object["spec"], "persistentVolumeReclaimPolicy", "Retain");
    SetDefault(object["spec"], "volumeMode", "Filesystem");
  } else if (kind == "StorageClass") {
    SetDefault(object, "reclaimPolicy", "Delete");
    SetDefault(object, "volumeBindingMode", "Immediate");
  } else if (kind == "Secret") {
    DefaultSecret(object);
  } else if (kind == "Namespace") {
    object["metadata"]["labels"]["kubernetes.io/metadata.name"] = object["metadata"]["name"];
  }
}

void ApplyCreationDefaults(const ResourceInfo& info, Json& object) {
  const std::string& kind = info.kind;
  if (kind == "Pod") {
    AdmitPodSpec(object["spec"]);
    object["status"] = {{"phase", "Pending"}, {"qosClass", QosClass(object["spec"])}};
  } else if (kind == "StatefulSet") {
    object["status"] = {{"replicas", 0}, {"availableReplicas", 0}};
  } else if (kind == "ReplicaSet" || kind == "ReplicationController") {
    object["status"] = {{"replicas", 0}};
  } else if (kind == "DaemonSet") {
    object["status"] = {{"currentNumberScheduled", 0},
                        {"numberMisscheduled", 0},
                        {"desiredNumberScheduled", 0},
                        {"numberReady", 0}};
  } else if (kind == "Deployment" || kind == "ResourceQuota" || kind == "Job" || kind == "CronJob") {
    object["status"] = Json::object();
  } else if (kind == "PodDisruptionBudget") {
    object["status"] = {{"disruptionsAllowed", 0},
                        {"currentHealthy", 0},
                        {"desiredHealthy", 0},
                        {"expectedPods", 0}};
  } else if (kind == "Service") {
    object["status"] = {{"loadBalancer", Json::object()}};
  } else if (kind == "PersistentVolumeClaim") {
    object["status"] = {{"phase", "Pending"}};
    AddFinalizer(object, "kubernetes.io/pvc-protection");
  } else if (kind == "PersistentVolume") {
    object["status"] = {{"phase", "Pending"}};
    AddFinalizer(object, "kubernetes.io/pv-protection");
  } else if (kind == "Namespace") {
    object["spec"]["finalizers"] = Json::array({"kubernetes"});
    object["status"] = {{"phase", "Active"}};
  } else if (kind == "VolumeAttachment") {
    object["status"] = {{"attached", false}};
  } else if (kind == "Node") {
    SetDefault(object, "spec", Json::object());
  }
}

}  // namespace holdfast::sandbox
