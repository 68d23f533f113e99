// A control plane without nodes for tests: store, registry and all controllers, stepped by hand on
// a fake clock. Only the kubelet's part is played by the test.
#ifndef HOLDFAST_TESTS_UNIT_SANDBOX_CONTROLLERS_CLUSTER_H_
#define HOLDFAST_TESTS_UNIT_SANDBOX_CONTROLLERS_CLUSTER_H_

#include <functional>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/controller_manager.h"
#include "harness/sandbox/store/store.h"

namespace holdfast::sandbox {

class Cluster {
 public:
  // Nodes that send no heartbeats stay ready for a day.
  static ControllerOptions Calm();
  // With the nodes node-a, node-b and node-c; volume_root and ca_pem are filled in.
  explicit Cluster(ControllerOptions options = Calm());

  // Runs all controllers until nothing is due; the clock stands still.
  void Settle();
  void Advance(Nanos duration) {
    clock.Advance(duration);
    Settle();
  }

  // All of these fail the test when the API refuses.
  Json Create(const std::string& resource, Json object, const std::string& ns = "default");
  void Edit(const std::string& resource,
            const std::string& name,
            const std::function<void(Json&)>& change,
            const std::string& ns = "default");
  void Delete(const std::string& resource,
              const std::string& name,
              const std::string& propagation = "Background",
              const std::string& ns = "default");
  [[nodiscard]] bool Exists(const std::string& resource,
                            const std::string& name,
                            const std::string& ns = "default") const;
  // Null when it is not there.
  [[nodiscard]] Json Get(const std::string& resource,
                         const std::string& name,
                         const std::string& ns = "default") const;
  [[nodiscard]] std::string Uid(const std::string& resource, const std::string& name) const;
  // Names, sorted, all or of one namespace.
  [[nodiscard]] std::vector<std::string> Names(const std::string& resource,
                                               const std::string& ns = "") const;
  // Everything that happened to pods: "add web-0", "term web-0" (first mark), "ready web-0",
  // "gone web-0".
  [[nodiscard]] std::vector<std::string> PodHistory() const;
  // The Events about `name` with this reason.
  [[nodiscard]] size_t EventCount(const std::string& name, const std::string& reason) const;

  // The kubelet's part.
  void AddNode(const std::string& name);
  void Run(const std::string& pod, bool ready, const std::string& ns = "default");
  void MakeReady(const std::string& pod, const std::string& ns = "default") { Run(pod, true, ns); }
  void FinishDeletion(const std::string& pod, const std::string& ns = "default");
  // Settles, and makes every pod that has a node ready, until nothing changes.
  void RunAll();
  // RunAll that also finishes every deletion that was asked for.
  void Converge();

  FakeClock clock;
  Store store{clock};
  Registry registry{store, clock};
  TemporaryDirectory volumes;
  ControllerLoops loops;

 private:
  bool RunPending();
  bool FinishPending();
};

// A StatefulSet "web" with label app=web, service "web", one claim template "data" of class
// "standard", image registry.test/base:1.
Json WebSet(int64_t replicas);
// The headless service of it.
Json WebService();
// A pod "name" with labels app=web and one container; spec fields are added from `spec`.
Json PlainPod(const std::string& name, const Json& spec = Json::object());

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_TESTS_UNIT_SANDBOX_CONTROLLERS_CLUSTER_H_
