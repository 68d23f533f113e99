// What is taken of each node: requested resources, host ports, pods by owner; kept from the events.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_NODE_USAGE_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_NODE_USAGE_H_

#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "harness/sandbox/store/store.h"

namespace holdfast::sandbox {

// Requests by resource name, in thousandths; never with "pods".
using Requests = std::map<std::string, int64_t>;
// Of all containers together, or of the largest init container where that is more.
Requests RequestsOf(const Json& pod);
// "TCP 0.0.0.0:80" for each host port.
std::multiset<std::string> HostPortsOf(const Json& pod);
// Do the two collide? The address 0.0.0.0 collides with every other.
bool HostPortsCollide(const std::multiset<std::string>& a, const std::multiset<std::string>& b);

struct NodeLoad {
  Requests requested;
  std::multiset<std::string> host_ports;
  int64_t pods = 0;
  std::unordered_map<std::string, int> by_owner;  // Uid of the controller.
};

// Counts pods that have a node and are not finished.
class NodeUsage {
 public:
  void Rebuild(const Store& store);
  void Apply(const StoreEvent& event);
  [[nodiscard]] const NodeLoad& Of(const std::string& node) const;
  // Keys of the pods, with or without a node, that have required anti-affinity.
  [[nodiscard]] const std::set<std::string>& Repelling() const { return repelling_; }

 private:
  struct Entry {
    std::string node;
    std::string owner;
    Requests requests;
    std::multiset<std::string> host_ports;
  };
  void Add(const std::string& key, const Json& pod);
  void Drop(const std::string& key);

  std::unordered_map<std::string, Entry> entries_;  // By key of the pod.
  std::unordered_map<std::string, NodeLoad> loads_;
  std::set<std::string> repelling_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_NODE_USAGE_H_
