// Every suite under tests/golden/suite: the bad ones with the exact mistakes, the good ones with
// the exact model.
#include <algorithm>
#include <filesystem>
#include <vector>

#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "harness/suite/suite.h"

#include "tests/golden/golden.h"
#include "tests/unit/suite/vocabulary.h"

namespace holdfast::suite {
namespace {

std::vector<std::string> SuiteFiles(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(GoldenPath("suite/" + folder))) {
    if (entry.path().extension() == ".yaml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The model as text, for comparing.
std::string Model(const Suite& suite) {
  Json model{{"suite", suite.name},
             {"workload", suite.workload},
             {"parameters", suite.workload_parameters},
             {"expect", suite.expect_fail},
             {"accept", suite.accept},
             {"load",
              {suite.load.writers, suite.load.readers, suite.load.rate, suite.load.sentinel_rows,
               suite.load.minimum_acks}}};
  if (suite.seed) model["seed"] = *suite.seed;
  for (const Scenario& scenario : suite.scenarios) {
    Json steps = Json::array();
    for (const Step& step : scenario.steps) {
      steps.push_back({{"at", fmt::format("{}:{}", step.at.line, step.at.column)},
                       {"name", step.name},
                       {"parameters", step.parameters},
                       {"text", step.text}});
    }
    Json one{{"name", scenario.name}, {"steps", steps}, {"limits", scenario.limits}};
    if (scenario.repeat != 1) one["repeat"] = scenario.repeat;
    if (scenario.random != 0) one["random"] = scenario.random;
    model["scenarios"].push_back(std::move(one));
  }
  const ClusterFence& cluster = suite.cluster;
  if (!cluster.context.empty() || !cluster.uid.empty() || cluster.ready_nodes > 0)
    model["cluster"] = {cluster.context, cluster.uid, cluster.ready_nodes, cluster.nodes_left};
  const NodeCommands& control = suite.node_control;
  if (!control.start.empty())
    model["node-control"] = {control.stop, control.start, control.freeze, control.partition,
                             control.state};
  return DumpJson(model, 2) + "\n";
}

class BadSuite : public testing::TestWithParam<std::string> {};

TEST_P(BadSuite, EveryMistakeWithItsPlace) {
  const auto path = GoldenPath("suite/bad/" + GetParam() + ".yaml");
  const auto suite = LoadSuite(path, TestVocabulary(), {});
  ASSERT_FALSE(suite);
  EXPECT_EQ(suite.error().code, ErrorCode::kInvalidArgument);
  ExpectGolden("suite/bad/" + GetParam() + ".txt",
               ReplaceAll(suite.error().message, path.string(), path.filename().string()) + "\n");
}
INSTANTIATE_TEST_SUITE_P(All, BadSuite, testing::ValuesIn(SuiteFiles("bad")), [](const auto& row) {
  return ReplaceAll(row.param, "-", "_");
});

class GoodSuite : public testing::TestWithParam<std::string> {};

TEST_P(GoodSuite, WholeModel) {
  const auto suite =
      LoadSuite(GoldenPath("suite/good/" + GetParam() + ".yaml"), TestVocabulary(), {});
  ASSERT_TRUE(suite) << suite.error().message;
  ExpectGolden("suite/good/" + GetParam() + ".txt", Model(*suite));
}
INSTANTIATE_TEST_SUITE_P(All,
                         GoodSuite,
                         testing::ValuesIn(SuiteFiles("good")),
                         [](const auto& row) { return ReplaceAll(row.param, "-", "_"); });

}  // namespace
}  // namespace holdfast::suite
