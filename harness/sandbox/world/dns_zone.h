// What the cluster's DNS says, read from the store at each question, so that no answer is ever
// older than the objects: services, endpoints with host names, named ports, reverse names.
#ifndef HOLDFAST_HARNESS_SANDBOX_WORLD_DNS_ZONE_H_
#define HOLDFAST_HARNESS_SANDBOX_WORLD_DNS_ZONE_H_

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "harness/sandbox/defects/defects.h"
#include "harness/sandbox/store/store.h"
#include "harness/sandbox/world/dns_message.h"

namespace holdfast::sandbox {

// The Kubernetes DNS specification 1.1 for IPv4 below cluster.local. Thread-safe. `store` must
// outlive it.
class ClusterZone : public Zone {
 public:
  explicit ClusterZone(const Store& store, Defects defects = {})
      : store_(store),
        defects_(defects) {}
  [[nodiscard]] std::optional<NameRecords> Find(
      const std::vector<std::string>& labels) const override;

 private:
  [[nodiscard]] std::optional<NameRecords> FindService(const std::vector<std::string>& front,
                                                       const std::string& service,
                                                       const std::string& ns) const;
  [[nodiscard]] std::optional<NameRecords> FindAddress(const Ipv4& address) const;

  // What is answered for a pod's name: with the defect stale-dns always its first address.
  [[nodiscard]] std::string Remembered(const std::string& name, const std::string& address) const;

  const Store& store_;
  Defects defects_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::string> first_;  // Address by name.
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_WORLD_DNS_ZONE_H_
