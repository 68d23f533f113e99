// Pods without processes: their whole life by the statuses that the API is sent.
#include "harness/sandbox/node/light_pod.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <tuple>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/process.h"
#include "harness/sandbox/api/api_server.h"
#include "harness/sandbox/api/certificates.h"
#include "harness/sandbox/node/pod_manager.h"

namespace holdfast::sandbox::node {
namespace {

Json Pod(const std::string& image) {
  return {{"metadata", {{"name", "web-0"}, {"namespace", "default"}, {"uid", "u1"}}},
          {"spec", {{"containers", Json::array({{{"name", "main"}, {"image", image}}})}}}};
}

TEST(LightPods, OnlyPlainPauseIsLight) {
  EXPECT_TRUE(IsLight(Pod("pause:1")));
  EXPECT_TRUE(IsLight(Pod("registry.example/pause:3.10")));
  EXPECT_TRUE(IsLight(Pod("registry.example:5000/x/pause@sha256:00")));
  EXPECT_FALSE(IsLight(Pod("pauses:1")));
  EXPECT_FALSE(IsLight(Pod("pause:no-such-tag")));
  EXPECT_FALSE(IsLight(Pod("pause/busybox:1")));
  for (const char* own : {"command", "readinessProbe", "lifecycle"}) {
    Json pod = Pod("pause:1");
    pod["spec"]["containers"][0][own] = Json::object();
    EXPECT_FALSE(IsLight(pod)) << own;
  }
  Json with_init = Pod("pause:1");
  with_init["spec"]["initContainers"] = with_init["spec"]["containers"];
  EXPECT_FALSE(IsLight(with_init));
  Json on_host = Pod("pause:1");
  on_host["spec"]["hostNetwork"] = true;
  EXPECT_FALSE(IsLight(on_host));
}

class LightPodLife : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(RunChecked({"ip", "link", "set", "lo", "up"}));
    const auto certificates = MakeCertificates({"127.0.0.1"});
    ASSERT_TRUE(certificates);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(::bind(listener, generic, size), 0);
    ASSERT_EQ(::listen(listener, 16), 0);
    ASSERT_EQ(::getsockname(listener, generic, &size), 0);
    ApiServerOptions options;
    options.listening_sockets = {listener};
    options.token = "test-token";
    options.certificate_pem = certificates->certificate_pem;
    options.key_pem = certificates->key_pem;
    auto server = ApiServer::Start(registry_, std::move(options));
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
    ASSERT_TRUE(WriteFileAtomic(directory_.path() / "ca", certificates->ca_pem));
    ASSERT_TRUE(WriteFileAtomic(directory_.path() / "token", "test-token\n"));
    auto api = ApiClient::Create(fmt::format("https://127.0.0.1:{}", ntohs(address.sin_port)),
                                 directory_.path() / "ca", directory_.path() / "token");
    ASSERT_TRUE(api);
    api_ = *std::move(api);
    options_.node_name = "node-a";
    options_.node_ip = "127.0.0.1";
    options_.state_directory = directory_.path() / "state";
    addresses_ = *AddressPool::Create("10.244.4.0/28");
    events_ = std::make_unique<EventRecorder>(*api_, SystemClock(), "node-a");
    statuses_ = std::make_unique<StatusPublisher>(*api_, SystemClock());
    lives_ = std::make_unique<VolumeLives>(directory_.path() / "volumes", SystemClock(), Defects());
    services_ = std::make_unique<NodeServices>(
        NodeServices{options_, SystemClock(), *api_, *addresses_, *events_, *statuses_, *lives_,
                     [](const std::string&) -> Result<Image> {
                       return Fail(ErrorCode::kNotFound, "light pods need no image");
                     }});
    pods_ = std::make_unique<PodManager>(*services_);
  }
  void TearDown() override {
    pods_.reset();
    statuses_.reset();
    events_.reset();
    server_.reset();
  }
  Json Create(const std::string& name) {
    Json pod = Pod("pause:1");
    pod["metadata"] = {{"name", name}};
    pod["spec"]["nodeName"] = "node-a";
    const auto made = registry_.Create("pods", "default", std::move(pod));
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    return made ? (*made)->json : Json();
  }
  Json CreateWithPort(const std::string& name, int port, const char* protocol) {
    Json pod = Pod("pause:1");
    pod["metadata"] = {{"name", name}};
    pod["spec"]["nodeName"] = "node-a";
    pod["spec"]["containers"][0]["ports"] =
        Json::array({{{"containerPort", port}, {"hostPort", port}, {"protocol", protocol}}});
    const auto made = registry_.Create("pods", "default", std::move(pod));
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    return made ? (*made)->json : Json();
  }
  // Until the stored pod satisfies `wanted`; null: until it is gone.
  bool Await(const std::string& name, const std::function<bool(const Json&)>& wanted) {
    const Deadline deadline(SystemClock(), std::chrono::seconds(30));
    while (!deadline.Passed()) {
      const auto pod = store_.Get("pods", "default", name);
      if (pod) last_ = (*pod)->json;
      if (pod ? wanted && wanted(last_) : !wanted) return true;
      SystemClock().SleepFor(std::chrono::milliseconds(1), {});
    }
    return false;
  }
  static bool Ready(const Json& pod) {
    for (const Json& condition : GetArray(pod, {"status", "conditions"}))
      if (GetString(condition, {"type"}) == "Ready")
        return GetString(condition, {"status"}) == "True";
    return false;
  }
  [[nodiscard]] Json Stored(const std::string& name) const {
    return (*store_.Get("pods", "default", name))->json;
  }

  TemporaryDirectory directory_;
  Store store_{SystemClock()};
  Registry registry_{store_, SystemClock()};
  std::unique_ptr<ApiServer> server_;
  std::unique_ptr<ApiClient> api_;
  NodeAgentOptions options_;
  std::unique_ptr<AddressPool> addresses_;
  std::unique_ptr<EventRecorder> events_;
  std::unique_ptr<StatusPublisher> statuses_;
  std::unique_ptr<VolumeLives> lives_;
  std::unique_ptr<NodeServices> services_;
  std::unique_ptr<PodManager> pods_;
  Json last_;
};

TEST_F(LightPodLife, ReadyDeletedGone) {
  pods_->Changed(Create("web-0"));
  ASSERT_TRUE(Await("web-0", Ready)) << last_;
  EXPECT_EQ(GetString(last_, {"status", "phase"}), "Running");
  EXPECT_EQ(GetString(last_, {"status", "podIP"}), "10.244.4.2");
  EXPECT_EQ(GetInt(last_, {"status", "containerStatuses", "0", "restartCount"}, -1), 0);
  ASSERT_TRUE(registry_.Delete("pods", "default", "web-0", {}));
  pods_->Changed(Stored("web-0"));
  ASSERT_TRUE(Await("web-0", nullptr)) << last_;
  EXPECT_EQ(GetString(last_, {"status", "phase"}), "Succeeded");
  pods_->Deleted(last_);
  pods_->Sweep();
  EXPECT_FALSE(pods_->View("default", "web-0", ""));
}

TEST_F(LightPodLife, AReadinessGateIsWaitedFor) {
  Json pod = Pod("pause:1");
  pod["metadata"] = {{"name", "gated"}};
  pod["spec"]["nodeName"] = "node-a";
  pod["spec"]["readinessGates"] = Json::array({{{"conditionType", "example.com/ok"}}});
  const auto made = registry_.Create("pods", "default", std::move(pod));
  ASSERT_TRUE(made) << made.error().message;
  pods_->Changed((*made)->json);
  ASSERT_TRUE(Await("gated", [](const Json& seen) {
    return GetString(seen, {"status", "phase"}) == "Running";
  })) << last_;
  EXPECT_FALSE(Ready(last_)) << last_;
  ASSERT_TRUE(registry_.Edit("pods", "default", "gated", "", [](Json& seen) -> Status {
    seen["status"]["conditions"].push_back({{"type", "example.com/ok"}, {"status", "True"}});
    return {};
  }));
  pods_->Changed(Stored("gated"));
  EXPECT_TRUE(Await("gated", Ready)) << last_;
}

TEST_F(LightPodLife, APortOfTheNodeIsGivenOnce) {
  pods_->Changed(CreateWithPort("first", 21017, "TCP"));
  ASSERT_TRUE(Await("first", Ready)) << last_;
  const auto failed = [](const Json& pod) {
    return GetString(pod, {"status", "phase"}) == "Failed";
  };
  pods_->Changed(CreateWithPort("second", 21017, "TCP"));
  ASSERT_TRUE(Await("second", failed)) << last_;
  EXPECT_EQ(GetString(last_, {"status", "reason"}), "NodePorts");
  EXPECT_EQ(GetString(last_, {"status", "message"}),
            "Pod was rejected: Predicate NodePorts failed: node(s) didn't have free ports for the "
            "requested pod ports");
  EXPECT_FALSE(pods_->View("default", "second", ""));
  // Neither another port, nor the number under another protocol, nor what a rejected pod wanted.
  pods_->Changed(Stored("second"));
  for (const auto& [name, port, protocol] :
       {std::tuple("other-port", 21018, "TCP"), std::tuple("other-protocol", 21017, "UDP")}) {
    pods_->Changed(CreateWithPort(name, port, protocol));
    EXPECT_TRUE(Await(name, Ready)) << last_;
  }
  DeleteParameters forced;
  forced.grace_seconds = 0;
  for (const char* name : {"first", "second"}) {
    const Json old = Stored(name);
    ASSERT_TRUE(registry_.Delete("pods", "default", name, forced));
    pods_->Deleted(old);
  }
  pods_->Changed(CreateWithPort("third", 21017, "TCP"));
  EXPECT_TRUE(Await("third", Ready)) << last_;
}

TEST_F(LightPodLife, AddressesRunOutAndComeBack) {
  for (int i = 0; i < 13; ++i)
    pods_->Changed(Create(fmt::format("web-{}", i)));
  for (int i = 0; i < 13; ++i)
    ASSERT_TRUE(Await(fmt::format("web-{}", i), Ready)) << i;
  pods_->Changed(Create("late"));
  pods_->Tick();
  EXPECT_FALSE(Ready(Stored("late")));
  DeleteParameters forced;
  forced.grace_seconds = 0;
  const Json old = Stored("web-7");
  ASSERT_TRUE(registry_.Delete("pods", "default", "web-7", forced));
  pods_->Deleted(old);
  const Deadline deadline(SystemClock(), std::chrono::seconds(30));
  while (!Ready(Stored("late")) && !deadline.Passed()) {
    pods_->Tick();
    SystemClock().SleepFor(std::chrono::milliseconds(5), {});
  }
  EXPECT_EQ(GetString(Stored("late"), {"status", "podIP"}), "10.244.4.9");
}

TEST_F(LightPodLife, AnotherBootCountsARestart) {
  pods_->Changed(Create("web-0"));
  ASSERT_TRUE(Await("web-0", Ready));
  pods_ = std::make_unique<PodManager>(*services_);
  pods_->Changed(Stored("web-0"));
  EXPECT_TRUE(Await("web-0", [](const Json& pod) {
    return Ready(pod) && GetInt(pod, {"status", "containerStatuses", "0", "restartCount"}) == 1;
  })) << last_;
}

}  // namespace
}  // namespace holdfast::sandbox::node
