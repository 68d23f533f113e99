// Every fault in the embedded sandbox: its proof is seen, and its undo.
#include <set>

#include <gtest/gtest.h>

#include "tests/integration/faults/played.h"

namespace holdfast {
namespace {

// What the tests below see proven and taken back; withheld_test.cc has the other half.
const std::vector<std::string>& OfTheSet() {
  static const std::vector<std::string> kFaults{"pod-delete",         "evict",
                                                "scale",              "image-update",
                                                "template-restart",   "statefulset-delete",
                                                "claim-delete"};
  return kFaults;
}
const std::vector<std::string>& OfANode() {
  static const std::vector<std::string> kFaults{"cordon",         "node-return", "node-drain",
                                                "taint",          "node-crash",  "out-of-service",
                                                "node-freeze",    "node-partition"};
  return kFaults;
}
const std::vector<std::string>& Combined() {
  static const std::vector<std::string> kFaults{"template-restart", "pod-delete", "container-kill"};
  return kFaults;
}

void ExpectAllProven(const Played& played, const std::vector<std::string>& faults) {
  const auto proven = played.Ends("proof");
  for (const std::string& fault : faults)
    EXPECT_TRUE(proven.contains(fault)) << fault << "\n" << played.output;
  for (const auto& [fault, sentence] : played.Ends("unproven"))
    ADD_FAILURE() << fault << ": " << sentence;
  EXPECT_EQ(played.Verdict("RUN-LEFT-AS-FOUND", "left-as-found"), "pass") << played.output;
}

TEST(Faults, OfPodsAndTheSet) {
  const Played played(
      "suite: set\n"
      "workload: {pause: {replicas: 3, claims: true, terminationGracePeriod: 1s, budget: "
      "maxUnavailable=1}}\n"
      "scenarios:\n"
      "  - name: pods\n"
      "    steps: [pod-delete: {count: 2}, settle, evict: {ordinal: 1}]\n"
      "  - name: scale\n"
      "    steps: [scale: {to: 1, then: return}, settle, scale: {to: 0, then: reverse}]\n"
      "  - name: update\n"
      "    steps: [image-update: {to: next, partition: 2}, image-update: {partition: 0}, settle,\n"
      "            image-update: {to: previous}, template-restart: {}]\n"
      "  - name: broken\n"
      "    steps: [image-update: {to: broken}]\n"
      "  - name: set\n"
      "    steps: [statefulset-delete: {cascade: orphan}, statefulset-delete: {cascade: "
      "foreground}]\n"
      "  - name: claim\n"
      "    steps: [claim-delete: {ordinal: 2}]\n");
  ExpectAllProven(played, OfTheSet());
  for (const char* scenario : {"pods", "scale", "update", "broken", "set", "claim"}) {
    EXPECT_EQ(played.Verdict("RUN-FAULT", scenario), "pass") << scenario << played.output;
    EXPECT_EQ(played.Verdict("RUN-SETTLE", scenario), "pass") << scenario << played.output;
  }
}

TEST(Faults, OfNodes) {
  const Played played(
      "suite: nodes\n"
      "workload: {pause: {replicas: 3, claims: true, terminationGracePeriod: 1s}}\n"
      "scenarios:\n"
      "  - name: marks\n"
      "    steps: [cordon: {of: replica}, node-return: {}, node-drain: {of: primary}]\n"
      "  - name: taint\n"
      "    steps: [taint: {of: primary}]\n"
      "  - name: crash\n"
      "    steps: [node-crash: {of: primary}, out-of-service: {of: primary}]\n"
      "  - name: freeze\n"
      "    steps: [node-freeze: {of: replica}, node-return: {}]\n"
      "  - name: cut\n"
      "    steps: [node-partition: {of: replica, from: control-plane}]\n");
  ExpectAllProven(played, OfANode());
  for (const char* scenario : {"marks", "taint", "crash", "freeze", "cut"})
    EXPECT_EQ(played.Verdict("RUN-FAULT", scenario), "pass") << scenario << played.output;
}

TEST(Faults, CombinedAndTriggered) {
  const Played played(
      "suite: combined\n"
      "workload: {volume: {replicas: 3}}\n"
      "load: {writers: 3, readers: 1, rate: 150/s, minimum-acks: 50, sentinel-rows: 10}\n"
      "scenarios:\n"
      "  - name: kill-in-mid-rollout\n"
      "    steps: [template-restart: {background: true}, when: {updated: 1},\n"
      "            pod-delete: {ordinal: 0, grace: 0s}, settle]\n"
      "  - name: while-terminating\n"
      "    steps: [pod-delete: {pod: vol-2, background: true},\n"
      "            when: {pod: vol-2, phase: Terminating}, pod-delete: {pod: vol-0}]\n"
      "  - name: container\n"
      "    steps: [when: {acks: 50}, container-kill: {ordinal: 1}]\n"
      "  - name: some\n"
      "    random: 3\n"
      "    steps: [pod-delete: {}, evict: {}, settle]\n"
      "  - name: again\n"
      "    repeat: 2\n"
      "    steps: [when: {pods: 3}, evict: {ordinal: 1}, when: {pod: vol-1, phase: Ready}]\n");
  ExpectAllProven(played, Combined());
  int evictions = 0;
  for (const Json& line : played.trace) {
    evictions += GetString(line, {"scenario"}) == "again" &&
                 GetString(line, {"fault"}) == "evict" ? 1 : 0;
  }
  EXPECT_EQ(evictions, 2) << played.output;
  EXPECT_EQ(played.exit_code, 0) << played.output;
}

TEST(Faults, EachHasATestThatSeesItsProof) {
  std::set<std::string> seen;
  for (const auto& list : {OfTheSet(), OfANode(), Combined()})
    seen.insert(list.begin(), list.end());
  EXPECT_EQ(seen, AllFaultNames());
}

}  // namespace
}  // namespace holdfast
