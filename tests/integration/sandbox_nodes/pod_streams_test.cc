// Exec, port-forward, attach and logs into real pods of a running sandbox.
#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/process.h"
#include "harness/base/strings.h"
#include "harness/kube/port_forward.h"

#include "tests/integration/sandbox_nodes/running_sandbox.h"

namespace holdfast {
namespace {

using ::testing::HasSubstr;

class PodStreams : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    world_ = std::make_unique<RunningSandbox>(
        std::vector<std::string>{"busybox:1", "postgres:15"});
  }
  static void TearDownTestSuite() { world_.reset(); }
  static ProcessResult Kubectl(std::vector<std::string> arguments, const std::string& input = "") {
    ProcessOptions options;
    options.argv = {"kubectl", "--kubeconfig", world_->kubeconfig().string()};
    options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
    options.input = input;
    options.timeout = std::chrono::seconds(60);
    const auto result = RunProcess(options);
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result.value_or(ProcessResult{-1, "", ""});
  }
  static std::unique_ptr<RunningSandbox> world_;
};
std::unique_ptr<RunningSandbox> PodStreams::world_;

TEST_F(PodStreams, ExecRunsInsideTheContainer) {
  world_->RunPod("box", "node-a", "trap 'exit 0' TERM; sleep 1000 & wait");
  ASSERT_TRUE(world_->AwaitReady("box"));
  EXPECT_EQ(world_->Sh("box", "hostname"), "box");
  kube::ExecRequest request{.ns = "default", .pod = "box", .container = "", .command = {}, .input = ""};
  request.command = {"sh", "-c", "wc -c; echo oops >&2; exit 3"};
  request.input = std::string(100000, 'x');
  const auto result = kube::Exec(world_->access(), request);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(Trim(result->out), "100000");
  EXPECT_EQ(result->err, "oops\n");
  EXPECT_EQ(result->exit_code, 3);
}

TEST_F(PodStreams, PsqlThroughAPortForward) {
  world_->RunPod("db", "node-b",
                 "set -e; initdb -D /data/pg -U postgres -A trust >/dev/null; "
                 "exec postgres -D /data/pg -c listen_addresses=127.0.0.1 "
                 "-c unix_socket_directories=/tmp",
                 "postgres:15");
  ASSERT_TRUE(world_->AwaitReady("db"));
  const auto forward = kube::PortForward::Start(world_->access(), {"default", "db", 5432});
  ASSERT_TRUE(forward) << forward.error().message;
  const auto psql = [&](const std::string& sql) {
    ProcessOptions options;
    options.argv = {"psql", "-h", "127.0.0.1", "-p", std::to_string((*forward)->local_port()),
                    "-U", "postgres", "-At", "-c", sql};
    options.timeout = std::chrono::seconds(30);
    return RunProcess(options).value_or(ProcessResult{-1, "", "psql did not run"});
  };
  std::string last;
  ASSERT_TRUE(Eventually([&] {
    const ProcessResult up = psql("select 6 * 7");
    last = up.err;
    return up.out == "42\n";
  })) << last;
  const int64_t refused = (*forward)->counters().failed;
  EXPECT_EQ(psql("select sum(n) from generate_series(1, 100000) n").out, "5000050000\n");
  const ProcessResult many = psql("select repeat('x', 1000) from generate_series(1, 2000)");
  EXPECT_EQ(many.out.size(), 2000U * 1001U);
  EXPECT_TRUE(Eventually([&] { return (*forward)->counters().open == 0; }));
  EXPECT_EQ((*forward)->counters().failed, refused) << "only while the server was starting";
}

TEST_F(PodStreams, AttachGivesInputAndShowsOutput) {
  world_->Create(kube::resources::kPods,
                 {{"metadata", {{"name", "cat"}}},
                  {"spec",
                   {{"restartPolicy", "Never"},
                    {"containers",
                     Json::array({{{"name", "main"},
                                   {"image", "busybox:1.36"},
                                   {"stdin", true},
                                   {"stdinOnce", true},
                                   {"command", {"sh", "-c", "read line; echo \"got $line\""}}}})}}}});
  ASSERT_TRUE(world_->AwaitReady("cat"));
  const ProcessResult attached = Kubectl({"attach", "-i", "cat"}, "hello\n");
  EXPECT_THAT(attached.out, HasSubstr("got hello")) << attached.err;
  EXPECT_TRUE(Eventually(
      [] { return GetString(world_->Pod("cat"), {"status", "phase"}) == "Succeeded"; }));
}

TEST_F(PodStreams, LogsOfThisRunAndTheOneBefore) {
  world_->RunPod("again", "node-c",
                 "if [ -f /data/once ]; then echo second run; sleep 1000; fi; touch /data/once; "
                 "echo first run; exit 4");
  ASSERT_TRUE(Eventually([] {
    return GetInt(world_->Pod("again"), {"status", "containerStatuses", "0", "restartCount"}) == 1 &&
           IsReady(world_->Pod("again"));
  }));
  ASSERT_TRUE(Eventually([] { return Kubectl({"logs", "again"}).out == "second run\n"; }));
  EXPECT_EQ(Kubectl({"logs", "again", "--previous"}).out, "first run\n");
  EXPECT_EQ(Kubectl({"logs", "again", "--since-time=2100-01-01T00:00:00Z"}).out, "");
  EXPECT_THAT(Kubectl({"logs", "again", "--timestamps"}).out, HasSubstr("Z second run"));
  EXPECT_EQ(Kubectl({"logs", "again", "--limit-bytes=6"}).out, "second");
}

}  // namespace
}  // namespace holdfast
