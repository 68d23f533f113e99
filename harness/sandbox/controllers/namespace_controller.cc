// The life of a namespace.
#include "harness/sandbox/controllers/namespace_controller.h"

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
                                      size_t* left) {
  for (const ObjectPtr& object : registry_.store().List(resource, ns)) {
    if (IsTerminating(object->json)) continue;
    DeleteParameters parameters;
    parameters.uid = UidOf(object->json);
    const auto deleted = registry_.Delete(resource, ns, NameOf(object->json), parameters);
    if (!deleted && deleted.error().code != ErrorCode::kNotFound) return Fail(deleted.error());
  }
  *left += registry_.store().List(resource, ns).size();
  return {};
}

Status NamespaceController::Empty(const std::string& ns, bool* empty) {
  size_t left = 0;
  HOLDFAST_RETURN_IF_ERROR(DeleteAll("pods", ns, &left));
  *empty = left == 0;
  if (!*empty) return {};
  for (const ResourceInfo& resource : AllResources()) {
    if (!resource.namespaced) continue;
    HOLDFAST_RETURN_IF_ERROR(DeleteAll(resource.plural, ns, &left));
  }
  *empty = left == 0;
  return {};
}

Status NamespaceController::Sync(const std::string& key, WorkQueue& /*queue*/) {
  const auto found = registry_.store().Get(kNamespaces, "", key);
  if (!found) return {};
  if (!IsTerminating((*found)->json)) return Furnish(key);
  bool empty = false;
  HOLDFAST_RETURN_IF_ERROR(Empty(key, &empty));
  // What is left ends by itself; each end brings the namespace back here.
  if (!empty) return {};
  const auto finalized =
      registry_.Edit(kNamespaces, "", key, UidOf((*found)->json), [](Json& object) -> Status {
        object["spec"].erase("finalizers");
        return {};
      });
  if (!finalized && finalized.error().code != ErrorCode::kNotFound) return Fail(finalized.error());
  return {};
}

}  // namespace holdfast::sandbox
