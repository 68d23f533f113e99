#include "harness/run/node_changes.h"

#include <algorithm>

#include "harness/run/cluster_journal.h"
#include "harness/run/leases.h"

namespace holdfast::run {
namespace {

constexpr int kTries = 20;

Json ObjectOf(const faults::Node& node) {
  return {{"kind", "Node"}, {"name", node.name}, {"uid", node.uid}};
}

kube::ObjectRef RefOf(const faults::Node& node) {
  return {kube::resources::kNodes, "", node.name};
}

bool IsOf(const Change& change, const std::string& node) {
  const std::string name = GetString(change.fields, {"object", "name"});
  if (change.what == "lease") return NodeOfLease(name) == node;
  return GetString(change.fields, {"object", "kind"}) == "Node" && name == node;
}

}  // namespace

Result<Injured> NodeChanges::FindInjured() {
  Injured injured{Changed(), {}};
  kube::ListOptions of_runs;
  of_runs.label_selector = kRunLabel;
  HOLDFAST_ASSIGN(const kube::ObjectList leases,
                  actions_.client().List(kube::resources::kLeases, kJournalNamespace, of_runs));
  for (const Json& lease : leases.items) {
    const std::string node = NodeOfLease(GetString(lease, {"metadata", "name"}));
    const std::string holder = GetString(lease, {"spec", "holderIdentity"});
    if (!node.empty() && holder != run_) injured.others[node] = holder;
  }
  return injured;
}

Result<Json> NodeChanges::Fenced(const faults::Node& node) {
  HOLDFAST_ASSIGN(const Injured injured, FindInjured());
  HOLDFAST_ASSIGN(const kube::ObjectList nodes,
                  actions_.client().List(kube::resources::kNodes, "", {}));
  for (const Json& object : nodes.items) {
    if (GetString(object, {"metadata", "name"}) != node.name) continue;
    if (GetString(object, {"metadata", "uid"}) != node.uid)
      return Fail(ErrorCode::kConflict, "node {} is another one by now (uid {} was chosen)",
                  node.name, node.uid);
    HOLDFAST_RETURN_IF_ERROR(CheckNode(rules_, object, nodes.items, injured));
    return object;
  }
  return Fail(ErrorCode::kNotFound, "node {} is not there any more", node.name);
}

Status NodeChanges::FencedAgain(const faults::Node& node, const Change& lease) {
  HOLDFAST_ASSIGN(const Injured injured, FindInjured());
  if (injured.others.empty()) return {};
  HOLDFAST_ASSIGN(const kube::ObjectList nodes,
                  actions_.client().List(kube::resources::kNodes, "", {}));
  const Status allowed = CheckNodesLeft(rules_, node.name, nodes.items, injured);
  if (allowed) return {};
  HOLDFAST_RETURN_IF_ERROR(UndoChange(MakeUndoer(), lease));
  HOLDFAST_RETURN_IF_ERROR(journal_.Undone(lease));
  return allowed;
}

Status NodeChanges::Lease(const faults::Node& node) {
  {
    const std::lock_guard lock(mutex_);
    touched_.push_back(node.name);
  }
  for (const Change& change : journal_.Pending()) {
    if (change.what == "lease" && IsOf(change, node.name)) return {};
  }
  HOLDFAST_ASSIGN(const Change change, TakeLease(actions_, journal_, NodeLeaseRef(node.name), run_,
                                                 "node " + node.name));
  return FencedAgain(node, change);
}

Status NodeChanges::Edit(const faults::Node& node,
                         const Change& change,
                         const std::string& what,
                         const std::function<Json(const Json& node)>& edit) {
  Error last;
  for (int i = 0; i < kTries; ++i) {
    const auto now = actions_.client().Get(RefOf(node));
    if (!now) return Fail(now.error());
    Json patch = edit(*now);
    if (patch.is_null()) {
      // Somebody else was quicker: the change is theirs, and not ours to undo.
      HOLDFAST_RETURN_IF_ERROR(journal_.Undone(change));
      return Refuse("node {} was changed by somebody else at the same moment", node.name);
    }
    patch["metadata"]["resourceVersion"] = GetString(*now, {"metadata", "resourceVersion"});
    const auto patched = actions_.Patch(RefOf(node), what, kube::PatchType::kMerge, patch);
    if (patched) return {};
    last = patched.error();
    if (last.code != ErrorCode::kConflict) break;
  }
  return Fail(last);
}

Status NodeChanges::Cordon(const faults::Node& node) {
  HOLDFAST_ASSIGN(const Json before, Fenced(node));
  if (GetBool(before, {"spec", "unschedulable"})) return {};  // By ourselves, or CheckNode refuses.
  HOLDFAST_RETURN_IF_ERROR(Lease(node));
  HOLDFAST_ASSIGN(const Change change,
                  journal_.Record("cordon", {{"object", ObjectOf(node)},
                                             {"previous", {{"unschedulable", false}}},
                                             {"made", {{"unschedulable", true}}}}));
  return Edit(node, change, "cordon", [](const Json& now) -> Json {
    if (GetBool(now, {"spec", "unschedulable"})) return nullptr;
    return {{"spec", {{"unschedulable", true}}}};
  });
}

Status NodeChanges::Taint(const faults::Node& node, const Json& taint) {
  HOLDFAST_ASSIGN(const Json before, Fenced(node));
  const auto same = [&](const Json& other) {
    return GetString(other, {"key"}) == GetString(taint, {"key"}) &&
           GetString(other, {"effect"}) == GetString(taint, {"effect"});
  };
  const Json taints = GetArray(before, {"spec", "taints"});
  if (std::any_of(taints.begin(), taints.end(), same))
    return Refuse("node {} has the taint {} already, by somebody else", node.name,
                  GetString(taint, {"key"}));
  HOLDFAST_RETURN_IF_ERROR(Lease(node));
  HOLDFAST_ASSIGN(const Change change,
                  journal_.Record("taint", {{"object", ObjectOf(node)},
                                            {"previous", {{"taints", taints}}},
                                            {"made", {{"taint", taint}}}}));
  return Edit(node, change, "taint " + GetString(taint, {"key"}), [&](const Json& now) -> Json {
    Json all = GetArray(now, {"spec", "taints"});
    if (std::any_of(all.begin(), all.end(), same)) return nullptr;
    all.push_back(taint);
    return {{"spec", {{"taints", std::move(all)}}}};
  });
}

Status NodeChanges::Control(const faults::Node& node,
                            faults::NodeAction action,
                            const std::string& from,
                            const std::stop_token& stop) {
  const std::string name = faults::NodeActionName(action);
  if (control_ == nullptr || !control_->Can(action))
    return Refuse("nothing here can {} a node; say in the suite how, with 'node-control:'", name);
  HOLDFAST_RETURN_IF_ERROR(Fenced(node));
  HOLDFAST_RETURN_IF_ERROR(Lease(node));
  HOLDFAST_ASSIGN(const Change change,
                  journal_.Record("control", {{"object", ObjectOf(node)},
                                              {"previous", {{"state", "running"}}},
                                              {"made",
                                               {{"action", name},
                                                {"from", from},
                                                {"control", control_->Recipe()}}}}));
  const auto done = actions_.Send({{"verb", "control"},
                                   {"action", name + " node " + node.name},
                                   {"resource", "nodes"},
                                   {"name", node.name},
                                   {"uid", node.uid},
                                   {"from", from}},
                                  [&]() -> Result<Json> {
                                    HOLDFAST_RETURN_IF_ERROR(
                                        control_->Do(node.name, action, from, stop));
                                    return Json::object();
                                  });
  if (!done) return Fail(done.error());
  return {};
}

Undoer NodeChanges::MakeUndoer() const {
  return {.client = actions_.client(),
          .control = control_,
          .clock = SystemClock(),
          .send = [this](Json fields, const std::function<Result<Json>()>& call) {
            return actions_.Send(std::move(fields), call);
          }};
}

Status NodeChanges::Undo(const std::string& node) {
  Status first;
  const Undoer undoer = MakeUndoer();
  for (const Change& change : journal_.Pending()) {
    // The lease was recorded before every change of the node, so it is the last to go.
    if (!IsOf(change, node) || (change.what == "lease" && !first)) continue;
    Status undone = UndoChange(undoer, change);
    if (undone) undone = journal_.Undone(change);
    if (!undone && first) first = undone;
  }
  return first;
}

Status NodeChanges::UndoAll() {
  Status first;
  for (const std::string& node : Changed()) {
    const Status undone = Undo(node);
    if (!undone && first) first = undone;
  }
  return first;
}

std::vector<std::string> NodeChanges::Changed() const {
  std::vector<std::string> names;
  for (const Change& change : journal_.Pending()) {
    std::string name = GetString(change.fields, {"object", "name"});
    if (change.what == "lease") name = NodeOfLease(name);
    if (change.what == "namespace" || change.what == "content" || name.empty()) continue;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

std::vector<std::string> NodeChanges::touched() const {
  const std::lock_guard lock(mutex_);
  return touched_;
}

Result<std::string> NodeChanges::State(const std::string& node) {
  if (control_ == nullptr) return std::string();
  return control_->State(node);
}

}  // namespace holdfast::run
