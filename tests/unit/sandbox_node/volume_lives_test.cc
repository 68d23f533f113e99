// What the defects of volumes do when a pod comes back, and that a healthy node does nothing.
#include "harness/sandbox/node/volume_lives.h"

#include <algorithm>
#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/sandbox/node/volume_copies.h"

namespace holdfast::sandbox::node {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;

class Lives : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* volume : {"pv-0", "pv-1"}) {
      ASSERT_TRUE(MakeDirectories(Root() / volume));
      Write(volume, "data", std::string(volume) + " first");
    }
  }
  [[nodiscard]] fs::path Root() const { return directory_.path() / "volumes"; }
  void Write(const std::string& volume, const std::string& file, const std::string& content) {
    ASSERT_TRUE(WriteFileAtomic(Root() / volume / file, content));
  }
  [[nodiscard]] std::string Read(const fs::path& volume) const {
    return ReadFile(volume / "data").value_or("(nothing)");
  }
  // The directory that pod web-<ordinal> gets in the life of this uid.
  static fs::path Begin(VolumeLives& lives, int ordinal, const std::string& uid) {
    return lives
        .Begin({.pod = fmt::format("web-{}", ordinal),
                .pod_uid = uid,
                .claim = fmt::format("data-web-{}", ordinal),
                .volume = fmt::format("pv-{}", ordinal),
                .in_use_as = fmt::format("driver^pv-{}", ordinal)},
               [](const std::string& claim) -> Result<std::string> {
                 return "pv-" + claim.substr(claim.size() - 1);
               })
        .value();
  }
  TemporaryDirectory directory_;
  FakeClock clock_;
};

TEST_F(Lives, AHealthyVolumeIsTheSameInEachLife) {
  VolumeLives lives(Root(), clock_, {});
  for (const char* uid : {"u1", "u1", "u2", "u3"})
    EXPECT_EQ(Read(Begin(lives, 0, uid)), "pv-0 first");
  EXPECT_FALSE(fs::exists(directory_.path() / "volume-lives"));
}

TEST_F(Lives, WhatIsMountedIsInUse) {
  VolumeLives lives(Root(), clock_, {});
  int changes = 0;
  lives.OnChange([&] { ++changes; });
  Begin(lives, 1, "u1");
  Begin(lives, 0, "u2");
  Begin(lives, 0, "u2");
  EXPECT_THAT(lives.InUse(), ElementsAre("driver^pv-0", "driver^pv-1"));
  EXPECT_EQ(lives.Mounted().at("pv-1"), Root() / "pv-1");
  lives.End("u1");
  lives.End("u1");
  EXPECT_THAT(lives.InUse(), ElementsAre("driver^pv-0"));
  EXPECT_EQ(changes, 3);
}

TEST_F(Lives, FreshVolumeOnRecreate) {
  VolumeLives lives(Root(), clock_, Defects(Defect::kFreshVolumeOnRecreate));
  EXPECT_EQ(Read(Begin(lives, 0, "u1")), "pv-0 first");
  EXPECT_EQ(Read(Begin(lives, 0, "u1")), "pv-0 first") << "the same life";
  EXPECT_EQ(Read(Begin(lives, 0, "u2")), "(nothing)");
  // Another node's agent knows the lives too.
  Write("pv-0", "data", "second");
  VolumeLives elsewhere(Root(), clock_, Defects(Defect::kFreshVolumeOnRecreate));
  EXPECT_EQ(Read(Begin(elsewhere, 0, "u2")), "second");
  EXPECT_EQ(Read(Begin(elsewhere, 0, "u3")), "(nothing)");
}

TEST_F(Lives, VolumesSwappedFromTheSecondLifeOn) {
  VolumeLives lives(Root(), clock_, Defects(Defect::kVolumesSwapped));
  EXPECT_EQ(Begin(lives, 0, "u1"), Root() / "pv-0");
  EXPECT_EQ(Begin(lives, 1, "u2"), Root() / "pv-1");
  EXPECT_EQ(Begin(lives, 0, "u3"), Root() / "pv-1");
  EXPECT_EQ(Begin(lives, 1, "u4"), Root() / "pv-0");
  EXPECT_EQ(SwappedClaim("data-web-2"), "");
  EXPECT_EQ(SwappedClaim("data-web-10"), "") << "only the ordinals 0 and 1";
}

TEST_F(Lives, VolumeFromOldCopy) {
  VolumeLives lives(Root(), clock_, Defects(Defect::kVolumeFromOldCopy));
  Begin(lives, 0, "u1");
  lives.Tick();
  clock_.Advance(std::chrono::seconds(4));
  lives.Tick();
  Write("pv-0", "data", "after the copy");
  Write("pv-0", "more", "x");
  EXPECT_EQ(Read(Begin(lives, 0, "u1")), "after the copy");
  EXPECT_EQ(Read(Begin(lives, 0, "u2")), "pv-0 first");
  EXPECT_FALSE(fs::exists(Root() / "pv-0/more"));
}

TEST_F(Lives, BlockCorrupted) {
  VolumeLives lives(Root(), clock_, Defects(Defect::kBlockCorrupted));
  const std::string big(1000, 'a');
  Write("pv-0", "big", big);
  Begin(lives, 0, "u1");
  EXPECT_EQ(ReadFile(Root() / "pv-0/big").value(), big);
  Begin(lives, 0, "u2");
  const std::string after = ReadFile(Root() / "pv-0/big").value();
  ASSERT_EQ(after.size(), big.size());
  EXPECT_EQ(std::count(after.begin(), after.end(), 'a'), 1000 - 64);
  EXPECT_EQ(after[468], static_cast<char>(~'a'));
  EXPECT_EQ(after[467], 'a');
  EXPECT_EQ(Read(Root() / "pv-0"), "pv-0 first") << "the smaller file";
}

TEST_F(Lives, OldCopiesComeBackAfterACrash) {
  const fs::path copies = directory_.path() / "copies";
  const Nanos now = std::chrono::seconds(100);
  const auto copy = [&](const char* volume, Nanos begun, const std::string& content) {
    const fs::path folder = copies / volume / std::to_string(begun.count());
    ASSERT_TRUE(MakeDirectories(folder));
    ASSERT_TRUE(WriteFileAtomic(folder / "data", content));
  };
  copy("pv-0", now - std::chrono::milliseconds(2600), "older");
  copy("pv-0", now - std::chrono::milliseconds(1100), "old enough");
  copy("pv-0", now - std::chrono::milliseconds(600), "too new");
  copy("pv-1", now - std::chrono::milliseconds(600), "too new");
  ASSERT_TRUE(PutOldCopiesBack(copies, Root(), now));
  EXPECT_EQ(Read(Root() / "pv-0"), "old enough");
  EXPECT_EQ(Read(Root() / "pv-1"), "pv-1 first");
  EXPECT_TRUE(fs::is_empty(copies));
}

TEST_F(Lives, PeriodicCopiesFollowWhatIsMounted) {
  const fs::path copies = directory_.path() / "copies";
  std::atomic<bool> mounted = true;
  const PeriodicCopies periodic(copies, SystemClock(), [&] {
    std::map<std::string, fs::path> all;
    if (mounted) all["pv-0"] = Root() / "pv-0";
    return all;
  });
  const auto eventually = [](const std::function<bool()>& condition) {
    const Deadline deadline(SystemClock(), std::chrono::seconds(30));
    while (!condition() && !deadline.Passed())
      SystemClock().SleepFor(std::chrono::milliseconds(10), {});
    return condition();
  };
  const auto count = [&] {
    std::error_code error;
    int found = 0;
    for (const auto& entry : fs::directory_iterator(copies / "pv-0", error))
      if (!entry.path().filename().string().starts_with('.')) ++found;
    return found;
  };
  EXPECT_TRUE(eventually([&] { return count() >= 2; }));
  mounted = false;
  EXPECT_TRUE(eventually([&] { return !fs::exists(copies / "pv-0"); }));
}

}  // namespace
}  // namespace holdfast::sandbox::node
