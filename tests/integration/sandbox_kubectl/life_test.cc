// The life of a sandbox as its user sees it: up, one at a time, status, down, and nothing left.
#include <signal.h>

#include <cstdio>

#include <gmock/gmock.h>

#include "harness/base/strings.h"

#include "tests/integration/sandbox_kubectl/sandbox.h"

namespace holdfast {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

void ExpectNothingOnTheMachine() {
  EXPECT_THAT(RunChecked({"ip", "-o", "link"}).value(), Not(HasSubstr("hf0")));
  EXPECT_THAT(ReadFile("/proc/self/mountinfo").value(),
              Not(HasSubstr((CacheDirectory() / "images").string())));
}

TEST_F(SandboxTest, ComesUpOnceTellsWhereItIsAndLeavesNothing) {
  EXPECT_EQ(Holdfast({"status"}).exit_code, 3);
  Up();
  const std::map<pid_t, std::string> processes = Processes();
  EXPECT_GE(processes.size(), 8U) << "the world, its control plane, three nodes and their agents";
  ExpectNothingOnTheMachine();

  const ProcessResult second = Holdfast({"up"});
  EXPECT_EQ(second.exit_code, 3) << second.out << second.err;
  EXPECT_THAT(second.err, HasSubstr("a sandbox is running already"));
  EXPECT_THAT(second.err, HasSubstr(Kubeconfig().string()));
  EXPECT_THAT(second.err, HasSubstr("holdfast sandbox down"));
  const ProcessResult status = Holdfast({"status"});
  EXPECT_EQ(status.exit_code, 0);
  EXPECT_THAT(status.out, HasSubstr("3 nodes"));
  EXPECT_THAT(status.out, HasSubstr(Kubeconfig().string()));
  EXPECT_EQ(std::filesystem::status(Kubeconfig()).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);

  Deploy();
  const std::map<pid_t, std::string> busy = Processes();
  EXPECT_GT(busy.size(), processes.size()) << "pods are processes";
  EXPECT_NE(StillRunning(busy), "") << "the look after the end would prove nothing";
  EXPECT_EQ(Holdfast({"down"}).exit_code, 0);
  EXPECT_EQ(StillRunning(busy), "");
  ExpectNothingOnTheMachine();
  EXPECT_FALSE(std::filesystem::exists(Kubeconfig())) << "it holds a token";
  EXPECT_EQ(Holdfast({"status"}).exit_code, 3);
  EXPECT_EQ(Holdfast({"down"}).exit_code, 0) << "down is idempotent";
}

TEST_F(SandboxTest, KilledItTakesEverythingWithItAndCanBeStartedAgain) {
  Up();
  Deploy();
  const std::map<pid_t, std::string> processes = Processes();
  ASSERT_EQ(::kill(World(), SIGKILL), 0);
  EXPECT_TRUE(Eventually([&] { return StillRunning(processes).empty(); }))
      << StillRunning(processes);
  ExpectNothingOnTheMachine();
  EXPECT_TRUE(Eventually([&] { return Holdfast({"status"}).exit_code == 3; }));
  Up();
  EXPECT_EQ(Words(Say({"get", "nodes", "--no-headers"})).size(), 3U);
  EXPECT_THAT(Kubectl({"get", "ns", "shop"}).err, HasSubstr("NotFound")) << "a fresh cluster";
}

TEST_F(SandboxTest, IsFast) {
  // The first makes images that are missing.
  Up();
  ASSERT_EQ(Holdfast({"down"}).exit_code, 0);
  const Nanos up = Up();
  EXPECT_EQ(Say({"get", "--raw", "/readyz"}), "ok") << "ready means ready";
  const Nanos ready = Deploy();
  RecordProperty("up", FormatDuration(up));
  RecordProperty("three_pods_ready", FormatDuration(ready));
  std::printf("sandbox up until the API is ready: %s\nthree pods applied until ready: %s\n",
              FormatDuration(up).c_str(), FormatDuration(ready).c_str());
}

}  // namespace
}  // namespace holdfast
