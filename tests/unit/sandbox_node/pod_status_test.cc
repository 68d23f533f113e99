// The status of a pod through its life, as Kubernetes 1.36 reports it.
#include "harness/sandbox/node/pod_status.h"

#include <gtest/gtest.h>

#include "harness/sandbox/node/stream_server.h"

namespace holdfast::sandbox::node {
namespace {

constexpr Nanos kWall = std::chrono::seconds(1795164063);

ContainerRecord Record(const Json& state, bool ready = false, const Json& last = Json::object()) {
  ContainerRecord record;
  record.name = "main";
  record.state = state;
  record.ready = ready;
  record.started = ready;
  record.last_state = last;
  return record;
}

Json Ended(int code) { return TerminatedState(code, "Error", "", kWall, kWall, "abc"); }

// "Type=Status(Reason)" of each condition, without PodScheduled.
std::string Conditions(const Json& status) {
  std::string text;
  for (const Json& condition : GetArray(status, {"conditions"})) {
    const std::string type = GetString(condition, {"type"});
    if (type == "PodScheduled") continue;
    const std::string reason = GetString(condition, {"reason"});
    text += type + "=" + GetString(condition, {"status"}) +
            (reason.empty() ? "" : "(" + reason + ")") + " ";
  }
  return text;
}

struct Row {
  std::string name;
  std::vector<ContainerRecord> init;
  std::vector<ContainerRecord> main;
  bool network = false;
  bool finished = false;
  std::string phase;
  std::string conditions;
};

TEST(PodStatusTest, FollowsTheLifeOfAPod) {
  const Json waiting = WaitingState("ContainerCreating");
  const Json running = RunningState(kWall);
  ContainerRecord sidecar = Record(running, false);
  sidecar.sidecar = true;
  sidecar.started = true;
  const std::vector<Row> rows = {
      {"accepted",
       {},
       {Record(waiting)},
       false,
       false,
       "Pending",
       "PodReadyToStartContainers=False Initialized=True Ready=False(ContainersNotReady) "
       "ContainersReady=False(ContainersNotReady) "},
      {"network",
       {},
       {Record(waiting)},
       true,
       false,
       "Pending",
       "PodReadyToStartContainers=True Initialized=True Ready=False(ContainersNotReady) "
       "ContainersReady=False(ContainersNotReady) "},
      {"init",
       {Record(running)},
       {Record(waiting)},
       true,
       false,
       "Pending",
       "PodReadyToStartContainers=True Initialized=False(ContainersNotInitialized) "
       "Ready=False(ContainersNotReady) ContainersReady=False(ContainersNotReady) "},
      {"init failed",
       {Record(Ended(1))},
       {Record(waiting)},
       true,
       false,
       "Pending",
       "PodReadyToStartContainers=True Initialized=False(ContainersNotInitialized) "
       "Ready=False(ContainersNotReady) ContainersReady=False(ContainersNotReady) "},
      {"started",
       {Record(Ended(0))},
       {Record(running)},
       true,
       false,
       "Running",
       "PodReadyToStartContainers=True Initialized=True Ready=False(ContainersNotReady) "
       "ContainersReady=False(ContainersNotReady) "},
      {"ready",
       {},
       {Record(running, true)},
       true,
       false,
       "Running",
       "PodReadyToStartContainers=True Initialized=True Ready=True ContainersReady=True "},
      {"sidecar not ready",
       {sidecar},
       {Record(running, true)},
       true,
       false,
       "Running",
       "PodReadyToStartContainers=True Initialized=True Ready=False(ContainersNotReady) "
       "ContainersReady=False(ContainersNotReady) "},
      {"one of two",
       {},
       {Record(running, true), Record(running)},
       true,
       false,
       "Running",
       "PodReadyToStartContainers=True Initialized=True Ready=False(ContainersNotReady) "
       "ContainersReady=False(ContainersNotReady) "},
      {"crashed",
       {},
       {Record(Ended(1))},
       true,
       false,
       "Running",
       "PodReadyToStartContainers=True Initialized=True Ready=False(ContainersNotReady) "
       "ContainersReady=False(ContainersNotReady) "},
      {"backing off",
       {},
       {Record(WaitingState("CrashLoopBackOff"), false, Ended(1))},
       true,
       false,
       "Running",
       "PodReadyToStartContainers=True Initialized=True Ready=False(ContainersNotReady) "
       "ContainersReady=False(ContainersNotReady) "},
      {"ended well",
       {},
       {Record(Ended(0))},
       false,
       true,
       "Succeeded",
       "PodReadyToStartContainers=False Initialized=True(PodCompleted) Ready=False(PodCompleted) "
       "ContainersReady=False(PodCompleted) "},
      {"ended badly",
       {},
       {Record(Ended(0)), Record(Ended(137))},
       false,
       true,
       "Failed",
       "PodReadyToStartContainers=False Initialized=True Ready=False(PodFailed) "
       "ContainersReady=False(PodFailed) "},
  };
  for (const Row& row : rows) {
    PodRecord record;
    record.pod = {{"metadata", {{"generation", 2}}}};
    record.init_containers = row.init;
    record.containers = row.main;
    record.network_ready = row.network;
    record.finished = row.finished;
    const Json status = BuildPodStatus(record, Json::array(), kWall);
    EXPECT_EQ(GetString(status, {"phase"}), row.phase) << row.name;
    EXPECT_EQ(Conditions(status), row.conditions) << row.name;
    EXPECT_EQ(GetInt(status, {"observedGeneration"}), 2) << row.name;
  }
}

TEST(PodStatusTest, KeepsTransitionTimesUntilTheStatusChanges) {
  PodRecord record;
  record.pod = Json::object();
  record.containers = {Record(RunningState(kWall))};
  const Json first = BuildPodStatus(record, Json::array(), kWall);
  record.containers[0].ready = true;
  const Json second = BuildPodStatus(record, first["conditions"], kWall + std::chrono::seconds(5));
  for (const Json& condition : second["conditions"]) {
    const std::string type = GetString(condition, {"type"});
    const bool changed = type == "Ready" || type == "ContainersReady";
    EXPECT_EQ(GetString(condition, {"lastTransitionTime"}),
              changed ? "2026-11-20T08:41:08Z" : "2026-11-20T08:41:03Z")
        << type;
    EXPECT_TRUE(condition["message"].is_null()) << type;
  }
}

TEST(PodStatusTest, DropsTheAddressOfAnEarlierLife) {
  PodRecord record;
  record.pod = {{"status", {{"podIP", "10.244.0.2"}}}};
  record.pod_ip = "10.244.0.9";
  const Json expected =
      Json::array({{{"ip", "10.244.0.9"}}, {{"ip", "10.244.0.2"}, {"$patch", "delete"}}});
  EXPECT_EQ(BuildPodStatus(record, Json::array(), kWall)["podIPs"], expected);
}

TEST(PodStatusTest, KnowsWhenTheNodeControllerTookItsReadiness) {
  const auto taken = [](const char* ready, const char* reason, const char* containers) {
    Json pod{{"status", {{"conditions", Json::array()}}}};
    Json& conditions = pod["status"]["conditions"];
    conditions.push_back({{"type", "Ready"}, {"status", ready}, {"reason", reason}});
    conditions.push_back({{"type", "ContainersReady"}, {"status", containers}});
    return ReadinessTakenByOthers(pod);
  };
  EXPECT_TRUE(taken("False", "", "True"));
  EXPECT_FALSE(taken("True", "", "True"));
  EXPECT_FALSE(taken("False", "ContainersNotReady", "False"));
  EXPECT_FALSE(taken("False", "ReadinessGatesNotReady", "True"));
  EXPECT_FALSE(ReadinessTakenByOthers(Json::object()));
}

TEST(ExitStatusTest, IsWhatKubectlReads) {
  EXPECT_EQ(ExitStatus(0), Json({{"metadata", Json::object()}, {"status", "Success"}}));
  const Json failure = ExitStatus(42);
  EXPECT_EQ(GetString(failure, {"reason"}), "NonZeroExitCode");
  EXPECT_EQ(GetString(failure, {"details", "causes", "0", "reason"}), "ExitCode");
  EXPECT_EQ(GetString(failure, {"details", "causes", "0", "message"}), "42");
}

}  // namespace
}  // namespace holdfast::sandbox::node
