// Each phase that a pod can hang in, with the known cause where there is one.
#include "harness/run/delay.h"

#include <gtest/gtest.h>

namespace holdfast::run {
namespace {

std::shared_ptr<const Json> Share(Json json) {
  return std::make_shared<const Json>(std::move(json));
}

Json Node(bool ready) {
  Json node{{"metadata", {{"name", "a"}}}, {"status", {{"conditions", Json::array()}}}};
  node["status"]["conditions"].push_back({{"type", "Ready"}, {"status", ready ? "True" : "Unknown"}});
  return node;
}

// Scheduled to node a with a bound claim.
Json Pod() {
  Json pod{{"metadata", {{"name", "web-0"}, {"creationTimestamp", "2026-01-01T00:00:00Z"}}},
           {"spec", {{"nodeName", "a"}, {"volumes", Json::array()}}},
           {"status", {{"phase", "Pending"}, {"conditions", Json::array()}}}};
  pod["spec"]["volumes"].push_back(
      {{"name", "data"}, {"persistentVolumeClaim", {{"claimName", "data-web-0"}}}});
  return pod;
}

observe::ClusterView View(bool other_ready = true) {
  observe::ClusterView view;
  view.by_resource["nodes"]["a"] = Share(Node(true));
  view.by_resource["nodes"]["b"] = Share(Node(other_ready));
  view.by_resource["persistentvolumeclaims"]["data-web-0"] =
      Share({{"spec", {{"volumeName", "pv"}}}});
  return view;
}

void Attach(observe::ClusterView& view, const std::string& node, bool attached) {
  view.by_resource["volumeattachments"]["va"] =
      Share({{"spec", {{"nodeName", node}, {"source", {{"persistentVolumeName", "pv"}}}}},
             {"status", {{"attached", attached}}}});
}

TEST(DelayOf, Detach) {
  observe::ClusterView view = View();
  Attach(view, "b", true);
  EXPECT_EQ(DelayOf(view, Pod()).phase, Phase::kDetach);
  EXPECT_EQ(DelayOf(view, Pod()).cause, "");
  view.by_resource["nodes"]["b"] = Share(Node(false));
  EXPECT_NE(DelayOf(view, Pod()).cause.find("6 minutes"), std::string::npos);
}

TEST(DelayOf, Attach) {
  observe::ClusterView view = View();
  Attach(view, "a", false);
  EXPECT_EQ(DelayOf(view, Pod()).phase, Phase::kAttach);
  Attach(view, "a", true);
  EXPECT_EQ(DelayOf(view, Pod()).phase, Phase::kStart);
}

TEST(DelayOf, Schedule) {
  Json pod = Pod();
  pod["spec"].erase("nodeName");
  EXPECT_EQ(DelayOf(View(), pod).phase, Phase::kSchedule);
  pod["status"]["conditions"].push_back({{"type", "PodScheduled"},
                                         {"status", "False"},
                                         {"reason", "Unschedulable"},
                                         {"message", "0/3 nodes are available"}});
  EXPECT_EQ(DelayOf(View(), pod).detail, "Unschedulable: 0/3 nodes are available");
}

TEST(DelayOf, PullAndStart) {
  const auto waiting = [](const char* reason) {
    Json pod = Pod();
    pod["status"]["containerStatuses"].push_back(
        {{"name", "main"}, {"state", {{"waiting", {{"reason", reason}, {"message", "m"}}}}}});
    return DelayOf(View(), pod).phase;
  };
  EXPECT_EQ(waiting("ErrImagePull"), Phase::kPull);
  EXPECT_EQ(waiting("ImagePullBackOff"), Phase::kPull);
  EXPECT_EQ(waiting("CrashLoopBackOff"), Phase::kStart);
  EXPECT_EQ(waiting("ContainerCreating"), Phase::kStart);
}

TEST(DelayOf, ReadyAndNone) {
  Json pod = Pod();
  pod["status"]["phase"] = "Running";
  EXPECT_EQ(DelayOf(View(), pod).phase, Phase::kReady);
  pod["status"]["conditions"].push_back({{"type", "Ready"}, {"status", "True"}});
  EXPECT_EQ(DelayOf(View(), pod).phase, Phase::kNone);
}

TEST(DelayOf, TerminateNamesTheDeadNode) {
  Json pod = Pod();
  pod["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:40Z";
  pod["metadata"]["deletionGracePeriodSeconds"] = 30;
  EXPECT_EQ(DelayOf(View(), pod).phase, Phase::kTerminate);
  EXPECT_EQ(DelayOf(View(), pod).cause, "");
  pod["spec"]["nodeName"] = "b";
  const Delay delay = DelayOf(View(false), pod);
  EXPECT_NE(delay.cause.find("out of service"), std::string::npos);
  faults::Snapshot now;
  now.replicas = 1;
  faults::Pod known;
  known.name = "web-0";
  now.pods.push_back(known);
  observe::ClusterView view = View(false);
  view.by_resource["pods"]["web-0"] = Share(pod);
  // Deletion was asked for at :10, now it is :50.
  const std::string text = Explain(view, now, delay.since + std::chrono::seconds(40));
  EXPECT_NE(text.find("web-0 Terminating (terminate for 40.0 s: its node b is not ready"),
            std::string::npos)
      << text;
}

// Each known cause with the phase that it belongs to.
TEST(DelayOf, KnownCauses) {
  Json held = Pod();
  held["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:40Z";
  held["metadata"]["finalizers"] = Json::array({"example.com/backup"});
  EXPECT_EQ(DelayOf(View(), held).phase, Phase::kTerminate);
  EXPECT_EQ(DelayOf(View(), held).detail, "finalizers hold it: [\"example.com/backup\"]");
  EXPECT_NE(DelayOf(View(), held).cause.find("take it off"), std::string::npos);
  Json image = Pod();
  image["status"]["containerStatuses"].push_back(
      {{"name", "main"}, {"state", {{"waiting", {{"reason", "ImagePullBackOff"}}}}}});
  EXPECT_NE(DelayOf(View(), image).cause.find("pull secret"), std::string::npos);
  Json crash = Pod();
  crash["status"]["containerStatuses"].push_back(
      {{"name", "main"}, {"state", {{"waiting", {{"reason", "CrashLoopBackOff"}}}}}});
  EXPECT_NE(DelayOf(View(), crash).cause.find("log"), std::string::npos);
  Json nowhere = Pod();
  nowhere["spec"].erase("nodeName");
  nowhere["status"]["conditions"].push_back({{"type", "PodScheduled"}, {"status", "False"}});
  EXPECT_NE(DelayOf(View(), nowhere).cause.find("taints"), std::string::npos);
  // A claim that does not exist or has no volume is a matter of scheduling.
  observe::ClusterView unbound = View();
  unbound.by_resource["persistentvolumeclaims"]["data-web-0"] = Share({{"spec", Json::object()}});
  EXPECT_EQ(DelayOf(unbound, Pod()).detail, "claim data-web-0 is not bound");
  unbound.by_resource["persistentvolumeclaims"].clear();
  EXPECT_EQ(DelayOf(unbound, Pod()).detail, "claim data-web-0 does not exist");
  // What the attacher says is the cause.
  observe::ClusterView refused = View();
  Json attachment{{"spec", {{"nodeName", "a"}, {"source", {{"persistentVolumeName", "pv"}}}}},
                  {"status", {{"attached", false}, {"attachError", {{"message", "no slot"}}}}}};
  refused.by_resource["volumeattachments"]["va"] = Share(std::move(attachment));
  EXPECT_EQ(DelayOf(refused, Pod()).cause, "no slot");
}

TEST(Explain, NamesThePodsThatAreMissingAndWhy) {
  observe::ClusterView view = View();
  faults::Snapshot now;
  now.replicas = 2;
  now.set = Share({{"kind", "StatefulSet"}, {"metadata", {{"name", "web"}}}});
  EXPECT_NE(Explain(view, now, Nanos{0}).find("web-0 is missing (create), web-1 is missing (create)"),
            std::string::npos)
      << Explain(view, now, Nanos{0});
  view.by_resource["events"]["e"] = Share({{"reason", "FailedCreate"},
                                           {"involvedObject", {{"name", "web"}}},
                                           {"lastTimestamp", "2026-01-01T00:00:40Z"},
                                           {"message", "exceeded quota"}});
  EXPECT_NE(Explain(view, now, Nanos{0}).find("web-1 is missing (create: exceeded quota)"),
            std::string::npos);
}

}  // namespace
}  // namespace holdfast::run
