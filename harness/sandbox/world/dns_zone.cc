#include "harness/sandbox/world/dns_zone.h"

#include <algorithm>

#include "harness/base/json.h"
#include "harness/base/strings.h"

namespace holdfast::sandbox {
namespace {

constexpr const char* kDomain = "cluster.local";
using Labels = std::vector<std::string>;

struct Endpoint {
  std::string address;
  std::string hostname;  // The pod's, or the address with dashes.
};

std::string NameOf(const Endpoint& endpoint, const std::string& service, const std::string& ns) {
  return fmt::format("{}.{}.{}.svc.{}", endpoint.hostname, service, ns, kDomain);
}

// The endpoints of a slice that DNS may name.
void AddEndpoints(const Json& slice, bool also_unready, std::vector<Endpoint>& endpoints) {
  for (const Json& item : GetArray(slice, {"endpoints"})) {
    if (!also_unready && !GetBool(item, {"conditions", "ready"}, true)) continue;
    for (const Json& address : GetArray(item, {"addresses"})) {
      if (!address.is_string()) continue;
      Endpoint endpoint;
      endpoint.address = address.get<std::string>();
      endpoint.hostname = GetString(item, {"hostname"}, ReplaceAll(endpoint.address, ".", "-"));
      endpoints.push_back(std::move(endpoint));
    }
  }
}

bool IsSliceOf(const Json& slice, const std::string& service) {
  return GetString(slice, {"metadata", "labels", "kubernetes.io/service-name"}) == service;
}

void AddAddress(const std::string& text, NameRecords& records) {
  const std::optional<Ipv4> address = ParseIpv4(text);
  if (address && std::ranges::find(records.a, *address) == records.a.end())
    records.a.push_back(*address);
}

bool IsHeadless(const Json& service) {
  const std::string ip = GetString(service, {"spec", "clusterIP"}, "None");
  return ip == "None" || ip.empty();
}

// "_postgres", "_tcp": the port's number, of the slices for a headless service (where a named
// target port is resolved), else of the service.
std::optional<uint16_t> PortNumber(const Json& ports,
                                   const std::string& port_label,
                                   const std::string& protocol_label) {
  for (const Json& port : ports) {
    std::string protocol = GetString(port, {"protocol"}, "TCP");
    std::ranges::transform(protocol, protocol.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    if ("_" + GetString(port, {"name"}) == port_label && "_" + protocol == protocol_label)
      return static_cast<uint16_t>(GetInt(port, {"port"}));
  }
  return std::nullopt;
}

}  // namespace

std::optional<NameRecords> ClusterZone::FindService(const Labels& front,
                                                    const std::string& service,
                                                    const std::string& ns) const {
  const Result<ObjectPtr> found = store_.Get("services", ns, service);
  if (!found) return std::nullopt;
  const Json& object = (*found)->json;
  const bool headless = IsHeadless(object);
  const bool also_unready = GetBool(object, {"spec", "publishNotReadyAddresses"});
  std::vector<Endpoint> endpoints;
  const Json* ports = nullptr;
  const std::vector<ObjectPtr> slices = store_.List("endpointslices", ns);
  for (const ObjectPtr& slice : slices) {
    if (!IsSliceOf(slice->json, service)) continue;
    AddEndpoints(slice->json, also_unready, endpoints);
    ports = &GetArray(slice->json, {"ports"});
  }
  if (!headless) ports = &GetArray(object, {"spec", "ports"});
  NameRecords records;
  if (front.empty() && !headless) {
    AddAddress(GetString(object, {"spec", "clusterIP"}), records);
  } else if (front.empty()) {
    for (const Endpoint& endpoint : endpoints)
      AddAddress(endpoint.address, records);
    if (endpoints.empty()) return std::nullopt;  // As the specification has it.
  } else if (front.size() == 1 && front[0].starts_with('_')) {
    return records;  // Above the ports: exists, holds nothing.
  } else if (front.size() == 1) {
    for (const Endpoint& endpoint : endpoints)
      if (endpoint.hostname == front[0])
        AddAddress(Remembered(NameOf(endpoint, service, ns), endpoint.address), records);
    if (records.a.empty()) return std::nullopt;
  } else if (front.size() == 2 && ports != nullptr) {
    const std::optional<uint16_t> port = PortNumber(*ports, front[0], front[1]);
    if (!port) return std::nullopt;
    if (!headless)
      records.srv.push_back({*port, fmt::format("{}.{}.svc.{}", service, ns, kDomain)});
    for (const Endpoint& endpoint : endpoints)
      if (headless) records.srv.push_back({*port, NameOf(endpoint, service, ns)});
    if (records.srv.empty()) return std::nullopt;
  } else {
    return std::nullopt;
  }
  return records;
}

std::string ClusterZone::Remembered(const std::string& name, const std::string& address) const {
  if (!defects_.Has(Defect::kStaleDns)) return address;
  const std::scoped_lock lock(mutex_);
  return first_.emplace(name, address).first->second;
}

std::optional<NameRecords> ClusterZone::FindAddress(const Ipv4& address) const {
  const std::string text =
      fmt::format("{}.{}.{}.{}", address[0], address[1], address[2], address[3]);
  NameRecords records;
  for (const ObjectPtr& service : store_.List("services", "")) {
    if (GetString(service->json, {"spec", "clusterIP"}) == text)
      records.ptr.push_back(
          fmt::format("{}.{}.svc.{}", GetString(service->json, {"metadata", "name"}),
                      GetString(service->json, {"metadata", "namespace"}), kDomain));
  }
  for (const ObjectPtr& slice : store_.List("endpointslices", "")) {
    std::vector<Endpoint> endpoints;
    AddEndpoints(slice->json, false, endpoints);
    const std::string service =
        GetString(slice->json, {"metadata", "labels", "kubernetes.io/service-name"});
    for (const Endpoint& endpoint : endpoints)
      if (endpoint.address == text && !service.empty())
        records.ptr.push_back(
            NameOf(endpoint, service, GetString(slice->json, {"metadata", "namespace"})));
  }
  if (records.ptr.empty()) return std::nullopt;
  return records;
}

std::optional<NameRecords> ClusterZone::Find(const Labels& labels) const {
  const size_t count = labels.size();
  if (count == 6 && labels[4] == "in-addr" && labels[5] == "arpa") {
    const std::optional<Ipv4> address =
        ParseIpv4(fmt::format("{}.{}.{}.{}", labels[3], labels[2], labels[1], labels[0]));
    return address ? FindAddress(*address) : std::nullopt;
  }
  if (count < 2 || labels[count - 2] != "cluster" || labels[count - 1] != "local")
    return std::nullopt;  // The private world has no other names.
  if (count == 2 || (count == 3 && labels[0] == "svc")) return NameRecords{};
  if (labels[count - 3] != "svc") return std::nullopt;
  const std::string& ns = labels[count - 4];
  if (count == 4) {
    if (!store_.Get("namespaces", "", ns)) return std::nullopt;
    return NameRecords{};
  }
  const auto service = labels.end() - 5;
  return FindService(Labels(labels.begin(), service), *service, ns);
}

}  // namespace holdfast::sandbox
