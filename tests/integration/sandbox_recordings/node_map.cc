#include "tests/integration/sandbox_recordings/node_map.h"

#include <algorithm>

namespace holdfast::recordings {

std::string NodeMap::Find(const std::string& node,
                          const std::map<std::string, std::string>& there,
                          const std::map<std::string, std::string>& now) {
  std::vector<std::string> order = here_;
  std::sort(order.begin(), order.end());
  int best = -1;
  std::string found;
  do {
    std::map<std::string, std::string> map;
    for (size_t i = 0; i < recorded_.size() && i < order.size(); ++i)
      map[recorded_[i]] = order[i];
    const bool keeps = std::all_of(held_.begin(), held_.end(),
                                   [&](const auto& held) { return map[held.first] == held.second; });
    if (!keeps) continue;
    int agreeing = 0;
    for (const auto& [pod, recorded] : there) {
      const auto place = now.find(pod);
      if (place == now.end() || map[recorded] != place->second) continue;
      // The pods of the node that is asked for matter more than all others.
      agreeing += recorded == node ? 100 : 1;
    }
    if (agreeing <= best) continue;
    best = agreeing;
    found = map[node];
  } while (std::next_permutation(order.begin(), order.end()));
  return found;
}

}  // namespace holdfast::recordings
