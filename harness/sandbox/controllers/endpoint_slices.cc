// Endpoints from pods, as the endpointslice reconciler of Kubernetes 1.36 fills them in.
#include "harness/sandbox/controllers/endpoint_slices.h"

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

constexpr char kSlices[] = "endpointslices";
constexpr char kServices[] = "services";
constexpr char kServiceLabel[] = "kubernetes.io/service-name";
constexpr char kTriggerTime[] = "endpoints.kubernetes.io/last-change-trigger-time";

const Json& SelectorOf(const Json& service) { return GetObject(service, {"spec", "selector"}); }

bool Selects(const Json& service, const Json& pod) {
  const Json& selector = SelectorOf(service);
  return !selector.empty() && MatchesLabels(selector, GetObject(pod, {"metadata", "labels"}));
}

// The number behind a service port on this pod: targetPort may be a number, a container port's
// name, or missing.
int64_t TargetPort(const Json& port, const Json& pod) {
  const Json* target = FindPath(port, {"targetPort"});
  if (target == nullptr || !target->is_string()) {
    return GetInt(port, {"targetPort"}, GetInt(port, {"port"}));
  }
  for (const Json& container : GetArray(pod, {"spec", "containers"})) {
    for (const Json& offered : GetArray(container, {"ports"})) {
      if (GetString(offered, {"name"}) == target->get<std::string>()) {
        return GetInt(offered, {"containerPort"});
      }
    }
  }
  return 0;
}

Json PortsOf(const Json& service, const Json& pod) {
  Json ports = Json::array();
  for (const Json& port : GetArray(service, {"spec", "ports"})) {
    const int64_t number = TargetPort(port, pod);
    if (number == 0) continue;
    ports.push_back({{"name", GetString(port, {"name"})},
                     {"protocol", GetString(port, {"protocol"}, "TCP")},
                     {"port", number}});
  }
  return ports;
}

Json LabelsOf(const Json& service) {
  Json labels = GetObject(service, {"metadata", "labels"});
  labels[kServiceLabel] = NameOf(service);
  labels["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io";
  if (GetString(service, {"spec", "clusterIP"}) == "None") {
    labels["service.kubernetes.io/headless"] = "";
  }
  return labels;
}

}  // namespace

Json EndpointOf(const Json& service, const Json& pod) {
  const bool serving = IsPodReady(pod);
  const bool terminating = IsTerminating(pod);
  const bool publish = GetBool(service, {"spec", "publishNotReadyAddresses"});
  Json endpoint = {{"addresses", Json::array({GetString(pod, {"status", "podIP"})})},
                   {"conditions",
                    {{"ready", publish || (serving && !terminating)},
                     {"serving", serving},
                     {"terminating", terminating}}},
                   {"targetRef",
                    {{"kind", "Pod"},
                     {"namespace", NamespaceOf(pod)},
                     {"name", NameOf(pod)},
                     {"uid", UidOf(pod)}}},
                   {"nodeName", GetString(pod, {"spec", "nodeName"})}};
  const std::string hostname = GetString(pod, {"spec", "hostname"});
  if (!hostname.empty() && GetString(pod, {"spec", "subdomain"}) == NameOf(service)) {
    endpoint["hostname"] = hostname;
  }
  return endpoint;
}

void EndpointSliceController::Resync(WorkQueue& queue) {
  for (const ObjectPtr& service : registry_.store().List(kServices, "")) {
    queue.Add(KeyOf(service->json));
  }
}

void EndpointSliceController::AddServicesOf(const Json& pod, WorkQueue& queue) const {
  for (const ObjectPtr& service : registry_.store().List(kServices, NamespaceOf(pod))) {
    if (Selects(service->json, pod)) queue.Add(KeyOf(service->json));
  }
}

void EndpointSliceController::Observe(const StoreEvent& event, WorkQueue& queue) {
  const Json& object = event.object->json;
  if (event.resource == kServices) {
    queue.Add(KeyOf(object));
  } else if (event.resource == "pods") {
    AddServicesOf(object, queue);
    if (event.previous != nullptr) AddServicesOf(event.previous->json, queue);
  } else if (event.resource == kSlices) {
    // Somebody changed or deleted what is ours.
    const std::string service = GetString(object, {"metadata", "labels", kServiceLabel});
    if (!service.empty()) queue.Add(MakeKey(NamespaceOf(object), service));
  }
}

ObjectPtr EndpointSliceController::SliceOf(const Json& service) const {
  for (ObjectPtr& slice : registry_.store().List(kSlices, NamespaceOf(service))) {
    const Json* owner = ControllerRef(slice->json);
    if (owner != nullptr && GetString(*owner, {"uid"}) == UidOf(service)) return std::move(slice);
  }
  return nullptr;
}

Status EndpointSliceController::Write(const Json& service,
                                      const Json& endpoints,
                                      const Json& ports) {
  const Json labels = LabelsOf(service);
  const std::string now = FormatRfc3339(registry_.clock().Wall());
  const ObjectPtr slice = SliceOf(service);
  if (slice == nullptr) {
    Json object = {
        {"apiVersion", "discovery.k8s.io/v1"},
        {"kind", "EndpointSlice"},
        {"metadata",
         {{"generateName", NameOf(service) + "-"},
          {"namespace", NamespaceOf(service)},
          {"labels", labels},
          {"annotations", {{kTriggerTime, now}}},
          {"ownerReferences", Json::array({MakeControllerRef(service, "v1", "Service")})}}},
        {"addressType", "IPv4"},
        {"endpoints", endpoints},
        {"ports", ports}};
    const auto created = registry_.Create(kSlices, NamespaceOf(service), std::move(object));
    return created ? Status() : Status(Fail(created.error()));
  }
  if (GetArray(slice->json, {"endpoints"}) == endpoints &&
      GetArray(slice->json, {"ports"}) == ports &&
      GetObject(slice->json, {"metadata", "labels"}) == labels) {
    return {};
  }
  const auto written = registry_.Edit(kSlices, NamespaceOf(service), NameOf(slice->json),
                                      UidOf(slice->json), [&](Json& object) -> Status {
                                        object["endpoints"] = endpoints;
                                        object["ports"] = ports;
                                        object["metadata"]["labels"] = labels;
                                        object["metadata"]["annotations"][kTriggerTime] = now;
                                        return {};
                                      });
  return written ? Status() : Status(Fail(written.error()));
}

Status EndpointSliceController::Sync(const std::string& key, WorkQueue& /*queue*/) {
  const auto [ns, name] = SplitKey(key);
  const auto found = registry_.store().Get(kServices, ns, name);
  if (!found || SelectorOf((*found)->json).empty() || IsTerminating((*found)->json)) return {};
  const Json& service = (*found)->json;
  Json endpoints = Json::array();
  Json ports = Json::array();
  for (const ObjectPtr& pod : registry_.store().List("pods", ns)) {
    if (!Selects(service, pod->json) || IsPodTerminal(pod->json) ||
        GetString(pod->json, {"status", "podIP"}).empty()) {
      continue;
    }
    endpoints.push_back(EndpointOf(service, pod->json));
    if (ports.empty()) ports = PortsOf(service, pod->json);
  }
  return Write(service, endpoints, ports);
}

}  // namespace holdfast::sandbox
