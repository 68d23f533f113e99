#include "harness/sandbox/api/registry.h"

#include <set>
#include <utility>

#include "harness/base/random.h"
#include "harness/base/time_format.h"
#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/defaults.h"
#include "harness/sandbox/api/patch.h"
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

Status CheckTypeAndPlace(const ResourceInfo& info, const std::string& ns, Json& object) {
  if (!object.is_object()) return Fail(BadRequest("the body must be a JSON object"));
  StripNulls(object);
  HOLDFAST_RETURN_IF_ERROR(CheckShape(object));
  const std::string version = GetString(object, {"apiVersion"}, info.ApiVersion());
  const std::string kind = GetString(object, {"kind"}, info.kind);
  if (version != info.ApiVersion() || kind != info.kind)
    return Fail(BadRequest(fmt::format("{}/{} in the data does not match the expected {}/{}",
                                       version, kind, info.ApiVersion(), info.kind)));
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

bool SpecDiffers(const ResourceInfo& info, const Json& a, const Json& b) {
  if (info.kind == "EndpointSlice")
    return a.value("endpoints", Json()) != b.value("endpoints", Json()) ||
           a.value("ports", Json()) != b.value("ports", Json());
  if (info.kind != "Pod") return a.value("spec", Json()) != b.value("spec", Json());
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

// Turns a wanted new state of the main resource or of its status into the object to be stored.
Status PrepareUpdate(const ResourceInfo& info,
                     const Json& old,
                     Json& object,
                     const std::string& subresource,
                     bool is_patch) {
  HOLDFAST_RETURN_IF_ERROR(
      CheckTypeAndPlace(info, GetString(old, {"metadata", "namespace"}), object));
  HOLDFAST_RETURN_IF_ERROR(KeepIdentity(info, old, object, is_patch));
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

Result<ObjectPtr> Registry::Create(const std::string& resource,
                                   const std::string& ns,
                                   Json object,
                                   const WriteParameters& parameters) {
  HOLDFAST_ASSIGN(const ResourceInfo* info, Known(resource));
  if (parameters.subresource == "binding")
    return Bind(ns, GetString(object, {"metadata", "name"}), object, parameters.dry_run);
  HOLDFAST_RETURN_IF_ERROR(CheckTypeAndPlace(*info, ns, object));
  Json& metadata = object["metadata"];
  const std::string prefix = GetString(metadata, {"generateName"});
  const bool generated = GetString(metadata, {"name"}).empty() && !prefix.empty();
  if (generated) metadata["name"] = prefix + NameSuffix();
  if (info->namespaced)
    HOLDFAST_RETURN_IF_ERROR(CheckNamespace(
        store_, ns, fmt::format("{} \"{}\"", info->Qualified(), GetString(metadata, {"name"}))));
  for (const char* field : {"uid", "creationTimestamp", "resourceVersion", "deletionTimestamp",
                            "deletionGracePeriodSeconds", "selfLink", "generation"})
    metadata.erase(field);
  if (info->has_generation) metadata["generation"] = 1;
  ApplyDefaults(*info, object);
  const std::vector<FieldError> errors = ValidateNew(*info, object);
  if (!errors.empty()) return Fail(Invalid(*info, GetString(metadata, {"name"}), errors));
  ApplyCreationDefaults(*info, object);
  if (info->kind == "PersistentVolumeClaim" && !object["spec"].contains("storageClassName"))
    if (const std::string name = DefaultStorageClass(); !name.empty())
      object["spec"]["storageClassName"] = name;
  std::unique_lock<std::mutex> services;
  if (info->kind == "Service" && GetString(object, {"spec", "clusterIP"}).empty() &&
      GetString(object, {"spec", "type"}) != "ExternalName") {
    services = std::unique_lock(service_mutex_);
    object["spec"]["clusterIP"] = FreeServiceAddress();
    object["spec"]["clusterIPs"] = Json::array({object["spec"]["clusterIP"]});
  }
  if (parameters.dry_run) {
    const std::string name = GetString(metadata, {"name"});
    if (store_.Get(resource, info->namespaced ? ns : "", name))
      return Fail(ApiError(409, "AlreadyExists",
                           fmt::format("{} \"{}\" already exists", info->Qualified(), name)));
    return Unstored(std::move(object));
  }
  for (int tries = 1;; ++tries) {
    auto created = store_.Create(resource, object);
    if (created) return created;
    if (!generated || tries == kNameTries || created.error().reason != "AlreadyExists")
      return Fail(
          Reworded(std::move(created).error(), *info, GetString(object, {"metadata", "name"})));
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
  return Write(resource, ns, name, "", parameters.dry_run, [&](Json& stored) -> Status {
    if (parameters.subresource == "scale") {
      const Json before = stored;
      HOLDFAST_RETURN_IF_ERROR(ApplyScale(stored, object));
      MoveGeneration(*info, before, stored);
      return {};
    }
    HOLDFAST_RETURN_IF_ERROR(PrepareUpdate(*info, stored, object, parameters.subresource, false));
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
    return Fail(ApiError(415, "UnsupportedMediaType",
                         "server-side apply is not served here; use a client-side apply"));
  };
  return Write(resource, ns, name, "", parameters.dry_run, [&](Json& stored) -> Status {
    if (parameters.subresource == "scale") {
      const Json before = stored;
      HOLDFAST_ASSIGN(const Json scale, apply(ScaleOf(stored)));
      HOLDFAST_RETURN_IF_ERROR(ApplyScale(stored, scale));
      MoveGeneration(*info, before, stored);
      return {};
    }
    HOLDFAST_ASSIGN(Json object, apply(stored));
    HOLDFAST_RETURN_IF_ERROR(PrepareUpdate(*info, stored, object, parameters.subresource, true));
    stored = std::move(object);
    return {};
  });
}

Result<ObjectPtr> Registry::Edit(const std::string& resource,
                                 const std::string& ns,
                                 const std::string& name,
                                 const std::string& uid,
                                 const std::function<Status(Json&)>& change) {
  HOLDFAST_ASSIGN(const ResourceInfo* info, Known(resource));
  return Write(resource, ns, name, uid, false, [&](Json& stored) -> Status {
    const Json before = stored;
    HOLDFAST_RETURN_IF_ERROR(change(stored));
    MoveGeneration(*info, before, stored);
    return {};
  });
}

}  // namespace holdfast::sandbox
