// Parameters that every workload has, and their places in its manifests: where pods run, with which
// identity and rights, how the set is ordered, updated, scaled and protected.
#ifndef HOLDFAST_WORKLOADS_COMMON_H_
#define HOLDFAST_WORKLOADS_COMMON_H_

#include <string>
#include <vector>

#include "workloads/workload.h"

namespace holdfast::workloads {

struct CommonDefaults {
  const char* image = "";
  const char* next_image = "";
  const char* storage = "1Gi";
  const char* grace = "30s";
  int replicas = 3;
  int max_replicas = 9;
  const char* policy = "OrderedReady";
  const char* when_scaled = "Retain";
  int64_t uid = 1000;  // Of a pod that runs under the profile `restricted`.
  const char* uid_text = "user that the server runs as";  // Described so.
};

// The shared parameters with a workload's defaults; its own ones follow.
ParameterSchema CommonParameters(const CommonDefaults& defaults);

// Puts the parameters into the StatefulSet or Deployment among `manifests` (fields that the
// template leaves open; container securityContexts are replaced under `restricted`; the init
// container "own-volume" goes under it and without `fixOwnership`; the init containers get the
// resources of the first container), the labels on every object and claim template, and a
// PodDisruptionBudget behind them when there is a budget. kInvalidArgument names the parameter that
// cannot be read.
Status ApplyCommon(const Deployment& deployment, std::vector<Json>& manifests);

// ordinals.start, 0 when the set has none.
int64_t OrdinalsStart(const Json& parameters);

// "a=b,c=d" as {"a":"b","c":"d"}; kInvalidArgument when an entry has no "=".
Result<Json> ParseLabels(const std::string& text);
// "zone=a|b,disk=ssd" as the nodeAffinity that demands one of the values of each key.
Result<Json> ParseNodeAffinity(const std::string& text);
// "key=value:Effect,key:Effect,key" in kubectl's notation, "*" for every taint.
Result<Json> ParseTolerations(const std::string& text);
// "minAvailable=2" or "maxUnavailable=25%" as {"minAvailable":2}.
Result<Json> ParseBudget(const std::string& text);

}  // namespace holdfast::workloads

#endif  // HOLDFAST_WORKLOADS_COMMON_H_
