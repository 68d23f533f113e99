#include "harness/sandbox/api/registry.h"

#include <set>
#include <utility>

#include "harness/base/random.h"
#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/defaults.h"
#include "harness/sandbox/api/events_view.h"
#include "harness/sandbox/api/managed_fields.h"
#include "harness/sandbox/api/patch.h"
#include "harness/sandbox/api/quantity.h"
#include "harness/sandbox/api/resources.h"
#include "harness/sandbox/api/scale.h"
#include "harness/sandbox/api/validate.h"

namespace holdfast::sandbox {
namespace {

constexpr int kNameTries = 8;

Result<const ResourceInfo*> Known(const std::string& resource) {
  if (const ResourceInfo* info = FindResource(resource)) return info;
  return Fail(ApiError(404, "NotFound", "the server could not find the requested resource"));
}

// The store names a resource by its plural alone; the API adds the group.
Error Reworded(Error error, const ResourceInfo& info, std::string_view name) {
  if (error.reason == "NotFound") return NotFound(info, name);
  if (error.reason == "AlreadyExists")
    error.message = fmt::format("{} \"{}\" already exists", info.Qualified(), name);
  return error;
}

std::string NameSuffix() {
  constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  Random random(OsEntropy());
  std::string suffix;
  for (int i = 0; i < 5; ++i)
    suffix += kAlphabet[random.Below(kAlphabet.size())];
  return suffix;
}

std::string JoinedProblems(const std::vector<std::string>& problems) {
  return "strict decoding error: " + Join(problems, ", ");
}

// What decoding dropped and what the body gives twice, in the words of the real decoder.
std::vector<std::string> Problems(const std::vector<std::string>& unknown,
                                  const WriteParameters& parameters) {
  std::vector<std::string> problems;
  for (const std::string& path : parameters.duplicates)
    problems.push_back(fmt::format("duplicate field \"{}\"", path));
  for (const std::string& path : unknown)
    problems.push_back(fmt::format("unknown field \"{}\"", path));
  return problems;
}

Error InvalidPatch(const Json& object, std::string_view why) {
  return ApiError(422, "Invalid",
                  fmt::format(" \"\" is invalid: patch: Invalid value: {}: {}",
                              DumpJson(DumpJson(object)), why));
}

// Decodes `object`, a body or (`is_patch`) the outcome of a patch, and gives it its type and place.
Status CheckTypeAndPlace(const ResourceInfo& info,
                         const std::string& ns,
                         Json& object,
                         const WriteParameters& parameters,
                         bool is_patch) {
  if (!object.is_object()) return Fail(BadRequest("the body must be a JSON object"));
  for (const char* member : {"apiVersion", "kind"})
    if (const auto found = object.find(member); found != object.end() && !found->is_string())
      return Fail(BadRequest(fmt::format("{} must be a string", member)));
  const std::string version = GetString(object, {"apiVersion"}, info.ApiVersion());
  const std::string kind = GetString(object, {"kind"}, info.kind);
  if (version != info.ApiVersion() || kind != info.kind)
    return Fail(BadRequest(fmt::format("{}/{} in the data does not match the expected {}/{}",
                                       version, kind, info.ApiVersion(), info.kind)));
  const bool looks = parameters.validation != FieldValidation::kIgnore;
  std::vector<std::string> unknown;
  const Status decoded = DecodeObject(SchemaOf(info), object, looks ? &unknown : nullptr);
  std::string why;
  if (!decoded) why = decoded.error().message;
  const std::vector<std::string> problems =
      looks ? Problems(unknown, parameters) : std::vector<std::string>();
  if (why.empty() && !problems.empty() && parameters.validation == FieldValidation::kStrict)
    why = JoinedProblems(problems);
  if (!why.empty()) {
    if (is_patch) return Fail(InvalidPatch(object, why));
    return Fail(BadRequest(fmt::format("{} in version \"v1\" cannot be handled as a {}: {}",
                                       info.kind, info.kind, why)));
  }
  if (parameters.warnings != nullptr)
    parameters.warnings->insert(parameters.warnings->end(), problems.begin(), problems.end());
  object["apiVersion"] = info.ApiVersion();
  object["kind"] = info.kind;
  if (!object.contains("metadata")) object["metadata"] = Json::object();
  Json& metadata = object["metadata"];
  if (!info.namespaced) {
    metadata.erase("namespace");
    return {};
  }
  if (GetString(metadata, {"namespace"}, ns) != ns)
    return Fail(BadRequest(
        "the namespace of the provided object does not match the namespace sent on the request"));
  metadata["namespace"] = ns;
  return {};
}

Status CheckNamespace(const Store& store, const std::string& ns, const std::string& what) {
  const auto found = store.Get("namespaces", "", ns);
  if (!found) return Fail(NotFound(*FindResource("namespaces"), ns));
  if (GetString((*found)->json, {"metadata", "deletionTimestamp"}).empty()) return {};
  return Fail(ApiError(403, "Forbidden",
                       fmt::format("{} is forbidden: unable to create new content in namespace {} "
                                   "because it is being terminated",
                                   what, ns)));
}

ObjectPtr Unstored(Json object) {
  auto made = std::make_shared<StoredObject>();
  made->text = DumpJson(object);
  made->json = std::move(object);
  return made;
}

const Json& MemberOf(const Json& object, const char* name) {
  static const Json kNone;
  const auto found = object.find(name);
  return found == object.end() ? kNone : *found;
}

bool SpecDiffers(const ResourceInfo& info, const Json& a, const Json& b) {
  if (info.kind == "EndpointSlice")
    return MemberOf(a, "endpoints") != MemberOf(b, "endpoints") ||
           MemberOf(a, "ports") != MemberOf(b, "ports");
  if (MemberOf(a, "spec") == MemberOf(b, "spec")) return false;
  if (info.kind != "Pod") return true;
  // Binding a pod is not a change of what was asked for.
  Json left = a.value("spec", Json::object());
  Json right = b.value("spec", Json::object());
  left.erase("nodeName");
  right.erase("nodeName");
  return left != right;
}

void MoveGeneration(const ResourceInfo& info, const Json& old, Json& object) {
  if (!info.has_generation) return;
  const int64_t before = GetInt(old, {"metadata", "generation"}, 1);
  object["metadata"]["generation"] = SpecDiffers(info, old, object) ? before + 1 : before;
}

// What no writer may change, and the preconditions that an object carries in itself.
Status KeepIdentity(const ResourceInfo& info, const Json& old, Json& object, bool is_patch) {
  Json& metadata = object["metadata"];
  const std::string name = GetString(old, {"metadata", "name"});
  if (const std::string given = GetString(metadata, {"name"}, name); given != name)
    return Fail(BadRequest(fmt::format(
        "the name of the object ({}) does not match the name on the URL ({})", given, name)));
  const std::string version = GetString(metadata, {"resourceVersion"});
  if (!version.empty() && version != GetString(old, {"metadata", "resourceVersion"}))
    return Fail(ConflictError(info, name,
                              "the object has been modified; please apply your changes to the "
                              "latest version and try again"));
  const std::string uid = GetString(old, {"metadata", "uid"});
  if (const std::string given = GetString(metadata, {"uid"}); !given.empty() && given != uid) {
    if (is_patch)
      return Fail(Invalid(info, name,
                          {{FieldError::Type::kInvalid, "metadata.uid",
                            fmt::format("\"{}\": field is immutable", given)}}));
    return Fail(ConflictError(info, name,
                              fmt::format("Precondition failed: UID in precondition: {}, UID in "
                                          "object meta: {}",
                                          given, uid)));
  }
  for (const char* field : {"name", "namespace", "uid", "creationTimestamp", "deletionTimestamp",
                            "deletionGracePeriodSeconds", "generation", "resourceVersion"}) {
    if (const Json* value = FindPath(old, {"metadata", field})) {
      metadata[field] = *value;
    } else {
      metadata.erase(field);
    }
  }
  return {};
}

// Who owns what is kept by the server, unless the client sends a list of its own.
void KeepOwners(const Json& old, Json& object) {
  Json& metadata = object["metadata"];
  const Json* before = FindPath(old, {"metadata", "managedFields"});
  const auto sent = metadata.find("managedFields");
  if (sent == metadata.end() || !sent->is_array() || sent->empty()) {
    if (before != nullptr) metadata["managedFields"] = *before;
  } else if (before == nullptr || *sent != *before) {
    Json kept = CleanedManagedFields(*sent);
    if (kept.empty()) {
      metadata.erase("managedFields");
    } else {
      *sent = std::move(kept);
    }
  }
  if (metadata.contains("managedFields") && !metadata["managedFields"].is_array())
    metadata.erase("managedFields");
}

// Turns a wanted new state of the main resource or of its status into the object to be stored.
Status PrepareUpdate(const ResourceInfo& info,
                     const Json& old,
                     Json& object,
                     const WriteParameters& parameters,
                     bool is_patch,
                     Nanos now) {
  const std::string& subresource = parameters.subresource;
  HOLDFAST_RETURN_IF_ERROR(CheckTypeAndPlace(info, GetString(old, {"metadata", "namespace"}),
                                             object, parameters, is_patch));
  HOLDFAST_RETURN_IF_ERROR(KeepIdentity(info, old, object, is_patch));
  KeepOwners(old, object);
  if (subresource == "finalize") {
    Json finalizers = GetArray(object, {"spec", "finalizers"});
    object = old;
    object["spec"]["finalizers"] = std::move(finalizers);
    return {};
  }
  if (subresource == "status") {
    Json status = object.value("status", Json::object());
    object = old;
    object["status"] = std::move(status);
    return {};
  }
  if (info.has_status) {
    if (old.contains("status")) {
      object["status"] = old["status"];
    } else {
      object.erase("status");
    }
  }
  if (info.kind == "Namespace") object["spec"] = old.value("spec", Json::object());
  if (info.kind == "Service" && GetString(object, {"spec", "clusterIP"}).empty())
    if (const Json* address = FindPath(old, {"spec", "clusterIP"}))
      object["spec"]["clusterIP"] = *address;
  ApplyDefaults(info, object);
  const std::vector<FieldError> errors = ValidateUpdate(info, old, object);
  if (!errors.empty()) return Fail(Invalid(info, GetString(old, {"metadata", "name"}), errors));
  MoveGeneration(info, old, object);
  if (!parameters.field_manager.empty())
    TrackUpdate(info, old, {parameters.field_manager, "", now}, object);
  return {};
}

}  // namespace

Result<ObjectPtr> Registry::Write(const std::string& resource,
                                  const std::string& ns,
                                  const std::string& name,
                                  const std::string& uid,
                                  bool dry_run,
                                  const std::function<Status(Json&)>& change) {
  HOLDFAST_ASSIGN(const ResourceInfo* info, Known(resource));
  if (dry_run) {
    const auto found = store_.Get(resource, ns, name);
    if (!found) return Fail(Reworded(found.error(), *info, name));
    Json object = (*found)->json;
    HOLDFAST_RETURN_IF_ERROR(change(object));
    return Unstored(std::move(object));
  }
  auto written = store_.Update(resource, ns, name, uid, change);
  if (!written) return Fail(Reworded(std::move(written).error(), *info, name));
  return written;
}

std::string Registry::FreeServiceAddress() const {
  std::set<std::string> used;
  for (const ObjectPtr& service : store_.List("services", ""))
    used.insert(GetString(service->json, {"spec", "clusterIP"}));
  // 10.96.0.1 and .10 are, by custom, the API's and the DNS service's.
  for (int number = 11; number < 256 * 255; ++number) {
    std::string address = fmt::format("10.96.{}.{}", number / 256, number % 256);
    if (number % 256 != 0 && number % 256 != 255 && !used.contains(address)) return address;
  }
  return "";
}

std::string Registry::DefaultStorageClass() const {
  for (const ObjectPtr& entry : store_.List("storageclasses", ""))
    if (GetString(entry->json, {"metadata", "annotations",
                                "storageclass.kubernetes.io/is-default-class"}) == "true")
      return GetString(entry->json, {"metadata", "name"});
  return "";
}

bool Registry::ClassAllowsExpansion(const std::string& ns, const std::string& claim) const {
  const auto found = store_.Get("persistentvolumeclaims", ns, claim);
  if (!found) return false;
  const auto entry =
      store_.Get("storageclasses", "", GetString((*found)->json, {"spec", "storageClassName"}));
  return entry && GetBool((*entry)->json, {"allowVolumeExpansion"});
}

Status Registry::CheckExpansion(const Json& old, const Json& claim, bool class_allows) const {
  const Json* before = FindPath(old, {"spec", "resources", "requests", "storage"});
  const Json* after = FindPath(claim, {"spec", "resources", "requests", "storage"});
  if (before == nullptr || after == nullptr) return {};
  const auto was = ParseQuantity(*before);
  const auto wanted = ParseQuantity(*after);
  if (!was || !wanted || *wanted <= *was) return {};
  const auto refuse = [&](const char* why) {
    return Fail(ApiError(403, "Forbidden",
                         fmt::format("persistentvolumeclaims \"{}\" is forbidden: {}",
                                     GetString(old, {"metadata", "name"}), why)));
  };
  if (GetString(old, {"status", "phase"}) != "Bound")
    return refuse("Only bound persistent volume claims can be expanded");
  if (!class_allows)
    return refuse(
        "only dynamically provisioned pvc can be resized and the storageclass that provisions the "
        "pvc must support resize");
  return {};
}

Status Registry::ResolvePriority(const std::string& name, Json& spec) const {
  const std::string wanted = GetString(spec, {"priorityClassName"});
  for (const ObjectPtr& entry : store_.List("priorityclasses", "")) {
    const std::string have = GetString(entry->json, {"metadata", "name"});
    if (wanted.empty() ? !GetBool(entry->json, {"globalDefault"}) : have != wanted) continue;
    spec["priorityClassName"] = have;
    spec["priority"] = GetInt(entry->json, {"value"});
    spec["preemptionPolicy"] = GetString(entry->json, {"preemptionPolicy"}, "PreemptLowerPriority");
    return {};
  }
  if (wanted.empty()) return {};
  return Fail(ApiError(403, "Forbidden",
                       fmt::format("pods \"{}\" is forbidden: no PriorityClass with name {} was "
                                   "found",
                                   name, wanted)));
}

Result<ObjectPtr> Registry::Create(const std::string& resource,
                                   const std::string& ns,
                                   Json object,
                                   const WriteParameters& parameters) {
  HOLDFAST_ASSIGN(const ResourceInfo* info, Known(resource));
  if (parameters.subresource == "binding")
    return Bind(ns, GetString(object, {"metadata", "name"}), object, parameters.dry_run);
  if (parameters.through_view) object = FromEventsView(std::move(object));
  HOLDFAST_RETURN_IF_ERROR(CheckTypeAndPlace(*info, ns, object, parameters, false));
  return Admit(*info, ns, std::move(object), false, parameters);
}

Result<ObjectPtr> Registry::Admit(const ResourceInfo& info,
                                  const std::string& ns,
                                  Json object,
                                  bool owned,
                                  const WriteParameters& parameters) {
  Json& metadata = object["metadata"];
  const std::string prefix = GetString(metadata, {"generateName"});
  const bool generated = GetString(metadata, {"name"}).empty() && !prefix.empty();
  if (generated) metadata["name"] = prefix + NameSuffix();
  if (info.namespaced)
    HOLDFAST_RETURN_IF_ERROR(CheckNamespace(
        store_, ns, fmt::format("{} \"{}\"", info.Qualified(), GetString(metadata, {"name"}))));
  for (const char* field : {"uid", "creationTimestamp", "resourceVersion", "deletionTimestamp",
                            "deletionGracePeriodSeconds", "selfLink", "generation"})
    metadata.erase(field);
  if (!owned) metadata.erase("managedFields");
  if (info.has_generation) metadata["generation"] = 1;
  ApplyDefaults(info, object);
  const std::vector<FieldError> errors = ValidateNew(info, object);
  if (!errors.empty()) return Fail(Invalid(info, GetString(metadata, {"name"}), errors));
  if (info.kind == "Pod")
    HOLDFAST_RETURN_IF_ERROR(ResolvePriority(GetString(metadata, {"name"}), object["spec"]));
  if (!owned && !parameters.field_manager.empty())
    TrackUpdate(info, Json(), {parameters.field_manager, "", clock_.Wall()}, object);
  ApplyCreationDefaults(info, object);
  if (info.kind == "PersistentVolumeClaim" && !object["spec"].contains("storageClassName"))
    if (const std::string name = DefaultStorageClass(); !name.empty())
      object["spec"]["storageClassName"] = name;
  std::unique_lock<std::mutex> services;
  if (info.kind == "Service" && GetString(object, {"spec", "clusterIP"}).empty() &&
      GetString(object, {"spec", "type"}) != "ExternalName") {
    services = std::unique_lock(service_mutex_);
    object["spec"]["clusterIP"] = FreeServiceAddress();
    object["spec"]["clusterIPs"] = Json::array({object["spec"]["clusterIP"]});
  }
  if (parameters.dry_run) {
    const std::string name = GetString(metadata, {"name"});
    if (store_.Get(info.plural, info.namespaced ? ns : "", name))
      return Fail(ApiError(409, "AlreadyExists",
                           fmt::format("{} \"{}\" already exists", info.Qualified(), name)));
    return Unstored(std::move(object));
  }
  for (int tries = 1;; ++tries) {
    auto created = store_.Create(info.plural, object);
    if (created) return created;
    if (!generated || tries == kNameTries || created.error().reason != "AlreadyExists")
      return Fail(
          Reworded(std::move(created).error(), info, GetString(object, {"metadata", "name"})));
    object["metadata"]["name"] = prefix + NameSuffix();
  }
}

Result<ObjectPtr> Registry::Bind(const std::string& ns,
                                 const std::string& name,
                                 const Json& binding,
                                 bool dry_run) {
  const ResourceInfo& pods = *FindResource("pods");
  const std::string node = GetString(binding, {"target", "name"});
  if (node.empty()) return Fail(BadRequest("a binding needs target.name, the node"));
  const std::string uid = GetString(binding, {"metadata", "uid"});
  return Write("pods", ns, name, uid, dry_run, [&](Json& pod) -> Status {
    if (!GetString(pod, {"metadata", "deletionTimestamp"}).empty())
      return Fail(ConflictError(pods, name,
                                "pod " + name + " is being deleted, cannot be assigned to a host"));
    if (const std::string have = GetString(pod, {"spec", "nodeName"}); !have.empty())
      return Fail(ConflictError(
          pods, name, fmt::format("pod {} is already assigned to node \"{}\"", name, have)));
    pod["spec"]["nodeName"] = node;
    Json& conditions = pod["status"]["conditions"];
    if (!conditions.is_array()) conditions = Json::array();
    Json scheduled = {{"type", "PodScheduled"},
                      {"status", "True"},
                      {"observedGeneration", GetInt(pod, {"metadata", "generation"}, 1)},
                      {"lastProbeTime", nullptr},
                      {"lastTransitionTime", FormatRfc3339(clock_.Wall())}};
    for (Json& condition : conditions)
      if (GetString(condition, {"type"}) == "PodScheduled") {
        condition = std::move(scheduled);
        return {};
      }
    conditions.push_back(std::move(scheduled));
    return {};
  });
}

Result<ObjectPtr> Registry::Replace(const std::string& resource,
                                    const std::string& ns,
                                    const std::string& name,
                                    Json object,
                                    const WriteParameters& parameters) {
  HOLDFAST_ASSIGN(const ResourceInfo* info, Known(resource));
  if (parameters.through_view) object = FromEventsView(std::move(object));
  const bool claim = resource == "persistentvolumeclaims" && parameters.subresource.empty();
  const bool expands = claim && ClassAllowsExpansion(ns, name);
  return Write(resource, ns, name, "", parameters.dry_run, [&](Json& stored) -> Status {
    if (parameters.subresource == "scale") {
      const Json before = stored;
      HOLDFAST_RETURN_IF_ERROR(ApplyScale(stored, object));
      MoveGeneration(*info, before, stored);
      if (!parameters.field_manager.empty())
        TrackUpdate(*info, before, {parameters.field_manager, "scale", clock_.Wall()}, stored);
      return {};
    }
    if (claim) HOLDFAST_RETURN_IF_ERROR(CheckExpansion(stored, object, expands));
    HOLDFAST_RETURN_IF_ERROR(
        PrepareUpdate(*info, stored, object, parameters, false, clock_.Wall()));
    stored = object;
    return {};
  });
}

Result<ObjectPtr> Registry::Patch(const std::string& resource,
                                  const std::string& ns,
                                  const std::string& name,
                                  PatchFormat format,
                                  const Json& patch,
                                  const WriteParameters& parameters) {
  HOLDFAST_ASSIGN(const ResourceInfo* info, Known(resource));
  if (format == PatchFormat::kApply) return Apply(*info, ns, name, patch, parameters);
  const auto apply = [&](const Json& to) -> Result<Json> {
    switch (format) {
      case PatchFormat::kJson:
        return ApplyJsonPatch(to, patch);
      case PatchFormat::kMerge:
        return ApplyMergePatch(to, patch);
      case PatchFormat::kStrategicMerge:
        return ApplyStrategicMergePatch(to, patch, resource);
      case PatchFormat::kApply:
        break;
    }
    return Fail(BadRequest("an apply is no patch of this kind"));
  };
  const bool claim = resource == "persistentvolumeclaims" && parameters.subresource.empty();
  const bool expands = claim && ClassAllowsExpansion(ns, name);
  return Write(resource, ns, name, "", parameters.dry_run, [&](Json& stored) -> Status {
    if (parameters.subresource == "scale") {
      const Json before = stored;
      HOLDFAST_ASSIGN(const Json scale, apply(ScaleOf(stored)));
      HOLDFAST_RETURN_IF_ERROR(ApplyScale(stored, scale));
      MoveGeneration(*info, before, stored);
      if (!parameters.field_manager.empty())
        TrackUpdate(*info, before, {parameters.field_manager, "scale", clock_.Wall()}, stored);
      return {};
    }
    Json object;
    if (parameters.through_view) {
      HOLDFAST_ASSIGN(object, apply(ToEventsView(stored)));
      object = FromEventsView(std::move(object));
    } else {
      HOLDFAST_ASSIGN(object, apply(stored));
    }
    if (claim) HOLDFAST_RETURN_IF_ERROR(CheckExpansion(stored, object, expands));
    HOLDFAST_RETURN_IF_ERROR(PrepareUpdate(*info, stored, object, parameters, true, clock_.Wall()));
    stored = std::move(object);
    return {};
  });
}

Result<ObjectPtr> Registry::Apply(const ResourceInfo& info,
                                  const std::string& ns,
                                  const std::string& name,
                                  Json wanted,
                                  const WriteParameters& parameters) {
  if (parameters.subresource == "scale" || parameters.through_view)
    return Fail(ApiError(415, "UnsupportedMediaType",
                         "server-side apply is served for whole objects and their status"));
  if (!wanted.is_object()) return Fail(BadRequest("an apply patch must be an object"));
  if (GetString(wanted, {"apiVersion"}).empty() || GetString(wanted, {"kind"}).empty())
    return Fail(BadRequest("an apply patch needs apiVersion and kind"));
  // What an apply does not know it cannot own: unknown fields are refused whatever the validation.
  WriteParameters strict = parameters;
  std::vector<std::string> unknown;
  strict.validation = FieldValidation::kWarn;
  strict.warnings = &unknown;
  strict.duplicates.clear();
  HOLDFAST_RETURN_IF_ERROR(CheckTypeAndPlace(info, ns, wanted, strict, false));
  if (!unknown.empty()) {
    std::string list;
    for (const std::string& text : unknown)
      list += (list.empty() ? "" : "\n") +
              fmt::format("  .{}: field not declared in schema", text.substr(15, text.size() - 16));
    list = unknown.size() == 1 ? list.substr(2) : "errors:\n" + list;
    return Fail(ApiError(500, "",
                         fmt::format("failed to create typed patch object ({}/{}; {}, Kind={}): {}",
                                     ns, name, info.ApiVersion(), info.kind, list)));
  }
  if (!parameters.duplicates.empty()) {
    const std::string text = JoinedProblems(Problems({}, parameters));
    if (parameters.validation == FieldValidation::kStrict)
      return Fail(BadRequest("error strict decoding YAML: " + text));
    if (parameters.validation == FieldValidation::kWarn && parameters.warnings != nullptr)
      for (std::string& problem : Problems({}, parameters))
        parameters.warnings->push_back(std::move(problem));
  }
  Json& metadata = wanted["metadata"];
  if (const std::string given = GetString(metadata, {"name"}, name); given != name)
    return Fail(BadRequest(fmt::format(
        "the name of the object ({}) does not match the name on the URL ({})", given, name)));
  metadata["name"] = name;
  const FieldWriter writer{parameters.field_manager, parameters.subresource, clock_.Wall()};
  const bool claim = info.plural == "persistentvolumeclaims" && parameters.subresource.empty();
  while (true) {
    if (!store_.Get(info.plural, info.namespaced ? ns : "", name)) {
      if (!parameters.subresource.empty()) return Fail(NotFound(info, name));
      if (!GetString(metadata, {"uid"}).empty())
        return Fail(ConflictError(info, name,
                                  "uid mismatch: the provided object specified uid " +
                                      GetString(metadata, {"uid"}) +
                                      ", and no existing object was "
                                      "found"));
      HOLDFAST_ASSIGN(Json made, ApplyFields(info, Json(), wanted, writer, parameters.force));
      auto created = Admit(info, ns, std::move(made), true, parameters);
      // Somebody was faster: then it is an update.
      if (!created && created.error().reason == "AlreadyExists") continue;
      return created;
    }
    const bool expands = claim && ClassAllowsExpansion(ns, name);
    WriteParameters untracked = parameters;
    untracked.field_manager.clear();
    untracked.validation = FieldValidation::kIgnore;
    auto written = Write(
        info.plural, info.namespaced ? ns : "", name, "", parameters.dry_run,
        [&](Json& stored) -> Status {
          HOLDFAST_ASSIGN(Json object, ApplyFields(info, stored, wanted, writer, parameters.force));
          const Json owners = object["metadata"].value("managedFields", Json());
          if (claim) HOLDFAST_RETURN_IF_ERROR(CheckExpansion(stored, object, expands));
          HOLDFAST_RETURN_IF_ERROR(
              PrepareUpdate(info, stored, object, untracked, true, clock_.Wall()));
          if (owners.is_null()) {
            object["metadata"].erase("managedFields");
          } else {
            object["metadata"]["managedFields"] = owners;
          }
          stored = std::move(object);
          return {};
        });
    if (!written && written.error().http_status == 404 && parameters.subresource.empty()) continue;
    return written;
  }
}

Result<ObjectPtr> Registry::Edit(const std::string& resource,
                                 const std::string& ns,
                                 const std::string& name,
                                 const std::string& uid,
                                 const std::function<Status(Json&)>& change) {
  HOLDFAST_ASSIGN(const ResourceInfo* info, Known(resource));
  auto written =
      store_.Update(resource, ns, name, uid, [&](const Json& before, Json& stored) -> Status {
        HOLDFAST_RETURN_IF_ERROR(change(stored));
        MoveGeneration(*info, before, stored);
        return {};
      });
  if (!written) return Fail(Reworded(std::move(written).error(), *info, name));
  return written;
}

}  // namespace holdfast::sandbox
