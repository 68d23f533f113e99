// A sandbox of this test program's own, and what the tests do to it through our client.
#ifndef HOLDFAST_TESTS_INTEGRATION_SANDBOX_NODES_RUNNING_SANDBOX_H_
#define HOLDFAST_TESTS_INTEGRATION_SANDBOX_NODES_RUNNING_SANDBOX_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/kube/client.h"
#include "harness/kube/exec.h"
#include "harness/kube/transport.h"
#include "harness/sandbox/defects/defects.h"

namespace holdfast {

// Starts with three nodes, images from the user's cache; the destructor takes it down. Failures to
// start abort the test program with a sentence.
class RunningSandbox {
 public:
  explicit RunningSandbox(const std::vector<std::string>& images,
                          sandbox::Defects defects = sandbox::Defects());
  RunningSandbox(const RunningSandbox&) = delete;
  RunningSandbox& operator=(const RunningSandbox&) = delete;
  ~RunningSandbox();

  [[nodiscard]] kube::Client& client() const { return *client_; }
  [[nodiscard]] const kube::ClusterAccess& access() const { return access_; }
  [[nodiscard]] std::filesystem::path kubeconfig() const { return directory_.path() / "config"; }

  // POST of an operation on a node; the HTTP status.
  int Operate(const std::string& node, const std::string& operation, const std::string& from = "");
  // The node's state as node control tells it.
  std::string StateOf(const std::string& node);

  void Create(const kube::Resource& resource, const Json& object) const;
  // A pod with one container "main" that runs `script` by the shell, on `node`, with a volume
  // /data (emptyDir, or `claim`).
  void RunPod(const std::string& name,
              const std::string& node,
              const std::string& script,
              const std::string& image = "busybox:1",
              const std::string& claim = "") const;
  void DeletePod(const std::string& name) const;
  [[nodiscard]] Json Pod(const std::string& name) const;
  bool AwaitReady(const std::string& name) const;
  bool AwaitNode(const std::string& name, const std::string& ready) const;
  // The command's output by the shell; what went wrong as a sentence that begins with "failed".
  [[nodiscard]] std::string Sh(const std::string& pod, const std::string& script) const;

 private:
  TemporaryDirectory directory_;
  kube::ClusterAccess access_;
  std::unique_ptr<kube::Client> client_;
  std::shared_ptr<kube::Transport> transport_;
};

// Looks until `condition` holds, at most a minute and a half.
bool Eventually(const std::function<bool()>& condition);
bool IsReady(const Json& object);

}  // namespace holdfast

#endif  // HOLDFAST_TESTS_INTEGRATION_SANDBOX_NODES_RUNNING_SANDBOX_H_
