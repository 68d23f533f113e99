// kill -9 of the runner at any moment: after `holdfast recover`, from another directory, with and
// without the local journal, the cluster is as it was found.
#include <cstdlib>

#include <gtest/gtest.h>

#include "harness/base/random.h"
#include "harness/base/strings.h"
#include "tests/integration/recover/kept_sandbox.h"

namespace holdfast {
namespace {

// Short, and touches everything that must be undone.
constexpr const char* kSuite =
    "suite: killed\n"
    "workload: {pause: {replicas: 2, claims: true, terminationGracePeriod: 0s}}\n"
    "scenarios:\n"
    "  - name: nodes\n"
    "    steps:\n"
    "      - node-drain: {of: primary, grace: 0s}\n"
    "      - taint: {of: replica, effect: NoSchedule}\n"
    "  - name: power\n"
    "    steps: [node-partition: {of: primary, from: peers}]\n"
    "  - name: set\n"
    "    steps: [scale: {to: 1}, statefulset-delete: {cascade: orphan}]\n";

int64_t Number(const char* variable, int64_t fallback) {
  const char* text = std::getenv(variable);
  return text == nullptr ? fallback : ParseInt(text).value_or(fallback);
}

struct Outcome {
  int exit_code = 0;
  std::filesystem::path state;
  std::string text;
};

Outcome RunKilledAt(KeptSandbox& sandbox, int64_t at) {
  const auto folder = sandbox.NewFolder();
  const auto suite = folder / "killed.yaml";
  EXPECT_TRUE(WriteFileAtomic(suite, kSuite));
  const auto state = folder / "state";
  std::vector<std::string> environment{"HOLDFAST_STATE=" + state.string()};
  if (at > 0) environment.push_back(fmt::format("HOLDFAST_KILL_AT={}", at));
  const ProcessResult result =
      sandbox.Holdfast(sandbox.RunCommand(suite, folder / "run"), environment);
  return {result.exit_code, state, result.out + result.err};
}

// The moments are numbered: before and after each request to the API and each line of the journal. A
// number beyond the end of the run shortens the range of the next ones.
TEST(Kill, AnywhereLeavesNothingBehindAfterRecover) {
  KeptSandbox& sandbox = KeptSandbox::Get();
  const std::string before = sandbox.Found();
  const auto seed = static_cast<uint64_t>(Number("HOLDFAST_SEED", 20260));
  const int64_t kills = Number("HOLDFAST_KILLS", 20);
  Random random(seed);
  int64_t last = 80;  // Shrinks when a run ends before its moment comes.
  int killed = 0;
  for (int64_t i = 0; i < kills; ++i) {
    const auto at = static_cast<int64_t>(random.Below(static_cast<uint64_t>(last))) + 1;
    SCOPED_TRACE(fmt::format("seed {}, kill {} at moment {}", seed, i, at));
    const Outcome outcome = RunKilledAt(sandbox, at);
    if (outcome.exit_code != 137) {
      EXPECT_LE(outcome.exit_code, 3) << outcome.text;
      last = std::min(last, at - 1);
      ASSERT_GT(last, 40) << "the run has too few moments: " << outcome.text;
    } else {
      ++killed;
    }
    // Every second time the local journal is lost, too.
    const auto state = i % 2 == 0 ? outcome.state : sandbox.NewFolder();
    const ProcessResult recovered = sandbox.Recover(state);
    ASSERT_EQ(recovered.exit_code, 0) << recovered.out << recovered.err << outcome.text;
    ASSERT_EQ(sandbox.Found(), before) << recovered.out << outcome.text;
  }
  EXPECT_GT(killed, kills / 2);
}

}  // namespace
}  // namespace holdfast
