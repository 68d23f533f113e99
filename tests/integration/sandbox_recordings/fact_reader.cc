// The lines of a trace, the actions in it, and the names that stand for uids.
#include <algorithm>

#include "harness/base/strings.h"

#include "tests/integration/sandbox_recordings/facts.h"

namespace holdfast::recordings {
namespace {

int64_t Version(const Json& object) {
  return ParseInt(GetString(object, {"metadata", "resourceVersion"})).value_or(0);
}

// "429 TooManyRequests: message (cause: message)".
std::string Refusal(const Json& result) {
  std::string text = fmt::format("{} {}: {}", GetInt(result, {"status"}),
                                 GetString(result, {"reason"}), GetString(result, {"message"}));
  for (const Json& cause : GetArray(result, {"details", "causes"}))
    text += fmt::format(" ({}: {})", GetString(cause, {"reason"}), GetString(cause, {"message"}));
  return text;
}

}  // namespace

Fact& FactReader::Say(std::string family, std::string text, std::vector<std::string> chains) {
  Fact fact{std::move(family), std::move(text), std::move(chains)};
  fact.resource = resource_;
  return facts_.emplace_back(std::move(fact));
}

void FactReader::Add(const Json& line) {
  const std::string kind = GetString(line, {"kind"});
  resource_ = kind == "watch" ? GetString(line, {"resource"}) : "";
  if (kind == "run") {
    run_ = line;
  } else if (kind == "action") {
    OnAction(line);
  } else if (kind == "action-result") {
    OnActionResult(line);
  } else if (kind == "end") {
    if (const std::string rest = Rest(); !rest.empty())
      Say("SS-STAT", "at the end " + rest, {}).awaited = false;
  } else if (kind == "watch" && GetString(line, {"event", "type"}) != "BOOKMARK") {
    const Json& object = GetObject(line, {"event", "object"});
    OnWatch(resource_, GetString(line, {"event", "type"}), object);
  }
}

void FactReader::OnWatch(const std::string& resource,
                         const std::string& type,
                         const Json& object) {
  Objects& objects = objects_[resource];
  const std::string name = GetString(object, {"metadata", "name"});
  objects[name] = object;
  if (resource == "pods") OnPod(type, object);
  if (resource == "statefulsets") OnSet(type, object);
  if (resource == "persistentvolumeclaims") OnClaim(type, object);
  if (resource == "persistentvolumes") OnVolume(type, object);
  if (resource == "controllerrevisions") OnRevision(type, object);
  if (resource == "poddisruptionbudgets") OnBudget(type, object);
  if (resource == "replicasets") OnReplicaSet(type, object);
  if (resource == "endpointslices") OnSlice(type, object);
  if (resource == "nodes") OnNode(type, object);
  if (resource == "events" && type != "DELETED") OnEvent(object);
  if (type == "DELETED") objects.erase(name);
}

void FactReader::OnAction(const Json& line) {
  if (const std::string rest = Rest(); !rest.empty())
    Say("SS-STAT", fmt::format("before action {} {}", GetInt(line, {"id"}), rest), {})
        .awaited = false;
  const std::string verb = GetString(line, {"verb"});
  const std::string resource = GetString(line, {"resource"});
  const std::string uid = GetString(line, {"uid"});
  if (resource == "pods" && (verb == "delete" || verb == "evict")) asked_to_go_.insert(uid);
  std::string object = resource == "pods" ? SymbolOf(uid) : "";
  // The numbers of a ReplicaSet's pods are ours, and which node is which differs.
  if (object.find('/') != std::string::npos) object = "a pod of " + Split(object, '/').front();
  if (object.empty()) object = resource == "nodes" ? "a node" : GetString(line, {"name"});
  std::string text = fmt::format("action {}: {} {}", GetInt(line, {"id"}), verb, object);
  if (GetBool(line, {"force"})) text += " by force";
  if (line.contains("replicas")) text += fmt::format(" to {}", GetInt(line, {"replicas"}));
  if (line.contains("effect")) text += ": " + GetString(line, {"effect"});
  if (line.contains("cascade")) text += ", cascade " + GetString(line, {"cascade"});
  Fact& fact = Say(verb == "evict" ? "SS-PDB" : "ACTION", text, {"actions"});
  fact.kind = FactKind::kAction;
  fact.awaited = false;
  actions_[GetInt(line, {"id"})] = {facts_.size() - 1,
                                   asked_to_go_.contains(uid) ? uid : std::string()};
}

void FactReader::OnActionResult(const Json& line) {
  const auto asked = actions_.find(GetInt(line, {"id"}));
  if (asked == actions_.end()) return;
  Fact& fact = facts_[asked->second.fact];
  if (GetBool(line, {"ok"})) {
    fact.text += " -> ok";
    if (!asked->second.pod.empty()) going_.insert(asked->second.pod);
    return;
  }
  fact.text += " -> refused: " + Refusal(line);
}

std::vector<Fact> FactsOf(const std::vector<Json>& lines) {
  struct Placed {
    int64_t version;
    const Json* line;
  };
  std::vector<Placed> placed;
  int64_t newest = 0;
  for (const Json& line : lines) {
    int64_t version = newest;  // What is no watched object stands after all that was seen before.
    if (GetString(line, {"kind"}) == "watch" && GetString(line, {"event", "type"}) != "BOOKMARK")
      version = Version(GetObject(line, {"event", "object"}));
    newest = std::max(newest, version);
    placed.push_back({version, &line});
  }
  std::stable_sort(placed.begin(), placed.end(),
                   [](const Placed& a, const Placed& b) { return a.version < b.version; });
  FactReader reader;
  for (const Placed& one : placed)
    reader.Add(*one.line);
  return reader.Seen();
}

const Json* FactReader::Find(const std::string& resource, const std::string& name) const {
  const auto of_resource = objects_.find(resource);
  if (of_resource == objects_.end()) return nullptr;
  const auto found = of_resource->second.find(name);
  return found == of_resource->second.end() ? nullptr : &found->second;
}

const Json* FactReader::Target() const {
  const std::string kind = GetString(run_, {"target", "kind"});
  return Find(kind == "Deployment" ? "deployments" : "statefulsets",
              GetString(run_, {"target", "name"}));
}

std::string FactReader::Rest() const {
  const Json* target = Target();
  if (target == nullptr || target->at("metadata").contains("deletionTimestamp")) return "";
  const Json& status = GetObject(*target, {"status"});
  const int64_t replicas = GetInt(*target, {"spec", "replicas"}, 1);
  if (GetInt(status, {"observedGeneration"}) != GetInt(*target, {"metadata", "generation"}))
    return "";
  for (const char* counter : {"replicas", "readyReplicas", "availableReplicas"})
    if (GetInt(status, {counter}) != replicas) return "";
  const auto pods = objects_.find("pods");
  if (pods != objects_.end())
    for (const auto& [name, pod] : pods->second)
      // What was granted just now may not have been seen yet.
      if (pod.at("metadata").contains("deletionTimestamp") ||
          going_.contains(GetString(pod, {"metadata", "uid"})))
        return "";
  const auto revision = [&](const char* field) {
    const auto known = revisions_.find(GetString(status, {field}));
    return known == revisions_.end() ? std::string("-") : known->second;
  };
  return fmt::format("the status is: {} replicas, current {} of {}, updated {} of {}", replicas,
                     GetInt(status, {"currentReplicas"}), revision("currentRevision"),
                     GetInt(status, {"updatedReplicas"}), revision("updateRevision"));
}

std::string FactReader::SymbolOf(const std::string& uid) const {
  const auto known = symbols_.find(uid);
  return known == symbols_.end() ? "" : known->second;
}

std::string FactReader::PodNamed(const std::string& symbol) const {
  const auto pods = objects_.find("pods");
  if (pods == objects_.end()) return "";
  for (const auto& [name, pod] : pods->second)
    if (SymbolOf(GetString(pod, {"metadata", "uid"})) == symbol) return name;
  return "";
}

std::map<std::string, std::string> FactReader::Places() const {
  std::map<std::string, std::string> places;
  const auto pods = objects_.find("pods");
  if (pods == objects_.end()) return places;
  for (const auto& [name, pod] : pods->second)
    if (const std::string node = GetString(pod, {"spec", "nodeName"}); !node.empty())
      places[SymbolOf(GetString(pod, {"metadata", "uid"}))] = node;
  return places;
}

std::string FactReader::Symbol(const Json& object) {
  const std::string uid = GetString(object, {"metadata", "uid"});
  for (const Json& owner : GetArray(object, {"metadata", "ownerReferences"})) {
    if (GetString(owner, {"kind"}) != "ReplicaSet" || symbols_.contains(uid)) continue;
    const std::string base = ReplicaSet(GetString(owner, {"name"}));
    symbols_[uid] = fmt::format("{}/{}", base, ++incarnations_["Pod " + base]);
  }
  return Refer(GetString(object, {"kind"}), GetString(object, {"metadata", "name"}), uid);
}

std::string FactReader::Refer(const std::string& kind,
                              const std::string& name,
                              const std::string& uid) {
  std::string& symbol = symbols_[uid];
  if (symbol.empty()) symbol = fmt::format("{}#{}", name, ++incarnations_[kind + " " + name]);
  return symbol;
}

std::string FactReader::Revision(const std::string& hash) {
  if (hash.empty()) return "none";
  std::string& symbol = revisions_[hash];
  if (symbol.empty()) symbol = fmt::format("R{}", revisions_.size());
  return symbol;
}

std::string FactReader::ReplicaSet(const std::string& name) {
  std::string& symbol = replica_sets_[name];
  if (symbol.empty()) symbol = fmt::format("R{}", replica_sets_.size());
  return symbol;
}

std::string FactReader::Owners(const Json& object) {
  std::vector<std::string> owners;
  for (const Json& owner : GetArray(object, {"metadata", "ownerReferences"})) {
    const std::string kind = GetString(owner, {"kind"});
    const std::string symbol =
        kind == "ReplicaSet"
            ? "one"
            : Refer(kind, GetString(owner, {"name"}), GetString(owner, {"uid"}));
    owners.push_back(fmt::format("{} {}{}{}", kind, symbol,
                                 GetBool(owner, {"controller"}) ? " as controller" : "",
                                 GetBool(owner, {"blockOwnerDeletion"}) ? ", blocking" : ""));
  }
  std::sort(owners.begin(), owners.end());
  return owners.empty() ? "nobody" : Join(owners, " and ");
}

}  // namespace holdfast::recordings
