// kubectl's streams, as its newer releases send them (WebSocket) and as its older ones do (SPDY).
#include <gmock/gmock.h>

#include <thread>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/strings.h"

#include "tests/integration/sandbox_kubectl/session.h"

namespace holdfast {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// The switches by which kubectl is told not to use WebSocket.
const char* const kExecBySpdy = "KUBECTL_REMOTE_COMMAND_WEBSOCKETS=false";
const char* const kForwardBySpdy = "KUBECTL_PORT_FORWARD_WEBSOCKETS=false";

// `kubectl port-forward` until its end.
class PortForward {
 public:
  PortForward(std::vector<std::string> argv,
              std::vector<std::string> environment,
              std::filesystem::path output)
      : output_(std::move(output)),
        thread_([argv = std::move(argv), environment = std::move(environment),
                 path = output_.string()](const std::stop_token& stop) {
          ProcessOptions options;
          options.argv = {"sh", "-c", "exec \"$@\" >\"$0\" 2>&1", path};
          options.argv.insert(options.argv.end(), argv.begin(), argv.end());
          options.add_environment = environment;
          EXPECT_FALSE(RunProcess(options, stop)) << "it ended by itself";
        }) {}
  [[nodiscard]] std::string Said() const { return ReadFile(output_).value_or(""); }
  // Whether it says so within half a minute: its words come after the end of a connection.
  [[nodiscard]] bool Says(const std::string& text) const {
    const Deadline deadline(SystemClock(), std::chrono::seconds(30));
    while (Said().find(text) == std::string::npos) {
      if (deadline.Passed()) return false;
      SystemClock().SleepFor(std::chrono::milliseconds(20), {});
    }
    return true;
  }
  // The local port that leads to `port`; empty after half a minute.
  [[nodiscard]] std::string LocalPort(const std::string& port) const {
    const Deadline deadline(SystemClock(), std::chrono::seconds(30));
    while (!deadline.Passed()) {
      for (const std::string& line : Split(Said(), '\n')) {
        const std::vector<std::string> words = Split(line, ' ');
        if (line.starts_with("Forwarding from 127.0.0.1:") && words.back() == port)
          return words.at(2).substr(words.at(2).find(':') + 1);
      }
      SystemClock().SleepFor(std::chrono::milliseconds(20), {});
    }
    return "";
  }

 private:
  std::filesystem::path output_;
  std::jthread thread_;  // Its end ends kubectl.
};

class Streams : public Session, public ::testing::WithParamInterface<bool> {
 protected:
  // One request over a connection of its own; the answer.
  static std::string Fetch(const std::string& port, const std::string& path) {
    ProcessOptions options;
    options.argv = {"bash", "-c",
                    "exec 3<>/dev/tcp/127.0.0.1/$0 && printf 'GET %s HTTP/1.0\\r\\n\\r\\n' $1 >&3 && "
                    "cat <&3",
                    port, path};
    options.timeout = std::chrono::seconds(60);
    const auto answer = RunProcess(options);
    return answer ? answer->out : answer.error().message;
  }
  [[nodiscard]] std::vector<std::string> Switches() const {
    if (!GetParam()) return {};
    return {kExecBySpdy, kForwardBySpdy};
  }
};

TEST_P(Streams, ForwardPorts) {
  Say({"run", "web", "--image=httpd:2.4.39-4", "--restart=Never"});
  Say({"wait", "--for=condition=Ready", "pod/web", "--timeout=100s"});
  Say({"exec", "web", "--", "sh", "-c",
       "seq 1 300000 > /usr/local/apache2/htdocs/much; sha256sum < /usr/local/apache2/htdocs/much"});
  const PortForward forward(Client().Argv({"port-forward", "pod/web", ":80", ":81"}), Switches(),
                            Folder() / (ns() + ".forward"));
  const std::string port = forward.LocalPort("80");
  ASSERT_NE(port, "") << forward.Said();
  EXPECT_THAT(Fetch(port, "/index.html"), HasSubstr("It works!"));
  // Again, with more than any buffer on the way.
  const std::string much = Fetch(port, "/much");
  EXPECT_THAT(much, HasSubstr("\n299999\n300000\n"));
  std::vector<std::jthread> clients;
  for (int i = 0; i < 8; ++i)
    clients.emplace_back([&] { EXPECT_EQ(Fetch(port, "/much").size(), much.size()); });
  clients.clear();
  // Nobody listens there: the connection ends and kubectl says why.
  EXPECT_EQ(Fetch(forward.LocalPort("81"), "/"), "");
  EXPECT_TRUE(forward.Says("an error occurred forwarding")) << forward.Said();
}

TEST_P(Streams, RunCommands) {
  Say({"run", "web", "--image=busybox:1", "--restart=Never", "--", "sleep", "1000000"});
  Say({"wait", "--for=condition=Ready", "pod/web", "--timeout=100s"});
  ProcessResult result = Kubectl({"exec", "web", "--", "sh", "-c", "echo out; echo err >&2; exit 7"},
                                 "", Switches());
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_THAT(result.err, StartsWith("err\n"));
  std::string much;
  for (int i = 0; i < 200'000; ++i)
    much += fmt::format("{}\n", i);
  EXPECT_TRUE(Say({"exec", "-i", "web", "--", "cat"}, much, Switches()) == much);
  EXPECT_EQ(Say({"exec", "-i", "web", "--", "wc", "-c"}, much, Switches()),
            fmt::format("{}\n", much.size()));
  result = Kubectl({"exec", "web", "-c", "side", "--", "true"}, "", Switches());
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("container side is not valid for pod web"));
  EXPECT_THAT(Kubectl({"exec", "none", "--", "true"}, "", Switches()).err, HasSubstr("not found"));
}

INSTANTIATE_TEST_SUITE_P(Kubectl, Streams, ::testing::Bool(), [](const auto& info) {
  return info.param ? "BySpdy" : "ByWebSocket";
});

}  // namespace
}  // namespace holdfast
