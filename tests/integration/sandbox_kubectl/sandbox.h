// A sandbox that `holdfast sandbox up` left running, and the real kubectl on it.
#ifndef HOLDFAST_TESTS_INTEGRATION_SANDBOX_KUBECTL_SANDBOX_H_
#define HOLDFAST_TESTS_INTEGRATION_SANDBOX_KUBECTL_SANDBOX_H_

#include <sys/types.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/base/process.h"

#include "tests/kubectl.h"

namespace holdfast {

// What `kubectl get --watch` has printed so far.
class KubectlWatch {
 public:
  KubectlWatch(std::vector<std::string> argv, std::filesystem::path output);
  // The lines, with runs of blanks as one.
  [[nodiscard]] std::vector<std::string> Lines() const;

 private:
  std::filesystem::path output_;
  std::jthread thread_;  // Its end kills kubectl.
};

// The user's state is untouched: each test has a state directory of its own. Images come from the
// user's cache, because they take minutes to make.
class SandboxTest : public ::testing::Test {
 protected:
  void TearDown() override;

  ProcessResult Holdfast(std::vector<std::string> arguments) const;
  // `holdfast sandbox up` with the kubeconfig below our directory; returns how long it took.
  Nanos Up();
  // The process that `sandbox up` recorded, and all its descendants, with their command lines.
  [[nodiscard]] std::map<pid_t, std::string> Processes() const;
  [[nodiscard]] pid_t World() const;

  // In namespace "shop".
  [[nodiscard]] KubectlClient Client() const;
  [[nodiscard]] ProcessResult Kubectl(const std::vector<std::string>& arguments,
                                      const std::string& input = "") const {
    return Client().Run(arguments, input);
  }
  std::string Say(const std::vector<std::string>& arguments, const std::string& input = "") const {
    return Client().Say(arguments, input);
  }
  [[nodiscard]] std::unique_ptr<KubectlWatch> WatchPods() const;
  // Namespace, headless service and a set of three with a claim each; returns how long it took
  // until all three were ready.
  Nanos Deploy() const;

  [[nodiscard]] std::filesystem::path Kubeconfig() const { return directory_.path() / "config"; }

  TemporaryDirectory directory_;
};

// Looks until `condition` holds, at most half a minute.
bool Eventually(const std::function<bool()>& condition);
// The words of each line.
std::vector<std::vector<std::string>> Words(const std::string& text);
// Which of `all` are still there, zombies aside, as sentences.
std::string StillRunning(const std::map<pid_t, std::string>& all);

}  // namespace holdfast

#endif  // HOLDFAST_TESTS_INTEGRATION_SANDBOX_KUBECTL_SANDBOX_H_
