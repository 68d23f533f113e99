// What is read out of a pod's own files.
#include "workloads/inside.h"

#include <gtest/gtest.h>

namespace holdfast::workloads {
namespace {

constexpr const char* kHosts =
    "# Kubernetes-managed hosts file.\n"
    "127.0.0.1\tlocalhost\n"
    "10.1.2.3\tpg-1.pg.db.svc.cluster.local\tpg-1 # not pg-9\n";

TEST(InsideTest, HostsLineIsFoundByWholeName) {
  EXPECT_EQ(HostsLine(kHosts, "pg-1"),
            (std::vector<std::string>{"10.1.2.3", "pg-1.pg.db.svc.cluster.local", "pg-1"}));
  for (const char* absent : {"pg", "10.1.2.3", "pg-9", ""})
    EXPECT_TRUE(HostsLine(kHosts, absent).empty()) << absent;
}

TEST(InsideTest, MountIsTheNearestAbove) {
  const char* const mounts =
      "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "30 22 8:2 /vol/a /data rw - ext4 /dev/sdb rw\n"
      "31 22 8:3 / /data2 rw - ext4 /dev/sdc rw\n"
      "32 22 8:4 /vol/b /data rw - ext4 /dev/sdd rw\n"
      "broken line\n";
  EXPECT_EQ(MountOf(mounts, "/data/pgdata"),
            Json({{"device", "8:4"}, {"path", "/data"}, {"root", "/vol/b"}, {"readOnly", false}}));
  EXPECT_EQ(MountOf(mounts, "/data2")["device"], "8:3");
  EXPECT_EQ(MountOf(mounts, "/database")["path"], "/");
  EXPECT_TRUE(MountOf("", "/data").is_null());
}

TEST(InsideTest, ReadOnlyIsSeenInBothOptions) {
  EXPECT_EQ(MountOf("30 22 8:2 / /data ro,relatime - ext4 /dev/sdb rw\n", "/data")["readOnly"], true);
  EXPECT_EQ(MountOf("30 22 8:2 / /data rw - ext4 /dev/sdb ro,errors=remount-ro\n",
                    "/data")["readOnly"],
            true);
  EXPECT_EQ(MountOf("30 22 8:2 / /data rw,nodev - ext4 /dev/sdb rw,errors=remount-ro\n",
                    "/data")["readOnly"],
            false);
}

TEST(InsideTest, RootStandsBesideTheMount) {
  const char* const mounts =
      "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "30 22 8:2 /vol/a /data rw - ext4 /dev/sdb rw\n";
  const Json both = RootAndMountOf(mounts, "/data/x");
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[0]["path"], "/");
  EXPECT_EQ(both[1]["path"], "/data");
  EXPECT_EQ(RootAndMountOf(mounts, "/elsewhere").size(), 1U);
  EXPECT_TRUE(RootAndMountOf("", "/data").empty());
}

TEST(InsideTest, MarkerIsTwoWords) {
  EXPECT_EQ(ParseMarker("pg-0 1f2e\n"), Json({{"pod", "pg-0"}, {"nonce", "1f2e"}}));
  for (const char* text : {"", "pg-0", "pg-0 a b"})
    EXPECT_TRUE(ParseMarker(text).is_null()) << text;
}

}  // namespace
}  // namespace holdfast::workloads
