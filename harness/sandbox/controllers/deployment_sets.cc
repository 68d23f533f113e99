// Old and new ReplicaSets.
#include "harness/sandbox/controllers/deployment_sets.h"

#include <algorithm>
#include <set>

#include "harness/base/strings.h"
#include "harness/sandbox/controllers/int_or_string.h"
#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/stateful_revisions.h"
#include "harness/sandbox/controllers/storage.h"

namespace holdfast::sandbox {
namespace {

constexpr char kResource[] = "replicasets";
constexpr char kMaxReplicas[] = "deployment.kubernetes.io/max-replicas";
constexpr char kRevisionHistory[] = "deployment.kubernetes.io/revision-history";

Json TemplateOf(const Json& object) {
  Json pod_template = GetObject(object, {"spec", "template"});
  if (pod_template.contains("metadata") && pod_template["metadata"].contains("labels"))
    pod_template["metadata"]["labels"].erase(kTemplateHash);
  return pod_template;
}

int64_t RevisionOf(const Json& object) {
  return ParseInt(AnnotationOf(object, kRevision)).value_or(0);
}

// Annotations of a Deployment that are its own business.
bool IsCopied(const std::string& annotation) {
  static const std::set<std::string> kOwn{"kubectl.kubernetes.io/last-applied-configuration",
                                          kRevision, kRevisionHistory, kDesiredReplicas,
                                          kMaxReplicas, "deprecated.deployment.rollback.to"};
  return !kOwn.contains(annotation);
}

void AnnotateReplicas(Json& set, const Json& deployment) {
  const int64_t replicas = DeploymentReplicas(deployment);
  Json& annotations = set["metadata"]["annotations"];
  if (!annotations.is_object()) annotations = Json::object();
  annotations[kDesiredReplicas] = std::to_string(replicas);
  annotations[kMaxReplicas] = std::to_string(replicas + LimitsOf(deployment).max_surge);
}

// As many as a rolling update allows beside the others; all at once when they are gone.
int64_t FirstReplicas(const Json& deployment, const DeploymentSets& sets) {
  const int64_t replicas = DeploymentReplicas(deployment);
  if (GetString(deployment, {"spec", "strategy", "type"}) == "Recreate") return replicas;
  const int64_t room = replicas + LimitsOf(deployment).max_surge - sets.SpecReplicas();
  return std::clamp<int64_t>(room, 0, replicas);
}

Json MakeSet(const Json& deployment, const DeploymentSets& sets, int64_t revision) {
  Json pod_template = TemplateOf(deployment);
  const std::string hash =
      RevisionHash(pod_template, GetInt(deployment, {"status", "collisionCount"}));
  pod_template["metadata"]["labels"][kTemplateHash] = hash;
  Json selector = GetObject(deployment, {"spec", "selector"});
  selector["matchLabels"][kTemplateHash] = hash;
  Json set = {{"apiVersion", "apps/v1"},
              {"kind", "ReplicaSet"},
              {"metadata",
               {{"name", NameOf(deployment) + "-" + hash},
                {"namespace", NamespaceOf(deployment)},
                {"labels", pod_template["metadata"]["labels"]},
                {"ownerReferences",
                 Json::array({MakeControllerRef(deployment, "apps/v1", "Deployment")})}}},
              {"spec",
               {{"replicas", FirstReplicas(deployment, sets)},
                {"selector", std::move(selector)},
                {"template", std::move(pod_template)}}}};
  if (const int64_t seconds = GetInt(deployment, {"spec", "minReadySeconds"}); seconds > 0)
    set["spec"]["minReadySeconds"] = seconds;
  for (const auto& [key, value] : GetObject(deployment, {"metadata", "annotations"}).items())
    if (IsCopied(key)) set["metadata"]["annotations"][key] = value;
  AnnotateReplicas(set, deployment);
  set["metadata"]["annotations"][kRevision] = std::to_string(revision);
  return set;
}

// A set that is new again after a rollback gets the next number; the former ones are kept.
void AnnotateRevision(Json& set, int64_t revision) {
  const int64_t before = RevisionOf(set);
  if (before >= revision) return;
  Json& annotations = set["metadata"]["annotations"];
  if (!annotations.is_object()) annotations = Json::object();
  if (before > 0) {
    const std::string history = GetString(annotations, {kRevisionHistory});
    annotations[kRevisionHistory] =
        history.empty() ? std::to_string(before) : fmt::format("{},{}", history, before);
  }
  annotations[kRevision] = std::to_string(revision);
}

}  // namespace

int64_t DeploymentReplicas(const Json& deployment) {
  return GetInt(deployment, {"spec", "replicas"}, 1);
}
int64_t SetReplicas(const Json& set) { return GetInt(set, {"spec", "replicas"}, 1); }

DeploymentLimits LimitsOf(const Json& deployment) {
  if (GetString(deployment, {"spec", "strategy", "type"}) == "Recreate") return {};
  const int64_t replicas = DeploymentReplicas(deployment);
  const Json& block = GetObject(deployment, {"spec", "strategy", "rollingUpdate"});
  const auto value = [&](const char* field, Rounding rounding) -> int64_t {
    const Json* given = FindPath(block, {field});
    return ScaledValue(given == nullptr ? Json("25%") : *given, replicas, rounding).value_or(0);
  };
  DeploymentLimits limits{value("maxSurge", Rounding::kUp),
                          value("maxUnavailable", Rounding::kDown)};
  // Rounding must not make an update impossible.
  if (limits.max_surge == 0 && limits.max_unavailable == 0) limits.max_unavailable = 1;
  limits.max_unavailable = std::min(limits.max_unavailable, replicas);
  return limits;
}

std::vector<ObjectPtr> DeploymentSets::All() const {
  std::vector<ObjectPtr> all = old;
  if (current != nullptr) all.push_back(current);
  return all;
}

int64_t DeploymentSets::SpecReplicas() const {
  int64_t sum = 0;
  for (const ObjectPtr& set : All())
    sum += SetReplicas(set->json);
  return sum;
}

int64_t DeploymentSets::StatusSum(const char* counter) const {
  int64_t sum = 0;
  for (const ObjectPtr& set : All())
    sum += GetInt(set->json, {"status", counter});
  return sum;
}

Result<DeploymentSets> FindSets(Registry& registry, const Json& deployment) {
  DeploymentSets sets;
  const Json wanted = TemplateOf(deployment);
  std::vector<ObjectPtr> all;
  for (ObjectPtr set : registry.store().List(kResource, NamespaceOf(deployment))) {
    const Json* owner = ControllerRef(set->json);
    if (owner != nullptr && GetString(*owner, {"uid"}) != UidOf(deployment)) continue;
    const bool match = MatchesSelector(GetObject(deployment, {"spec", "selector"}),
                                       GetObject(set->json, {"metadata", "labels"}));
    if (!match) continue;
    if (owner == nullptr) {
      if (IsTerminating(deployment) || IsTerminating(set->json)) continue;
      HOLDFAST_ASSIGN(set, registry.Edit(kResource, NamespaceOf(set->json), NameOf(set->json),
                                         UidOf(set->json), [&](Json& object) -> Status {
                                           AddOwner(object, MakeControllerRef(deployment, "apps/v1",
                                                                              "Deployment"));
                                           return {};
                                         }));
    }
    all.push_back(std::move(set));
  }
  std::ranges::stable_sort(all, {}, [](const ObjectPtr& set) {
    return std::pair(GetString(set->json, {"metadata", "creationTimestamp"}),
                     RevisionOf(set->json));
  });
  for (ObjectPtr& set : all) {
    if (sets.current == nullptr && TemplateOf(set->json) == wanted) {
      sets.current = std::move(set);
    } else {
      sets.old.push_back(std::move(set));
    }
  }
  return sets;
}

Status EnsureCurrentSet(Registry& registry,
                        EventRecorder& recorder,
                        const Json& deployment,
                        DeploymentSets& sets) {
  int64_t revision = 1;
  for (const ObjectPtr& set : sets.old)
    revision = std::max(revision, RevisionOf(set->json) + 1);
  if (sets.current != nullptr) {
    HOLDFAST_ASSIGN(sets.current,
                    registry.Edit(kResource, NamespaceOf(deployment), NameOf(sets.current->json),
                                  UidOf(sets.current->json), [&](Json& object) -> Status {
                                    AnnotateRevision(object, revision);
                                    return {};
                                  }));
    revision = RevisionOf(sets.current->json);
  } else {
    const auto created =
        registry.Create(kResource, NamespaceOf(deployment), MakeSet(deployment, sets, revision));
    if (!created && created.error().reason == "AlreadyExists") {
      // Somebody else's, under the name that the hash gives: the next name is tried.
      HOLDFAST_RETURN_IF_ERROR(
          registry.Edit("deployments", NamespaceOf(deployment), NameOf(deployment),
                        UidOf(deployment), [](Json& object) -> Status {
                          object["status"]["collisionCount"] =
                              GetInt(object, {"status", "collisionCount"}) + 1;
                          return {};
                        }));
    }
    if (!created) return Fail(created.error());
    sets.current = *created;
    sets.created = true;
    if (const int64_t replicas = SetReplicas(sets.current->json); replicas > 0) {
      recorder.Normal({"apps/v1", "Deployment", deployment}, "ScalingReplicaSet",
                      fmt::format("Scaled up replica set {} from 0 to {}",
                                  NameOf(sets.current->json), replicas));
    }
  }
  if (RevisionOf(deployment) == revision) return {};
  const auto written =
      registry.Edit("deployments", NamespaceOf(deployment), NameOf(deployment), UidOf(deployment),
                    [&](Json& object) -> Status {
                      Json& annotations = object["metadata"]["annotations"];
                      if (!annotations.is_object()) annotations = Json::object();
                      annotations[kRevision] = std::to_string(revision);
                      return {};
                    });
  if (!written && written.error().code != ErrorCode::kNotFound) return Fail(written.error());
  return {};
}

Status ScaleSet(Registry& registry,
                EventRecorder& recorder,
                const Json& deployment,
                ObjectPtr& set,
                int64_t replicas) {
  const int64_t before = SetReplicas(set->json);
  HOLDFAST_ASSIGN(set, registry.Edit(kResource, NamespaceOf(set->json), NameOf(set->json),
                                     UidOf(set->json), [&](Json& object) -> Status {
                                       object["spec"]["replicas"] = replicas;
                                       AnnotateReplicas(object, deployment);
                                       return {};
                                     }));
  if (before == replicas) return {};
  recorder.Normal({"apps/v1", "Deployment", deployment}, "ScalingReplicaSet",
                  fmt::format("Scaled {} replica set {} from {} to {}",
                              replicas > before ? "up" : "down", NameOf(set->json), before,
                              replicas));
  return {};
}

}  // namespace holdfast::sandbox
