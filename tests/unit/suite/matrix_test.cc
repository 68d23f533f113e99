// `matrix:` of a suite: which suites come of it, under which names, and what is refused.
#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "harness/suite/suite.h"

#include "tests/unit/suite/vocabulary.h"

namespace holdfast::suite {
namespace {

std::string WithMatrix(const std::string& matrix) {
  return "suite: base\n"
         "workload: {postgres: {replicas: 3}}\n"
         "scenarios:\n"
         "  - name: first\n"
         "    steps: [pod-delete: {pod: pg-0}]\n"
         "matrix:\n" +
         matrix;
}

Result<std::vector<Suite>> Load(const std::string& text,
                                const std::vector<std::string>& overrides = {}) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "suite.yaml";
  EXPECT_TRUE(WriteFileAtomic(path, text));
  auto suites = LoadSuites(path, TestVocabulary(), overrides);
  if (suites) return suites;
  Error error = suites.error();
  error.message = ReplaceAll(error.message, path.string(), "suite.yaml");
  return Fail(error);
}

TEST(Matrix, OfAParameterOfTheWorkloadAndAPath) {
  const auto suites = Load(WithMatrix("  storage: [1Gi, 2Gi]\n  load.writers: [3, 7]\n"));
  ASSERT_TRUE(suites) << suites.error().message;
  std::string got;
  for (const Suite& suite : *suites) {
    got += fmt::format("{} {} {}; ", suite.name,
                       GetString(suite.workload_parameters, {"storage"}), suite.load.writers);
    EXPECT_EQ(GetInt(suite.workload_parameters, {"replicas"}), 3);
    EXPECT_EQ(suite.scenarios.size(), 1U);
  }
  EXPECT_EQ(got,
            "base-1gi-3 1Gi 3; base-1gi-7 1Gi 7; base-2gi-3 2Gi 3; base-2gi-7 2Gi 7; ");
  EXPECT_EQ(DumpJson((*suites)[2].variant), R"({"load.writers":"3","storage":"2Gi"})");
}

TEST(Matrix, OfWorkloadsWhateverTheOrder) {
  const auto suites =
      Load(WithMatrix("  load.writers: [3, 7]\n  workload: [files, {postgres: {replicas: 1}}]\n"));
  ASSERT_TRUE(suites) << suites.error().message;
  std::string got;
  for (const Suite& suite : *suites)
    got += fmt::format("{} {} {}; ", suite.name, suite.workload, suite.load.writers);
  EXPECT_EQ(got,
            "base-files-3 files 3; base-files-7 files 7; base-postgres-3 postgres 3; "
            "base-postgres-7 postgres 7; ");
}

TEST(Matrix, NamesThatAreTheSameBecomeNumbers) {
  const auto suites =
      Load(WithMatrix("  workload: [{postgres: {replicas: 1}}, {postgres: {replicas: 2}}]\n"));
  ASSERT_TRUE(suites) << suites.error().message;
  EXPECT_EQ((*suites)[0].name, "base-1");
  EXPECT_EQ((*suites)[1].name, "base-2");
  EXPECT_EQ(GetInt((*suites)[1].workload_parameters, {"replicas"}), 2);
}

TEST(Matrix, OverridesHoldForAll) {
  const auto suites =
      Load(WithMatrix("  storage: [1Gi, 2Gi]\n"), {"workload.postgres.replicas=5"});
  ASSERT_TRUE(suites) << suites.error().message;
  for (const Suite& suite : *suites)
    EXPECT_EQ(GetInt(suite.workload_parameters, {"replicas"}), 5);
}

TEST(Matrix, WithoutOneThereIsOneSuite) {
  const auto suites = Load("suite: base\nworkload: files\nscenarios: [{name: a, steps: [settle]}]\n");
  ASSERT_TRUE(suites) << suites.error().message;
  ASSERT_EQ(suites->size(), 1U);
  EXPECT_EQ((*suites)[0].name, "base");
  EXPECT_TRUE((*suites)[0].variant.empty());
}

TEST(Matrix, MistakesHaveTheirPlaces) {
  struct Row {
    std::string matrix;
    std::vector<std::string> overrides;
    std::string error;  // How it begins.
  };
  const std::vector<Row> rows{
      {"  storge: [1Gi]\n", {}, "suite.yaml:7:12: unknown"},
      {"  storage: 1Gi\n", {}, "suite.yaml:7:12: 'storage' of the matrix must be a list"},
      {"  storage: []\n", {}, "suite.yaml:7:12: 'storage' of the matrix must be a list"},
      {"  {}\n", {}, "suite.yaml:7:3: matrix is empty"},
      {"  storage: [1Gi, much]\n", {}, "suite.yaml:7:18:"},
      {"  load.fleas: [1]\n", {}, "suite.yaml:7:16: unknown"},
      {"  workload: [nowhere]\n", {}, "suite.yaml:7:14: unknown workload 'nowhere'"},
      {"  replicas: [1, 2, 3, 4, 5, 6, 7, 8, 9]\n  load.writers: [1, 2, 3, 4, 5, 6, 7, 8]\n",
       {},
       "suite.yaml:8:3: the matrix makes more than 64 suites"},
      {"  storage: [1Gi, 2Gi]\n",
       {"workload.postgres.storage=3Gi"},
       "--set workload.postgres.storage=3Gi: 'storage' is what the suite's matrix varies"}};
  for (const Row& row : rows) {
    const auto suites = Load(WithMatrix(row.matrix), row.overrides);
    ASSERT_FALSE(suites) << row.matrix;
    EXPECT_EQ(suites.error().code, ErrorCode::kInvalidArgument);
    EXPECT_TRUE(suites.error().message.starts_with(row.error))
        << row.matrix << suites.error().message;
  }
}

}  // namespace
}  // namespace holdfast::suite
