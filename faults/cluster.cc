#include "faults/cluster.h"

#include <algorithm>

namespace holdfast::faults {

const Pod* Snapshot::Find(const std::string& name) const {
  const auto found =
      std::find_if(pods.begin(), pods.end(), [&](const Pod& pod) { return pod.name == name; });
  return found == pods.end() ? nullptr : &*found;
}

const Pod* Snapshot::FindUid(const std::string& uid) const {
  const auto found =
      std::find_if(pods.begin(), pods.end(), [&](const Pod& pod) { return pod.uid == uid; });
  return found == pods.end() ? nullptr : &*found;
}

}  // namespace holdfast::faults
