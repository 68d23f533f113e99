// A running API server on loopback with a kubeconfig, a node agent that plays one pod, and two
// clients: libcurl and the real kubectl.
#ifndef HOLDFAST_TESTS_UNIT_SANDBOX_API_SERVER_FIXTURE_H_
#define HOLDFAST_TESTS_UNIT_SANDBOX_API_SERVER_FIXTURE_H_

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/process.h"
#include "harness/sandbox/api/api_server.h"
#include "harness/sandbox/api/certificates.h"

namespace holdfast::sandbox {

struct HttpAnswer {
  int status = 0;  // 0: no answer.
  std::string body;
  std::string head;  // All header lines.
  [[nodiscard]] Json Parsed() const { return ParseJson(body).value_or(Json()); }
  // The events of a watch.
  [[nodiscard]] std::vector<Json> Lines() const;
};

struct HttpCall {
  std::string method = "GET";
  std::string path;
  std::string body{};
  std::string content_type{};
  std::string accept{};
  bool with_token = true;
  std::string user_agent{};
};

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override { StartServer(); }
  void TearDown() override;

  void StartServer(Defects defects = {});
  HttpAnswer Call(const HttpCall& call);
  HttpAnswer Get(const std::string& path) { return Call({.path = path}); }
  ProcessResult Kubectl(const std::vector<std::string>& arguments, const std::string& input = "");
  // A node, and a pod that runs on it, for exec and logs.
  void MakeRunningPod(const std::string& name);

  TemporaryDirectory directory_;
  Store store_{SystemClock()};
  Registry registry_{store_, SystemClock()};
  std::unique_ptr<ApiServer> server_;
  Certificates certificates_;
  std::string token_ = "the-token-of-this-test";
  int port_ = 0;
  std::vector<std::thread> agents_;
  std::mutex agents_mutex_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_TESTS_UNIT_SANDBOX_API_SERVER_FIXTURE_H_
