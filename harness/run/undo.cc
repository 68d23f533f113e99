#include "harness/run/undo.h"

#include <map>

#include "harness/run/cleanup.h"
#include "harness/run/cluster_journal.h"
#include "harness/run/given_namespace.h"

namespace holdfast::run {
namespace {

constexpr int kTries = 20;

std::string Name(const Change& change) { return GetString(change.fields, {"object", "name"}); }

void Say(const Undoer& undoer, const std::string& line) {
  if (undoer.say) undoer.say(line);
}

bool IsOurNamespace(const Json& ns, const std::string& run) {
  const Json& labels = GetObject(ns, {"metadata", "labels"});
  const auto label = labels.find(kRunLabel);
  return label != labels.end() && (run.empty() || *label == run);
}

enum class Presence { kThere, kGone, kAnother };

// The node that was changed: still there, gone, or replaced by another one of its name.
Presence PresenceOf(const Change& change, const Result<Json>& node) {
  if (!node) return Presence::kGone;
  const std::string uid = GetString(change.fields, {"object", "uid"});
  return uid.empty() || uid == GetString(*node, {"metadata", "uid"}) ? Presence::kThere
                                                                      : Presence::kAnother;
}

void SayGone(const Undoer& undoer, const Change& change, Presence presence) {
  Say(undoer, fmt::format("node {} is {}; its {} needs no undoing", Name(change),
                          presence == Presence::kGone ? "not in the cluster any more"
                                                      : "another machine by now (its uid differs)",
                          change.what));
}

// Reads the node, asks `edit` for a merge patch (null: nothing to do), and writes it only if nobody
// else wrote in between.
Status EditNode(const Undoer& undoer,
                const Change& change,
                const std::string& what,
                const std::function<Json(const Json& node)>& edit) {
  const kube::ObjectRef ref{kube::resources::kNodes, "", Name(change)};
  Error last;
  for (int i = 0; i < kTries; ++i) {
    const auto node = undoer.client.Get(ref);
    if (!node && node.error().code != ErrorCode::kNotFound) return Fail(node.error());
    if (const Presence presence = PresenceOf(change, node); presence != Presence::kThere) {
      SayGone(undoer, change, presence);
      return {};
    }
    Json patch = edit(*node);
    if (patch.is_null()) return {};
    patch["metadata"]["resourceVersion"] = GetString(*node, {"metadata", "resourceVersion"});
    const auto patched =
        undoer.send({{"verb", "patch"},
                     {"action", what + " node " + ref.name},
                     {"resource", "nodes"},
                     {"name", ref.name},
                     {"patch", patch}},
                    [&] { return undoer.client.Patch(ref, kube::PatchType::kMerge, patch, "", ""); });
    if (patched) return {};
    last = patched.error();
    if (last.code != ErrorCode::kConflict) return Fail(last.In("undoing " + change.ToString()));
  }
  return Fail(last.In("undoing " + change.ToString()));
}

// Only what carries our mark: a namespace of that name that was there before us is somebody else's.
Status UndoNamespace(const Undoer& undoer, const Change& change) {
  const auto ns = undoer.client.Get({kube::resources::kNamespaces, "", Name(change)});
  if (!ns && ns.error().code != ErrorCode::kNotFound) return Fail(ns.error());
  if (ns && !IsOurNamespace(*ns, GetString(change.fields, {"made", "run"}))) {
    Say(undoer, fmt::format("namespace {} has not the label {} of this run: it is somebody else's "
                            "and stays",
                            Name(change), kRunLabel));
    return {};
  }
  return RemoveNamespace(undoer.client, Name(change), undoer.clock, undoer.timeout);
}

Status UndoContent(const Undoer& undoer, const Change& change) {
  const std::string run = GetString(change.fields, {"made", "run"});
  if (run.empty())
    return Fail(ErrorCode::kInvalidArgument,
                "the undo journal names no run whose objects in namespace {} are to go", Name(change));
  return RemoveContent(undoer.client, Name(change), run, undoer.clock, undoer.timeout);
}

Status UndoLease(const Undoer& undoer, const Change& change) {
  const kube::ObjectRef ref{kube::resources::kLeases, kJournalNamespace, Name(change)};
  const auto lease = undoer.client.Get(ref);
  if (!lease && lease.error().code == ErrorCode::kNotFound) return {};
  if (!lease) return Fail(lease.error());
  if (GetString(*lease, {"spec", "holderIdentity"}) !=
      GetString(change.fields, {"made", "holder"}))
    return {};
  kube::DeleteOptions options;
  options.uid_precondition = GetString(*lease, {"metadata", "uid"});
  const auto deleted = undoer.client.Delete(ref, options);
  if (deleted || deleted.error().code == ErrorCode::kNotFound ||
      deleted.error().code == ErrorCode::kConflict)
    return {};
  return Fail(deleted.error());
}

Status UndoCordon(const Undoer& undoer, const Change& change) {
  return EditNode(undoer, change, "uncordon", [](const Json& node) -> Json {
    if (!GetBool(node, {"spec", "unschedulable"})) return nullptr;
    return {{"spec", {{"unschedulable", nullptr}}}};
  });
}

bool SameTaint(const Json& a, const Json& b) {
  return GetString(a, {"key"}) == GetString(b, {"key"}) &&
         GetString(a, {"value"}) == GetString(b, {"value"}) &&
         GetString(a, {"effect"}) == GetString(b, {"effect"});
}

Status UndoTaint(const Undoer& undoer, const Change& change) {
  const Json& ours = GetObject(change.fields, {"made", "taint"});
  return EditNode(undoer, change, "take a taint off", [&](const Json& node) -> Json {
    Json kept = Json::array();
    bool found = false;
    for (const Json& taint : GetArray(node, {"spec", "taints"})) {
      if (SameTaint(taint, ours))
        found = true;
      else
        kept.push_back(taint);
    }
    if (!found) return nullptr;
    Json taints = kept.empty() ? Json() : std::move(kept);
    return {{"spec", {{"taints", std::move(taints)}}}};
  });
}

Status UndoControl(const Undoer& undoer, const Change& change) {
  if (undoer.control == nullptr)
    return Fail(ErrorCode::kUnavailable,
                "node {} cannot be brought back from its {}: there is no node control here; start "
                "it again by hand and run `holdfast recover` once more",
                Name(change), GetString(change.fields, {"made", "action"}));
  const Status returned = undoer.control->Return(Name(change));
  if (returned) return {};
  // A machine that was given up while it was down cannot come back.
  const auto node = undoer.client.Get({kube::resources::kNodes, "", Name(change)});
  if (!node && node.error().code != ErrorCode::kNotFound) return returned;
  const Presence presence = PresenceOf(change, node);
  if (presence == Presence::kThere) return returned;
  SayGone(undoer, change, presence);
  return {};
}

using Undo = Status (*)(const Undoer&, const Change&);

const std::map<std::string, Undo>& Undos() {
  static const std::map<std::string, Undo> kUndos{{"namespace", UndoNamespace},
                                                  {"content", UndoContent},
                                                  {"lease", UndoLease},
                                                  {"cordon", UndoCordon},
                                                  {"taint", UndoTaint},
                                                  {"control", UndoControl}};
  return kUndos;
}

}  // namespace

Status CheckUndoable(const Change& change) {
  if (Undos().contains(change.what) && !Name(change).empty()) return {};
  return Fail(ErrorCode::kInvalidArgument,
              "the undo journal has a change '{}' of '{}' that this holdfast does not know; use the "
              "version that wrote it",
              change.what, Name(change));
}

Status UndoChange(const Undoer& undoer, const Change& change) {
  HOLDFAST_RETURN_IF_ERROR(CheckUndoable(change));
  return Undos().at(change.what)(undoer, change);
}

}  // namespace holdfast::run
