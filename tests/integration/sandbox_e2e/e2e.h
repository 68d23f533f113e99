// What the Kubernetes project's own end-to-end tests of StatefulSet ask of a cluster, in our words:
// the same requests, and the same conditions waited for, over the harness's client. The tests
// themselves are Go; where one of them runs commands in a pod, it uses kubectl, and so does this.
#ifndef HOLDFAST_TESTS_INTEGRATION_SANDBOX_E2E_E2E_H_
#define HOLDFAST_TESTS_INTEGRATION_SANDBOX_E2E_E2E_H_

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "harness/kube/client.h"

namespace holdfast {

// The images of the tests of Kubernetes 1.36.
inline constexpr const char* kWebserver = "registry.example/e2e-test-images/httpd:2.4.38-4";
inline constexpr const char* kNewWebserver = "registry.example/e2e-test-images/httpd:2.4.39-4";
inline constexpr const char* kPause = "registry.example/pause:3.10.1";

struct SetOptions {
  std::string name = "ss";
  int replicas = 1;
  bool claims = false;  // A claim of one byte at /data, and a host path at /home.
  bool http_probe = false;
  bool pause_probe = false;  // Ready once /data/statefulset-continue is there.
};

class E2e : public ::testing::Test {
 protected:
  // One sandbox for the whole program; a namespace as the framework makes it, with its checks.
  void SetUp() override;
  void TearDown() override;

  [[nodiscard]] kube::Client& client() const;
  [[nodiscard]] const kube::ClusterAccess& access() const { return client().access(); }
  [[nodiscard]] const std::string& ns() const { return ns_; }

  [[nodiscard]] Json NewSet(const SetOptions& options) const;
  Json Create(const kube::Resource& resource, const Json& object) const;
  Json CreateSet(const Json& set) const;
  void CreateHeadlessService() const;
  [[nodiscard]] Json Get(const kube::Resource& resource, const std::string& name) const;
  [[nodiscard]] Json Set(const std::string& name = "ss") const;
  // Read, change, PUT; again on a conflict.
  Json Update(const kube::Resource& resource,
              const std::string& name,
              const std::function<void(Json&)>& change) const;
  Json UpdateSet(const std::function<void(Json&)>& change, const std::string& name = "ss") const;
  void Delete(const kube::Resource& resource, const std::string& name, int grace = -1) const;
  // By ordinal.
  [[nodiscard]] std::vector<Json> Pods() const;
  [[nodiscard]] std::set<std::string> PodNames() const;
  [[nodiscard]] std::set<std::string> ClaimNames() const;

  // Polls for up to two minutes; fails the test with `what` when it does not come.
  void Await(const std::string& what, const std::function<bool()>& condition) const;
  // Exactly `running` pods, all in phase Running, the first `ready` of them Ready and no other.
  void AwaitRunning(int running, int ready) const;
  void AwaitReady(int pods, const std::string& name = "ss") const {
    AwaitRunning(pods, pods);
    AwaitStatus("readyReplicas", pods, name);
  }
  // The status has seen the newest generation; returns the set.
  Json AwaitObserved(const std::string& name = "ss") const;
  void AwaitStatus(const std::string& counter, int value, const std::string& name = "ss") const;
  void Scale(int replicas, const std::string& name = "ss") const;
  // `kubectl exec POD -- /bin/sh -x -c COMMAND`, again until it succeeds.
  [[nodiscard]] std::string Run(const std::string& pod, const std::string& command) const;
  void RunInAll(const std::string& command) const;
  void BreakProbe(const std::string& pod) const;
  void RestoreProbe(const std::string& pod) const;
  [[nodiscard]] std::string AnyNode() const;

 private:
  std::string ns_;
};

[[nodiscard]] bool IsReady(const Json& pod);
[[nodiscard]] std::string RevisionOf(const Json& pod);
[[nodiscard]] std::string ImageOf(const Json& pod);
// The controller of an object, or null.
[[nodiscard]] Json ControllerOf(const Json& object);

}  // namespace holdfast

#endif  // HOLDFAST_TESTS_INTEGRATION_SANDBOX_E2E_E2E_H_
