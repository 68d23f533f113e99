// Builds and compares identities as stateful_set_utils.go of Kubernetes 1.36 does.
#include "harness/sandbox/controllers/stateful_identity.h"

#include <algorithm>

#include "harness/base/strings.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

constexpr char kPodNameLabel[] = "statefulset.kubernetes.io/pod-name";
constexpr char kPodIndexLabel[] = "apps.kubernetes.io/pod-index";
constexpr char kRevisionLabel[] = "controller-revision-hash";

const Json& ClaimTemplates(const Json& set) {
  return GetArray(set, {"spec", "volumeClaimTemplates"});
}

bool MountsClaim(const Json& pod, const std::string& volume, const std::string& claim) {
  const Json& volumes = GetArray(pod, {"spec", "volumes"});
  return std::any_of(volumes.begin(), volumes.end(), [&](const Json& entry) {
    return GetString(entry, {"name"}) == volume &&
           GetString(entry, {"persistentVolumeClaim", "claimName"}) == claim;
  });
}

}  // namespace

int64_t ReplicasOf(const Json& set) { return GetInt(set, {"spec", "replicas"}, 1); }
int64_t StartOrdinalOf(const Json& set) { return GetInt(set, {"spec", "ordinals", "start"}); }
int64_t PartitionOf(const Json& set) {
  return GetInt(set, {"spec", "updateStrategy", "rollingUpdate", "partition"});
}
bool IsParallel(const Json& set) {
  return GetString(set, {"spec", "podManagementPolicy"}) == "Parallel";
}
bool IsOnDelete(const Json& set) {
  return GetString(set, {"spec", "updateStrategy", "type"}) == "OnDelete";
}

std::optional<int64_t> OrdinalOf(std::string_view set_name, std::string_view pod_name) {
  if (pod_name.size() <= set_name.size() + 1 || !pod_name.starts_with(set_name) ||
      pod_name[set_name.size()] != '-') {
    return std::nullopt;
  }
  const std::string_view digits = pod_name.substr(set_name.size() + 1);
  const bool all_digits =
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  const std::optional<int64_t> ordinal = all_digits ? ParseInt(digits) : std::nullopt;
  // Ordinals are 32 bits in Kubernetes; a larger number is not one.
  if (!ordinal || *ordinal > INT32_MAX) return std::nullopt;
  return ordinal;
}

bool InOrdinalRange(const Json& set, int64_t ordinal) {
  const int64_t start = StartOrdinalOf(set);
  return ordinal >= start && ordinal < start + ReplicasOf(set);
}

std::string PodNameOf(const Json& set, int64_t ordinal) {
  return fmt::format("{}-{}", NameOf(set), ordinal);
}

std::string ClaimNameOf(const Json& set, const Json& claim_template, int64_t ordinal) {
  return fmt::format("{}-{}", NameOf(claim_template), PodNameOf(set, ordinal));
}

std::vector<std::string> ClaimNamesOf(const Json& set, int64_t ordinal) {
  std::vector<std::string> names;
  for (const Json& claim_template : ClaimTemplates(set))
    names.push_back(ClaimNameOf(set, claim_template, ordinal));
  return names;
}

std::vector<Json> ClaimsOf(const Json& set, int64_t ordinal) {
  std::vector<Json> claims;
  for (const Json& claim_template : ClaimTemplates(set)) {
    Json claim = {{"apiVersion", "v1"}, {"kind", "PersistentVolumeClaim"}};
    Json& metadata = claim["metadata"];
    metadata["name"] = ClaimNameOf(set, claim_template, ordinal);
    metadata["namespace"] = NamespaceOf(set);
    Json labels = GetObject(claim_template, {"metadata", "labels"});
    for (const auto& [key, value] : GetObject(set, {"spec", "selector", "matchLabels"}).items()) {
      labels[key] = value;
    }
    if (!labels.empty()) metadata["labels"] = std::move(labels);
    const Json& annotations = GetObject(claim_template, {"metadata", "annotations"});
    if (!annotations.empty()) metadata["annotations"] = annotations;
    claim["spec"] = GetObject(claim_template, {"spec"});
    claims.push_back(std::move(claim));
  }
  return claims;
}

void RepairIdentity(Json& pod, int64_t ordinal) {
  Json& labels = pod["metadata"]["labels"];
  if (!labels.is_object()) labels = Json::object();
  labels[kPodNameLabel] = NameOf(pod);
  labels[kPodIndexLabel] = std::to_string(ordinal);
}

void DropIdentity(Json& pod) {
  pod["metadata"]["labels"].erase(kPodNameLabel);
  pod["metadata"]["labels"].erase(kPodIndexLabel);
}

void RepairStorage(const Json& set, Json& pod, int64_t ordinal) {
  Json volumes = Json::array();
  std::vector<std::string> claimed;
  for (const Json& claim_template : ClaimTemplates(set)) {
    claimed.push_back(NameOf(claim_template));
    volumes.push_back(
        {{"name", claimed.back()},
         {"persistentVolumeClaim", {{"claimName", ClaimNameOf(set, claim_template, ordinal)}}}});
  }
  for (const Json& volume : GetArray(pod, {"spec", "volumes"})) {
    const std::string name = GetString(volume, {"name"});
    if (std::find(claimed.begin(), claimed.end(), name) == claimed.end()) {
      volumes.push_back(volume);
    }
  }
  if (!volumes.empty()) pod["spec"]["volumes"] = std::move(volumes);
}

Json MakeStatefulPod(const Json& set, int64_t ordinal, const std::string& revision) {
  const Json& pod_template = GetObject(set, {"spec", "template"});
  Json pod = {{"apiVersion", "v1"}, {"kind", "Pod"}};
  Json& metadata = pod["metadata"];
  metadata["name"] = PodNameOf(set, ordinal);
  metadata["generateName"] = NameOf(set) + "-";
  metadata["namespace"] = NamespaceOf(set);
  for (const char* field : {"labels", "annotations", "finalizers"}) {
    const Json* value = FindPath(pod_template, {"metadata", field});
    if (value != nullptr && !value->empty()) metadata[field] = *value;
  }
  metadata["ownerReferences"] = Json::array({MakeControllerRef(set, "apps/v1", "StatefulSet")});
  pod["spec"] = GetObject(pod_template, {"spec"});
  pod["spec"]["hostname"] = NameOf(pod);
  const std::string service = GetString(set, {"spec", "serviceName"});
  if (!service.empty()) pod["spec"]["subdomain"] = service;
  RepairIdentity(pod, ordinal);
  RepairStorage(set, pod, ordinal);
  pod["metadata"]["labels"][kRevisionLabel] = revision;
  return pod;
}

bool IdentityMatches(const Json& set, const Json& pod) {
  return OrdinalOf(NameOf(set), NameOf(pod)).has_value() &&
         GetString(pod, {"metadata", "labels", kPodNameLabel}) == NameOf(pod);
}

bool StorageMatches(const Json& set, const Json& pod) {
  const std::optional<int64_t> ordinal = OrdinalOf(NameOf(set), NameOf(pod));
  if (!ordinal) return false;
  const Json& templates = ClaimTemplates(set);
  return std::all_of(templates.begin(), templates.end(), [&](const Json& claim_template) {
    return MountsClaim(pod, NameOf(claim_template), ClaimNameOf(set, claim_template, *ordinal));
  });
}

}  // namespace holdfast::sandbox
