#include "harness/run/inventory.h"

#include <algorithm>

#include "harness/run/cluster_journal.h"
#include "harness/run/given_namespace.h"

namespace holdfast::run {
namespace {

bool ComesAndGoes(const Json& taint) {
  const std::string key = GetString(taint, {"key"});
  return key.starts_with("node.kubernetes.io/") && key != "node.kubernetes.io/out-of-service" &&
         key != "node.kubernetes.io/unschedulable";
}

Json Taints(const Json& node) {
  Json kept = Json::array();
  for (const Json& taint : GetArray(node, {"spec", "taints"})) {
    // Times of taints are the system's.
    if (!ComesAndGoes(taint))
      kept.push_back({{"key", GetString(taint, {"key"})},
                      {"value", GetString(taint, {"value"})},
                      {"effect", GetString(taint, {"effect"})}});
  }
  std::sort(kept.begin(), kept.end());
  return kept;
}

FoundObject FoundNode(const Json& node) {
  return {"Node",
          GetString(node, {"metadata", "name"}),
          {{"uid", GetString(node, {"metadata", "uid"})},
           {"unschedulable", GetBool(node, {"spec", "unschedulable"})},
           {"taints", Taints(node)},
           {"labels", GetObject(node, {"metadata", "labels"})},
           {"finalizers", GetArray(node, {"metadata", "finalizers"})}}};
}

const FoundObject* Find(const std::vector<FoundObject>& list, const FoundObject& wanted) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const FoundObject& object) {
    return object.kind == wanted.kind && object.name == wanted.name;
  });
  return found == list.end() ? nullptr : &*found;
}

bool IsForeign(const FoundObject& object, const std::set<std::string>& touched_nodes) {
  return object.kind == "Node" && !touched_nodes.contains(object.name);
}

Json Line(const char* when, const FoundObject& object) {
  return {{"when", when},
          {"object", {{"kind", object.kind}, {"name", object.name}}},
          {"fields", object.fields}};
}

}  // namespace

Result<std::vector<FoundObject>> TakeInventory(kube::Client& client,
                                               const std::string& ns,
                                               const std::string& run,
                                               bool given) {
  std::vector<FoundObject> found;
  HOLDFAST_ASSIGN(const kube::ObjectList nodes, client.List(kube::resources::kNodes, "", {}));
  for (const Json& node : nodes.items)
    found.push_back(FoundNode(node));
  const auto own = client.Get({kube::resources::kNamespaces, "", ns});
  if (!own && own.error().code != ErrorCode::kNotFound) return Fail(own.error());
  found.push_back({"Namespace", ns, {{"exists", own.has_value()}}});
  if (own && given) {
    HOLDFAST_ASSIGN(const std::vector<std::string> content, ContentOf(client, ns, run));
    for (const std::string& name : content)
      found.push_back({"Object", ns + "/" + name, Json::object()});
  }
  HOLDFAST_ASSIGN(const kube::ObjectList volumes,
                  client.List(kube::resources::kPersistentVolumes, "", {}));
  std::set<std::string> ours;
  for (const Json& volume : volumes.items) {
    if (GetString(volume, {"spec", "claimRef", "namespace"}) != ns) continue;
    const std::string name = GetString(volume, {"metadata", "name"});
    ours.insert(name);
    found.push_back({"PersistentVolume", name,
                     {{"phase", GetString(volume, {"status", "phase"})},
                      {"finalizers", GetArray(volume, {"metadata", "finalizers"})}}});
  }
  const auto attachments = client.List(kube::resources::kVolumeAttachments, "", {});
  if (attachments) {
    for (const Json& attachment : attachments->items) {
      if (ours.contains(GetString(attachment, {"spec", "source", "persistentVolumeName"})))
        found.push_back({"VolumeAttachment", GetString(attachment, {"metadata", "name"}),
                         {{"node", GetString(attachment, {"spec", "nodeName"})}}});
    }
  }
  kube::ListOptions of_run;
  of_run.label_selector = fmt::format("{}={}", kRunLabel, run);
  const auto leases = client.List(kube::resources::kLeases, kJournalNamespace, of_run);
  if (leases) {
    for (const Json& lease : leases->items) {
      const std::string name = GetString(lease, {"metadata", "name"});
      if (name.starts_with("node-") || name.starts_with("namespace-")) found.push_back({"Lease", name, Json::object()});
    }
  }
  return found;
}

void RecordInventory(trace::TraceWriter& trace,
                     const std::vector<FoundObject>& before,
                     const std::vector<FoundObject>& after,
                     const std::set<std::string>& touched_nodes) {
  for (const FoundObject& object : before)
    trace.Append("found", Line("before", object));
  for (const FoundObject& object : before) {
    const FoundObject* now = Find(after, object);
    if (now != nullptr && *now == object) {
      trace.Append("found", Line("after", object));
    } else if (IsForeign(object, touched_nodes)) {
      Json line = Line("after", object);
      line["foreign"] = now != nullptr ? now->fields : Json("gone");
      trace.Append("found", std::move(line));
    } else if (now != nullptr) {
      trace.Append("found", Line("after", *now));
    }
  }
  for (const FoundObject& object : after) {
    if (Find(before, object) == nullptr && !IsForeign(object, touched_nodes))
      trace.Append("found", Line("after", object));
  }
}

std::vector<std::string> Differences(const std::vector<FoundObject>& before,
                                     const std::vector<FoundObject>& after,
                                     const std::set<std::string>& touched_nodes) {
  std::vector<std::string> lines;
  for (const FoundObject& object : before) {
    const FoundObject* now = Find(after, object);
    if ((now != nullptr && *now == object) || IsForeign(object, touched_nodes)) continue;
    lines.push_back(fmt::format("{} {} was {} and is {}", object.kind, object.name,
                                DumpJson(object.fields),
                                now != nullptr ? DumpJson(now->fields) : "gone"));
  }
  for (const FoundObject& object : after) {
    if (Find(before, object) == nullptr && !IsForeign(object, touched_nodes))
      lines.push_back(fmt::format("{} {} is left: {}", object.kind, object.name,
                                  DumpJson(object.fields)));
  }
  return lines;
}

}  // namespace holdfast::run
