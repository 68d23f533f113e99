// One sandbox for many tests of the real kubectl; each test has a namespace of its own in it.
#ifndef HOLDFAST_TESTS_INTEGRATION_SANDBOX_KUBECTL_SESSION_H_
#define HOLDFAST_TESTS_INTEGRATION_SANDBOX_KUBECTL_SESSION_H_

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/process.h"

#include "tests/kubectl.h"

namespace holdfast {

class Session : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  [[nodiscard]] KubectlClient Client() const;
  // In this test's namespace; as KubectlClient has them.
  [[nodiscard]] ProcessResult Kubectl(const std::vector<std::string>& arguments,
                                      const std::string& input = "",
                                      std::vector<std::string> environment = {}) const {
    return Client().Run(arguments, input, std::move(environment));
  }
  std::string Say(const std::vector<std::string>& arguments,
                  const std::string& input = "",
                  std::vector<std::string> environment = {}) const {
    return Client().Say(arguments, input, std::move(environment));
  }
  // The same, which must fail; returns what it complained of.
  std::string Refused(std::vector<std::string> arguments, const std::string& input = "") const;
  // One field of one object.
  std::string Field(const std::string& object, const std::string& path) const {
    return Say({"get", object, "-o", "jsonpath={" + path + "}"});
  }
  // A headless service and a set "web" of `replicas`, ready.
  void Deploy(int replicas) const;
  [[nodiscard]] std::string Manifest(int replicas) const;
  [[nodiscard]] std::filesystem::path Folder() const;
  [[nodiscard]] const std::string& ns() const { return ns_; }

 private:
  std::string ns_;
};

}  // namespace holdfast

#endif  // HOLDFAST_TESTS_INTEGRATION_SANDBOX_KUBECTL_SESSION_H_
