// Process trees: what is read of them, and that a stopped one stands still with every thread.
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/process_tree.h"

namespace holdfast {
namespace {
using ::testing::ElementsAre;

TEST(ProcessTree, StateOfALine) {
  const ProcessState plain = ParseProcessState("12 (bash) S 7 12 12 0 -1");
  EXPECT_EQ(plain.parent, 7);
  EXPECT_EQ(plain.state, 'S');
  const ProcessState odd = ParseProcessState("12 (a) T 1 (b) Z 9 1 1");
  EXPECT_EQ(odd.parent, 9);
  EXPECT_EQ(odd.state, 'Z');
  for (const char* damaged : {"", "12 bash S 7", "12 (bash)", "12 (bash) long 7"})
    EXPECT_EQ(ParseProcessState(damaged).state, '?') << damaged;
}

TEST(ProcessTree, ParentsFirst) {
  const std::map<pid_t, ProcessState> all{{1, {0, 'S'}},  {5, {1, 'S'}}, {3, {5, 'S'}},
                                          {20, {3, 'S'}}, {9, {5, 'S'}}, {30, {1, 'S'}}};
  EXPECT_THAT(TreeOf(all, 5), ElementsAre(5, 3, 9, 20));
  EXPECT_THAT(TreeOf(all, 30), ElementsAre(30));
  EXPECT_TRUE(TreeOf(all, 99).empty());
}

// The child's threads count in shared memory; a count that moves after StopTree is a thread that ran.
TEST(ProcessTree, AStoppedTreeHasNoRunningThread) {
  constexpr size_t kThreads = 8;
  using Counts = std::array<std::atomic<uint64_t>, kThreads>;
  void* const shared = ::mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(shared, MAP_FAILED);
  auto& counts = *new (shared) Counts{};
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    for (std::atomic<uint64_t>& count : counts)
      std::thread([&count] {
        for (;;)
          ++count;
      }).detach();
    for (;;)
      ::pause();
  }
  const auto values = [&] { return std::vector<uint64_t>(counts.begin(), counts.end()); };
  const auto moves = [&] {
    const std::vector<uint64_t> before = values();
    while (values() == before)
      std::this_thread::yield();
  };
  for (int round = 0; round < 20; ++round) {
    moves();
    ASSERT_TRUE(StopTree(child));
    const std::vector<uint64_t> before = values();
    for (int turn = 0; turn < 200; ++turn)
      std::this_thread::yield();
    EXPECT_EQ(values(), before) << "round " << round;
    ASSERT_TRUE(ContinueTree(child));
  }
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::munmap(shared, sizeof(Counts));
}

}  // namespace
}  // namespace holdfast
