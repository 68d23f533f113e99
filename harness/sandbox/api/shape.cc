// The JSON types of well-known fields: what decoding into Kubernetes' Go types would refuse.
#include <string>
#include <string_view>
#include <unordered_map>

#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/defaults.h"

namespace holdfast::sandbox {
namespace {

enum class Shape { kString, kInteger, kBoolean, kObject, kObjects, kStrings, kStringMap, kAny };

const std::unordered_map<std::string_view, Shape>& Shapes() {
  using enum Shape;
  static const std::unordered_map<std::string_view, Shape> kShapes = {
      {"apiVersion", kString},
      {"kind", kString},
      {"name", kString},
      {"namespace", kString},
      {"generateName", kString},
      {"uid", kString},
      {"resourceVersion", kString},
      {"creationTimestamp", kString},
      {"deletionTimestamp", kString},
      {"nodeName", kString},
      {"hostname", kString},
      {"subdomain", kString},
      {"serviceName", kString},
      {"image", kString},
      {"mountPath", kString},
      {"subPath", kString},
      {"claimName", kString},
      {"value", kString},
      {"clusterIP", kString},
      {"podManagementPolicy", kString},
      {"restartPolicy", kString},
      {"storageClassName", kString},
      {"volumeName", kString},
      {"volumeMode", kString},
      {"serviceAccountName", kString},
      {"schedulerName", kString},
      {"protocol", kString},
      {"phase", kString},
      {"workingDir", kString},
      {"provisioner", kString},
      {"key", kString},
      {"operator", kString},
      {"effect", kString},
      {"fieldPath", kString},
      {"whenScaled", kString},
      {"whenDeleted", kString},
      {"imagePullPolicy", kString},
      {"dnsPolicy", kString},
      {"replicas", kInteger},
      {"generation", kInteger},
      {"observedGeneration", kInteger},
      {"revisionHistoryLimit", kInteger},
      {"minReadySeconds", kInteger},
      {"partition", kInteger},
      {"terminationGracePeriodSeconds", kInteger},
      {"deletionGracePeriodSeconds", kInteger},
      {"periodSeconds", kInteger},
      {"timeoutSeconds", kInteger},
      {"initialDelaySeconds", kInteger},
      {"failureThreshold", kInteger},
      {"successThreshold", kInteger},
      {"containerPort", kInteger},
      {"tolerationSeconds", kInteger},
      {"defaultMode", kInteger},
      {"revision", kInteger},
      {"runAsUser", kInteger},
      {"runAsGroup", kInteger},
      {"fsGroup", kInteger},
      {"readOnly", kBoolean},
      {"unschedulable", kBoolean},
      {"hostNetwork", kBoolean},
      {"controller", kBoolean},
      {"blockOwnerDeletion", kBoolean},
      {"publishNotReadyAddresses", kBoolean},
      {"enableServiceLinks", kBoolean},
      {"allowVolumeExpansion", kBoolean},
      {"metadata", kObject},
      {"spec", kObject},
      {"template", kObject},
      {"resources", kObject},
      {"updateStrategy", kObject},
      {"rollingUpdate", kObject},
      {"persistentVolumeClaimRetentionPolicy", kObject},
      {"securityContext", kObject},
      {"readinessProbe", kObject},
      {"livenessProbe", kObject},
      {"startupProbe", kObject},
      {"exec", kObject},
      {"httpGet", kObject},
      {"tcpSocket", kObject},
      {"lifecycle", kObject},
      {"valueFrom", kObject},
      {"fieldRef", kObject},
      {"emptyDir", kObject},
      {"capacity", kObject},
      {"requests", kObject},
      {"limits", kObject},
      {"affinity", kObject},
      {"claimRef", kObject},
      {"persistentVolumeClaim", kObject},
      {"hostPath", kObject},
      {"ordinals", kObject},
      {"containers", kObjects},
      {"initContainers", kObjects},
      {"volumeMounts", kObjects},
      {"env", kObjects},
      {"envFrom", kObjects},
      {"ports", kObjects},
      {"volumes", kObjects},
      {"tolerations", kObjects},
      {"taints", kObjects},
      {"ownerReferences", kObjects},
      {"volumeClaimTemplates", kObjects},
      {"matchExpressions", kObjects},
      {"containerStatuses", kObjects},
      {"endpoints", kObjects},
      {"readinessGates", kObjects},
      {"command", kStrings},
      {"args", kStrings},
      {"finalizers", kStrings},
      {"accessModes", kStrings},
      {"values", kStrings},
      {"labels", kStringMap},
      {"annotations", kStringMap},
      {"matchLabels", kStringMap},
      {"nodeSelector", kStringMap},
      {"parameters", kStringMap},
      {"stringData", kStringMap},
      {"binaryData", kStringMap},
      {"attributes", kStringMap},
      {"volumeAttributes", kStringMap},
  };
  return kShapes;
}

bool AllStrings(const Json& items) {
  for (const Json& item : items)
    if (!item.is_string()) return false;
  return true;
}

bool Fits(Shape shape, const Json& value) {
  switch (shape) {
    case Shape::kString:
      return value.is_string();
    case Shape::kInteger:
      return value.is_number_integer();
    case Shape::kBoolean:
      return value.is_boolean();
    case Shape::kObject:
      return value.is_object();
    case Shape::kStrings:
      return value.is_array() && AllStrings(value);
    case Shape::kStringMap:
      return value.is_object() && AllStrings(value);
    case Shape::kObjects:
      if (!value.is_array()) return false;
      for (const Json& item : value)
        if (!item.is_object()) return false;
      return true;
    case Shape::kAny:
      break;
  }
  return true;
}

std::string_view Named(Shape shape) {
  switch (shape) {
    case Shape::kString:
      return "a string";
    case Shape::kInteger:
      return "an integer";
    case Shape::kBoolean:
      return "true or false";
    case Shape::kObject:
      return "an object";
    case Shape::kObjects:
      return "a list of objects";
    case Shape::kStrings:
      return "a list of strings";
    default:
      return "a map of strings";
  }
}

Status Walk(const Json& value, const std::string& path, int depth) {
  if (depth > 100) return Fail(BadRequest("the object is nested more than 100 levels deep"));
  if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i)
      HOLDFAST_RETURN_IF_ERROR(Walk(value[i], fmt::format("{}[{}]", path, i), depth + 1));
    return {};
  }
  if (!value.is_object()) return {};
  for (const auto& [key, member] : value.items()) {
    const std::string at = path.empty() ? key : path + "." + key;
    Shape shape = Shape::kAny;
    if (const auto found = Shapes().find(key); found != Shapes().end()) shape = found->second;
    if (!Fits(shape, member))
      return Fail(BadRequest(fmt::format("{} must be {}", at, Named(shape))));
    // Keys below a map of strings are data, and so is what a revision keeps.
    if (shape == Shape::kStringMap || key == "data") {
      if (!member.is_object()) return Fail(BadRequest(fmt::format("{} must be an object", at)));
      continue;
    }
    HOLDFAST_RETURN_IF_ERROR(Walk(member, at, depth + 1));
  }
  return {};
}

}  // namespace

Status CheckShape(const Json& object) {
  if (!object.is_object()) return Fail(BadRequest("the body must be a JSON object"));
  // Conditions have a member "status" too, which is a string.
  if (const auto status = object.find("status"); status != object.end() && !status->is_object())
    return Fail(BadRequest("status must be an object"));
  return Walk(object, "", 0);
}

}  // namespace holdfast::sandbox
