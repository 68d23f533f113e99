// The schema of the shared parameters.
#include "workloads/common.h"

namespace holdfast::workloads {
namespace {

Parameter Text(const char* name, const char* description) {
  return {.name = name,
          .type = ParameterType::kString,
          .fallback = nullptr,
          .description = description,
          .optional = true};
}

Parameter Choice(const char* name,
                 const char* fallback,
                 std::vector<std::string> allowed,
                 const char* description) {
  return {.name = name,
          .type = ParameterType::kString,
          .fallback = fallback,
          .description = description,
          .allowed = std::move(allowed)};
}

Parameter Number(
    const char* name, int64_t fallback, int64_t min, int64_t max, const char* description) {
  return {.name = name,
          .type = ParameterType::kInteger,
          .fallback = fallback,
          .description = description,
          .min = min,
          .max = max};
}

Parameter Size(const char* name, const char* description) {
  Parameter parameter = Text(name, description);
  parameter.type = ParameterType::kQuantity;
  return parameter;
}

void AddPlacement(ParameterSchema& schema) {
  schema.push_back(Text("imagePullSecret", "name of a secret in the namespace, for a registry"));
  schema.push_back(Choice("imagePullPolicy", "IfNotPresent", {"Always", "IfNotPresent", "Never"},
                          "when the image is pulled"));
  schema.push_back(Size("cpu", "CPU that each container requests, init containers too"));
  schema.push_back(Size("memory", "memory that each container requests, init containers too"));
  schema.push_back(Size("cpuLimit", "CPU limit of each container"));
  schema.push_back(Size("memoryLimit", "memory limit of each container"));
  schema.push_back(Text("nodeSelector", "labels of the nodes to run on: key=value,key=value"));
  schema.push_back(
      Text("tolerations", "taints to bear, as kubectl writes them: key=value:NoSchedule,key"));
  schema.push_back(Choice("antiAffinity", "none", {"none", "preferred", "required"},
                          "keep the pods on different nodes"));
  schema.push_back(Text("nodeAffinity",
                        "labels that a node must have, with alternatives: zone=a|b,disk=ssd"));
  schema.push_back(Text("priorityClass", "priority class of the pods"));
  schema.push_back(Text("serviceAccount", "service account of the pods"));
  schema.push_back(Choice("podSecurity", "image", {"image", "restricted"},
                          "run as the image says, or so that the Pod Security profile restricted "
                          "admits the pods"));
  schema.push_back(Text("labels", "more labels for every object, claims too: key=value,key=value"));
}

void AddSetFields(ParameterSchema& schema, const CommonDefaults& defaults) {
  schema.push_back(Choice("podManagementPolicy", defaults.policy, {"OrderedReady", "Parallel"},
                          "one pod after the other, or all at once"));
  schema.push_back(Choice("updateStrategy", "RollingUpdate", {"RollingUpdate", "OnDelete"},
                          "how the set goes over to a new template"));
  schema.push_back(Number("partition", 0, 0, 1'000'000, "ordinals below it are not updated"));
  schema.push_back(Number("minReadySeconds", 0, 0, 3600, "ready that long is available"));
  schema.push_back(Number("ordinalsStart", 0, 0, 1'000'000, "the lowest ordinal"));
  schema.push_back(Number("revisionHistoryLimit", 10, 0, 1000, "old revisions to keep"));
  schema.push_back(
      Choice("whenDeleted", "Retain", {"Retain", "Delete"}, "claims of a deleted set"));
  schema.push_back(
      Choice("whenScaled", defaults.when_scaled, {"Retain", "Delete"},
                          "claims of ordinals scaled away"));
  schema.push_back(Text("budget", "disruption budget: minAvailable=2 or maxUnavailable=1"));
  schema.push_back({.name = "terminationGracePeriod",
                    .type = ParameterType::kDuration,
                    .fallback = defaults.grace,
                    .description = "how long a pod may take to stop"});
}

}  // namespace

ParameterSchema CommonParameters(const CommonDefaults& defaults) {
  ParameterSchema schema = {
      Number("replicas", defaults.replicas, 1, defaults.max_replicas, "pods"),
      {.name = "image",
       .type = ParameterType::kString,
       .fallback = defaults.image,
       .description = "image of the pods"},
      {.name = "nextImage",
       .type = ParameterType::kString,
       .fallback = defaults.next_image,
       .description = "image that an update goes to when the suite says next"},
      {.name = "storage",
       .type = ParameterType::kQuantity,
       .fallback = defaults.storage,
       .description = "size of each pod's volume"},
      Text("storageClass", "storage class of the volumes; the cluster's default when left out"),
      Number("uid", defaults.uid, 1, 4'294'967'294, defaults.uid_text),
  };
  AddPlacement(schema);
  AddSetFields(schema, defaults);
  return schema;
}

}  // namespace holdfast::workloads
