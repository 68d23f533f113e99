// The API server cannot be reached, or answers nothing, for a while in the middle of a run (half a
// minute in the nightly tests): the run goes on, its changes are undone, and what may have been
// missed is not called passed.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdlib>
#include <thread>

#include "harness/base/strings.h"
#include "tests/integration/recover/kept_sandbox.h"
#include "tests/integration/recover/tcp_proxy.h"

namespace holdfast {
namespace {

int Seconds() {
  const char* text = std::getenv("HOLDFAST_LOST_SECONDS");
  return text == nullptr ? 8 : static_cast<int>(ParseInt(text).value_or(8));
}

struct LostServer : testing::Test {
  KeptSandbox& sandbox = KeptSandbox::Get();
  std::filesystem::path folder = sandbox.NewFolder();
  std::string before = sandbox.Found();

  // Plays a suite that has cordoned a node when the server is lost, and deletes a pod afterwards.
  void PlayAndLose(const std::filesystem::path& kubeconfig,
                   const std::function<void()>& lose,
                   const std::function<void()>& find) {
    const auto suite = folder / "suite.yaml";
    ASSERT_TRUE(WriteFileAtomic(suite,
                                fmt::format("suite: lost\n"
                                            "workload: {{pause: {{replicas: 2, "
                                            "terminationGracePeriod: 0s}}}}\n"
                                            "scenarios:\n"
                                            "  - name: cordon\n"
                                            "    steps: [cordon: {{of: primary}}, wait: {{for: "
                                            "{}s}}, pod-delete: {{}}]\n",
                                            Seconds() + 3)));
    ProcessResult result;
    std::jthread runner([&] {
      result = sandbox.Holdfast({"run", suite.string(), "--kubeconfig", kubeconfig.string(),
                                 "--cluster", sandbox.client().access().context, "--out",
                                 (folder / "run").string()},
                                {"HOLDFAST_STATE=" + (folder / "state").string()});
    });
    const auto trace = folder / "run" / "trace.jsonl";
    const Deadline deadline(SystemClock(), std::chrono::seconds(60));
    while (ReadFile(trace).value_or("").find("\"name\":\"wait\"") == std::string::npos &&
           !deadline.Passed())
      SystemClock().SleepFor(std::chrono::milliseconds(50), {});
    ASSERT_FALSE(deadline.Passed());
    lose();
    SystemClock().SleepFor(std::chrono::seconds(Seconds()), {});
    find();
    runner.join();
    EXPECT_TRUE(result.exit_code == 0 || result.exit_code == 3) << result.out << result.err;
    EXPECT_NE(result.out.find("left-as-found: pass"), std::string::npos) << result.out;
    EXPECT_EQ(sandbox.Found(), before) << result.out;
    const ProcessResult recovered = sandbox.Recover(folder / "state");
    EXPECT_NE(recovered.out.find("nothing was left behind"), std::string::npos) << recovered.out;
  }
};

TEST_F(LostServer, CutOffInMidRunIsSurvived) {
  const std::string server = sandbox.client().access().server;
  const auto port = ParseInt(server.substr(server.rfind(':') + 1));
  ASSERT_TRUE(port) << server;
  TcpProxy proxy(static_cast<int>(*port));
  const auto kubeconfig = folder / "kubeconfig";
  ASSERT_TRUE(WriteFileAtomic(
      kubeconfig,
      ReplaceAll(ReadFile(sandbox.Kubeconfig()).value(), fmt::format(":{}", *port),
                 fmt::format(":{}", proxy.port())),
      0600));
  PlayAndLose(
      kubeconfig, [&] { proxy.SetCut(true); }, [&] { proxy.SetCut(false); });
}

// Connections stay open and nothing comes: only time tells that the server is away.
TEST_F(LostServer, FrozenInMidRunIsSurvived) {
  const pid_t server = sandbox.ApiServer();
  ASSERT_GT(server, 0);
  PlayAndLose(
      sandbox.Kubeconfig(), [&] { ASSERT_EQ(::kill(server, SIGSTOP), 0); },
      [&] { ASSERT_EQ(::kill(server, SIGCONT), 0); });
}

}  // namespace
}  // namespace holdfast
