// Makes the small image for real, from the machine's own mirror, into an empty cache.
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/process.h"
#include "harness/sandbox/image/image.h"

namespace holdfast::sandbox {
namespace {

TEST(MakeImage, BusyboxStartsAndIsMadeOnce) {
  const TemporaryDirectory cache;
  Result<Image> other = Fail(ErrorCode::kInternal, "not run");
  std::vector<std::string> told;
  {
    const std::jthread second(
        [&] { other = EnsureImage(cache.path(), "busybox:1", [](const std::string&) {}); });
    const Result<Image> image = EnsureImage(cache.path(), "library/busybox:1",
                                            [&](const std::string& line) { told.push_back(line); });
    ASSERT_TRUE(image) << image.error().message;
    EXPECT_TRUE(image->digest.starts_with("sha256:"));
    const Result<std::string> out =
        RunChecked({(image->root / "bin/busybox").string(), "echo", "alive"});
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(*out, "alive\n");
    EXPECT_TRUE(std::filesystem::is_symlink(image->root / "bin/sh"));
    EXPECT_FALSE(std::filesystem::exists(image->root / "etc/apt"));
  }
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_FALSE(told.empty());
  size_t folders = 0;
  for (const auto& entry : std::filesystem::directory_iterator(cache.path() / "images")) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(".making"));
    if (entry.is_directory()) ++folders;
  }
  EXPECT_EQ(folders, 1U);
}

}  // namespace
}  // namespace holdfast::sandbox
