// Real containers over a busybox root: start, output, users, mounts, exec, signals, network.
#include "harness/sandbox/node/container.h"

#include <signal.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/sandbox/node/exec_session.h"
#include "harness/sandbox/node/pod_network.h"

#include "tests/unit/sandbox_node/busybox_root.h"

namespace holdfast::sandbox::node {
namespace {

using ::testing::HasSubstr;

constexpr Nanos kSoon = std::chrono::seconds(30);

std::string LogOf(const ContainerSpec& spec) {
  std::string text;
  const Status read = ReadContainerLog(
      spec.log_file, {}, SystemClock(),
      [&](std::string_view piece) {
        text.append(piece);
        return true;
      },
      [] { return true; }, {});
  return read ? text : read.error().message;
}

class ContainerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const Status made = root_.Make();
    ASSERT_TRUE(made) << made.error().message;
  }
  // Runs `script` to its end.
  ContainerExit Run(const ContainerSpec& spec) {
    auto container = Container::Start(spec, SystemClock(), {});
    if (!container) return {-1, container.error().message};
    return (*container)->Wait(kSoon).value_or(ContainerExit{-2, "did not end"});
  }
  Result<std::shared_ptr<Container>> StartServer(ContainerSpec spec) {
    return Container::Start(std::move(spec), SystemClock(), {});
  }
  // Until the container's log has `text`.
  bool AwaitLog(const ContainerSpec& spec, const std::string& text) {
    const Deadline deadline(SystemClock(), kSoon);
    while (!deadline.Passed()) {
      if (LogOf(spec).find(text) != std::string::npos) return true;
      SystemClock().SleepFor(std::chrono::milliseconds(5), {});
    }
    return false;
  }
  BusyboxRoot root_;
};

TEST_F(ContainerTest, RunsAsTheGivenUserWithHostnameAndEnvironment) {
  ContainerSpec spec =
      root_.Spec("a", "id -u; id -g; hostname; echo $GREETING; pwd; echo $$; echo oops >&2");
  spec.uid = 999;
  spec.gid = 998;
  spec.hostname = "web-0";
  spec.working_directory = "/made/for/it";
  const ContainerExit exit = Run(spec);
  EXPECT_EQ(exit.exit_code, 0) << exit.start_error << LogOf(spec);
  EXPECT_THAT(LogOf(spec), HasSubstr("999\n998\nweb-0\nhello\n/made/for/it\n1\n"));
  const auto raw = ReadFile(spec.log_file);
  ASSERT_TRUE(raw);
  EXPECT_THAT(*raw, HasSubstr(" stderr F oops\n"));
}

TEST_F(ContainerTest, TellsExitCodesAndSignals) {
  EXPECT_EQ(Run(root_.Spec("a", "exit 7")).exit_code, 7);
  EXPECT_EQ(Run(root_.Spec("b", "sh -c 'kill -9 $$'; exit $?")).exit_code, 137);
}

TEST_F(ContainerTest, SaysThatACommandDoesNotExist) {
  ContainerSpec spec = root_.Spec("a", "");
  spec.argv = {"no-such-program"};
  const ContainerExit exit = Run(spec);
  EXPECT_EQ(exit.exit_code, 128);
  EXPECT_THAT(exit.start_error, HasSubstr("no-such-program"));
}

TEST_F(ContainerTest, WritesGoToTheLayerAndVanishWithIt) {
  const ContainerSpec spec = root_.Spec("a", "echo x > /etc/new; cat /etc/new; ls /etc");
  EXPECT_EQ(Run(spec).exit_code, 0);
  EXPECT_THAT(LogOf(spec), HasSubstr("x\nnew\npasswd\n"));
  EXPECT_FALSE(std::filesystem::exists(root_.path() / "etc/new"));
  EXPECT_FALSE(std::filesystem::exists(spec.layer_directory));
}

TEST_F(ContainerTest, BindsVolumesThroughLinksOfTheImage) {
  const std::filesystem::path volume = root_.state() / "volume";
  ASSERT_TRUE(MakeDirectories(volume));
  ASSERT_TRUE(WriteFileAtomic(volume / "given", "data\n"));
  ContainerSpec spec = root_.Spec(
      "a", "cat /run/secrets/app/given; touch /run/secrets/app/no; echo $?; echo y > /data/f");
  spec.uid = 999;
  spec.mounts = {{volume, "/var/run/secrets/app", true}, {volume, "/data", false}};
  EXPECT_EQ(Run(spec).exit_code, 0) << LogOf(spec);
  EXPECT_THAT(LogOf(spec), HasSubstr("data\n"));
  EXPECT_THAT(LogOf(spec), HasSubstr("1\n"));
  EXPECT_EQ(ReadFile(volume / "f").value_or(""), "y\n");
}

TEST_F(ContainerTest, ExecutesCommandsInside) {
  ContainerSpec spec = root_.Spec("a",
                                  "trap 'exit 3' TERM; touch /tmp/mark; echo up; "
                                  "while :; do sleep 0.05; done");
  spec.uid = 999;
  spec.hostname = "web-1";
  const auto container = StartServer(spec);
  ASSERT_TRUE(container) << container.error().message;
  ASSERT_TRUE(AwaitLog(spec, "up"));
  const auto inside = RunInContainer(
      **container, {"sh", "-c", "id -u; hostname; ls /tmp; echo $GREETING; exit 5"}, kSoon, {});
  ASSERT_TRUE(inside) << inside.error().message;
  EXPECT_EQ(inside->output, "999\nweb-1\nmark\nhello\n");
  EXPECT_EQ(inside->exit_code, 5);
  EXPECT_EQ(RunInContainer(**container, {"no-such-program"}, kSoon, {})->exit_code, 127);
  EXPECT_TRUE(
      RunInContainer(**container, {"sleep", "100"}, std::chrono::milliseconds(200), {})->timed_out);
  (*container)->Signal(SIGTERM);
  EXPECT_EQ((*container)->Wait(kSoon).value_or(ContainerExit{-1, ""}).exit_code, 3);
  EXPECT_FALSE(RunInContainer(**container, {"true"}, kSoon, {}));
}

TEST_F(ContainerTest, KillEndsEverythingInside) {
  const ContainerSpec spec = root_.Spec("a", "sleep 1000 & sleep 1000 & echo up; sleep 1000");
  const auto container = StartServer(spec);
  ASSERT_TRUE(container) << container.error().message;
  ASSERT_TRUE(AwaitLog(spec, "up"));
  (*container)->Signal(SIGKILL);
  EXPECT_EQ((*container)->Wait(kSoon).value_or(ContainerExit{-1, ""}).exit_code, 137);
}

TEST_F(ContainerTest, StreamsAreWiredThroughATerminal) {
  const ContainerSpec spec = root_.Spec("a", "echo up; sleep 1000");
  const auto container = StartServer(spec);
  ASSERT_TRUE(container) << container.error().message;
  ASSERT_TRUE(AwaitLog(spec, "up"));
  auto session = ExecSession::Start(**container, {"sh", "-c", "test -t 0 && read x; exit 9"}, true);
  ASSERT_TRUE(session) << session.error().message;
  ASSERT_TRUE(WriteAll(session->in.get(), "hello\n", "terminal"));
  EXPECT_EQ(session->Wait(), 9);
}

TEST_F(ContainerTest, PodsReachEachOtherOverTheBridge) {
  auto pool = AddressPool::Create("10.244.7.0/24");
  ASSERT_TRUE(pool);
  const Status bridge = SetUpBridge(**pool);
  ASSERT_TRUE(bridge) << bridge.error().message;
  const auto one = PodNetwork::Create(**pool);
  ASSERT_TRUE(one) << one.error().message;
  const auto two = PodNetwork::Create(**pool);
  ASSERT_TRUE(two) << two.error().message;
  EXPECT_EQ((*one)->address(), "10.244.7.2");
  ContainerSpec server = root_.Spec("server", "echo up; echo pong | nc -l -p 80");
  server.network_pid = (*one)->holder();
  server.uid = 999;
  const auto running = StartServer(server);
  ASSERT_TRUE(running) << running.error().message;
  ASSERT_TRUE(AwaitLog(server, "up"));
  ContainerSpec client = root_.Spec(
      "client", "until nc 10.244.7.2 80 </dev/null > /tmp/o; do sleep 0.05; done; cat /tmp/o");
  client.network_pid = (*two)->holder();
  EXPECT_EQ(Run(client).exit_code, 0);
  EXPECT_THAT(LogOf(client), HasSubstr("pong\n"));
}

TEST(AddressPoolTest, ReusesAddressesLateAndRefusesWhenFull) {
  auto pool = AddressPool::Create("10.244.1.0/24");
  ASSERT_TRUE(pool);
  EXPECT_EQ((*pool)->Take().value_or(""), "10.244.1.2");
  (*pool)->Return("10.244.1.2");
  EXPECT_EQ((*pool)->Take().value_or(""), "10.244.1.3");
  for (int i = 0; i < 252; ++i)
    EXPECT_TRUE((*pool)->Take());
  EXPECT_FALSE((*pool)->Take());
  for (const char* wrong : {"", "10.244.1.0", "10.244.1.0/16", "10.244.1.7/24", "a.b.c.0/24"})
    EXPECT_FALSE(AddressPool::Create(wrong)) << wrong;
}

}  // namespace
}  // namespace holdfast::sandbox::node
