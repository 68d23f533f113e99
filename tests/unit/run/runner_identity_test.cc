#include "harness/run/runner_identity.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/strings.h"

namespace holdfast::run {
namespace {

TEST(RunnerIdentity, WeLive) { EXPECT_EQ(LivenessOf(RunnerIdentity()), Liveness::kAlive); }

TEST(RunnerIdentity, AProcessThatEndedIsDeadAlsoWhenItsNumberIsTaken) {
  std::vector<std::string> parts = Split(RunnerIdentity(), '_');
  ASSERT_EQ(parts.size(), 5U);
  parts[4] = "1";  // Our number, but another start.
  EXPECT_EQ(LivenessOf(Join(parts, "_")), Liveness::kDead);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ASSERT_GT(child, 0);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  parts[3] = std::to_string(child);
  EXPECT_EQ(LivenessOf(Join(parts, "_")), Liveness::kDead);
}

TEST(RunnerIdentity, OfOtherMachinesNothingIsKnown) {
  std::vector<std::string> parts = Split(RunnerIdentity(), '_');
  parts[1] = "another-boot";
  EXPECT_EQ(LivenessOf(Join(parts, "_")), Liveness::kUnknown);
  EXPECT_EQ(LivenessOf(""), Liveness::kUnknown);
  EXPECT_EQ(LivenessOf("a_b"), Liveness::kUnknown);
}

}  // namespace
}  // namespace holdfast::run
