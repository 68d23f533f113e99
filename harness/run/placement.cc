#include "harness/run/placement.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "harness/base/strings.h"
#include "harness/run/fence.h"

namespace holdfast::run {
namespace {

struct Room {
  double processors = 0;
  double memory = 0;
  double pods = 0;
};

double Amount(const Json& object, const char* name, double fallback) {
  const Json* value = FindPath(object, {name});
  return value == nullptr ? fallback : ParseAmount(*value).value_or(fallback);
}

bool Ended(const Json& pod) {
  const std::string phase = GetString(pod, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed";
}

Room RequestOf(const Json& pod) {
  Room request{0, 0, 1};
  for (const Json& container : GetArray(pod, {"spec", "containers"})) {
    const Json& requests = GetObject(container, {"resources", "requests"});
    request.processors += Amount(requests, "cpu", 0);
    request.memory += Amount(requests, "memory", 0);
  }
  return request;
}

bool Tolerates(const Json& pod, const Json& taint) {
  const Json& tolerations = GetArray(pod, {"spec", "tolerations"});
  return std::any_of(tolerations.begin(), tolerations.end(), [&](const Json& toleration) {
    const std::string effect = GetString(toleration, {"effect"});
    if (!effect.empty() && effect != GetString(taint, {"effect"})) return false;
    const std::string key = GetString(toleration, {"key"});
    const bool exists = GetString(toleration, {"operator"}) == "Exists";
    if (key.empty()) return exists;
    return key == GetString(taint, {"key"}) &&
           (exists || GetString(toleration, {"value"}) == GetString(taint, {"value"}));
  });
}

bool TermMatches(const Json& term, const Json& labels) {
  const Json& expressions = GetArray(term, {"matchExpressions"});
  return std::all_of(expressions.begin(), expressions.end(), [&](const Json& expression) {
    Json selector{{"matchExpressions", Json::array()}};
    selector["matchExpressions"].push_back(expression);
    return SelectorMatches(selector, labels);
  });
}

// Any of the terms of a node selector; no terms at all match everything.
bool NodeSelectorMatches(const Json& selector, const Json& labels) {
  const Json& terms = GetArray(selector, {"nodeSelectorTerms"});
  return terms.empty() || std::any_of(terms.begin(), terms.end(), [&](const Json& term) {
           return TermMatches(term, labels);
         });
}

class Simulation {
 public:
  explicit Simulation(const PlacementFacts& facts) : facts_(facts) {
    for (const Json& node : facts.nodes) {
      const Json& allocatable = GetObject(node, {"status", "allocatable"});
      constexpr double kPlenty = 1e18;
      rooms_[GetString(node, {"metadata", "name"})] = {Amount(allocatable, "cpu", kPlenty),
                                                       Amount(allocatable, "memory", kPlenty),
                                                       Amount(allocatable, "pods", kPlenty)};
    }
    for (const Json& pod : facts.pods) {
      const auto room = rooms_.find(GetString(pod, {"spec", "nodeName"}));
      if (room != rooms_.end() && !Ended(pod)) Take(room->second, RequestOf(pod));
    }
  }

  // Why the pod cannot run there; empty when it can.
  [[nodiscard]] std::string Obstacle(const Json& pod, const Json& node) const {
    const Json& labels = GetObject(node, {"metadata", "labels"});
    if (!IsReadyNode(node)) return "is not ready";
    if (GetBool(node, {"spec", "unschedulable"})) return "is cordoned";
    for (const Json& taint : GetArray(node, {"spec", "taints"})) {
      if (GetString(taint, {"effect"}) != "PreferNoSchedule" && !Tolerates(pod, taint))
        return "has the taint " + GetString(taint, {"key"});
    }
    for (const auto& [key, value] : GetObject(pod, {"spec", "nodeSelector"}).items()) {
      const Json* found = FindPath(labels, {key});
      if (found == nullptr || *found != value) return "lacks the label " + key;
    }
    const Json& required =
        GetObject(pod, {"spec", "affinity", "nodeAffinity",
                        "requiredDuringSchedulingIgnoredDuringExecution"});
    if (!required.empty() && !NodeSelectorMatches(required, labels))
      return "does not fit the pod's node affinity";
    if (const std::string volume = PinnedVolume(pod, labels); !volume.empty())
      return "cannot reach volume " + volume;
    const Room& room = rooms_.at(GetString(node, {"metadata", "name"}));
    const Room request = RequestOf(pod);
    if (request.processors > room.processors) return "has too little processor left";
    if (request.memory > room.memory) return "has too little memory left";
    return request.pods > room.pods ? "is full of pods" : "";
  }

  void Place(const Json& pod, const std::string& node) { Take(rooms_.at(node), RequestOf(pod)); }

 private:
  static void Take(Room& room, const Room& request) {
    room.processors -= request.processors;
    room.memory -= request.memory;
    room.pods -= request.pods;
  }

  // A volume of the pod that cannot be used where these labels are.
  [[nodiscard]] std::string PinnedVolume(const Json& pod, const Json& labels) const {
    for (const Json& volume : GetArray(pod, {"spec", "volumes"})) {
      const std::string claim_name = GetString(volume, {"persistentVolumeClaim", "claimName"});
      if (claim_name.empty()) continue;
      const Json* claim = Named(facts_.claims, claim_name);
      if (claim == nullptr) continue;
      const Json* bound = Named(facts_.volumes, GetString(*claim, {"spec", "volumeName"}));
      if (bound == nullptr) continue;
      const Json& required = GetObject(*bound, {"spec", "nodeAffinity", "required"});
      if (!required.empty() && !NodeSelectorMatches(required, labels))
        return GetString(*bound, {"metadata", "name"});
    }
    return "";
  }

  static const Json* Named(const std::vector<Json>& objects, const std::string& name) {
    const auto found = std::find_if(objects.begin(), objects.end(), [&](const Json& object) {
      return GetString(object, {"metadata", "name"}) == name;
    });
    return found == objects.end() ? nullptr : &*found;
  }

  const PlacementFacts& facts_;
  std::map<std::string, Room> rooms_;
};

}  // namespace

std::optional<double> ParseAmount(const Json& quantity) {
  if (quantity.is_number()) return quantity.get<double>();
  if (!quantity.is_string()) return std::nullopt;
  const std::string text = quantity.get<std::string>();
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  static const std::map<std::string_view, double> kUnits{
      {"", 1},           {"n", 1e-9},       {"u", 1e-6},       {"m", 1e-3},
      {"k", 1e3},        {"M", 1e6},        {"G", 1e9},        {"T", 1e12},
      {"P", 1e15},       {"Ki", 0x1p10},    {"Mi", 0x1p20},    {"Gi", 0x1p30},
      {"Ti", 0x1p40},    {"Pi", 0x1p50}};
  const auto unit = kUnits.find(std::string_view(end, text.data() + text.size()));
  return unit == kUnits.end() ? std::nullopt : std::optional<double>(number * unit->second);
}

Status CheckRoom(const PlacementFacts& facts,
                 const std::string& node,
                 const std::vector<Json>& leaving) {
  Simulation simulation(facts);
  for (const Json& pod : leaving) {
    std::vector<std::string> obstacles;
    bool placed = false;
    for (const Json& other : facts.nodes) {
      const std::string name = GetString(other, {"metadata", "name"});
      if (name == node) continue;
      const std::string obstacle = simulation.Obstacle(pod, other);
      if (obstacle.empty()) {
        simulation.Place(pod, name);
        placed = true;
        break;
      }
      obstacles.push_back(name + " " + obstacle);
    }
    if (placed) continue;
    return Refuse("pod {} could run nowhere else than on node {}: {}",
                  GetString(pod, {"metadata", "name"}), node,
                  obstacles.empty() ? "there is no other node" : Join(obstacles, ", "));
  }
  return {};
}

}  // namespace holdfast::run
