#include "harness/trace/watch_model.h"

#include <fmt/format.h>

#include "harness/base/time_format.h"
#include "harness/trace/trace_reader.h"

namespace holdfast::trace {
namespace {

// Times inside objects have whole seconds, and several API servers may answer.
constexpr int64_t kServerStampTolerance = 2'000'000'000;

Labels ToLabels(const Json& object) {
  Labels labels;
  if (!object.is_object()) return labels;
  for (const auto& [key, value] : object.items())
    if (value.is_string()) labels[key] = value.get<std::string>();
  return labels;
}

std::vector<OwnerReference> ToOwners(const Json& object) {
  std::vector<OwnerReference> owners;
  for (const Json& owner : GetArray(object, {"metadata", "ownerReferences"})) {
    owners.push_back({.api_version = GetString(owner, {"apiVersion"}),
                      .kind = GetString(owner, {"kind"}),
                      .name = GetString(owner, {"name"}),
                      .uid = GetString(owner, {"uid"}),
                      .controller = GetBool(owner, {"controller"}),
                      .block_owner_deletion = GetBool(owner, {"blockOwnerDeletion"})});
  }
  return owners;
}

std::string MountPath(const Json& pod, const std::string& volume) {
  for (const Json& container : GetArray(pod, {"spec", "containers"}))
    for (const Json& mount : GetArray(container, {"volumeMounts"}))
      if (GetString(mount, {"name"}) == volume) return GetString(mount, {"mountPath"});
  return {};
}

PodIdentity ToIdentity(const Json& pod) {
  PodIdentity identity;
  identity.generate_name = GetString(pod, {"metadata", "generateName"});
  identity.labels = ToLabels(GetObject(pod, {"metadata", "labels"}));
  identity.owners = ToOwners(pod);
  identity.hostname = GetString(pod, {"spec", "hostname"});
  identity.subdomain = GetString(pod, {"spec", "subdomain"});
  identity.hostname_override = GetString(pod, {"spec", "hostnameOverride"});
  identity.host_network = GetBool(pod, {"spec", "hostNetwork"});
  identity.hostname_as_fqdn = GetBool(pod, {"spec", "setHostnameAsFQDN"});
  for (const Json& volume : GetArray(pod, {"spec", "volumes"})) {
    const Json* claim = FindPath(volume, {"persistentVolumeClaim"});
    if (claim == nullptr) continue;
    const std::string name = GetString(volume, {"name"});
    identity.claims[name] = {.claim = GetString(*claim, {"claimName"}),
                             .read_only = GetBool(*claim, {"readOnly"}),
                             .mount_path = MountPath(pod, name)};
  }
  return identity;
}

PodState ToPodState(const At& at, const Json& pod) {
  PodState state;
  state.at = at;
  state.phase = GetString(pod, {"status", "phase"});
  state.node = GetString(pod, {"spec", "nodeName"});
  state.terminating = FindPath(pod, {"metadata", "deletionTimestamp"}) != nullptr;
  state.grace = GetInt(pod, {"metadata", "deletionGracePeriodSeconds"}, -1);
  for (const Json& condition : GetArray(pod, {"status", "conditions"})) {
    if (GetString(condition, {"status"}) != "True") continue;
    const std::string type = GetString(condition, {"type"});
    if (type == "Ready") state.ready = true;
    if (type == "DisruptionTarget") state.disruption = GetString(condition, {"reason"}, "unknown");
  }
  return state;
}

std::vector<ClaimTemplate> ToTemplates(const Json& set) {
  std::vector<ClaimTemplate> templates;
  for (const Json& claim : GetArray(set, {"spec", "volumeClaimTemplates"})) {
    templates.push_back({.name = GetString(claim, {"metadata", "name"}),
                         .labels = ToLabels(GetObject(claim, {"metadata", "labels"}))});
  }
  return templates;
}

bool IsCounted(const std::string& resource) {
  return resource == "pods" || resource == "statefulsets" || resource == "persistentvolumeclaims" ||
         resource == "controllerrevisions";
}

}  // namespace

void WatchModel::Damaged(const At& at, const std::string& resource, std::string sentence) {
  model_.problems.push_back({.at = at, .resource = resource, .sentence = std::move(sentence)});
}

void WatchModel::Open(const At& at, const Json& event) {
  const std::string resource = GetString(event, {"resource"});
  if (resource.empty()) return Damaged(at, "", "a watch-open names no resource");
  const std::string version = GetString(event, {"resourceVersion"});
  model_.opened.try_emplace(resource, Opened{.at = at, .resource_version = version});
  Stream& stream = streams_[resource];
  stream.expected = GetInt(event, {"items"}, -1);
  stream.listed = 0;
  if (stream.last_version.empty()) stream.last_version = version;
}

void WatchModel::Lost(const At& at, const std::string& resource) {
  Stream& stream = streams_[resource];
  CheckList(at, resource, stream);
  stream.expected = -1;
}

void WatchModel::CheckList(const At& at, const std::string& resource, Stream& stream) {
  if (stream.expected < 0) return;
  if (IsCounted(resource) && stream.listed != stream.expected) {
    Damaged(at, resource,
            fmt::format("the first list of {} had {} objects, the record holds {}", resource,
                        stream.expected, stream.listed));
  }
  stream.expected = -1;
}

// Line order and resource versions must agree: each write is seen once, in order.
bool WatchModel::CheckOrder(const At& at,
                            const std::string& resource,
                            const std::string& type,
                            const Json& object) {
  const auto found = streams_.find(resource);
  if (found == streams_.end()) {
    streams_[resource];
    Damaged(at, resource, fmt::format("an event of {} whose watch was never opened", resource));
    return true;
  }
  Stream& stream = found->second;
  const std::string version = GetString(object, {"metadata", "resourceVersion"});
  if (type == "LIST") {
    ++stream.listed;
    return true;
  }
  CheckList(at, resource, stream);
  const std::optional<int> order = CompareResourceVersions(version, stream.last_version);
  if (order && (*order < 0 || (*order == 0 && type != "BOOKMARK"))) {
    Damaged(at, resource,
            fmt::format("the resource version of {} goes back from {} to {}", resource,
                        stream.last_version, version));
  }
  if (version.empty()) Damaged(at, resource, "an object without a resource version");
  if (!order || *order > 0) stream.last_version = version;
  return true;
}

void WatchModel::Add(const At& at, const Json& event) {
  const std::string resource = GetString(event, {"resource"});
  const std::string type = GetString(event, {"event", "type"});
  const Json* object = FindPath(event, {"event", "object"});
  if (resource.empty() || type.empty() || object == nullptr || !object->is_object())
    return Damaged(at, resource, "a watch event without resource, type or object");
  if (type != "LIST" && type != "ADDED" && type != "MODIFIED" && type != "DELETED" &&
      type != "BOOKMARK")
    return Damaged(at, resource, fmt::format("a watch event of the unknown type '{}'", type));
  ++model_.watch_events;
  if (!CheckOrder(at, resource, type, *object) || type == "BOOKMARK") return;
  if (GetString(*object, {"metadata", "name"}).empty() ||
      GetString(*object, {"metadata", "uid"}).empty())
    return Damaged(at, resource, fmt::format("an object of {} without name or uid", resource));
  if (resource == "pods") return AddPod(at, type, *object);
  if (resource == "statefulsets" || resource == "deployments") {
    const bool wanted = (resource == "statefulsets") == (model_.target_kind != "Deployment");
    if (wanted && GetString(*object, {"metadata", "name"}) == model_.target_name)
      AddSet(at, type, *object);
    return;
  }
  if (resource == "replicasets") {
    for (const OwnerReference& owner : ToOwners(*object))
      if (owner.controller)
        model_.replica_sets[GetString(*object, {"metadata", "uid"})] = owner.uid;
    return;
  }
  if (resource == "persistentvolumeclaims") return AddClaim(at, type, *object);
  if (resource == "persistentvolumes") return AddVolume(at, type, *object);
  if (resource == "controllerrevisions") AddRevision(at, type, *object);
}

template <typename Life>
Life* WatchModel::FindLife(std::vector<Life>& lives,
                           std::unordered_map<std::string, size_t>& index,
                           const At& at,
                           const std::string& resource,
                           const std::string& type,
                           const Json& object) {
  const std::string uid = GetString(object, {"metadata", "uid"});
  const std::string name = GetString(object, {"metadata", "name"});
  const std::string created = GetString(object, {"metadata", "creationTimestamp"});
  const auto [known, is_new] = index.try_emplace(uid, lives.size());
  if (is_new) {
    Life life;
    life.name = name;
    life.uid = uid;
    lives.push_back(std::move(life));
    created_[uid] = created;
    // Of volumes only those claimed from the namespace are recorded, so one may appear late.
    if (resource != "persistentvolumes" && (type == "MODIFIED" || type == "DELETED")) {
      Damaged(
          at, resource,
          fmt::format("{} (uid {}) is {} but its beginning is not in the record", name, uid, type));
    }
    return &lives.back();
  }
  Life& life = lives[known->second];
  if (life.name != name) {
    Damaged(at, resource, fmt::format("uid {} is both {} and {}", uid, life.name, name));
    return nullptr;
  }
  if (created_[uid] != created) {
    Damaged(at, resource,
            fmt::format("{} (uid {}) has two creation times, {} and {}", name, uid, created_[uid],
                        created));
  }
  if (type == "ADDED")
    Damaged(at, resource, fmt::format("{} (uid {}) is added a second time", name, uid));
  if (life.gone) {
    Damaged(at, resource,
            fmt::format("{} (uid {}) is seen after its deletion at line {}", name, uid,
                        life.gone->line));
  }
  return &life;
}

// creationTimestamp and the time of the delete request come from the API server's clock, so in
// line order they cannot go back by more than the tolerance.
void WatchModel::CheckPodTimes(const At& at,
                               const PodLife& life,
                               const Json& object,
                               bool first_term) {
  int64_t stamp = 0;
  if (first_term) {
    const auto until = ParseRfc3339(GetString(object, {"metadata", "deletionTimestamp"}));
    const int64_t grace = GetInt(object, {"metadata", "deletionGracePeriodSeconds"}, 0);
    if (!until || grace < 0 || grace > 1'000'000) return;
    stamp = until->count() - grace * 1'000'000'000;
  } else {
    const auto created = ParseRfc3339(GetString(object, {"metadata", "creationTimestamp"}));
    if (!created) return;
    stamp = created->count();
  }
  if (stamp < newest_server_stamp_ns_ - kServerStampTolerance) {
    Damaged(at, "pods",
            fmt::format("the {} of {} (uid {}) is stamped {}, {} s before an earlier line's",
                        first_term ? "deletion" : "creation", life.name, life.uid,
                        FormatRfc3339(Nanos(stamp)),
                        (newest_server_stamp_ns_ - stamp) / 1'000'000'000));
  }
  newest_server_stamp_ns_ = std::max(newest_server_stamp_ns_, stamp);
}

void WatchModel::AddPod(const At& at, const std::string& type, const Json& object) {
  PodLife* life = FindLife(model_.pods, pods_, at, "pods", type, object);
  if (life == nullptr) return;
  PodState state = ToPodState(at, object);
  PodIdentity identity = ToIdentity(object);
  if (life->states.empty()) {
    life->listed = type == "LIST";
    if (type == "ADDED") CheckPodTimes(at, *life, object, false);
  }
  if (!life->states.empty() && *life->states.back().identity == identity) {
    state.identity = life->states.back().identity;
  } else {
    state.identity = std::make_shared<const PodIdentity>(std::move(identity));
  }
  if (life->term && !state.terminating) {
    Damaged(at, "pods",
            fmt::format("{} (uid {}) loses its deletionTimestamp", life->name, life->uid));
  }
  if (state.terminating && !life->term) {
    life->term = at;
    if (!life->states.empty() && type != "LIST") CheckPodTimes(at, *life, object, true);
  }
  const int64_t generation = GetInt(object, {"metadata", "generation"});
  int64_t& newest = generations_[life->uid];
  if (type == "MODIFIED" && newest > 0 && (generation < newest || generation > newest + 1)) {
    Damaged(at, "pods",
            fmt::format("the generation of {} (uid {}) goes from {} to {}: a line is missing",
                        life->name, life->uid, newest, generation));
  }
  newest = generation;
  if (type == "DELETED") {
    if (!life->term) life->term = at;
    life->gone = at;
  }
  life->states.push_back(std::move(state));
}

void WatchModel::AddSet(const At& at, const std::string& type, const Json& object) {
  SetState state;
  state.at = at;
  state.uid = GetString(object, {"metadata", "uid"});
  state.generation = GetInt(object, {"metadata", "generation"});
  state.observed_generation = GetInt(object, {"status", "observedGeneration"});
  state.replicas = GetInt(object, {"spec", "replicas"}, 1);
  state.start = GetInt(object, {"spec", "ordinals", "start"});
  state.partition = GetInt(object, {"spec", "updateStrategy", "rollingUpdate", "partition"});
  state.policy = GetString(object, {"spec", "podManagementPolicy"}, "OrderedReady");
  state.strategy = GetString(object, {"spec", "updateStrategy", "type"}, "RollingUpdate");
  state.service = GetString(object, {"spec", "serviceName"});
  state.when_deleted =
      GetString(object, {"spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted"}, "Retain");
  state.when_scaled =
      GetString(object, {"spec", "persistentVolumeClaimRetentionPolicy", "whenScaled"}, "Retain");
  state.current_revision = GetString(object, {"status", "currentRevision"});
  state.update_revision = GetString(object, {"status", "updateRevision"});
  state.status_replicas = GetInt(object, {"status", "replicas"});
  state.status_ready = GetInt(object, {"status", "readyReplicas"});
  state.terminating = FindPath(object, {"metadata", "deletionTimestamp"}) != nullptr;
  state.gone = type == "DELETED";
  std::vector<ClaimTemplate> templates = ToTemplates(object);
  Labels match = ToLabels(GetObject(object, {"spec", "selector", "matchLabels"}));
  const SetState* before = model_.set.empty() ? nullptr : &model_.set.back();
  state.templates = before != nullptr && *before->templates == templates
                        ? before->templates
                        : std::make_shared<const std::vector<ClaimTemplate>>(std::move(templates));
  state.match_labels = before != nullptr && *before->match_labels == match
                           ? before->match_labels
                           : std::make_shared<const Labels>(std::move(match));
  const bool is_new = before == nullptr || before->uid != state.uid;
  if (is_new && (type == "MODIFIED" || type == "DELETED")) {
    Damaged(at, "statefulsets",
            fmt::format("{} (uid {}) is {} but its beginning is not in the record",
                        model_.target_name, state.uid, type));
  }
  if (type == "MODIFIED" && !is_new &&
      (state.generation < before->generation || state.generation > before->generation + 1)) {
    Damaged(at, "statefulsets",
            fmt::format("the generation of {} goes from {} to {}: a line is missing",
                        model_.target_name, before->generation, state.generation));
  }
  model_.set.push_back(std::move(state));
}

void WatchModel::AddClaim(const At& at, const std::string& type, const Json& object) {
  ClaimLife* life = FindLife(model_.claims, claims_, at, "persistentvolumeclaims", type, object);
  if (life == nullptr) return;
  if (life->states.empty()) life->listed = type == "LIST";
  ClaimState state{.at = at,
                   .volume = GetString(object, {"spec", "volumeName"}),
                   .phase = GetString(object, {"status", "phase"}),
                   .terminating = FindPath(object, {"metadata", "deletionTimestamp"}) != nullptr,
                   .labels = ToLabels(GetObject(object, {"metadata", "labels"})),
                   .owners = ToOwners(object)};
  if ((state.terminating || type == "DELETED") && !life->term) life->term = at;
  if (type == "DELETED") life->gone = at;
  life->states.push_back(std::move(state));
}

void WatchModel::AddVolume(const At& at, const std::string& type, const Json& object) {
  VolumeLife* life = FindLife(model_.volumes, volumes_, at, "persistentvolumes", type, object);
  if (life == nullptr) return;
  std::string handle = GetString(object, {"spec", "csi", "volumeHandle"});
  if (!handle.empty()) handle = GetString(object, {"spec", "csi", "driver"}) + " " + handle;
  life->states.push_back({.at = at,
                          .phase = GetString(object, {"status", "phase"}),
                          .claim_namespace = GetString(object, {"spec", "claimRef", "namespace"}),
                          .claim_name = GetString(object, {"spec", "claimRef", "name"}),
                          .claim_uid = GetString(object, {"spec", "claimRef", "uid"}),
                          .handle = std::move(handle)});
  if (type == "DELETED") life->gone = at;
}

void WatchModel::AddRevision(const At& at, const std::string& type, const Json& object) {
  const std::string name = GetString(object, {"metadata", "name"});
  if (!revisions_.insert(name).second) return;
  if (type == "MODIFIED" || type == "DELETED")
    Damaged(at, "controllerrevisions",
            fmt::format("{} is {} but its beginning is not in the record", name, type));
  std::string owner_uid;
  for (const OwnerReference& owner : ToOwners(object))
    if (owner.controller) owner_uid = owner.uid;
  model_.revisions.push_back({.name = name, .owner_uid = owner_uid, .first = at});
}

void WatchModel::Finish(const At& at) {
  for (auto& [resource, stream] : streams_)
    CheckList(at, resource, stream);
}

}  // namespace holdfast::trace
