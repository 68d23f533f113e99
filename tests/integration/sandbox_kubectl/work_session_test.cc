// kubectl works: scaling, rollouts, deletion in each mode, waits, drains, and life inside pods.
#include <gmock/gmock.h>

#include <algorithm>

#include "harness/base/files.h"
#include "harness/base/strings.h"

#include "tests/integration/sandbox_kubectl/session.h"

namespace holdfast {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class Works : public Session {
 protected:
  // Uncordons even when the test has failed.
  void TearDown() override {
    if (!node_.empty()) Say({"uncordon", node_});
    Session::TearDown();
  }
  std::string node_;
};

TEST_F(Works, ScalesAndRollsOut) {
  Deploy(2);
  EXPECT_EQ(Say({"scale", "sts/web", "--replicas=1", "--timeout=60s"}), "statefulset.apps/web scaled\n");
  EXPECT_THAT(Refused({"scale", "sts/web", "--current-replicas=5", "--replicas=2"}),
              HasSubstr("Expected replicas to be 5, was 1"));
  EXPECT_EQ(Say({"set", "image", "sts/web", "main=other/busybox:1"}),
            "statefulset.apps/web image updated\n");
  EXPECT_THAT(Say({"rollout", "status", "sts/web", "--timeout=60s"}),
              ContainsRegex("(partitioned roll out complete: 1 new pods|rolling update complete 1 pods)"));
  EXPECT_EQ(Field("pod/web-0", ".spec.containers[0].image"), "other/busybox:1");
  EXPECT_THAT(Say({"rollout", "history", "sts/web"}),
              ContainsRegex("statefulset.apps/web ?\nREVISION +CHANGE-CAUSE\n1 +<none>\n2 +<none>\n"));
  EXPECT_THAT(Say({"rollout", "history", "sts/web", "--revision=1"}),
              ContainsRegex("Image:[ \t]+busybox:1"));
  EXPECT_THAT(Say({"rollout", "undo", "sts/web"}), StartsWith("statefulset.apps/web rolled back\n"));
  Say({"rollout", "status", "sts/web", "--timeout=60s"});
  EXPECT_EQ(Field("pod/web-0", ".spec.containers[0].image"), "busybox:1");
  EXPECT_THAT(Say({"rollout", "history", "sts/web"}), ContainsRegex("2 +<none>\n3 +<none>\n"));
  const std::string uid = Field("pod/web-0", ".metadata.uid");
  EXPECT_EQ(Say({"rollout", "restart", "sts/web"}), "statefulset.apps/web restarted\n");
  Say({"rollout", "status", "sts/web", "--timeout=60s"});
  EXPECT_NE(Field("pod/web-0", ".metadata.uid"), uid);
  Say({"patch", "sts/web", "-p", R"({"spec":{"updateStrategy":{"type":"OnDelete","rollingUpdate":null}}})"});
  EXPECT_THAT(Refused({"rollout", "status", "sts/web"}),
              HasSubstr("rollout status is only available for RollingUpdate strategy type"));
}

TEST_F(Works, RollsOutADeployment) {
  Say({"create", "deployment", "d", "--image=busybox:1", "--replicas=2", "--", "sleep", "100000"});
  EXPECT_THAT(Say({"rollout", "status", "deployment/d", "--timeout=60s"}),
              HasSubstr("deployment \"d\" successfully rolled out"));
  Say({"patch", "deployment/d", "-p", R"({"spec":{"template":{"spec":{"terminationGracePeriodSeconds":0}}}})"});
  Say({"rollout", "status", "deployment/d", "--timeout=60s"});
  Say({"set", "image", "deployment/d", "busybox=other/busybox:1"});
  Say({"rollout", "status", "deployment/d", "--timeout=60s"});
  EXPECT_THAT(Say({"get", "deployment"}),
              ContainsRegex("NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nd +2/2 +2 +2 "));
  EXPECT_THAT(Say({"rollout", "history", "deployment/d"}), ContainsRegex("3 +<none>"));
  EXPECT_EQ(Say({"rollout", "undo", "deployment/d"}), "deployment.apps/d rolled back\n");
  Say({"rollout", "status", "deployment/d", "--timeout=60s"});
  EXPECT_EQ(Field("deployment/d", ".spec.template.spec.containers[0].image"), "busybox:1");
}

TEST_F(Works, DeletesInEachMode) {
  Deploy(1);
  EXPECT_THAT(Say({"delete", "sts/web", "--cascade=orphan"}),
              StartsWith("statefulset.apps \"web\" deleted"));
  EXPECT_EQ(Field("pod/web-0", ".metadata.ownerReferences"), "") << "an orphan";
  Deploy(1);
  EXPECT_NE(Field("pod/web-0", ".metadata.ownerReferences"), "") << "adopted again";
  const std::string uid = Field("pod/web-0", ".metadata.uid");
  EXPECT_THAT(Say({"delete", "pod", "web-0", "--force", "--grace-period=0"}),
              StartsWith("pod \"web-0\" force deleted"));
  Say({"wait", "--for=create", "pod/web-0", "--timeout=30s"});
  EXPECT_NE(Field("pod/web-0", ".metadata.uid"), uid);
  Say({"wait", "--for=condition=Ready", "pod/web-0", "--timeout=60s"});
  Say({"delete", "sts/web", "--cascade=foreground"});
  EXPECT_THAT(Refused({"get", "pod", "web-0"}), HasSubstr("NotFound"))
      << "with foreground the set goes last";
  Deploy(1);
  Say({"delete", "sts/web"});
  Say({"wait", "--for=delete", "pod/web-0", "--timeout=60s"});
  EXPECT_EQ(Say({"get", "pvc", "-o", "name"}), "persistentvolumeclaim/data-web-0\n");
  EXPECT_THAT(Say({"delete", "-f", "-", "--ignore-not-found"}, Manifest(1)),
              StartsWith("service \"web\" deleted"));
  EXPECT_THAT(Say({"delete", "pvc", "--all"}), HasSubstr("persistentvolumeclaim \"data-web-0\" deleted"));
}

TEST_F(Works, WaitsForConditions) {
  Say({"apply", "-f", "-"}, Manifest(1));
  EXPECT_EQ(Say({"wait", "--for=jsonpath={.status.readyReplicas}=1", "sts/web", "--timeout=60s"}),
            "statefulset.apps/web condition met\n");
  EXPECT_EQ(Say({"wait", "--for=condition=Ready", "pod", "-l", "app=web", "--timeout=60s"}),
            "pod/web-0 condition met\n");
  EXPECT_THAT(Refused({"wait", "--for=delete", "pod/web-0", "--timeout=1s"}),
              HasSubstr("timed out waiting for the condition on pods/web-0"));
  Say({"scale", "sts/web", "--replicas=0"});
  Say({"wait", "--for=delete", "pod/web-0", "--timeout=60s"});
  EXPECT_EQ(Say({"get", "pods", "-o", "name"}), "");
}

TEST_F(Works, DrainsAgainstABudget) {
  Deploy(2);
  Say({"create", "poddisruptionbudget", "b", "--selector=app=web", "--max-unavailable=0"});
  Say({"wait", "--for=jsonpath={.status.observedGeneration}=1", "pdb/b", "--timeout=30s"});
  node_ = Field("pod/web-1", ".spec.nodeName");
  EXPECT_EQ(Say({"cordon", node_}), "node/" + node_ + " cordoned\n");
  EXPECT_THAT(Say({"get", "node", node_}), HasSubstr("Ready,SchedulingDisabled"));
  const std::string refused = Refused(
      {"drain", node_, "--ignore-daemonsets", "--delete-emptydir-data", "--force", "--timeout=4s"});
  EXPECT_THAT(refused, HasSubstr("Cannot evict pod as it would violate the pod's disruption budget."));
  EXPECT_EQ(Field("pod/web-1", ".spec.nodeName"), node_);
  Say({"patch", "pdb/b", "-p", R"({"spec":{"maxUnavailable":1}})"});
  EXPECT_THAT(Say({"drain", node_, "--ignore-daemonsets", "--delete-emptydir-data", "--force",
                   "--timeout=60s"}),
              AllOf(HasSubstr("pod/web-1 evicted"), HasSubstr("node/" + node_ + " drained")));
  Say({"rollout", "status", "sts/web", "--timeout=60s"});
  EXPECT_NE(Field("pod/web-1", ".spec.nodeName"), node_);
  EXPECT_EQ(Say({"uncordon", node_}), "node/" + node_ + " uncordoned\n");
  EXPECT_EQ(Say({"taint", "node", node_, "k=v:NoSchedule"}), "node/" + node_ + " tainted\n");
  EXPECT_THAT(Say({"describe", "node", node_}), ContainsRegex("Taints: +k=v:NoSchedule"));
  EXPECT_EQ(Say({"taint", "node", node_, "k-"}), "node/" + node_ + " untainted\n");
}

TEST_F(Works, ReadsAndFollowsLogs) {
  Say({"run", "talker", "--image=busybox:1", "--restart=Never", "--", "sh", "-c",
       "for i in 1 2 3 4; do echo line $i; done; exit 0"});
  Say({"wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/talker", "--timeout=60s"});
  EXPECT_EQ(Say({"logs", "talker"}), "line 1\nline 2\nline 3\nline 4\n");
  EXPECT_EQ(Say({"logs", "-f", "talker"}), "line 1\nline 2\nline 3\nline 4\n");
  EXPECT_EQ(Say({"logs", "talker", "--tail=1"}), "line 4\n");
  EXPECT_EQ(Say({"logs", "talker", "--since=1h", "--tail=2", "--prefix"}),
            "[pod/talker/talker] line 3\n[pod/talker/talker] line 4\n");
  EXPECT_EQ(Say({"logs", "talker", "--limit-bytes=6"}), "line 1");
  EXPECT_THAT(Say({"logs", "talker", "--timestamps", "--tail=1"}),
              ContainsRegex("^20[0-9-]+T[0-9:.]+Z line 4\n$"));
  EXPECT_THAT(Refused({"logs", "talker", "--previous"}),
              HasSubstr("previous terminated container \"talker\" in pod \"talker\" not found"));
  EXPECT_THAT(Refused({"logs", "talker", "-c", "none"}), HasSubstr("container none is not valid for pod talker"));
  Say({"run", "dies", "--image=busybox:1", "--", "sh", "-c", "echo life; sleep 0.2; exit 3"});
  Say({"wait", "--for=jsonpath={.status.containerStatuses[0].restartCount}=1", "pod/dies",
       "--timeout=60s"});
  EXPECT_EQ(Say({"logs", "dies", "--previous"}), "life\n");
  EXPECT_EQ(Field("pod/dies", ".status.containerStatuses[0].lastState.terminated.exitCode"), "3");
}

TEST_F(Works, CopiesRunsAndAttaches) {
  Deploy(1);
  const std::filesystem::path there = Folder() / "there";
  const std::filesystem::path back = Folder() / "back";
  std::string content;
  for (int i = 0; i < 20'000; ++i)
    content += fmt::format("{}\n", i);
  ASSERT_TRUE(WriteFileAtomic(there, content));
  Say({"cp", there.string(), "web-0:/data/copied"});
  EXPECT_EQ(Say({"exec", "web-0", "--", "sha256sum", "/data/copied"}),
            Sha256Hex(content) + "  /data/copied\n");
  Say({"cp", "web-0:/data/copied", back.string()});
  EXPECT_TRUE(ReadFile(back).value_or("") == content);
  EXPECT_EQ(Say({"exec", "-i", "web-0", "--", "wc", "-c"}, "12345"), "5\n");
  EXPECT_EQ(Kubectl({"exec", "sts/web", "--", "sh", "-c", "exit 9"}).exit_code, 9);
  EXPECT_THAT(Say({"run", "once", "--rm", "-i", "--restart=Never", "--image=busybox:1", "--", "sh",
                   "-c", "read line; echo got $line"},
                  "word\n"),
              HasSubstr("got word\n"));
  EXPECT_THAT(Refused({"get", "pod", "once"}), HasSubstr("NotFound"));
}

}  // namespace
}  // namespace holdfast
