#include "harness/sandbox/controllers/node_usage.h"

#include <algorithm>

#include "harness/sandbox/controllers/amount.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

Requests RequestsOfContainer(const Json& container) {
  Requests requests;
  for (const auto& [name, amount] : GetObject(container, {"resources", "requests"}).items())
    requests[name] = AmountOf(&amount);
  return requests;
}

bool Repels(const Json& pod) {
  return !GetArray(pod, {"spec", "affinity", "podAntiAffinity",
                         "requiredDuringSchedulingIgnoredDuringExecution"})
              .empty();
}

}  // namespace

Requests RequestsOf(const Json& pod) {
  Requests sum;
  for (const Json& container : GetArray(pod, {"spec", "containers"})) {
    for (const auto& [name, amount] : RequestsOfContainer(container))
      sum[name] += amount;
  }
  for (const Json& container : GetArray(pod, {"spec", "initContainers"})) {
    const bool sidecar = GetString(container, {"restartPolicy"}) == "Always";
    for (const auto& [name, amount] : RequestsOfContainer(container))
      sum[name] = sidecar ? sum[name] + amount : std::max(sum[name], amount);
  }
  return sum;
}

std::multiset<std::string> HostPortsOf(const Json& pod) {
  std::multiset<std::string> ports;
  const bool host_network = GetBool(pod, {"spec", "hostNetwork"});
  for (const Json& container : GetArray(pod, {"spec", "containers"})) {
    for (const Json& port : GetArray(container, {"ports"})) {
      const int64_t number =
          GetInt(port, {"hostPort"}, host_network ? GetInt(port, {"containerPort"}) : 0);
      if (number == 0) continue;
      ports.insert(fmt::format("{} {}:{}", GetString(port, {"protocol"}, "TCP"),
                               GetString(port, {"hostIP"}, "0.0.0.0"), number));
    }
  }
  return ports;
}

bool HostPortsCollide(const std::multiset<std::string>& a, const std::multiset<std::string>& b) {
  struct Port {
    std::string protocol;
    std::string address;
    std::string number;
  };
  const auto read = [](const std::string& port) -> Port {
    const size_t space = port.find(' ');
    const size_t colon = port.rfind(':');
    return {port.substr(0, space), port.substr(space + 1, colon - space - 1), port.substr(colon)};
  };
  return std::ranges::any_of(a, [&](const std::string& one) {
    const Port left = read(one);
    return std::ranges::any_of(b, [&](const std::string& other) {
      const Port right = read(other);
      return left.protocol == right.protocol && left.number == right.number &&
             (left.address == right.address || left.address == "0.0.0.0" ||
              right.address == "0.0.0.0");
    });
  });
}

void NodeUsage::Add(const std::string& key, const Json& pod) {
  if (Repels(pod)) repelling_.insert(key);
  const std::string node = GetString(pod, {"spec", "nodeName"});
  if (node.empty() || IsPodTerminal(pod)) return;
  const Json* owner = ControllerRef(pod);
  Entry entry{node, owner == nullptr ? "" : GetString(*owner, {"uid"}), RequestsOf(pod),
              HostPortsOf(pod)};
  NodeLoad& load = loads_[node];
  ++load.pods;
  for (const auto& [name, amount] : entry.requests)
    load.requested[name] += amount;
  load.host_ports.insert(entry.host_ports.begin(), entry.host_ports.end());
  if (!entry.owner.empty()) ++load.by_owner[entry.owner];
  entries_.emplace(key, std::move(entry));
}

void NodeUsage::Drop(const std::string& key) {
  repelling_.erase(key);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  const Entry& entry = found->second;
  NodeLoad& load = loads_[entry.node];
  --load.pods;
  for (const auto& [name, amount] : entry.requests)
    load.requested[name] -= amount;
  for (const std::string& port : entry.host_ports)
    load.host_ports.erase(load.host_ports.find(port));
  if (!entry.owner.empty() && --load.by_owner[entry.owner] == 0) load.by_owner.erase(entry.owner);
  entries_.erase(found);
}

void NodeUsage::Rebuild(const Store& store) {
  *this = {};
  for (const ObjectPtr& pod : store.List("pods", ""))
    Add(KeyOf(pod->json), pod->json);
}

void NodeUsage::Apply(const StoreEvent& event) {
  if (event.resource != "pods") return;
  const Json& pod = event.object->json;
  const std::string key = KeyOf(pod);
  if (event.type == StoreEvent::Type::kDeleted) {
    Drop(key);
    return;
  }
  // Most changes of a pod are to its status.
  const bool same = event.previous != nullptr && entries_.contains(key) && !IsPodTerminal(pod) &&
                    GetString(event.previous->json, {"spec", "nodeName"}) ==
                        GetString(pod, {"spec", "nodeName"});
  if (same) return;
  Drop(key);
  Add(key, pod);
}

const NodeLoad& NodeUsage::Of(const std::string& node) const {
  static const NodeLoad kNone;
  const auto found = loads_.find(node);
  return found == loads_.end() ? kNone : found->second;
}

}  // namespace holdfast::sandbox
