// Every fault once more in a sandbox that grants its writes and does nothing, or in less time than
// its effect takes: no proof, so the scenario is unknown, never green, and nothing is left behind.
#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "tests/integration/faults/played.h"

namespace holdfast {
namespace {

struct Withheld {
  const char* fault;
  const char* steps;
};

const std::vector<Withheld>& Table() {
  static const std::vector<Withheld> kTable{
      {"pod-delete", "pod-delete: {ordinal: 1, within: 1s}"},
      {"evict", "evict: {ordinal: 1, within: 1s}"},
      // The command is run, and ends no container.
      {"container-kill", "container-kill: {ordinal: 1, command: \"true\", within: 1s}"},
      {"scale", "scale: {to: 1, within: 1s}"},
      {"image-update", "image-update: {to: next, within: 1s}"},
      {"template-restart", "template-restart: {within: 1s}"},
      {"claim-delete", "claim-delete: {ordinal: 1, within: 1s}"},
      {"statefulset-delete", "statefulset-delete: {cascade: background, within: 1s}"},
      {"node-drain", "node-drain: {of: primary, timeout: 1s}"},
      {"cordon", "cordon: {of: primary, within: 1s}"},
      {"taint", "taint: {of: primary, within: 1s}"},
      // A node is called not ready after ten seconds without a heartbeat, not after one.
      {"node-freeze", "node-freeze: {of: replica, within: 1s}"},
      {"node-partition", "node-partition: {of: replica, within: 1s}"},
      {"node-crash", "node-crash: {of: replica, within: 1s}"},
      {"out-of-service",
       "node-crash: {of: replica}, out-of-service: {of: replica, within: 1s}"},
      // Nothing was changed that it could take back.
      {"node-return", "node-return: {}"},
  };
  return kTable;
}

// Plays the rows of the table that need a command in a container, or all others.
void ExpectUnknown(std::string suite, bool exec) {
  const auto wanted = [&](const Withheld& row) {
    return (std::string_view(row.fault) == "container-kill") == exec;
  };
  for (const Withheld& row : Table()) {
    if (wanted(row))
      suite += fmt::format("  - name: {}\n    steps: [{}]\n", row.fault, row.steps);
  }
  const Played played(suite, {"--defect", "grants-without-effect"});
  EXPECT_EQ(played.exit_code, 3) << played.output;
  const auto unproven = played.Ends("unproven");
  for (const Withheld& row : Table()) {
    if (!wanted(row)) continue;
    EXPECT_EQ(played.Verdict("RUN-FAULT", row.fault), "unknown") << row.fault << played.output;
    ASSERT_TRUE(unproven.contains(row.fault)) << row.fault << played.output;
    EXPECT_FALSE(unproven.at(row.fault).empty()) << row.fault;
  }
  EXPECT_EQ(played.Verdict("RUN-LEFT-AS-FOUND", "left-as-found"), "pass") << played.output;
}

TEST(Withheld, NoProofMakesTheScenarioUnknown) {
  ExpectUnknown(
      "suite: withheld\n"
      "workload: {pause: {replicas: 2, claims: true, terminationGracePeriod: 1s}}\n"
      "scenarios:\n",
      false);
}

TEST(Withheld, NoProofOfACommandMakesTheScenarioUnknown) {
  ExpectUnknown(
      "suite: withheld\n"
      "workload: {volume: {replicas: 1}}\n"
      "load: {writers: 5, readers: 1, rate: 300/s, minimum-acks: 10}\n"
      "scenarios:\n",
      true);
}

TEST(Withheld, TheTableHasEveryFault) {
  std::set<std::string> names;
  for (const Withheld& row : Table())
    names.insert(row.fault);
  EXPECT_EQ(names, AllFaultNames());
}

}  // namespace
}  // namespace holdfast
