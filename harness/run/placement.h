// Predicts whether pods that leave a node can run somewhere else, before they are driven away.
#ifndef HOLDFAST_HARNESS_RUN_PLACEMENT_H_
#define HOLDFAST_HARNESS_RUN_PLACEMENT_H_

#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::run {

// What the scheduler would look at; objects of the API.
struct PlacementFacts {
  std::vector<Json> nodes;
  std::vector<Json> pods;     // Of all namespaces.
  std::vector<Json> claims;   // Of the run's namespace.
  std::vector<Json> volumes;  // PersistentVolumes.
};

// Refused by the fence with the first pod of `leaving` that fits on no node but `node`, and why not
// on each of the others: not ready, cordoned, a taint, a node selector, the place of its volume,
// processor or memory. Affinities between pods are not simulated. Pods are placed one after the
// other, so that room is not counted twice.
Status CheckRoom(const PlacementFacts& facts,
                 const std::string& node,
                 const std::vector<Json>& leaving);

// "250m", "1.5", "2Gi" as a number of units, or nullopt.
std::optional<double> ParseAmount(const Json& quantity);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_PLACEMENT_H_
