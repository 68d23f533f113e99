// The test cluster.
#include "tests/unit/sandbox_controllers/cluster.h"

#include <gtest/gtest.h>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

Json Condition(const char* type, bool value) {
  return {{"type", type}, {"status", value ? "True" : "False"}};
}

ControllerOptions WithDefaults(ControllerOptions options, const TemporaryDirectory& volumes) {
  options.volume_root = volumes.path();
  options.ca_pem = "the CA";
  return options;
}

}  // namespace

ControllerOptions Cluster::Calm() {
  ControllerOptions options;
  options.nodes.grace = std::chrono::hours(24 * 365);
  return options;
}

Cluster::Cluster(ControllerOptions options) {
  options = WithDefaults(std::move(options), volumes);
  const Status made = Bootstrap(registry, options);
  EXPECT_TRUE(made) << made.error().message;
  loops = MakeControllerLoops(registry, options);
  for (const char* node : {"node-a", "node-b", "node-c"})
    AddNode(node);
}

void Cluster::Settle() {
  // The order of the real cluster: decisions are made before a volume is there.
  for (int i = 0; i < 1000; ++i) {
    const size_t control = loops.control->SyncAll();
    const size_t storage = loops.storage->SyncAll();
    if (control + storage == 0) return;
  }
  ADD_FAILURE() << "the controllers do not come to rest";
}

Json Cluster::Create(const std::string& resource, Json object, const std::string& ns) {
  const auto created = registry.Create(resource, ns, std::move(object));
  EXPECT_TRUE(created) << created.error().message;
  return created ? (*created)->json : Json();
}

void Cluster::Edit(const std::string& resource,
                   const std::string& name,
                   const std::function<void(Json&)>& change,
                   const std::string& ns) {
  const auto edited = registry.Edit(resource, ns, name, "", [&](Json& object) -> Status {
    change(object);
    return {};
  });
  EXPECT_TRUE(edited) << edited.error().message;
}

void Cluster::Delete(const std::string& resource,
                     const std::string& name,
                     const std::string& propagation,
                     const std::string& ns) {
  DeleteParameters parameters;
  parameters.propagation = propagation;
  const auto deleted = registry.Delete(resource, ns, name, parameters);
  EXPECT_TRUE(deleted) << deleted.error().message;
}

bool Cluster::Exists(const std::string& resource,
                     const std::string& name,
                     const std::string& ns) const {
  return store.Get(resource, ns, name).has_value();
}

Json Cluster::Get(const std::string& resource,
                  const std::string& name,
                  const std::string& ns) const {
  const auto found = store.Get(resource, ns, name);
  return found ? (*found)->json : Json();
}

std::string Cluster::Uid(const std::string& resource, const std::string& name) const {
  return UidOf(Get(resource, name));
}

std::vector<std::string> Cluster::Names(const std::string& resource, const std::string& ns) const {
  std::vector<std::string> names;
  for (const ObjectPtr& object : store.List(resource, ns))
    names.push_back(NameOf(object->json));
  return names;
}

std::vector<std::string> Cluster::PodHistory() const {
  std::vector<std::string> history;
  const auto events = store.EventsAfter("pods", 0, Nanos{0});
  EXPECT_TRUE(events);
  for (const StoreEvent& event : *events) {
    const Json& pod = event.object->json;
    const std::string name = NameOf(pod);
    const bool was_marked = event.previous != nullptr && IsTerminating(event.previous->json);
    const bool was_ready = event.previous != nullptr && IsPodReady(event.previous->json);
    if (event.type == StoreEvent::Type::kAdded) history.push_back("add " + name);
    if (event.type == StoreEvent::Type::kDeleted) history.push_back("gone " + name);
    if (event.type != StoreEvent::Type::kModified) continue;
    if (IsTerminating(pod) && !was_marked) history.push_back("term " + name);
    if (IsPodReady(pod) && !was_ready) history.push_back("ready " + name);
  }
  return history;
}

size_t Cluster::EventCount(const std::string& name, const std::string& reason) const {
  size_t count = 0;
  for (const ObjectPtr& event : store.List("events", "")) {
    if (GetString(event->json, {"involvedObject", "name"}) == name &&
        GetString(event->json, {"reason"}) == reason) {
      count += static_cast<size_t>(GetInt(event->json, {"count"}, 1));
    }
  }
  return count;
}

void Cluster::AddNode(const std::string& name) {
  Create("nodes", {{"metadata",
           {{"name", name}, {"labels", {{"zone", name}, {"kubernetes.io/hostname", name}}}}}},
         "");
  Edit(
      "nodes", name,
      [&](Json& node) {
        SetCondition(node, Condition("Ready", true), FormatRfc3339(clock.Wall()));
      },
      "");
}

void Cluster::Run(const std::string& pod, bool ready, const std::string& ns) {
  Edit(
      "pods", pod,
      [&](Json& object) {
        object["status"]["phase"] = "Running";
        object["status"]["podIP"] = "10.0.0.7";
        SetCondition(object, Condition("Ready", ready), FormatRfc3339(clock.Wall()));
      },
      ns);
}

void Cluster::FinishDeletion(const std::string& pod, const std::string& ns) {
  DeleteParameters parameters;
  parameters.grace_seconds = 0;
  parameters.uid = UidOf(Get("pods", pod, ns));
  const auto deleted = registry.Delete("pods", ns, pod, parameters);
  EXPECT_TRUE(deleted) << deleted.error().message;
}

bool Cluster::RunPending() {
  for (const ObjectPtr& pod : store.List("pods", "")) {
    if (GetString(pod->json, {"spec", "nodeName"}).empty() || IsTerminating(pod->json) ||
        IsPodRunningAndReady(pod->json)) {
      continue;
    }
    MakeReady(NameOf(pod->json), NamespaceOf(pod->json));
    return true;
  }
  return false;
}

bool Cluster::FinishPending() {
  for (const ObjectPtr& pod : store.List("pods", "")) {
    if (!IsTerminating(pod->json)) continue;
    FinishDeletion(NameOf(pod->json), NamespaceOf(pod->json));
    return true;
  }
  return false;
}

void Cluster::RunAll() {
  do {
    Settle();
  } while (RunPending());
}

void Cluster::Converge() {
  do {
    RunAll();
  } while (FinishPending());
}

Json WebSet(int64_t replicas) {
  return {{"metadata", {{"name", "web"}}},
          {"spec",
           {{"replicas", replicas},
            {"serviceName", "web"},
            {"selector", {{"matchLabels", {{"app", "web"}}}}},
            {"template",
             {{"metadata", {{"labels", {{"app", "web"}}}}},
              {"spec",
               {{"containers",
                 Json::array({{{"name", "main"}, {"image", "registry.test/base:1"}}})}}}}},
            {"volumeClaimTemplates",
             Json::array({{{"metadata", {{"name", "data"}}},
                           {"spec",
                            {{"accessModes", Json::array({"ReadWriteOnce"})},
                             {"resources", {{"requests", {{"storage", "1Gi"}}}}},
                             {"storageClassName", "standard"}}}}})}}}};
}

Json WebService() {
  return {{"metadata", {{"name", "web"}}},
          {"spec",
           {{"clusterIP", "None"},
            {"selector", {{"app", "web"}}},
            {"ports", Json::array({{{"port", 80}, {"targetPort", 80}}})}}}};
}

Json PlainPod(const std::string& name, const Json& spec) {
  Json pod = {
      {"metadata", {{"name", name}, {"labels", {{"app", "web"}}}}},
      {"spec",
       {{"containers", Json::array({{{"name", "main"}, {"image", "registry.test/base:1"}}})}}}};
  pod["spec"].update(spec);
  return pod;
}

}  // namespace holdfast::sandbox
