// Every fault in the embedded sandbox: its proof is seen, its undo is seen, and a proof that is
// withheld makes the scenario unknown.
#include <filesystem>
#include <map>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;

struct Played {
  TemporaryDirectory folder;
  int exit_code = -1;
  std::string output;
  Json verdicts;
  std::vector<Json> trace;

  explicit Played(const std::string& suite) {
    const fs::path path = folder.path() / "suite.yaml";
    EXPECT_TRUE(WriteFileAtomic(path, suite));
    const fs::path out = folder.path() / "run";
    ProcessOptions options;
    options.argv = {HOLDFAST_PROGRAM, "run", path.string(), "--out", out.string(), "--seed", "3"};
    options.add_environment = {"HOLDFAST_STATE=" + (folder.path() / "state").string()};
    options.timeout = std::chrono::minutes(9);
    const auto result = RunProcess(options);
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    if (!result) return;
    exit_code = result->exit_code;
    output = result->out + result->err;
    verdicts = ParseJson(ReadFile(out / "verdicts.json").value_or("")).value_or(Json());
    for (const std::string& line : Split(ReadFile(out / "trace.jsonl").value_or(""), '\n')) {
      if (!line.empty()) trace.push_back(ParseJson(line).value_or(Json()));
    }
    // Evidence in the cluster's own journal is gone with it, and none is left here.
    EXPECT_FALSE(fs::exists(folder.path() / "state" / "journal"));
  }

  [[nodiscard]] std::string Verdict(const std::string& id, const std::string& scenario) const {
    for (const Json& check : GetArray(verdicts, {"checks"})) {
      if (GetString(check, {"id"}) == id && GetString(check, {"scenario"}) == scenario)
        return GetString(check, {"verdict"});
    }
    return "missing";
  }
  // Of each fault by name, the sentence of its last proof or lack of one.
  [[nodiscard]] std::map<std::string, std::string> Ends(const std::string& phase) const {
    std::map<int64_t, std::string> names;
    std::map<std::string, std::string> ends;
    for (const Json& line : trace) {
      if (GetString(line, {"kind"}) != "fault") continue;
      const int64_t id = GetInt(line, {"id"});
      if (GetString(line, {"phase"}) == "begin") names[id] = GetString(line, {"fault"});
      if (GetString(line, {"phase"}) == phase) ends[names[id]] = GetString(line, {"sentence"});
    }
    return ends;
  }
};

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
  ExpectAllProven(played, {"pod-delete", "evict", "scale", "image-update", "template-restart",
                           "statefulset-delete", "claim-delete"});
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
  ExpectAllProven(played, {"cordon", "node-return", "node-drain", "taint", "node-crash",
                           "out-of-service", "node-freeze", "node-partition"});
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
      "    steps: [pod-delete: {}, evict: {}, settle]\n");
  ExpectAllProven(played, {"template-restart", "pod-delete", "container-kill"});
  EXPECT_EQ(played.exit_code, 0) << played.output;
}

TEST(Faults, AWithheldProofMakesTheScenarioUnknown) {
  // The container's first process ignores this signal: nothing restarts.
  const Played played(
      "suite: withheld\n"
      "workload: {volume: {replicas: 1}}\n"
      "load: {writers: 1, readers: 1, rate: 100/s, minimum-acks: 20, sentinel-rows: 10}\n"
      "scenarios:\n"
      "  - name: nothing\n"
      "    steps: [container-kill: {ordinal: 0, command: \"true\", within: 3s}]\n");
  EXPECT_EQ(played.exit_code, 3) << played.output;
  EXPECT_EQ(played.Verdict("RUN-FAULT", "nothing"), "unknown");
  EXPECT_EQ(played.Ends("unproven").size(), 1U);
}

}  // namespace
}  // namespace holdfast
