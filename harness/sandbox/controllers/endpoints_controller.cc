#include "harness/sandbox/controllers/endpoints_controller.h"

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/endpoint_slices.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

constexpr char kResource[] = "endpoints";
constexpr char kTriggerTime[] = "endpoints.kubernetes.io/last-change-trigger-time";
constexpr Nanos kBatch = std::chrono::milliseconds(200);
constexpr size_t kMostAddresses = 1000;

const Json& SelectorOf(const Json& service) { return GetObject(service, {"spec", "selector"}); }

Json AddressOf(const Json& service, const IndexedPod& pod) {
  Json address = {{"ip", GetString(pod.json(), {"status", "podIP"})},
                  {"nodeName", pod.node},
                  {"targetRef",
                   {{"kind", "Pod"}, {"namespace", pod.ns}, {"name", pod.name}, {"uid", pod.uid}}}};
  const std::string hostname = GetString(pod.json(), {"spec", "hostname"});
  if (!hostname.empty() && GetString(pod.json(), {"spec", "subdomain"}) == NameOf(service))
    address["hostname"] = hostname;
  return address;
}

}  // namespace

void EndpointsController::Resync(WorkQueue& queue) {
  for (const ObjectPtr& service : registry_.store().List("services", ""))
    queue.Add(KeyOf(service->json));
}

void EndpointsController::Observe(const StoreEvent& event, WorkQueue& queue) {
  const Json& object = event.object->json;
  if (event.resource == "services") {
    queue.Add(KeyOf(object));
  } else if (event.resource == "pods") {
    for (const ObjectPtr& service : registry_.store().List("services", NamespaceOf(object))) {
      const Json& selector = SelectorOf(service->json);
      if (!selector.empty() && MatchesLabels(selector, GetObject(object, {"metadata", "labels"})))
        queue.AddAfter(KeyOf(service->json), kBatch);
    }
  }
}

Json EndpointsController::SubsetsOf(const Json& service) const {
  const bool publish = GetBool(service, {"spec", "publishNotReadyAddresses"});
  Json subset = Json::object();
  size_t count = 0;
  for (const auto& [key, pod] : index_.PodsIn(NamespaceOf(service))) {
    if (!MatchesLabels(SelectorOf(service), GetObject(pod->json(), {"metadata", "labels"})) ||
        pod->terminal || GetString(pod->json(), {"status", "podIP"}).empty() ||
        (pod->terminating && !publish) || count == kMostAddresses) {
      continue;
    }
    ++count;
    const bool ready = pod->ready || publish;
    subset[ready ? "addresses" : "notReadyAddresses"].push_back(AddressOf(service, *pod));
    if (subset.contains("ports")) continue;
    Json ports = ServicePorts(service, pod->json());
    for (Json& port : ports)
      if (GetString(port, {"name"}).empty()) port.erase("name");
    subset["ports"] = std::move(ports);
  }
  if (count == 0) return Json::array();
  if (subset["ports"].empty()) subset.erase("ports");
  return Json::array({std::move(subset)});
}

Status EndpointsController::Sync(const std::string& key, WorkQueue& /*queue*/) {
  const auto [ns, name] = SplitKey(key);
  const auto found = registry_.store().Get("services", ns, name);
  const auto existing = registry_.store().Get(kResource, ns, name);
  if (!found) {
    if (!existing) return {};
    const auto deleted = registry_.Delete(kResource, ns, name, {});
    if (!deleted && deleted.error().code != ErrorCode::kNotFound) return Fail(deleted.error());
    return {};
  }
  const Json& service = (*found)->json;
  if (SelectorOf(service).empty() || IsTerminating(service)) return {};
  const Json subsets = SubsetsOf(service);
  Json labels = GetObject(service, {"metadata", "labels"});
  labels["endpoints.kubernetes.io/managed-by"] = "endpoint-controller";
  if (GetString(service, {"spec", "clusterIP"}) == "None")
    labels["service.kubernetes.io/headless"] = "";
  const std::string now = FormatRfc3339(registry_.clock().Wall());
  if (!existing) {
    Json object = {{"metadata",
                    {{"name", name},
                     {"namespace", ns},
                     {"labels", labels},
                     {"annotations", {{kTriggerTime, now}}}}},
                   {"subsets", subsets}};
    const auto created = registry_.Create(kResource, ns, std::move(object));
    if (created || created.error().reason == "AlreadyExists" || created.error().http_status == 403)
      return {};
    return Fail(created.error());
  }
  if (GetArray((*existing)->json, {"subsets"}) == subsets &&
      GetObject((*existing)->json, {"metadata", "labels"}) == labels) {
    return {};
  }
  const auto edited = registry_.Edit(kResource, ns, name, "", [&](Json& object) -> Status {
    object["subsets"] = subsets;
    object["metadata"]["labels"] = labels;
    object["metadata"]["annotations"][kTriggerTime] = now;
    return {};
  });
  if (!edited && edited.error().code != ErrorCode::kNotFound) return Fail(edited.error());
  return {};
}

}  // namespace holdfast::sandbox
