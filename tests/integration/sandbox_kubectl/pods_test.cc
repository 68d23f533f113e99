// A StatefulSet's whole life by the real kubectl, on a sandbox whose pods are real processes.
#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include "harness/base/strings.h"

#include "tests/integration/sandbox_kubectl/sandbox.h"

namespace holdfast {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Pods : public SandboxTest {
 protected:
  void SetUp() override {
    Up();
    Deploy();
  }
  // One field of one object.
  std::string Field(const std::string& object, const std::string& path) {
    return Say({"get", object, "-o", "jsonpath={" + path + "}"});
  }
  std::string Exec(const std::string& pod, const std::string& script) {
    return Say({"exec", pod, "--", "sh", "-c", script});
  }
  // Where `line` begins a line at or after `from`; the number of lines when nowhere.
  static size_t Find(const std::vector<std::string>& lines,
                     const std::string& line,
                     size_t from = 0) {
    const auto at = std::find_if(lines.begin() + static_cast<std::ptrdiff_t>(from), lines.end(),
                                 [&](const std::string& one) { return one.starts_with(line); });
    return static_cast<size_t>(at - lines.begin());
  }
};

TEST_F(Pods, TablesTellNodesPodsAndClaims) {
  const auto nodes = Words(Say({"get", "nodes"}));
  ASSERT_EQ(nodes.size(), 4U);
  EXPECT_THAT(nodes[0], ElementsAre("NAME", "STATUS", "ROLES", "AGE", "VERSION"));
  for (size_t i = 1; i < nodes.size(); ++i)
    EXPECT_EQ(nodes[i].at(1), "Ready");

  const auto pods = Words(Say({"get", "pods", "-o", "wide"}));
  ASSERT_EQ(pods.size(), 4U);
  EXPECT_EQ(Join(pods[0], " "),
            "NAME READY STATUS RESTARTS AGE IP NODE NOMINATED NODE READINESS GATES");
  std::set<std::string> places;
  for (size_t i = 1; i < pods.size(); ++i) {
    const std::string name = fmt::format("web-{}", i - 1);
    ASSERT_EQ(pods[i].size(), 9U) << Join(pods[i], " ");
    EXPECT_EQ(Join({pods[i].begin(), pods[i].begin() + 4}, " "), name + " 1/1 Running 0");
    EXPECT_EQ(pods[i][5], Field("pod/" + name, ".status.podIP"));
    places.insert(pods[i][6]);
  }
  EXPECT_EQ(places.size(), 3U) << "one on each node";

  const auto claims = Words(Say({"get", "pvc", "--no-headers"}));
  ASSERT_EQ(claims.size(), 3U);
  for (size_t i = 0; i < claims.size(); ++i) {
    EXPECT_EQ(claims[i].at(0), fmt::format("data-web-{}", i));
    EXPECT_EQ(claims[i].at(1), "Bound");
    EXPECT_EQ(Field("pv/" + claims[i].at(2), ".spec.claimRef.name"), claims[i].at(0));
  }
  EXPECT_THAT(Say({"describe", "pod", "web-0"}),
              AllOf(HasSubstr("Scheduled"), HasSubstr("Started"), HasSubstr("data-web-0")));
}

TEST_F(Pods, FindEachOtherByName) {
  for (int i = 0; i < 3; ++i) {
    const std::string name = fmt::format("web-{}", i);
    const std::string full = name + ".web.shop.svc.cluster.local";
    EXPECT_THAT(Exec("web-0", "nslookup " + full),
                HasSubstr("Address: " + Field("pod/" + name, ".status.podIP")));
  }
  EXPECT_NE(
      Kubectl({"exec", "web-0", "--", "nslookup", "web-3.web.shop.svc.cluster.local"}).exit_code,
      0);
  EXPECT_EQ(Exec("web-2", "hostname"), "web-2\n");
}

TEST_F(Pods, ExecPassesOutputInputAndExitCode) {
  ProcessResult result =
      Kubectl({"exec", "web-1", "--", "sh", "-c", "echo out; echo err >&2; exit 7"});
  EXPECT_EQ(result.exit_code, 7);
  EXPECT_EQ(result.out, "out\n");
  EXPECT_THAT(result.err, StartsWith("err\n"));
  // More than any buffer on the way, there and back.
  std::string much;
  for (int i = 0; i < 200'000; ++i)
    much += fmt::format("{}\n", i);
  EXPECT_EQ(Say({"exec", "-i", "web-1", "--", "sha256sum"}, much), Sha256Hex(much) + "  -\n");
  EXPECT_TRUE(Say({"exec", "-i", "web-1", "--", "cat"}, much) == much);
  result = Kubectl({"exec", "web-1", "--", "no-such-program"});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("no-such-program"));
  result = Kubectl({"exec", "web-1", "-c", "side", "--", "true"});
  EXPECT_NE(result.exit_code, 0);
  EXPECT_THAT(result.err, HasSubstr("side"));
  EXPECT_THAT(Kubectl({"exec", "web-7", "--", "true"}).err, HasSubstr("NotFound"));
  EXPECT_EQ(Say({"logs", "web-1"}), "started as web-1\n");
  EXPECT_THAT(Say({"logs", "web-1", "--tail=1", "--timestamps"}),
              AllOf(StartsWith("20"), HasSubstr("Z started as web-1\n")));
}

TEST_F(Pods, ADeletedPodComesBackWithItsClaimAndData) {
  const std::string uid = Field("pod/web-1", ".metadata.uid");
  const std::string volume = Field("pvc/data-web-1", ".spec.volumeName");
  Say({"exec", "-i", "web-1", "--", "sh", "-c", "cat >/data/kept"}, "what was written\n");
  const auto watch = WatchPods();
  Say({"delete", "pod", "web-1"});
  Say({"wait", "--for=create", "pod/web-1", "--timeout=30s"});
  Say({"wait", "--for=condition=Ready", "pod/web-1", "--timeout=30s"});
  EXPECT_NE(Field("pod/web-1", ".metadata.uid"), uid);
  EXPECT_EQ(Field("pod/web-1", ".spec.volumes[?(@.name=='data')].persistentVolumeClaim.claimName"),
            "data-web-1");
  EXPECT_EQ(Field("pvc/data-web-1", ".spec.volumeName"), volume);
  EXPECT_EQ(Exec("web-1", "cat /data/kept"), "what was written\n");
  EXPECT_NE(Kubectl({"exec", "web-0", "--", "cat", "/data/kept"}).exit_code, 0)
      << "another pod's volume";
  ASSERT_TRUE(Eventually([&] {
    const auto lines = watch->Lines();
    return Find(lines, "ADDED web-1", Find(lines, "DELETED web-1")) < lines.size();
  })) << Join(watch->Lines(), "\n");
  EXPECT_LT(Find(watch->Lines(), "MODIFIED web-1 1/1 Terminating"),
            Find(watch->Lines(), "DELETED web-1"))
      << "it was terminating before it was gone";

  Say({"delete", "pod", "web-2", "--force", "--grace-period=0"});
  Say({"rollout", "status", "sts/web", "--timeout=60s"});
  EXPECT_EQ(Words(Say({"get", "pods", "--no-headers"})).size(), 3U);
}

TEST_F(Pods, ScalingGoesInOrderAndKeepsTheClaims) {
  Exec("web-2", "echo two >/data/kept");
  const auto watch = WatchPods();
  Say({"scale", "sts/web", "--replicas=1"});
  Say({"wait", "--for=delete", "pod/web-1", "pod/web-2", "--timeout=60s"});
  EXPECT_EQ(Words(Say({"get", "pods", "--no-headers"})).size(), 1U);
  EXPECT_EQ(Words(Say({"get", "pvc", "--no-headers"})).size(), 3U);
  Say({"scale", "sts/web", "--replicas=3"});
  Say({"rollout", "status", "sts/web", "--timeout=100s"});
  EXPECT_EQ(Exec("web-2", "cat /data/kept"), "two\n");

  ASSERT_TRUE(Eventually([&] {
    const auto lines = watch->Lines();
    return Find(lines, "ADDED web-2", Find(lines, "DELETED web-1")) < lines.size();
  })) << Join(watch->Lines(), "\n");
  const std::vector<std::string> lines = watch->Lines();
  const size_t gone_2 = Find(lines, "DELETED web-2");
  const size_t gone_1 = Find(lines, "DELETED web-1");
  EXPECT_LT(gone_2, Find(lines, "MODIFIED web-1 1/1 Terminating")) << Join(lines, "\n");
  EXPECT_LT(gone_2, gone_1);
  EXPECT_LT(Find(lines, "ADDED web-1", gone_1), Find(lines, "ADDED web-2", gone_1));
  EXPECT_EQ(Find(lines, "DELETED web-0"), lines.size());
}

TEST_F(Pods, TheNamespaceTakesEverythingWithIt) {
  const std::map<pid_t, std::string> before = Processes();
  Say({"delete", "namespace", "shop", "--timeout=60s"});
  EXPECT_THAT(Kubectl({"get", "namespace", "shop"}).err, HasSubstr("NotFound"));
  for (const char* kind : {"pods", "pvc", "sts", "svc", "endpointslices", "controllerrevisions"})
    EXPECT_EQ(Say({"get", kind, "--all-namespaces", "-o", "name", "--field-selector",
                   "metadata.namespace=shop"}),
              "")
        << kind;
  EXPECT_TRUE(Eventually([&] { return Say({"get", "pv", "-o", "name"}).empty(); }));
  EXPECT_TRUE(Eventually([&] { return Processes().size() + 3 <= before.size(); }))
      << "the pods' processes are gone";
  Deploy();
}

}  // namespace
}  // namespace holdfast
