// Strategic merge patch, after k8s.io/apimachinery/pkg/util/strategicpatch.
#include <algorithm>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/patch.h"

namespace holdfast::sandbox {
namespace {

constexpr std::string_view kOrderPrefix = "$setElementOrder/";
constexpr std::string_view kDeletePrefix = "$deleteFromPrimitiveList/";

// How a list named `field` is patched.
struct ListRule {
  enum class Kind { kReplace, kMergeByKey, kMergePrimitives };
  Kind kind = Kind::kReplace;
  std::string key;
};

ListRule RuleFor(const std::string& resource, const std::string& parent, const std::string& field) {
  using Kind = ListRule::Kind;
  static const std::unordered_map<std::string_view, std::string_view> kKeys = {
      {"containers", "name"},
      {"initContainers", "name"},
      {"env", "name"},
      {"ephemeralContainers", "name"},
      {"volumes", "name"},
      {"volumeMounts", "mountPath"},
      {"volumeDevices", "devicePath"},
      {"conditions", "type"},
      {"ownerReferences", "uid"},
      {"taints", "key"},
      {"hostAliases", "ip"},
      {"imagePullSecrets", "name"},
      {"topologySpreadConstraints", "topologyKey"},
      {"podIPs", "ip"},
      {"hostIPs", "ip"},
      {"schedulingGates", "name"},
      {"resourceClaims", "name"},
      {"secrets", "name"},
      {"addresses", "type"},
  };
  if (field == "finalizers") return {Kind::kMergePrimitives, ""};
  // An endpoint slice's lists are atomic.
  if (resource == "endpointslices" && field != "ownerReferences") return {};
  if (field == "ports") return {Kind::kMergeByKey, parent == "spec" ? "port" : "containerPort"};
  if (field == "addresses" && resource != "nodes") return {};
  const auto found = kKeys.find(field);
  if (found == kKeys.end()) return {};
  return {Kind::kMergeByKey, std::string(found->second)};
}

class Merger {
 public:
  explicit Merger(std::string resource) : resource_(std::move(resource)) {}

  Result<Json> MergeObjects(Json original,
                            const Json& patch,
                            const std::string& parent,
                            int depth) {
    if (depth > 100) return Fail(BadRequest("the patch is nested more than 100 levels deep"));
    if (!original.is_object()) original = Json::object();
    if (const auto directive = patch.find("$patch"); directive != patch.end()) {
      if (*directive == "replace") return Without(patch, "$patch");
      if (*directive == "delete") return Json::object();
      if (*directive != "merge")
        return Fail(BadRequest("unknown $patch directive " + DumpJson(*directive)));
    }
    if (const auto keep = patch.find("$retainKeys"); keep != patch.end() && keep->is_array()) {
      for (auto at = original.begin(); at != original.end();)
        at = std::find(keep->begin(), keep->end(), at.key()) == keep->end() ? original.erase(at)
                                                                            : std::next(at);
    }
    // The order of new elements is judged by the lists as they were.
    Json lists = Json::object();
    for (const auto& [key, order] : patch.items())
      if (const std::string list = ListOrdered(key); original.contains(list))
        lists[list] = original[list];
    for (const auto& [key, value] : patch.items()) {
      if (key == "$patch" || key == "$retainKeys") continue;
      HOLDFAST_RETURN_IF_ERROR(MergeMember(original, patch, parent, key, value, depth));
    }
    for (const auto& [key, order] : patch.items())
      if (const std::string list = ListOrdered(key); !list.empty())
        Reorder(original, parent, list, order, GetArray(lists, {list}));
    return original;
  }

 private:
  // The list that a $setElementOrder directive is about, or empty for any other key.
  static std::string ListOrdered(const std::string& key) {
    return key.starts_with(kOrderPrefix) ? key.substr(kOrderPrefix.size()) : "";
  }

  Status MergeMember(Json& original,
                     const Json& patch,
                     const std::string& parent,
                     const std::string& key,
                     const Json& value,
                     int depth) {
    if (key.starts_with(kOrderPrefix)) return {};
    if (key.starts_with(kDeletePrefix)) {
      const std::string list = key.substr(kDeletePrefix.size());
      if (!value.is_array()) return Fail(BadRequest(key + " must be a list"));
      if (original.contains(list) && original[list].is_array()) Subtract(original[list], value);
      return {};
    }
    if (value.is_null()) {
      original.erase(key);
      return {};
    }
    if (value.is_object()) {
      if (value.contains("$patch") && value["$patch"] == "delete") {
        original.erase(key);
        return {};
      }
      const Json before = original.contains(key) ? original[key] : Json::object();
      HOLDFAST_ASSIGN(original[key], MergeObjects(before, value, key, depth + 1));
      return {};
    }
    if (!value.is_array()) {
      original[key] = value;
      return {};
    }
    const ListRule rule = RuleFor(resource_, parent, key);
    const Json before =
        original.contains(key) && original[key].is_array() ? original[key] : Json::array();
    if (rule.kind == ListRule::Kind::kReplace) {
      original[key] = value;
    } else if (rule.kind == ListRule::Kind::kMergePrimitives) {
      Json merged = before;
      for (const Json& item : value)
        if (std::find(merged.begin(), merged.end(), item) == merged.end()) merged.push_back(item);
      original[key] = Ordered(merged, value, before, "");
    } else {
      const bool has_order = patch.contains(std::string(kOrderPrefix) + key);
      HOLDFAST_ASSIGN(original[key], MergeList(before, value, key, rule.key, has_order, depth));
    }
    return {};
  }

  Result<Json> MergeList(const Json& before,
                         const Json& patch,
                         const std::string& field,
                         const std::string& merge_key,
                         bool has_order,
                         int depth) {
    Json merged = before;
    Json added = Json::array();  // The patch without its directives.
    for (const Json& item : patch) {
      if (!item.is_object()) return Fail(BadRequest(field + " must be a list of objects"));
      const std::string directive = GetString(item, {"$patch"});
      if (directive == "replace" && item.size() == 1) {
        Json replaced = Json::array();
        for (const Json& other : patch)
          if (!other.contains("$patch")) replaced.push_back(other);
        return replaced;
      }
      const auto key = item.find(merge_key);
      if (key == item.end())
        return Fail(BadRequest(fmt::format("map: {} does not contain declared merge key: {}",
                                           DumpJson(item), merge_key)));
      const auto same = [&](const Json& other) {
        return other.is_object() && other.contains(merge_key) && other[merge_key] == *key;
      };
      const auto found = std::find_if(merged.begin(), merged.end(), same);
      if (directive == "delete") {
        merged.erase(std::remove_if(merged.begin(), merged.end(), same), merged.end());
        continue;
      }
      const Json old = found == merged.end() ? Json::object() : *found;
      HOLDFAST_ASSIGN(Json one, MergeObjects(old, item, field, depth + 1));
      if (found == merged.end()) {
        merged.push_back(std::move(one));
      } else {
        *found = std::move(one);
      }
      added.push_back(item);
    }
    return has_order ? merged : Ordered(merged, added, before, merge_key);
  }

  void Reorder(Json& object,
               const std::string& parent,
               const std::string& list,
               const Json& order,
               const Json& before) {
    if (!object.contains(list) || !object[list].is_array() || !order.is_array()) return;
    const Json current = object[list];
    object[list] = Ordered(current, order, before, RuleFor(resource_, parent, list).key);
  }

  static Json KeyOf(const Json& item, const std::string& merge_key) {
    if (merge_key.empty() || !item.is_object()) return item;
    return item.contains(merge_key) ? item[merge_key] : Json();
  }
  static long IndexOf(const Json& list, const Json& item, const std::string& merge_key) {
    for (size_t i = 0; i < list.size(); ++i)
      if (KeyOf(list[i], merge_key) == KeyOf(item, merge_key)) return static_cast<long>(i);
    return -1;
  }

  // normalizeElementOrder: what `order` names comes in its order; what only the server has keeps
  // its place before the elements that it stood before in `server`.
  static Json Ordered(const Json& merged,
                      const Json& order,
                      const Json& server,
                      const std::string& merge_key) {
    std::vector<Json> named;
    std::vector<Json> others;
    for (const Json& item : merged)
      (IndexOf(order, item, merge_key) >= 0 ? named : others).push_back(item);
    std::stable_sort(named.begin(), named.end(), [&](const Json& a, const Json& b) {
      return IndexOf(order, a, merge_key) < IndexOf(order, b, merge_key);
    });
    Json result = Json::array();
    size_t i = 0;
    size_t j = 0;
    while (i < others.size() || j < named.size()) {
      bool take_other = j >= named.size();
      if (i < others.size() && j < named.size()) {
        const long left = IndexOf(server, others[i], merge_key);
        const long right = IndexOf(server, named[j], merge_key);
        take_other = left >= 0 && right >= 0 && left < right;
      }
      result.push_back(take_other ? others[i++] : named[j++]);
    }
    return result;
  }

  static void Subtract(Json& list, const Json& gone) {
    list.erase(std::remove_if(list.begin(), list.end(),
                              [&](const Json& item) {
                                return std::find(gone.begin(), gone.end(), item) != gone.end();
                              }),
               list.end());
  }
  static Json Without(Json object, const char* key) {
    object.erase(key);
    return object;
  }

  std::string resource_;
};

}  // namespace

Result<Json> ApplyStrategicMergePatch(const Json& object,
                                      const Json& patch,
                                      const std::string& resource) {
  if (!patch.is_object()) return Fail(BadRequest("a strategic merge patch must be a JSON object"));
  return Merger(resource).MergeObjects(object, patch, "", 0);
}

}  // namespace holdfast::sandbox
