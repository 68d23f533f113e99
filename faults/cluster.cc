#include "faults/cluster.h"

#include <algorithm>

namespace holdfast::faults {
namespace {

template <typename T>
const T* Named(const std::vector<T>& list, const std::string& name) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const T& item) { return item.name == name; });
  return found == list.end() ? nullptr : &*found;
}

}  // namespace

const Pod* Snapshot::Find(const std::string& name) const { return Named(pods, name); }

const Pod* Snapshot::FindUid(const std::string& uid) const {
  const auto found =
      std::find_if(pods.begin(), pods.end(), [&](const Pod& pod) { return pod.uid == uid; });
  return found == pods.end() ? nullptr : &*found;
}

const Node* Snapshot::FindNode(const std::string& name) const { return Named(nodes, name); }

const Claim* Snapshot::FindClaim(const std::string& name) const { return Named(claims, name); }

int Snapshot::Updated() const {
  return static_cast<int>(std::count_if(pods.begin(), pods.end(), [&](const Pod& pod) {
    return !pod.terminating && !update_revision.empty() && pod.revision == update_revision;
  }));
}

std::string NodeActionName(NodeAction action) {
  switch (action) {
    case NodeAction::kCrash:
      return "crash";
    case NodeAction::kFreeze:
      return "freeze";
    case NodeAction::kPartition:
      return "partition";
  }
  return "";
}

}  // namespace holdfast::faults
