// The machine's own kubectl on one kubeconfig, for tests.
#ifndef HOLDFAST_TESTS_KUBECTL_H_
#define HOLDFAST_TESTS_KUBECTL_H_

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "harness/base/process.h"
#include "harness/base/strings.h"

namespace holdfast {

class KubectlClient {
 public:
  // `cache` is where it keeps what it discovered; `ns` may be empty: the kubeconfig's.
  KubectlClient(const std::filesystem::path& kubeconfig,
                const std::filesystem::path& cache,
                const std::string& ns)
      : front_{"kubectl", "--kubeconfig", kubeconfig.string(), "--cache-dir", cache.string()} {
    if (!ns.empty()) front_.insert(front_.end(), {"--namespace", ns});
  }
  [[nodiscard]] std::vector<std::string> Argv(const std::vector<std::string>& arguments) const {
    std::vector<std::string> argv = front_;
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return argv;
  }
  // `environment` is added to ours. The test fails when it cannot run or takes two minutes.
  [[nodiscard]] ProcessResult Run(const std::vector<std::string>& arguments,
                                  const std::string& input = "",
                                  std::vector<std::string> environment = {}) const {
    ProcessOptions options;
    options.argv = Argv(arguments);
    options.input = input;
    options.add_environment = std::move(environment);
    options.timeout = std::chrono::minutes(2);
    const auto result = RunProcess(options);
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result.value_or(ProcessResult{-1, "", ""});
  }
  // The same, which must succeed; returns the output.
  std::string Say(const std::vector<std::string>& arguments,
                  const std::string& input = "",
                  std::vector<std::string> environment = {}) const {
    const ProcessResult result = Run(arguments, input, std::move(environment));
    EXPECT_EQ(result.exit_code, 0) << Join(arguments, " ") << "\n" << result.out << result.err;
    return result.out;
  }

 private:
  std::vector<std::string> front_;
};

}  // namespace holdfast

#endif  // HOLDFAST_TESTS_KUBECTL_H_
