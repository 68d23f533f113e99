#include "harness/sandbox/controllers/taints.h"

#include <algorithm>

namespace holdfast::sandbox {

bool HasTaint(const Json& node, std::string_view key, std::string_view effect) {
  return std::ranges::any_of(GetArray(node, {"spec", "taints"}), [&](const Json& taint) {
    return GetString(taint, {"key"}) == key &&
           (effect.empty() || GetString(taint, {"effect"}) == effect);
  });
}

bool SetTaints(Json& node,
               std::string_view effect,
               const std::vector<std::string>& owned,
               const std::vector<std::string>& wanted,
               const std::string& now) {
  bool changed = false;
  Json taints = Json::array();
  for (const Json& taint : GetArray(node, {"spec", "taints"})) {
    const std::string key = GetString(taint, {"key"});
    const bool ours = GetString(taint, {"effect"}) == effect &&
                      std::ranges::find(owned, key) != owned.end();
    if (ours && std::ranges::find(wanted, key) == wanted.end()) {
      changed = true;
    } else {
      taints.push_back(taint);
    }
  }
  for (const std::string& key : wanted) {
    if (HasTaint(node, key, effect)) continue;
    taints.push_back({{"key", key}, {"effect", effect}, {"timeAdded", now}});
    changed = true;
  }
  if (!changed) return false;
  if (taints.empty()) {
    node["spec"].erase("taints");
  } else {
    node["spec"]["taints"] = std::move(taints);
  }
  return true;
}

}  // namespace holdfast::sandbox
