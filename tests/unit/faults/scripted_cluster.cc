#include "tests/unit/faults/scripted_cluster.h"

#include <algorithm>

#include "harness/base/strings.h"

namespace holdfast::faults {
namespace {

Json FirstSet() {
  const Json container{{"name", "main"}, {"image", "pg:1"}};
  Json set{{"metadata", {{"name", "pg"}, {"uid", "set-1"}, {"generation", 1}}},
           {"spec",
            {{"replicas", 3},
             {"updateStrategy", {{"type", "RollingUpdate"}}},
             {"template", {{"spec", {{"containers", Json::array()}}}}}}},
           {"status", {{"replicas", 3}}}};
  set["spec"]["template"]["spec"]["containers"].push_back(container);
  return set;
}

}  // namespace

ScriptedCluster::ScriptedCluster(bool obedient) : obedient_(obedient) {
  now.observed = true;
  now.set_uid = "set-1";
  now.update_revision = now.current_revision = "r1";
  for (int i = 0; i < 3; ++i) {
    const std::string name = "pg-" + std::to_string(i);
    const std::string node = std::string("node-") + static_cast<char>('a' + i);
    now.pods.push_back({.name = name,
                        .uid = "uid-" + std::to_string(i),
                        .node = node,
                        .ordinal = i,
                        .ready = true,
                        .revision = "r1",
                        .image = "pg:1"});
    now.nodes.push_back({.name = node, .uid = "uid-" + node, .ready = true});
    now.claims.push_back({"data-" + name, "claim-" + std::to_string(i), "volume-" + name});
    states[node] = "running";
  }
  SetUp(FirstSet());
}

void ScriptedCluster::SetUp(const Json& set) {
  now.set = std::make_shared<const Json>(set);
  now.replicas = static_cast<int>(GetInt(set, {"spec", "replicas"}));
  now.partition =
      static_cast<int>(GetInt(set, {"spec", "updateStrategy", "rollingUpdate", "partition"}));
  now.on_delete = GetString(set, {"spec", "updateStrategy", "type"}) == "OnDelete";
  const Json& containers = GetArray(set, {"spec", "template", "spec", "containers"});
  if (!containers.empty()) now.image = GetString(containers[0], {"image"});
}

Status ScriptedCluster::WaitUntil(const std::string& what,
                                  const Condition& condition,
                                  Nanos /*within*/) {
  if (stopped) return Fail(ErrorCode::kCancelled, "stopped");
  if (condition(now)) return {};
  return Fail(ErrorCode::kTimedOut, "{}: nothing moved", what);
}

bool ScriptedCluster::Pause(Nanos /*duration*/) { return !stopped; }

Pod* ScriptedCluster::Find(const std::string& uid) {
  const auto found = std::find_if(now.pods.begin(), now.pods.end(),
                                  [&](const Pod& pod) { return pod.uid == uid; });
  return found == now.pods.end() ? nullptr : &*found;
}

Node& ScriptedCluster::NodeOf(const std::string& name) {
  return *std::find_if(now.nodes.begin(), now.nodes.end(),
                       [&](const Node& node) { return node.name == name; });
}

void ScriptedCluster::Replace(Pod& pod) {
  pod.uid = "uid-" + std::to_string(uids_++);
  if (pod.ordinal >= now.partition) {
    pod.revision = now.update_revision;
    pod.image = now.image;
  }
  pod.ready = pod.image.find("invalid") == std::string::npos;
}

Status ScriptedCluster::DeletePod(const Pod& pod, std::optional<Nanos> grace) {
  writes.push_back("delete " + pod.uid + (grace ? " grace " + std::to_string(grace->count()) : ""));
  Pod* found = Find(pod.uid);
  if (!obedient_ || found == nullptr) return {};
  for (Claim& claim : now.claims) {
    if (claim.terminating && claim.name.ends_with("-" + pod.name)) {
      claim.uid = "claim-" + std::to_string(uids_++);
      claim.terminating = false;
    }
  }
  Replace(*found);
  return {};
}

Status ScriptedCluster::EvictPod(const Pod& pod, std::optional<Nanos> /*grace*/) {
  writes.push_back("evict " + pod.uid);
  Pod* found = Find(pod.uid);
  if (found == nullptr) return Fail(ErrorCode::kConflict, "another uid");
  if (refusals != 0) {
    --refusals;
    return Fail(Error{ErrorCode::kRefused, "the budget needs 3 healthy pods", 429, ""});
  }
  if (obedient_) Replace(*found);
  return {};
}

Result<CommandOutput> ScriptedCluster::Execute(const Pod& pod,
                                               const std::vector<std::string>& argv,
                                               Nanos /*within*/) {
  writes.push_back("exec " + pod.uid + " " + argv.back());
  if (obedient_) ++Find(pod.uid)->restarts;
  return CommandOutput{};
}

Status ScriptedCluster::Scale(int replicas) {
  writes.push_back("scale " + std::to_string(replicas));
  if (!obedient_) return {};
  now.replicas = replicas;
  std::erase_if(now.pods, [&](const Pod& pod) { return pod.ordinal >= replicas; });
  for (int i = static_cast<int>(now.pods.size()); i < replicas; ++i)
    now.pods.push_back({.name = "pg-" + std::to_string(i),
                        .uid = "uid-" + std::to_string(uids_++),
                        .node = "node-a",
                        .ordinal = i,
                        .ready = true});
  return {};
}

Status ScriptedCluster::PatchSet(const std::string& what, const Json& patch) {
  writes.push_back("patch " + what);
  if (!obedient_) return {};
  Json set = *now.set;
  const std::string before = DumpJson(set["spec"]["template"]);
  set.merge_patch(patch);
  const int64_t generation = GetInt(set, {"metadata", "generation"}) + 1;
  set["metadata"]["generation"] = generation;
  const bool template_changed = DumpJson(set["spec"]["template"]) != before;
  SetUp(set);
  if (template_changed)
    now.update_revision = now.image == "pg:1" ? "r1" : "r" + std::to_string(generation);
  const std::string annotation = GetString(
      set, {"spec", "template", "metadata", "annotations", "holdfast.dev/restarted"});
  if (!annotation.empty()) now.update_revision = "r" + std::to_string(generation);
  if (now.on_delete) return {};
  for (auto pod = now.pods.rbegin(); pod != now.pods.rend(); ++pod) {
    if (pod->ordinal < now.partition || pod->revision == now.update_revision) continue;
    if (!pod->ready) break;  // Waits for a broken pod for ever.
    Replace(*pod);
    if (!pod->ready) break;
  }
  return {};
}

Status ScriptedCluster::DeleteSet(const std::string& uid, const std::string& propagation) {
  writes.push_back("delete set " + uid + " " + propagation);
  if (!obedient_) return {};
  now.exists = false;
  now.set_uid.clear();
  if (propagation != "Orphan") now.pods.clear();
  return {};
}

Status ScriptedCluster::CreateSet(const Json& manifest) {
  writes.emplace_back("create set");
  now.exists = true;
  now.set_uid = "set-2";
  SetUp(manifest);
  for (int i = static_cast<int>(now.pods.size()); i < now.replicas; ++i)
    now.pods.push_back({.name = "pg-" + std::to_string(i),
                        .uid = "uid-" + std::to_string(uids_++),
                        .node = "node-a",
                        .ordinal = i,
                        .ready = true});
  return {};
}

Status ScriptedCluster::DeleteClaim(const Claim& claim) {
  writes.push_back("delete claim " + claim.uid);
  for (Claim& one : now.claims) {
    if (one.uid == claim.uid && obedient_) one.terminating = true;
  }
  return {};
}

Status ScriptedCluster::MayLeave(const Node& node, const std::vector<Pod>& /*pods*/) {
  if (no_room)
    return Fail(Error{ErrorCode::kRefused, "no room beside " + node.name, 0, "Fence"});
  return {};
}

Status ScriptedCluster::Cordon(const Node& node) {
  writes.push_back("cordon " + node.name);
  changed.push_back(node.name);
  if (obedient_) NodeOf(node.name).unschedulable = true;
  return {};
}

Status ScriptedCluster::Taint(const Node& node, const Json& taint) {
  writes.push_back("taint " + node.name + " " + GetString(taint, {"key"}));
  changed.push_back(node.name);
  if (!obedient_) return {};
  NodeOf(node.name).taints.push_back(taint);
  for (Pod& pod : now.pods) {
    if (pod.node == node.name && GetString(taint, {"effect"}) == "NoExecute") Replace(pod);
  }
  return {};
}

Status ScriptedCluster::Control(const Node& node, NodeAction action, const std::string& from) {
  writes.push_back(NodeActionName(action) + " " + node.name + (from.empty() ? "" : " " + from));
  changed.push_back(node.name);
  if (!obedient_) return {};
  NodeOf(node.name).ready = from == "peers";
  states[node.name] = action == NodeAction::kCrash    ? "crashed"
                      : action == NodeAction::kFreeze ? "frozen"
                                                      : "partitioned";
  return {};
}

Status ScriptedCluster::UndoNode(const std::string& node) {
  writes.push_back("undo " + node);
  std::erase(changed, node);
  if (!obedient_) return {};
  Node& found = NodeOf(node);
  found.ready = true;
  found.unschedulable = false;
  found.taints = Json::array();
  states[node] = "running";
  return {};
}

Result<std::string> ScriptedCluster::NodeState(const Node& node) { return states[node.name]; }

void ScriptedCluster::AtHeal(const std::string& what, std::function<Status(Cluster&)> function) {
  healing.push_back(what);
  undo.push_back(std::move(function));
}

}  // namespace holdfast::faults
