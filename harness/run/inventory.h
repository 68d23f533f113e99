// What a run could leave behind: taken before it touches anything and after it has undone
// everything. The last scenario of every run, left-as-found, compares the two.
#ifndef HOLDFAST_HARNESS_RUN_INVENTORY_H_
#define HOLDFAST_HARNESS_RUN_INVENTORY_H_

#include <set>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/kube/client.h"
#include "harness/trace/trace_writer.h"

namespace holdfast::run {

inline constexpr const char* kLeftAsFound = "left-as-found";

struct FoundObject {
  std::string kind;
  std::string name;
  Json fields;
  friend bool operator==(const FoundObject&, const FoundObject&) = default;
};

// Of every node: uid, schedulability, labels, finalizers and taints, but for those taints that the
// system puts on and takes off by itself. Of the run's namespace `ns`: whether it exists, and, when it
// was given, what has the run's label in it. Every volume that is claimed from it, every attachment of such a volume, and every lease of the run
// on a node or a namespace.
Result<std::vector<FoundObject>> TakeInventory(kube::Client& client,
                                               const std::string& ns,
                                               const std::string& run,
                                               bool given);

// Writes the trace kind "found": {"when":"before"|"after","object":{"kind","name"},"fields"}. In a
// shared cluster others change nodes, too: what differs afterwards on a node that this run never wrote to
// is recorded as it was, with what it is now under "foreign", and is not ours to answer for.
void RecordInventory(trace::TraceWriter& trace,
                     const std::vector<FoundObject>& before,
                     const std::vector<FoundObject>& after,
                     const std::set<std::string>& touched_nodes);

// Lines for people, one for each difference that is ours.
std::vector<std::string> Differences(const std::vector<FoundObject>& before,
                                     const std::vector<FoundObject>& after,
                                     const std::set<std::string>& touched_nodes);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_INVENTORY_H_
