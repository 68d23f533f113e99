// A sandbox that `holdfast sandbox up` keeps, shared by all tests of the program, and the runner
// outside of it.
#ifndef HOLDFAST_TESTS_INTEGRATION_RECOVER_KEPT_SANDBOX_H_
#define HOLDFAST_TESTS_INTEGRATION_RECOVER_KEPT_SANDBOX_H_

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/process.h"
#include "harness/kube/client.h"

namespace holdfast {

// The program under test: the one of this build, or what the environment variable HOLDFAST_PROGRAM
// names, such as an optimised one for the long tests.
std::string Program();

class KeptSandbox {
 public:
  // The one of this process; started at the first call, stopped at the end of the tests.
  static KeptSandbox& Get();
  ~KeptSandbox();
  KeptSandbox(const KeptSandbox&) = delete;
  KeptSandbox& operator=(const KeptSandbox&) = delete;

  // Runs the program with a state directory for journals of its own, in another working directory.
  // `environment` is added.
  ProcessResult Holdfast(const std::vector<std::string>& arguments,
                         const std::vector<std::string>& environment = {}) const;
  // `run SUITE` against the sandbox, which the command names.
  [[nodiscard]] std::vector<std::string> RunCommand(const std::filesystem::path& suite,
                                                    const std::filesystem::path& out) const;
  ProcessResult Recover(const std::filesystem::path& state) const;
  kube::Client& client() { return *client_; }
  [[nodiscard]] std::string Kubeconfig() const { return (folder_.path() / "kubeconfig").string(); }
  // Everything that a run could leave behind, as text: nodes with their marks, namespaces, volumes,
  // attachments. Waits until what goes by itself is gone, such as the taint that follows a cordon.
  std::string Found();
  // The process that serves the API, to be stopped and continued.
  [[nodiscard]] pid_t ApiServer() const;
  // A new folder for one test.
  [[nodiscard]] std::filesystem::path NewFolder();

 private:
  KeptSandbox();
  struct Inventory {
    std::string text;
    bool passing = false;  // Something in it goes by itself.
  };
  [[nodiscard]] Inventory FoundNow();
  TemporaryDirectory folder_;
  std::unique_ptr<kube::Client> client_;
  int folders_ = 0;
};

}  // namespace holdfast

#endif  // HOLDFAST_TESTS_INTEGRATION_RECOVER_KEPT_SANDBOX_H_
