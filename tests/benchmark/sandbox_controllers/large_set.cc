// How long the controllers take over one large Parallel StatefulSet: created, ready, updated,
// deleted. Store, registry and controllers are the real ones on real threads; the agents of three
// nodes are played by one thread that answers at once.
//
//   benchmark_sandbox_controllers [pods] [claims: 0 or 1]
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/time_format.h"
#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/controller_manager.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

constexpr char kNodes[][8] = {"node-a", "node-b", "node-c"};

double Seconds(Nanos duration) { return static_cast<double>(duration.count()) / 1e9; }

// Makes pods that have a node ready, and finishes those that are to go.
class Kubelet {
 public:
  explicit Kubelet(Registry& registry) : registry_(registry) {
    thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  }

 private:
  void Run(const std::stop_token& stop) {
    uint64_t seen = 0;
    while (!stop.stop_requested()) {
      uint64_t up_to = seen;
      const auto events =
          registry_.store().EventsAfter("pods", seen, std::chrono::milliseconds(100), &up_to);
      if (!events) {
        std::fprintf(stderr, "too slow for the events of the store\n");
        std::exit(1);
      }
      for (const StoreEvent& event : *events)
        if (event.type == StoreEvent::Type::kModified) React(event.object->json);
      seen = up_to;
    }
  }
  void React(const Json& pod) {
    if (IsTerminating(pod)) {
      DeleteParameters parameters;
      parameters.grace_seconds = 0;
      parameters.uid = UidOf(pod);
      (void)registry_.Delete("pods", NamespaceOf(pod), NameOf(pod), parameters);
    } else if (!GetString(pod, {"spec", "nodeName"}).empty() && !IsPodReady(pod)) {
      (void)registry_.Edit("pods", NamespaceOf(pod), NameOf(pod), UidOf(pod),
                           [&](Json& object) -> Status {
                             object["status"]["phase"] = "Running";
                             object["status"]["podIP"] = "10.0.0.7";
                             SetCondition(object, {{"type", "Ready"}, {"status", "True"}},
                                          FormatRfc3339(registry_.clock().Wall()));
                             return {};
                           });
    }
  }
  Registry& registry_;
  std::jthread thread_;
};

class Stage {
 public:
  Stage(Registry& registry, int64_t pods) : registry_(registry), pods_(pods) {}
  // Waits until `done` of the set's status, or of its absence (a null status); prints how long it
  // took since the last call.
  void Await(const char* what, const std::function<bool(const Json&)>& done) {
    const Nanos began = registry_.clock().Now();
    uint64_t version = 0;
    while (true) {
      const auto set = registry_.store().Get("statefulsets", "default", "large");
      if (done(set ? (*set)->json : Json())) break;
      uint64_t up_to = version;
      (void)registry_.store().EventsAfter("pods", registry_.store().Version(),
                                          std::chrono::milliseconds(5), &up_to);
      if (registry_.clock().Now() - began > std::chrono::minutes(5)) {
        std::fprintf(stderr, "%s: not within five minutes\n", what);
        std::exit(1);
      }
    }
    const Nanos took = registry_.clock().Now() - began;
    std::printf("%-10s %7.2f s  (%.2f ms per pod)\n", what, Seconds(took),
                Seconds(took) * 1000 / static_cast<double>(pods_));
    std::fflush(stdout);
  }

 private:
  Registry& registry_;
  int64_t pods_;
};

Json LargeSet(int64_t pods, bool claims) {
  Json set = {{"metadata", {{"name", "large"}}},
              {"spec",
               {{"replicas", pods},
                {"serviceName", "large"},
                {"podManagementPolicy", "Parallel"},
                {"selector", {{"matchLabels", {{"app", "large"}}}}},
                {"template",
                 {{"metadata", {{"labels", {{"app", "large"}}}}},
                  {"spec",
                   {{"containers",
                     Json::array({{{"name", "main"}, {"image", "pause:1"}}})}}}}}}}};
  if (claims) {
    set["spec"]["volumeClaimTemplates"] =
        Json::array({{{"metadata", {{"name", "data"}}},
                      {"spec",
                       {{"accessModes", Json::array({"ReadWriteOnce"})},
                        {"resources", {{"requests", {{"storage", "1Gi"}}}}}}}}});
  }
  return set;
}

bool Check(const Status& status) {
  if (!status) std::fprintf(stderr, "%s\n", status.error().message.c_str());
  return status.has_value();
}
template <typename T>
bool Check(const Result<T>& result) {
  return Check(result ? Status() : Status(Fail(result.error())));
}

int Main(int64_t pods, bool claims) {
  const TemporaryDirectory directory;
  Clock& clock = SystemClock();
  Store store(clock);
  Registry registry(store, clock);
  ControllerOptions options;
  options.volume_root = directory.path();
  options.nodes.grace = std::chrono::hours(24);
  auto manager = ControllerManager::Start(registry, options);
  if (!Check(manager)) return 1;
  for (const char* name : kNodes) {
    const Json node = {{"metadata", {{"name", name}}}};
    if (!Check(registry.Create("nodes", "", node))) return 1;
    (void)registry.Edit("nodes", "", name, "", [&](Json& object) -> Status {
      object["status"]["allocatable"] = {{"cpu", "8"}, {"memory", "64Gi"}, {"pods", "2000"}};
      SetCondition(object, {{"type", "Ready"}, {"status", "True"}}, FormatRfc3339(clock.Wall()));
      return {};
    });
  }
  const Kubelet kubelet(registry);
  const Json service = {{"metadata", {{"name", "large"}}},
                        {"spec", {{"clusterIP", "None"}, {"selector", {{"app", "large"}}}}}};
  const Json budget = {{"metadata", {{"name", "large"}}},
                       {"spec",
                        {{"selector", {{"matchLabels", {{"app", "large"}}}}},
                         {"maxUnavailable", 1}}}};
  if (!Check(registry.Create("services", "default", service)) ||
      !Check(registry.Create("poddisruptionbudgets", "default", budget)) ||
      !Check(registry.Create("statefulsets", "default", LargeSet(pods, claims)))) {
    return 1;
  }
  std::printf("%lld pods, %s\n", static_cast<long long>(pods), claims ? "one claim each" : "no claims");
  Stage stage(registry, pods);
  stage.Await("ready", [&](const Json& set) {
    return GetInt(set, {"status", "readyReplicas"}) == pods;
  });
  (void)registry.Edit("statefulsets", "default", "large", "", [](Json& set) -> Status {
    set["spec"]["template"]["spec"]["containers"][0]["image"] = "pause:2";
    return {};
  });
  stage.Await("updated", [&](const Json& set) {
    return GetInt(set, {"status", "updatedReplicas"}) == pods &&
           GetInt(set, {"status", "readyReplicas"}) == pods;
  });
  DeleteParameters parameters;
  parameters.propagation = "Foreground";
  if (!Check(registry.Delete("statefulsets", "default", "large", parameters))) return 1;
  stage.Await("deleted", [&](const Json& set) { return set.is_null(); });
  (*manager)->Stop();
  return 0;
}

}  // namespace
}  // namespace holdfast::sandbox

int main(int argc, char** argv) {
  const int64_t pods = argc > 1 ? std::atoll(argv[1]) : 1000;
  const bool claims = argc > 2 && std::atoi(argv[2]) != 0;
  return holdfast::sandbox::Main(pods, claims);
}
