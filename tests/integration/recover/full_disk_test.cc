// The disk is full in the middle of a run against a cluster that stays: what was done is undone, and
// the run says so and is not green.
#include <fcntl.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "tests/integration/interrupt/running.h"
#include "tests/integration/recover/kept_sandbox.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;

struct FullDisk : testing::Test {
  KeptSandbox& sandbox = KeptSandbox::Get();
  fs::path folder = sandbox.NewFolder();
  std::string before = sandbox.Found();
  fs::path out = folder / "run";
  fs::path state = folder / "state";

  // The run, with `place` a file system of this size.
  Running Start(const std::string& steps, const fs::path& place, const std::string& size) {
    const fs::path suite = folder / "suite.yaml";
    EXPECT_TRUE(WriteFileAtomic(suite,
                                "suite: full\n"
                                "workload: {pause: {replicas: 2, terminationGracePeriod: 0s}}\n"
                                "scenarios:\n"
                                "  - name: marks\n" +
                                    steps));
    std::vector<std::string> command = {
        "unshare", ::geteuid() == 0 ? "-m" : "-rm", "sh", "-ec",
        "mkdir -p \"$0\"; mount -t tmpfs -o size=" + size + " tmpfs \"$0\"; exec \"$@\"",
        place.string(), Program()};
    for (const std::string& word : sandbox.RunCommand(suite, out))
      command.push_back(word);
    return Running(command, {"HOLDFAST_STATE=" + state.string()});
  }

  void ExpectUndone(const Running& run) {
    EXPECT_EQ(sandbox.Found(), before) << run.output();
    const ProcessResult recovered = sandbox.Recover(folder / "elsewhere");
    EXPECT_NE(recovered.out.find("nothing was left behind"), std::string::npos)
        << recovered.out << recovered.err;
  }
};

// A page holds the journal's first lines; a later change finds no room and is not made.
TEST_F(FullDisk, OfTheJournalLeavesTheClusterAsItWasFound) {
  Running run = Start(
      "    repeat: 30\n"
      "    steps: [cordon: {of: primary}, node-return]\n",
      state, "4k");
  EXPECT_EQ(run.Wait(), 3) << run.output();
  EXPECT_NE(run.output().find("disk is full"), std::string::npos) << run.output();
  ExpectUndone(run);
}

TEST_F(FullDisk, OfTheEvidenceLeavesTheClusterAsItWasFound) {
  Running run = Start(
      "    steps: [cordon: {of: primary}, wait: {for: 3s}, node-return, wait: {for: 3s}]\n", out,
      "80m");
  ASSERT_TRUE(run.AwaitText("wait(")) << run.output();
  const std::string filler = fmt::format("/proc/{}/root{}/filler", run.pid(), out.string());
  const FileDescriptor file(::open(filler.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  ASSERT_TRUE(file.valid()) << filler;
  const std::string block(1 << 20, 'x');
  for (size_t size = block.size(); size > 0;) {
    if (!WriteAll(file.get(), std::string_view(block).substr(0, size), filler)) size /= 2;
  }
  EXPECT_EQ(run.Wait(), 3) << run.output();
  EXPECT_NE(run.output().find("disk is full"), std::string::npos) << run.output();
  ExpectUndone(run);
}

}  // namespace
}  // namespace holdfast
