// ControllerRevision history after pkg/controller/history of Kubernetes 1.36.
#include "harness/sandbox/controllers/stateful_revisions.h"

#include <algorithm>

#include "harness/base/strings.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

constexpr char kHashLabel[] = "controller.kubernetes.io/hash";
constexpr char kResource[] = "controllerrevisions";

// encoding/json sorts keys, as our Json does, and escapes what HTML would trip over.
std::string GoJson(const Json& data) {
  std::string text = DumpJson(data);
  text = ReplaceAll(std::move(text), "<", "\\u003c");
  text = ReplaceAll(std::move(text), ">", "\\u003e");
  return ReplaceAll(std::move(text), "&", "\\u0026");
}

Json PatchData(const Json& set) {
  Json pod_template = GetObject(set, {"spec", "template"});
  pod_template["$patch"] = "replace";
  return {{"spec", {{"template", std::move(pod_template)}}}};
}

Json NewRevision(const Json& set, int64_t number, int64_t collision_count) {
  Json data = PatchData(set);
  const std::string hash = RevisionHash(data, collision_count);
  Json revision = {
      {"apiVersion", "apps/v1"},
      {"kind", "ControllerRevision"},
      {"metadata",
       {{"name", NameOf(set) + "-" + hash},
        {"namespace", NamespaceOf(set)},
        {"labels", GetObject(set, {"spec", "template", "metadata", "labels"})},
        {"ownerReferences", Json::array({MakeControllerRef(set, "apps/v1", "StatefulSet")})}}},
      {"data", std::move(data)},
      {"revision", number}};
  revision["metadata"]["labels"][kHashLabel] = hash;
  const Json& annotations = GetObject(set, {"metadata", "annotations"});
  if (!annotations.empty()) revision["metadata"]["annotations"] = annotations;
  return revision;
}

// A name that is taken by other data counts as a collision: the next name is tried.
Result<ObjectPtr> CreateRevision(Registry& registry,
                                 const Json& set,
                                 int64_t number,
                                 int64_t* collision_count) {
  for (;;) {
    Json revision = NewRevision(set, number, *collision_count);
    const std::string name = NameOf(revision);
    const Json data = revision["data"];
    Result<ObjectPtr> created = registry.Create(kResource, NamespaceOf(set), std::move(revision));
    if (created || created.error().reason != "AlreadyExists") return created;
    HOLDFAST_ASSIGN(ObjectPtr existing, registry.store().Get(kResource, NamespaceOf(set), name));
    if (GetObject(existing->json, {"data"}) == data) return existing;
    ++*collision_count;
  }
}

}  // namespace

std::string RevisionHash(const Json& data, int64_t collision_count) {
  constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  uint32_t hash = 2166136261U;
  for (const char byte : GoJson(data) + std::to_string(collision_count)) {
    hash *= 16777619U;
    hash ^= static_cast<unsigned char>(byte);
  }
  std::string encoded = std::to_string(hash);
  for (char& digit : encoded) {
    digit = kAlphabet[static_cast<unsigned char>(digit) % kAlphabet.size()];
  }
  return encoded;
}

std::vector<ObjectPtr> ListRevisions(const Store& store, const Json& set) {
  std::vector<ObjectPtr> revisions;
  const Json& selector = GetObject(set, {"spec", "selector"});
  for (ObjectPtr& revision : store.List(kResource, NamespaceOf(set))) {
    const Json* owner = ControllerRef(revision->json);
    const bool ours = owner == nullptr || GetString(*owner, {"uid"}) == UidOf(set);
    if (ours && MatchesSelector(selector, GetObject(revision->json, {"metadata", "labels"}))) {
      revisions.push_back(std::move(revision));
    }
  }
  std::stable_sort(revisions.begin(), revisions.end(), [](const auto& a, const auto& b) {
    return GetInt(a->json, {"revision"}) < GetInt(b->json, {"revision"});
  });
  return revisions;
}

Status AdoptRevisions(Registry& registry,
                      const Json& set,
                      const std::vector<ObjectPtr>& revisions) {
  if (IsTerminating(set)) return {};
  for (const ObjectPtr& revision : revisions) {
    if (ControllerRef(revision->json) != nullptr) continue;
    HOLDFAST_RETURN_IF_ERROR(
        registry.Edit(kResource, NamespaceOf(set), NameOf(revision->json), UidOf(revision->json),
                      [&](Json& object) -> Status {
                        AddOwner(object, MakeControllerRef(set, "apps/v1", "StatefulSet"));
                        return {};
                      }));
  }
  return {};
}

Result<StatefulRevisions> ResolveRevisions(Registry& registry,
                                           const Json& set,
                                           const std::vector<ObjectPtr>& revisions) {
  StatefulRevisions resolved;
  resolved.collision_count = GetInt(set, {"status", "collisionCount"});
  const int64_t next = revisions.empty() ? 1 : GetInt(revisions.back()->json, {"revision"}) + 1;
  const Json data = PatchData(set);
  const auto equal = std::find_if(revisions.rbegin(), revisions.rend(), [&](const auto& known) {
    return GetObject(known->json, {"data"}) == data;
  });
  if (equal == revisions.rend()) {
    HOLDFAST_ASSIGN(resolved.update,
                    CreateRevision(registry, set, next, &resolved.collision_count));
  } else if (equal == revisions.rbegin()) {
    resolved.update = *equal;
  } else {
    // A rollback: the old revision becomes the newest.
    HOLDFAST_ASSIGN(resolved.update,
                    registry.Edit(kResource, NamespaceOf(set), NameOf((*equal)->json),
                                  UidOf((*equal)->json), [&](Json& object) -> Status {
                                    object["revision"] = next;
                                    return {};
                                  }));
  }
  const std::string current = GetString(set, {"status", "currentRevision"});
  resolved.current = resolved.update;
  for (const ObjectPtr& revision : revisions) {
    if (NameOf(revision->json) == current) resolved.current = revision;
  }
  return resolved;
}

Status TruncateHistory(Registry& registry, const Json& set, const std::set<std::string>& live) {
  const int64_t limit = GetInt(set, {"spec", "revisionHistoryLimit"}, 10);
  if (limit < 0) return {};
  std::vector<ObjectPtr> history;
  for (ObjectPtr& revision : ListRevisions(registry.store(), set)) {
    if (!live.contains(NameOf(revision->json))) history.push_back(std::move(revision));
  }
  const auto surplus = static_cast<int64_t>(history.size()) - limit;
  for (int64_t i = 0; i < surplus; ++i) {
    const Json& oldest = history[static_cast<size_t>(i)]->json;
    DeleteParameters parameters;
    parameters.uid = UidOf(oldest);
    const auto deleted = registry.Delete(kResource, NamespaceOf(set), NameOf(oldest), parameters);
    if (!deleted && deleted.error().code != ErrorCode::kNotFound) return Fail(deleted.error());
  }
  return {};
}

Json ApplyRevision(const Json& set, const Json& revision) {
  Json applied = set;
  Json pod_template = GetObject(revision, {"data", "spec", "template"});
  pod_template.erase("$patch");
  applied["spec"]["template"] = std::move(pod_template);
  return applied;
}

}  // namespace holdfast::sandbox
