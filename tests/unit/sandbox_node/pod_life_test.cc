// A pod's whole life against the real API server: init container, probe, crash and restart,
// graceful deletion, forced deletion, an image that there is not.
#include <netinet/in.h>
#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/process.h"
#include "harness/sandbox/api/api_server.h"
#include "harness/sandbox/api/certificates.h"
#include "harness/sandbox/node/pod_manager.h"
#include "harness/sandbox/node/pod_source.h"

#include "tests/unit/sandbox_node/busybox_root.h"

namespace holdfast::sandbox::node {
namespace {

constexpr Nanos kSoon = std::chrono::seconds(60);

class PodLifeTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(root_.Make());
    ASSERT_TRUE(RunChecked({"ip", "link", "set", "lo", "up"}));
    const std::filesystem::path directory = root_.path().parent_path();
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
    auto server = ApiServer::Start(registry_, {.listening_sockets = {listener},
                                               .token = "test-token",
                                               .certificate_pem = certificates->certificate_pem,
                                               .key_pem = certificates->key_pem,
                                               .dial = {}});
    ASSERT_TRUE(server) << server.error().message;
    server_ = *std::move(server);
    ASSERT_TRUE(WriteFileAtomic(directory / "ca", certificates->ca_pem));
    ASSERT_TRUE(WriteFileAtomic(directory / "token", "test-token\n"));
    auto api = ApiClient::Create(fmt::format("https://127.0.0.1:{}", ntohs(address.sin_port)),
                                 directory / "ca", directory / "token");
    ASSERT_TRUE(api) << api.error().message;
    api_ = *std::move(api);
    options_.node_name = "node-a";
    options_.node_ip = "127.0.0.1";
    options_.state_directory = root_.state();
    options_.dns_server = "127.0.0.1";
    addresses_ = *AddressPool::Create("10.244.1.0/24");
    ASSERT_TRUE(SetUpBridge(*addresses_));
    events_ = std::make_unique<EventRecorder>(*api_, SystemClock(), "node-a");
    statuses_ = std::make_unique<StatusPublisher>(*api_, SystemClock());
    lives_ = std::make_unique<VolumeLives>(root_.state() / "volumes", SystemClock(), Defects());
    services_ = std::make_unique<NodeServices>(
        NodeServices{options_, SystemClock(), *api_, *addresses_, *events_, *statuses_, *lives_,
                     [this](const std::string& name) { return Find(name); }});
    pods_ = std::make_unique<PodManager>(*services_);
    source_ = std::jthread([this](const std::stop_token& stop) {
      FollowPods(*api_, "node-a", SystemClock(),
                 {.replace = [this](const auto& all) { pods_->Replace(all); },
                  .changed = [this](Json pod) { pods_->Changed(std::move(pod)); },
                  .deleted = [this](const Json& pod) { pods_->Deleted(pod); }},
                 stop);
    });
  }
  void TearDown() override {
    source_.request_stop();
    if (source_.joinable()) source_.join();
    pods_.reset();
    statuses_.reset();
    events_.reset();
    server_.reset();
  }
  Result<Image> Find(const std::string& name) {
    if (name != "base:1") return Fail(ErrorCode::kInvalidArgument, "no image '{}'", name);
    Image image;
    image.root = root_.path();
    image.environment = {{"PATH", "/bin"}};
    image.digest = "sha256:1";
    image.uid = 999;
    return image;
  }
  void Create(const std::string& script, const std::string& image = "base:1") {
    const Json mounts = Json::array({{{"name", "scratch"}, {"mountPath", "/data"}}});
    const auto container = [&](const char* name, const std::string& text) {
      return Json{{"name", name},
                  {"image", image},
                  {"command", {"sh", "-c", text}},
                  {"volumeMounts", mounts}};
    };
    Json main = container("main", script);
    main["readinessProbe"] = {{"exec", {{"command", {"cat", "/tmp/ready"}}}}};
    const auto made = registry_.Create(
        "pods", "default",
        {{"metadata", {{"name", "web-0"}}},
         {"spec",
          {{"nodeName", "node-a"},
           {"terminationGracePeriodSeconds", 30},
           {"volumes", Json::array({{{"name", "scratch"}, {"emptyDir", Json::object()}}})},
           {"initContainers", Json::array({container("init", "echo seed > /data/seed")})},
           {"containers", Json::array({main})}}}});
    ASSERT_TRUE(made) << made.error().message;
  }
  void CreatePod(Json spec) {
    spec["nodeName"] = "node-a";
    const auto made =
        registry_.Create("pods", "default", {{"metadata", {{"name", "web-0"}}}, {"spec", spec}});
    ASSERT_TRUE(made) << made.error().message;
  }
  [[nodiscard]] std::string Notes() const {
    return ReadFile(root_.state() / "host-paths/notes/all").value_or("");
  }
  static bool Eventually(const std::function<bool()>& condition) {
    const Deadline deadline(SystemClock(), kSoon);
    while (!condition() && !deadline.Passed())
      SystemClock().SleepFor(std::chrono::milliseconds(5), {});
    return condition();
  }
  // Until the pod satisfies `wanted` (null: is gone); the last seen pod.
  bool Await(const std::function<bool(const Json&)>& wanted) {
    const Deadline deadline(SystemClock(), kSoon);
    while (!deadline.Passed()) {
      const auto pod = store_.Get("pods", "default", "web-0");
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

  BusyboxRoot root_;
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
  std::jthread source_;
  Json last_;
};

constexpr const char* kServe =
    "trap 'exit 0' TERM; cat /data/seed; touch /tmp/ready; while :; do sleep 0.05; done";

TEST_F(PodLifeTest, RunsAndEndsInOrder) {
  Create(kServe);
  ASSERT_TRUE(Await(Ready)) << last_;
  EXPECT_EQ(GetString(last_, {"status", "phase"}), "Running");
  EXPECT_EQ(GetString(last_, {"status", "podIP"}), "10.244.1.2");
  EXPECT_EQ(GetInt(last_,
                   {"status", "initContainerStatuses", "0", "state", "terminated", "exitCode"}, -1),
            0);
  ASSERT_TRUE(registry_.Delete("pods", "default", "web-0", {}));
  ASSERT_TRUE(Await(nullptr));
  EXPECT_EQ(GetString(last_, {"status", "phase"}), "Succeeded") << last_;
}

TEST_F(PodLifeTest, RestartsACrashedContainerInTheSamePod) {
  Create("touch /tmp/ready; [ -f /data/again ] && exec sleep 1000; touch /data/again; exit 3");
  ASSERT_TRUE(Await([](const Json& pod) {
    return Ready(pod) && GetInt(pod, {"status", "containerStatuses", "0", "restartCount"}) == 1;
  })) << last_;
  EXPECT_EQ(
      GetInt(last_, {"status", "containerStatuses", "0", "lastState", "terminated", "exitCode"}),
      3);
}

TEST_F(PodLifeTest, AForcedDeletionKillsAtOnce) {
  Create("trap '' TERM; touch /tmp/ready; while :; do sleep 0.05; done");
  ASSERT_TRUE(Await(Ready)) << last_;
  const auto view = pods_->View("default", "web-0", "main");
  ASSERT_TRUE(view && view->container);
  DeleteParameters forced;
  forced.grace_seconds = 0;
  ASSERT_TRUE(registry_.Delete("pods", "default", "web-0", forced));
  const auto exit = view->container->Wait(std::chrono::seconds(20));
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->exit_code, 137);
}

TEST_F(PodLifeTest, SaysThatAnImageIsMissing) {
  Create(kServe, "nothing:9");
  EXPECT_TRUE(Await([](const Json& pod) {
    return GetString(pod, {"status", "initContainerStatuses", "0", "state", "waiting", "reason"}) ==
           "ErrImagePull";
  })) << last_;
  ASSERT_TRUE(registry_.Delete("pods", "default", "web-0", {}));
  EXPECT_TRUE(Await(nullptr));
}

// The container's fields beyond its name and image.
TEST_F(PodLifeTest, LastWordsOfARunAreKept) {
  CreatePod({{"restartPolicy", "Never"},
             {"containers",
              Json::array({{{"name", "main"},
                            {"image", "base:1"},
                            {"terminationMessagePath", "/tmp/words"},
                            {"command", {"sh", "-c", "echo -n so it ends > /tmp/words; exit 3"}}},
                           {{"name", "side"},
                            {"image", "base:1"},
                            {"terminationMessagePolicy", "FallbackToLogsOnError"},
                            {"command", {"sh", "-c", "echo from the log; exit 4"}}}})}});
  ASSERT_TRUE(Await([](const Json& pod) {
    return GetString(pod, {"status", "phase"}) == "Failed";
  })) << last_;
  const Json& statuses = GetArray(last_, {"status", "containerStatuses"});
  EXPECT_EQ(GetString(statuses[0], {"state", "terminated", "message"}), "so it ends");
  EXPECT_EQ(GetString(statuses[1], {"state", "terminated", "message"}), "from the log\n");
  EXPECT_EQ(GetInt(statuses[0], {"user", "linux", "uid"}), 999);
}

TEST_F(PodLifeTest, HooksRunAtBothEnds) {
  CreatePod({{"volumes", Json::array({{{"name", "host"}, {"hostPath", {{"path", "/notes"}}}}})},
             {"terminationGracePeriodSeconds", 20},
             {"containers",
              Json::array({{{"name", "main"},
                            {"image", "base:1"},
                            {"securityContext", {{"readOnlyRootFilesystem", true}}},
                            {"volumeMounts",
                             Json::array({{{"name", "host"}, {"mountPath", "/notes"}}})},
                            {"lifecycle",
                             {{"postStart",
                               {{"exec", {{"command", {"sh", "-c", "echo began >> /notes/all"}}}}}},
                              {"preStop",
                               {{"exec", {{"command", {"sh", "-c", "echo ends >> /notes/all"}}}}}}}},
                            {"command",
                             {"sh", "-c",
                              "touch /new 2>/dev/null && echo writable >> /notes/all; "
                              "trap 'exit 0' TERM; while :; do sleep 0.05; done"}}}})}});
  ASSERT_TRUE(Await(Ready)) << last_;
  ASSERT_TRUE(registry_.Delete("pods", "default", "web-0", {}));
  ASSERT_TRUE(Await(nullptr));
  EXPECT_EQ(ReadFile(root_.state() / "host-paths/notes/all").value_or("no file"),
            "began\nends\n");
}

TEST_F(PodLifeTest, SidecarsBeginFirstAndEndLast) {
  const auto container = [](const char* name, const std::string& script) {
    return Json{{"name", name},
                {"image", "base:1"},
                {"volumeMounts", Json::array({{{"name", "host"}, {"mountPath", "/notes"}}})},
                {"command", {"sh", "-c", script}}};
  };
  const auto noting = [](const std::string& name) {
    return fmt::format(
        "echo {0} begins >> /notes/all; trap 'echo {0} ends >> /notes/all; exit 0' TERM; "
        "while :; do sleep 0.05; done",
        name);
  };
  Json first = container("first", noting("first"));
  Json second = container("second", noting("second"));
  for (Json* sidecar : {&first, &second}) {
    (*sidecar)["restartPolicy"] = "Always";
    // Started counts from here, so that the order of the notes is that of the starts.
    (*sidecar)["startupProbe"] = {
        {"exec", {{"command", {"grep", "-q", GetString(*sidecar, {"name"}) + " begins", "/notes/all"}}}},
        {"timeoutSeconds", 60}};
  }
  CreatePod({{"volumes", Json::array({{{"name", "host"}, {"hostPath", {{"path", "/notes"}}}}})},
             {"initContainers", Json::array({first, second})},
             {"containers", Json::array({container("main", noting("main"))})}});
  ASSERT_TRUE(Await(Ready)) << last_;
  ASSERT_TRUE(Eventually([this] {
    return Notes().find("main begins") != std::string::npos;
  }));
  ASSERT_TRUE(registry_.Delete("pods", "default", "web-0", {}));
  ASSERT_TRUE(Await(nullptr));
  EXPECT_EQ(Notes(),
            "first begins\nsecond begins\nmain begins\nmain ends\nsecond ends\nfirst ends\n");
}

TEST_F(PodLifeTest, AConfigMapFollowsInARunningPod) {
  options_.volume_refresh = std::chrono::milliseconds(100);
  ASSERT_TRUE(registry_.Create("configmaps", "default",
                               {{"metadata", {{"name", "settings"}}}, {"data", {{"mode", "old"}}}}));
  CreatePod({{"volumes",
              Json::array({{{"name", "conf"}, {"configMap", {{"name", "settings"}}}},
                           {{"name", "host"}, {"hostPath", {{"path", "/notes"}}}}})},
             {"containers",
              Json::array({{{"name", "main"},
                            {"image", "base:1"},
                            {"volumeMounts",
                             Json::array({{{"name", "conf"}, {"mountPath", "/conf"}},
                                          {{"name", "host"}, {"mountPath", "/notes"}}})},
                            {"command",
                             {"sh", "-c",
                              "trap 'exit 0' TERM; while :; do cat /conf/mode > /notes/all; "
                              "sleep 0.05; done"}}}})}});
  ASSERT_TRUE(Eventually([this] { return Notes() == "old"; }));
  ASSERT_TRUE(registry_.Edit("configmaps", "default", "settings", "", [](Json& map) -> Status {
    map["data"]["mode"] = "new";
    return {};
  }));
  EXPECT_TRUE(Eventually([this] { return Notes() == "new"; })) << Notes();
}

}  // namespace
}  // namespace holdfast::sandbox::node
