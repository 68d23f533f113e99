// Endpoints from pods, as the endpointslice reconciler of Kubernetes 1.36 fills them in.
#include "harness/sandbox/controllers/endpoint_slices.h"

#include <algorithm>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

constexpr char kSlices[] = "endpointslices";
constexpr char kServices[] = "services";
constexpr char kServiceLabel[] = "kubernetes.io/service-name";
constexpr size_t kMostPerSlice = 100;
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

Json ServicePorts(const Json& service, const Json& pod) {
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

std::vector<ObjectPtr> EndpointSliceController::SlicesOf(const Json& service) const {
  std::vector<ObjectPtr> slices;
  for (ObjectPtr& slice : registry_.store().List(kSlices, NamespaceOf(service))) {
    const Json* owner = ControllerRef(slice->json);
    if (owner != nullptr && GetString(*owner, {"uid"}) == UidOf(service))
      slices.push_back(std::move(slice));
  }
  return slices;
}

std::map<std::string, Json> EndpointSliceController::EndpointsOf(const std::string& key,
                                                                 const StoredObject& service,
                                                                 Json* ports) {
  Memory& memory = memory_[key];
  if (memory.service_version != service.version) memory = {service.version, {}};
  std::map<std::string, Made> made;
  std::map<std::string, Json> endpoints;
  for (const auto& [pod_key, pod] : index_.PodsIn(NamespaceOf(service.json))) {
    if (pod->terminal || pod->node.empty() || !Selects(service.json, pod->json()) ||
        GetString(pod->json(), {"status", "podIP"}).empty()) {
      continue;
    }
    if (ports->empty()) *ports = ServicePorts(service.json, pod->json());
    const auto known = memory.endpoints.find(pod_key);
    Made& entry = made[pod_key];
    if (known != memory.endpoints.end() && known->second.version == pod->stored->version) {
      entry = std::move(known->second);
    } else {
      entry = {pod->stored->version, EndpointOf(service.json, pod->json())};
    }
    endpoints.emplace(pod->uid, entry.endpoint);
  }
  memory.endpoints = std::move(made);
  return endpoints;
}

Json EndpointSliceController::KeepOf(const Json& slice,
                                     std::map<std::string, Json>& wanted) const {
  Json kept = Json::array();
  for (const Json& endpoint : GetArray(slice, {"endpoints"})) {
    const auto found = wanted.find(GetString(endpoint, {"targetRef", "uid"}));
    if (found != wanted.end()) {
      kept.push_back(std::move(found->second));
      wanted.erase(found);
    } else if (keep_dead_) {
      Json dead = endpoint;
      dead["conditions"] = {{"ready", true}, {"serving", true}, {"terminating", false}};
      kept.push_back(std::move(dead));
    }
  }
  return kept;
}

// `slice` is nullptr for a new one.
Status EndpointSliceController::Write(const Json& service,
                                      const ObjectPtr& slice,
                                      const Json& endpoints,
                                      const Json& ports) {
  const std::string now = FormatRfc3339(registry_.clock().Wall());
  const Json labels = LabelsOf(service);
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
  if (!found || SelectorOf((*found)->json).empty() || IsTerminating((*found)->json)) {
    memory_.erase(key);
    return {};
  }
  const Json& service = (*found)->json;
  Json ports = Json::array();
  std::map<std::string, Json> wanted = EndpointsOf(key, **found, &ports);
  std::vector<std::pair<ObjectPtr, Json>> slices;
  for (ObjectPtr& slice : SlicesOf(service)) {
    Json kept = KeepOf(slice->json, wanted);
    slices.emplace_back(std::move(slice), std::move(kept));
  }
  // What is new comes last, in the order of pod names.
  std::vector<Json> fresh;
  for (auto& [uid, endpoint] : wanted)
    fresh.push_back(std::move(endpoint));
  std::ranges::sort(fresh, {}, [](const Json& endpoint) {
    return GetString(endpoint, {"targetRef", "name"});
  });
  for (Json& endpoint : fresh) {
    auto room = std::ranges::find_if(
        slices, [](const auto& slice) { return slice.second.size() < kMostPerSlice; });
    if (room == slices.end()) {
      slices.emplace_back(nullptr, Json::array());
      room = std::prev(slices.end());
    }
    room->second.push_back(std::move(endpoint));
  }
  if (slices.empty()) slices.emplace_back(nullptr, Json::array());
  size_t left = slices.size();
  for (const auto& [slice, endpoints] : slices) {
    if (endpoints.empty() && left > 1 && slice != nullptr) {
      --left;
      DeleteParameters parameters;
      parameters.uid = UidOf(slice->json);
      const auto deleted = registry_.Delete(kSlices, ns, NameOf(slice->json), parameters);
      if (!deleted && deleted.error().code != ErrorCode::kNotFound) return Fail(deleted.error());
      continue;
    }
    HOLDFAST_RETURN_IF_ERROR(Write(service, slice, endpoints, ports));
  }
  return {};
}

}  // namespace holdfast::sandbox
