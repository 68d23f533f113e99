// Placement that depends on where other pods are: pod affinity and anti-affinity, and topology spread
// constraints.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_POD_TOPOLOGY_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_POD_TOPOLOGY_H_

#include <map>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/node_usage.h"
#include "harness/sandbox/controllers/placement.h"
#include "harness/sandbox/store/store.h"

namespace holdfast::sandbox {

// For one pod and one look at the cluster; cheap when the pod has no such wishes and nobody repels
// it. Labels of namespaces are not looked at: a term without `namespaces` means the pod's own.
class PodTopology {
 public:
  // All references must outlive the object.
  PodTopology(const Json& pod,
              const std::vector<ObjectPtr>& nodes,
              const ClusterIndex& index,
              const NodeUsage& usage);
  // Adds to `refusal`.
  void Check(const Json& node, Refusal& refusal) const;
  // Preferred terms and ScheduleAnyway constraints; more is better.
  [[nodiscard]] int64_t Preference(const Json& node) const;

 private:
  // How many matching pods there are in each domain of a topology key.
  struct Term {
    std::string topology_key;
    std::map<std::string, int64_t> matching;
    int64_t weight = 0;  // Of a preferred term; negative for anti-affinity.
    bool self = false;   // Does the pod match its own term?
    bool any = false;    // Is there a matching pod at all?
  };
  struct Spread {
    std::string topology_key;
    std::map<std::string, int64_t> matching;  // Of every eligible domain, also with none.
    int64_t max_skew = 1;
    bool self = false;
    bool required = true;
  };
  [[nodiscard]] std::string DomainOf(const std::string& node, const std::string& key) const;
  [[nodiscard]] Term Read(const Json& term, int64_t weight) const;
  void ReadTerms(const Json& pod);
  void ReadSpreads(const Json& pod, const std::vector<ObjectPtr>& nodes);
  void ReadRepelling(const Json& pod, const NodeUsage& usage);

  const Json& pod_;
  const ClusterIndex& index_;
  std::map<std::string, const Json*> nodes_;
  std::vector<Term> together_;
  std::vector<Term> apart_;
  std::vector<Term> preferred_;
  std::vector<Spread> spreads_;
  std::vector<std::pair<std::string, std::string>> repelled_;  // Topology key and domain.
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_POD_TOPOLOGY_H_
