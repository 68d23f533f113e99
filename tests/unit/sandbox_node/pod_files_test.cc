// /etc/hosts and /etc/resolv.conf, byte for byte; paths inside roots; users and homes.
#include "harness/sandbox/node/pod_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/sandbox/node/container_spec_builder.h"
#include "harness/sandbox/node/root_path.h"

namespace holdfast::sandbox::node {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

const Json kPod = {{"metadata", {{"name", "web-0"}, {"namespace", "ns"}}},
                   {"spec", {{"hostname", "web-0"}, {"subdomain", "web"}}}};

TEST(HostsFileTest, NamesThePodAsTheKubeletDoes) {
  const std::string text = HostsFile(kPod, "10.244.0.5", "cluster.local");
  EXPECT_THAT(text, StartsWith("# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n"));
  EXPECT_THAT(text, EndsWith("10.244.0.5\tweb-0.web.ns.svc.cluster.local\tweb-0\n"));
}

TEST(HostsFileTest, KnowsPodsWithoutSubdomainAndAliases) {
  const Json pod = {
      {"metadata", {{"name", "job"}, {"namespace", "ns"}}},
      {"spec", {{"hostAliases", Json::array({{{"ip", "1.2.3.4"}, {"hostnames", {"a", "b.c"}}}})}}}};
  EXPECT_THAT(HostsFile(pod, "10.244.0.6", "cluster.local"),
              EndsWith("10.244.0.6\tjob\n\n# Entries added by HostAliases.\n1.2.3.4\ta\tb.c\n"));
}

TEST(ResolvConfTest, FollowsTheDnsPolicy) {
  EXPECT_EQ(ResolvConf(kPod, "10.250.0.10", "cluster.local"),
            "search ns.svc.cluster.local svc.cluster.local cluster.local\n"
            "nameserver 10.250.0.10\noptions ndots:5\n");
  Json pod = kPod;
  pod["spec"]["dnsConfig"] = {{"searches", {"x.y"}},
                              {"options", Json::array({{{"name", "ndots"}, {"value", "2"}}})}};
  EXPECT_EQ(ResolvConf(pod, "10.250.0.10", "cluster.local"),
            "search ns.svc.cluster.local svc.cluster.local cluster.local x.y\n"
            "nameserver 10.250.0.10\noptions ndots:2\n");
  pod["spec"]["dnsPolicy"] = "None";
  pod["spec"]["dnsConfig"]["nameservers"] = {"9.9.9.9"};
  EXPECT_EQ(ResolvConf(pod, "10.250.0.10", "cluster.local"),
            "search x.y\nnameserver 9.9.9.9\noptions ndots:2\n");
}

TEST(ResolveInRootTest, NeverLeavesTheRoot) {
  const TemporaryDirectory directory;
  const auto& root = directory.path();
  ASSERT_TRUE(MakeDirectories(root / "var"));
  std::filesystem::create_symlink("/run", root / "var/run");
  std::filesystem::create_symlink("../../../etc", root / "out");
  std::filesystem::create_symlink("loop", root / "loop");
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"/data", "data"},
      {"/var/run/secrets/x", "run/secrets/x"},
      {"/out/passwd", "etc/passwd"},
      {"/a/../../b", "b"},
      {"//a/./b/", "a/b"},
      {"/", ""}};
  for (const auto& [path, expected] : rows)
    EXPECT_EQ(ResolveInRoot(root, path).value_or("failed").string(), expected) << path;
  EXPECT_FALSE(ResolveInRoot(root, "/loop/x"));
}

TEST(ContainerUserTest, PrefersContainerThenPodThenImage) {
  Image image;
  image.uid = 999;
  image.gid = 998;
  const Json none = Json::object();
  const Json pod = {{"spec", {{"securityContext", {{"runAsUser", 5}, {"runAsGroup", 6}}}}}};
  const Json own = {{"securityContext", {{"runAsUser", 7}}}};
  const auto ids = [&](const Json& p, const Json& c) {
    const UserIds user = ContainerUser(p, c, image);
    return std::pair(user.uid, user.gid);
  };
  EXPECT_EQ(ids(none, none), std::pair(999, 998));
  EXPECT_EQ(ids(pod, none), std::pair(5, 6));
  EXPECT_EQ(ids(pod, own), std::pair(7, 6));
  EXPECT_EQ(ids(none, own), std::pair(7, 0));
}

TEST(HomeDirectoryTest, ReadsPasswd) {
  const std::string passwd = "root:x:0:0::/root:/bin/sh\npg:x:999:999::/var/lib/pg:/bin/sh\nbad\n";
  EXPECT_EQ(HomeDirectory(passwd, 0), "/root");
  EXPECT_EQ(HomeDirectory(passwd, 999), "/var/lib/pg");
  EXPECT_EQ(HomeDirectory(passwd, 5), "/");
  EXPECT_EQ(HomeDirectory("", 0), "/");
}

}  // namespace
}  // namespace holdfast::sandbox::node
