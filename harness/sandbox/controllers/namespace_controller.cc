// The life of a namespace.
#include "harness/sandbox/controllers/namespace_controller.h"

#include <vector>

#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/sandbox/api/resources.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

constexpr char kNamespaces[] = "namespaces";
constexpr char kRootCa[] = "kube-root-ca.crt";

Status IgnoreExisting(const Result<ObjectPtr>& result) {
  if (result || result.error().reason == "AlreadyExists") return {};
  return Fail(result.error());
}

}  // namespace

void NamespaceController::Resync(WorkQueue& queue) {
  for (const ObjectPtr& ns : registry_.store().List(kNamespaces, ""))
    queue.Add(NameOf(ns->json));
}

void NamespaceController::Observe(const StoreEvent& event, WorkQueue& queue) {
  const Json& object = event.object->json;
  if (event.resource == kNamespaces) {
    if (event.type != StoreEvent::Type::kDeleted) queue.Add(NameOf(object));
    return;
  }
  // Something went: a namespace that is ending may be one step further, a live one may have lost
  // what belongs to it.
  if (event.type != StoreEvent::Type::kDeleted || NamespaceOf(object).empty()) return;
  const auto ns = registry_.store().Get(kNamespaces, "", NamespaceOf(object));
  if (!ns) return;
  const bool standard = event.resource == "serviceaccounts" || event.resource == "configmaps";
  if (IsTerminating((*ns)->json) || standard) queue.Add(NamespaceOf(object));
}

Status NamespaceController::Furnish(const std::string& ns) {
  const Store& store = registry_.store();
  if (!store.Get("serviceaccounts", ns, "default")) {
    HOLDFAST_RETURN_IF_ERROR(IgnoreExisting(registry_.Create(
        "serviceaccounts", ns, {{"metadata", {{"name", "default"}, {"namespace", ns}}}})));
  }
  if (store.Get("configmaps", ns, kRootCa)) return {};
  Json root_ca = {{"metadata",
                   {{"name", kRootCa},
                    {"namespace", ns},
                    {"annotations",
                     {{"kubernetes.io/description",
                       "Contains a CA bundle that can be used to verify the kube-apiserver."}}}}},
                  {"data", {{"ca.crt", ca_pem_}}}};
  return IgnoreExisting(registry_.Create("configmaps", ns, std::move(root_ca)));
}

Status NamespaceController::DeleteAll(const std::string& resource,
                                      const std::string& ns,
                                      Left* left) {
  for (const ObjectPtr& object : registry_.store().List(resource, ns)) {
    if (IsTerminating(object->json)) continue;
    DeleteParameters parameters;
    parameters.uid = UidOf(object->json);
    const auto deleted = registry_.Delete(resource, ns, NameOf(object->json), parameters);
    if (!deleted && deleted.error().code != ErrorCode::kNotFound) return Fail(deleted.error());
  }
  for (const ObjectPtr& object : registry_.store().List(resource, ns)) {
    ++left->objects[resource];
    for (const Json& finalizer : GetArray(object->json, {"metadata", "finalizers"}))
      if (finalizer.is_string()) ++left->finalizers[finalizer.get<std::string>()];
  }
  return {};
}

Status NamespaceController::Empty(const std::string& ns, Left* left) {
  HOLDFAST_RETURN_IF_ERROR(DeleteAll("pods", ns, left));
  if (!left->objects.empty()) return {};
  for (const ResourceInfo& resource : AllResources()) {
    if (!resource.namespaced || resource.is_view) continue;
    HOLDFAST_RETURN_IF_ERROR(DeleteAll(resource.plural, ns, left));
  }
  return {};
}

Status NamespaceController::Report(const Json& ns, const Left& left) {
  std::vector<std::string> objects;
  for (const auto& [resource, count] : left.objects)
    objects.push_back(fmt::format("{}. has {} resource instances", resource, count));
  std::vector<std::string> finalizers;
  for (const auto& [finalizer, count] : left.finalizers)
    finalizers.push_back(fmt::format("{} in {} resource instances", finalizer, count));
  const auto condition = [](const char* type, bool value, const char* reason,
                            const std::string& message) -> Json {
    return {{"type", type},
            {"status", value ? "True" : "False"},
            {"reason", reason},
            {"message", message}};
  };
  const std::string now = FormatRfc3339(registry_.clock().Wall());
  const auto edited = registry_.Edit(
      kNamespaces, "", NameOf(ns), UidOf(ns), [&](Json& object) -> Status {
        SetCondition(object,
                     condition("NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered",
                               "All resources successfully discovered"),
                     now);
        SetCondition(object,
                     condition("NamespaceDeletionGroupVersionParsingFailure", false,
                               "ParsedGroupVersions",
                               "All legacy kube types successfully parsed"),
                     now);
        SetCondition(object,
                     condition("NamespaceDeletionContentFailure", false, "ContentDeleted",
                               "All content successfully deleted, may be waiting on finalization"),
                     now);
        SetCondition(object,
                     condition("NamespaceContentRemaining", !objects.empty(),
                               objects.empty() ? "ContentRemoved" : "SomeResourcesRemain",
                               objects.empty()
                                   ? "All content successfully removed"
                                   : "Some resources are remaining: " + Join(objects, ", ")),
                     now);
        SetCondition(
            object,
            condition("NamespaceFinalizersRemaining", !finalizers.empty(),
                      finalizers.empty() ? "ContentHasNoFinalizers" : "SomeFinalizersRemain",
                      finalizers.empty()
                          ? "All content-preserving finalizers finished"
                          : "Some content in the namespace has finalizers remaining: " +
                                Join(finalizers, ", ")),
            now);
        return {};
      });
  if (!edited && edited.error().code != ErrorCode::kNotFound) return Fail(edited.error());
  return {};
}

Status NamespaceController::Sync(const std::string& key, WorkQueue& /*queue*/) {
  const auto found = registry_.store().Get(kNamespaces, "", key);
  if (!found) return {};
  if (!IsTerminating((*found)->json)) return Furnish(key);
  Left left;
  HOLDFAST_RETURN_IF_ERROR(Empty(key, &left));
  // What is left ends by itself; each end brings the namespace back here.
  if (!left.objects.empty()) return Report((*found)->json, left);
  const auto finalized =
      registry_.Edit(kNamespaces, "", key, UidOf((*found)->json), [](Json& object) -> Status {
        object["spec"].erase("finalizers");
        return {};
      });
  if (!finalized && finalized.error().code != ErrorCode::kNotFound) return Fail(finalized.error());
  return {};
}

}  // namespace holdfast::sandbox
