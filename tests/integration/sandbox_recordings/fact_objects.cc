// The life of everything but pods as facts.
#include <algorithm>

#include "harness/base/strings.h"

#include "tests/integration/sandbox_recordings/facts.h"

namespace holdfast::recordings {
namespace {

bool Terminating(const Json& object) {
  return object.at("metadata").contains("deletionTimestamp");
}

}  // namespace

void FactReader::OnSet(const std::string& type, const Json& set) {
  const std::string uid = GetString(set, {"metadata", "uid"});
  const std::string symbol = "set " + Symbol(set);
  SetState& state = sets_[uid];
  const Json& spec = GetObject(set, {"spec"});
  const int64_t generation = GetInt(set, {"metadata", "generation"});
  if (generation != state.generation) {
    const Json& retention = GetObject(spec, {"persistentVolumeClaimRetentionPolicy"});
    const bool fresh = state.generation == 0;
    state.generation = generation;
    Say("SS-UPD",
        fmt::format("{} is {} (generation {}): {} replicas from {}, {}, {} partition {}, min ready "
                    "{} s, claims {} when deleted and {} when scaled, history {}",
                    symbol, fresh ? "created" : "changed", generation, GetInt(spec, {"replicas"}),
                    GetInt(spec, {"ordinals", "start"}), GetString(spec, {"podManagementPolicy"}),
                    GetString(spec, {"updateStrategy", "type"}),
                    GetInt(spec, {"updateStrategy", "rollingUpdate", "partition"}, -1),
                    GetInt(spec, {"minReadySeconds"}), GetString(retention, {"whenDeleted"}),
                    GetString(retention, {"whenScaled"}), GetInt(spec, {"revisionHistoryLimit"})),
        {symbol});
  }
  const std::string current = GetString(set, {"status", "currentRevision"});
  if (!current.empty()) {
    const std::string pair =
        fmt::format("{} and {}", Revision(current),
                    Revision(GetString(set, {"status", "updateRevision"})));
    if (pair != state.revisions) {
      state.revisions = pair;
      Say("SS-UPD", fmt::format("{} has current and update revision {}", symbol, pair),
          {"revisions of " + symbol});
    }
  }
  if (!state.terminating && Terminating(set) && type != "DELETED") {
    state.terminating = true;
    Say("SS-DEL",
        fmt::format("{} is terminating, finalizers {}", symbol,
                    DumpJson(GetArray(set, {"metadata", "finalizers"}))),
        {symbol});
  }
  if (type == "DELETED") Say("SS-DEL", symbol + " is gone", {symbol});
}

void FactReader::OnClaim(const std::string& type, const Json& claim) {
  const std::string uid = GetString(claim, {"metadata", "uid"});
  const bool fresh = !claims_.contains(uid);
  ClaimState& state = claims_[uid];
  const std::string name = "claim " + GetString(claim, {"metadata", "name"});
  const std::string symbol = "claim " + Symbol(claim);
  if (fresh) {
    state.owners = Owners(claim);
    Say("SS-PVC",
        fmt::format("{} is created for {}: {} {} {} of class {}, labels {}, finalizers {}", symbol,
                    state.owners, DumpJson(GetArray(claim, {"spec", "accessModes"})),
                    GetString(claim, {"spec", "volumeMode"}),
                    GetString(claim, {"spec", "resources", "requests", "storage"}),
                    GetString(claim, {"spec", "storageClassName"}),
                    DumpJson(GetObject(claim, {"metadata", "labels"})),
                    DumpJson(GetArray(claim, {"metadata", "finalizers"}))),
        {name, "binding of " + symbol});
  }
  if (const std::string owners = Owners(claim); owners != state.owners) {
    state.owners = owners;
    Say("SS-RET", fmt::format("{} now belongs to {}", symbol, owners), {name});
  }
  if (!state.bound && GetString(claim, {"status", "phase"}) == "Bound") {
    state.bound = true;
    const bool own = GetString(claim, {"spec", "volumeName"}) == "pvc-" + uid;
    Say("SS-PVC", fmt::format("{} is bound to {}", symbol, own ? "its own volume" : "a volume"),
        {"binding of " + symbol});
  }
  if (!state.terminating && Terminating(claim)) {
    state.terminating = true;
    Say("SS-RET", symbol + " is terminating", {name});
  }
  if (type == "DELETED") Say("SS-RET", symbol + " is gone", {name});
}

void FactReader::OnVolume(const std::string& type, const Json& volume) {
  const Json& claim = GetObject(volume, {"spec", "claimRef"});
  if (GetString(claim, {"namespace"}) != GetString(run_, {"target", "namespace"})) return;
  const std::string uid = GetString(volume, {"metadata", "uid"});
  const bool fresh = !volumes_.contains(uid);
  std::string& of = volumes_[uid];
  if (fresh) {
    of = Refer("PersistentVolumeClaim", GetString(claim, {"name"}), GetString(claim, {"uid"}));
    Say("SS-PVC",
        fmt::format("the volume of {} is there: {} {}, reclaim {}", of,
                    DumpJson(GetArray(volume, {"spec", "accessModes"})),
                    GetString(volume, {"spec", "capacity", "storage"}),
                    GetString(volume, {"spec", "persistentVolumeReclaimPolicy"})),
        {"volume of " + of});
  }
  if (type == "DELETED")
    Say("SS-PVC", "the volume of " + of + " is gone", {"volume of " + of});
}

void FactReader::OnRevision(const std::string& type, const Json& revision) {
  const std::string uid = GetString(revision, {"metadata", "uid"});
  const std::string symbol = "revision " + Revision(GetString(revision, {"metadata", "name"}));
  const int64_t number = GetInt(revision, {"revision"});
  const bool fresh = !revision_numbers_.contains(uid);
  int64_t& known = revision_numbers_[uid];
  if (fresh)
    Say("SS-REV",
        fmt::format("{} is created as number {} for {}", symbol, number, Owners(revision)),
        {"revisions"});
  else if (number != known)
    Say("SS-REV", fmt::format("{} is number {} now", symbol, number), {"revisions"});
  known = number;
  if (type == "DELETED") Say("SS-REV", symbol + " is gone", {"end of " + symbol});
}

void FactReader::OnBudget(const std::string& type, const Json& budget) {
  const std::string symbol = "budget " + Symbol(budget);
  std::string& known = budgets_[symbol];
  const Json& status = GetObject(budget, {"status"});
  // Before the first look of the controller, and until it has seen the pods' set, it says nothing.
  if (known.empty()) {
    known = "0";
    Say("SS-PDB", symbol + " is created", {symbol});
  }
  if (GetInt(status, {"observedGeneration"}) != 0) {
    const std::string allowed = std::to_string(GetInt(status, {"disruptionsAllowed"}));
    // Which counts it passes through on the way depends on how fast the controller looks; what it
    // allows is what evictions are answered by.
    if (allowed != known) {
      known = allowed;
      Say("SS-PDB",
          fmt::format("{} allows {} disruptions: {} of {} needed", symbol, allowed,
                      GetInt(status, {"desiredHealthy"}), GetInt(status, {"expectedPods"})),
          {symbol});
    }
  }
  if (type == "DELETED") Say("SS-PDB", symbol + " is gone", {symbol});
}

void FactReader::OnReplicaSet(const std::string& type, const Json& set) {
  const std::string symbol = ReplicaSet(GetString(set, {"metadata", "name"}));
  if (told_replica_sets_.insert(symbol).second)
    Say("DEPLOYMENT", fmt::format("replica set {} is created", symbol), {"replica sets"});
  if (type == "DELETED")
    Say("DEPLOYMENT", fmt::format("replica set {} is gone", symbol), {"replica sets"});
}

void FactReader::OnSlice(const std::string& type, const Json& slice) {
  std::set<std::string> ready;
  for (const Json& endpoint : GetArray(slice, {"endpoints"})) {
    const Json& target = GetObject(endpoint, {"targetRef"});
    if (type == "DELETED" || !GetBool(endpoint, {"conditions", "ready"})) continue;
    ready.insert(GetString(target, {"uid"}));
    Refer("Pod", GetString(target, {"name"}), GetString(target, {"uid"}));
  }
  std::set<std::string>& before = endpoints_[GetString(slice, {"metadata", "uid"})];
  // Between ready and gone lie states that one write may take together.
  const auto tell = [&](const std::string& uid, const char* what) {
    const std::string symbol = SymbolOf(uid);
    Say("SS-NET", fmt::format("the endpoint of {} {}", symbol, what), {"endpoint " + symbol})
        .awaited = false;
  };
  for (const std::string& uid : ready)
    if (!before.contains(uid)) tell(uid, "is ready");
  for (const std::string& uid : before)
    if (!ready.contains(uid)) tell(uid, "is no longer ready");
  before = std::move(ready);
}

void FactReader::OnNode(const std::string& type, const Json& node) {
  const std::string name = GetString(node, {"metadata", "name"});
  std::set<std::string> now;
  if (GetBool(node, {"spec", "unschedulable"})) now.insert("is cordoned");
  for (const Json& taint : GetArray(node, {"spec", "taints"}))
    now.insert(
        fmt::format("has taint {}:{}", GetString(taint, {"key"}), GetString(taint, {"effect"})));
  for (const Json& condition : GetArray(node, {"status", "conditions"}))
    if (GetString(condition, {"type"}) == "Ready" && GetString(condition, {"status"}) != "True")
      now.insert("is Ready " + GetString(condition, {"status"}));
  if (type == "DELETED") now = {"is gone"};
  const bool fresh = !node_states_.contains(name);
  std::set<std::string>& before = node_states_[name];
  if (!fresh) {
    for (const std::string& state : now)
      if (!before.contains(state)) Say("SS-NODE", "a node " + state, {});
    for (const std::string& state : before)
      if (!now.contains(state)) Say("SS-NODE", "a node no longer " + state, {});
  }
  before = std::move(now);
}

void FactReader::OnEvent(const Json& event) {
  std::string component = GetString(event, {"source", "component"});
  if (component.empty()) component = GetString(event, {"reportingComponent"});
  const std::string kind = GetString(event, {"involvedObject", "kind"});
  const std::string reason = GetString(event, {"reason"});
  std::string text = fmt::format("{} says {} of {}", component, reason, kind);
  if (component == "statefulset-controller") {
    std::string message = GetString(event, {"message"});
    // Who loses a race of two writers is chance, and the controller tries again. When the claim of
    // a pod just created was written by another meanwhile, that is told in place of the creation.
    if (message.find("the object has been modified") != std::string::npos) {
      const std::vector<std::string> words = Split(message, ' ');
      if (reason != "FailedUpdate" || words.size() < 6) return;
      text = component + " says SuccessfulCreate of " + kind;
      message = fmt::format("Create Pod {} in StatefulSet {} successful", words[2], words[5]);
    }
    // So is whether it looks again before the protection of a claim that must go is lifted.
    if (reason == "FailedCreate" && message.ends_with("is being deleted")) return;
    // More than ten alike within ten minutes are told under this heading.
    constexpr std::string_view kCombined = "(combined from similar events): ";
    if (message.starts_with(kCombined)) message = message.substr(kCombined.size());
    text += fmt::format(" {}: {}", GetString(event, {"involvedObject", "name"}), message);
  } else if (component != "kubelet" && component != "deployment-controller" &&
             component != "replicaset-controller" && component != "taint-eviction-controller" &&
             component != "node-controller") {
    return;
  } else if (reason == "Unhealthy" || reason == "FailedMount") {
    return;  // Whether a probe or a cache is a moment too early is chance; the kubelet tries again.
  } else if (kind == "Pod" && component == "kubelet" && reason != "BackOff" && reason != "Pulled") {
    text += ": " + GetString(event, {"message"});
  }
  if (!events_.insert(text).second) return;
  Say("EVENT", text, {}).awaited = false;
}

}  // namespace holdfast::recordings
