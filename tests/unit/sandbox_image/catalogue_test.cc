// Makes every image of the catalogue for real and asks its program for its version: minutes and
// gigabytes, so only in the nightly run.
#include <cstdio>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"
#include "harness/sandbox/image/image.h"

namespace holdfast::sandbox {
namespace {

struct Row {
  std::string image;
  std::vector<std::string> command;
  std::string says;
};

class Catalogue : public ::testing::TestWithParam<Row> {};

TEST_P(Catalogue, TheProgramRunsInItsOwnRoot) {
  const Row& row = GetParam();
  const auto image = EnsureImage(CacheDirectory() / "images", row.image,
                                 [](const std::string& line) { std::printf("%s\n", line.c_str()); });
  ASSERT_TRUE(image) << image.error().message;
  std::vector<std::string> argv{"bwrap", "--ro-bind", image->root.string(), "/", "--proc", "/proc",
                                "--dev", "/dev", "--tmpfs", "/tmp", "--clearenv"};
  for (const auto& [name, value] : image->environment)
    argv.insert(argv.end(), {"--setenv", name, value});
  argv.insert(argv.end(), row.command.begin(), row.command.end());
  const auto said = RunChecked(argv, std::chrono::seconds(60));
  ASSERT_TRUE(said) << said.error().message;
  EXPECT_THAT(*said, ::testing::HasSubstr(row.says));
}

std::string RowName(const ::testing::TestParamInfo<Row>& info) {
  return ReplaceAll(ReplaceAll(info.param.image, ":", "_"), ".", "_");
}

INSTANTIATE_TEST_SUITE_P(
    All,
    Catalogue,
    ::testing::Values(Row{"busybox:1", {"busybox", "echo", "alive"}, "alive"},
                      Row{"agnhost:2", {"bash", "-c", "mv --version; hostname --version 2>&1"}, "coreutils"},
                      Row{"postgres:15", {"postgres", "--version"}, " 15."},
                      Row{"mariadb:10.11", {"mariadbd", "--version"}, "10.11"},
                      Row{"mariadb:11.8", {"mariadbd", "--version"}, "11.8"},
                      Row{"mysql:9", {"mysqld", "--version"}, "Ver 9."},
                      Row{"etcd:3.4", {"etcd", "--version"}, "3.4"},
                      Row{"etcd:3.5", {"etcd", "--version"}, "3.5"},
                      Row{"redis:7", {"redis-server", "--version"}, "v=7"},
                      Row{"redis:8", {"redis-server", "--version"}, "v=8"}),
    RowName);

}  // namespace
}  // namespace holdfast::sandbox
