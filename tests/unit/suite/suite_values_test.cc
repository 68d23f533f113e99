// Typed values and --set overrides, by tables of texts that are taken and texts that are refused.
#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "harness/suite/suite.h"

#include "tests/unit/suite/vocabulary.h"

namespace holdfast::suite {
namespace {

constexpr const char* kBase =
    "suite: base\n"
    "workload: {postgres: {replicas: 3}}\n"
    "scenarios:\n"
    "  - name: first\n"
    "    steps: [pod-delete: {pod: pg-0}, settle]\n";

Result<Suite> LoadText(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "suite.yaml";
  EXPECT_TRUE(WriteFileAtomic(path, text));
  auto suite = LoadSuite(path, TestVocabulary(), overrides);
  if (!suite) {
    Error error = suite.error();
    error.message = ReplaceAll(error.message, path.string(), "suite.yaml");
    return Fail(error);
  }
  return suite;
}

struct Row {
  const char* override_text;
  const char* error;  // Empty: it is taken.
};

class Override : public testing::TestWithParam<Row> {};

TEST_P(Override, TakenOrRefused) {
  const auto suite = LoadText(kBase, {GetParam().override_text});
  if (*GetParam().error == '\0') {
    EXPECT_TRUE(suite) << suite.error().message;
  } else {
    ASSERT_FALSE(suite);
    EXPECT_EQ(suite.error().message,
              "--set " + std::string(GetParam().override_text) + ": " + GetParam().error);
  }
}
INSTANTIATE_TEST_SUITE_P(
    Table,
    Override,
    testing::Values(
        Row{"workload.postgres.storage=2Gi", ""},
        Row{"workload.postgres.storage=10", ""},
        Row{"workload.postgres.image=a=b:c", ""},
        Row{"load.writers=8", ""},
        Row{"load.rate=0/s", ""},
        Row{"load.rate=0.5/s", ""},
        Row{"load.loop=open", ""},
        Row{"load.skew=0.99", ""},
        Row{"load.skew=5", "skew must be a number from 0 to 4, such as 0.99, not '5'"},
        Row{"load.skew=-1", "skew must be a number from 0 to 4, such as 0.99, not '-1'"},
        Row{"load.skew=much", "skew must be a number from 0 to 4, such as 0.99, not 'much'"},
        Row{"load.deadline=500ms", ""},
        Row{"load.deadline=1ms", "deadline must be at least 10ms"},
        Row{"load.connect-timeout=9ms", "connect-timeout must be at least 10ms"},
        Row{"load.registers=0",
            "registers must be a whole number from 1 to 1000 in plain decimal digits, not '0'"},
        Row{"seed=0", ""},
        Row{"scenarios.first.limits.settle=5m", ""},
        Row{"scenarios.0.steps.0.pod-delete.grace=10s", ""},
        Row{"load.writers", "must be path=value, such as load.writers=8"},
        Row{"=8", "must be path=value, such as load.writers=8"},
        Row{"load..writers=8", "the path has an empty part"},
        Row{"load.writer=8", "unknown key 'writer' (did you mean 'writers'?)"},
        Row{"lod=8", "unknown key 'lod' (did you mean 'load'?)"},
        Row{"load.writers=+8",
            "writers must be a whole number from 1 to 256 in plain decimal "
            "digits, not '+8'"},
        Row{"load.writers=", "writers must be a single value, not empty"},
        Row{"load.writers=99999999999999999999",
            "writers must be a whole number from 1 to 256 in "
            "plain decimal digits, not '99999999999999999999'"},
        Row{"seed=18446744073709551616",
            "seed must be a whole number from 0 to 18446744073709551615 in decimal digits, not "
            "'18446744073709551616'"},
        Row{"workload.postgres=x", "'workload.postgres' is a map; name a single value inside it"},
        Row{"suite.name=x", "'name' is below 'base', which is a single value"},
        Row{"scenarios.frist.limits.settle=5m",
            "the list has nothing named 'frist' (did you mean 'first'?)"},
        Row{"scenarios.7.limits.settle=5m", "the list has nothing named '7'; known are: first"},
        Row{"scenarios.first.limits.settle=5",
            "settle must be a duration such as 250ms, 30s, 2m "
            "or 1h, not '5'"}));

TEST(SuiteOverride, TheLastOneCountsAndTheFileIsWhatElseStands) {
  const auto suite =
      LoadText(kBase, {"load.writers=8", "load.writers=9", "seed=7",
                       "workload.postgres.storage=2Gi", "scenarios.first.limits.settle=5m"});
  ASSERT_TRUE(suite) << suite.error().message;
  EXPECT_EQ(suite->load.writers, 9);
  const suite::Load defaults;
  EXPECT_EQ(suite->load.readers, defaults.readers);
  EXPECT_EQ(suite->seed, 7U);
  EXPECT_EQ(GetString(suite->workload_parameters, {"storage"}), "2Gi");
  EXPECT_EQ(GetInt(suite->workload_parameters, {"replicas"}), 3);
  EXPECT_EQ(GetString(suite->scenarios[0].limits, {"settle"}), "5m");
}

TEST(SuiteOverride, ShortWorkloadTakesParameters) {
  const auto suite =
      LoadText("suite: s\nworkload: postgres\nscenarios: [{name: a, steps: [settle]}]\n",
               {"workload.postgres.replicas=5"});
  ASSERT_TRUE(suite) << suite.error().message;
  EXPECT_EQ(GetInt(suite->workload_parameters, {"replicas"}), 5);
}

TEST(SuiteOverride, MistakesOfFileAndCommandLineComeTogether) {
  const auto suite = LoadText(std::string(kBase) + "sed: 1\n", {"load.writers=x"});
  ASSERT_FALSE(suite);
  EXPECT_EQ(suite.error().message,
            "suite.yaml:6:1: unknown key 'sed' (did you mean 'seed'?)\n"
            "--set load.writers=x: writers must be a whole number from 1 to 256 in plain decimal "
            "digits, not 'x'");
}

TEST(SuiteFile, TheLoadHasItsShape) {
  const auto suite =
      LoadText(std::string(kBase) +
               "load: {rate: 50/s, loop: open, skew: 1.2, registers: 9, register-reads: 1, "
               "register-writes: 2, register-cas: 0, deadline: 250ms, connect-timeout: 3s}\n");
  ASSERT_TRUE(suite) << suite.error().message;
  const suite::Load& load = suite->load;
  EXPECT_TRUE(load.open_loop);
  EXPECT_EQ(load.skew, 1.2);
  EXPECT_EQ(load.registers, 9);
  EXPECT_EQ(load.register_reads, 1);
  EXPECT_EQ(load.register_writes, 2);
  EXPECT_EQ(load.register_cas, 0);
  EXPECT_EQ(load.deadline, std::chrono::milliseconds(250));
  EXPECT_EQ(load.connect_timeout, std::chrono::seconds(3));
}

TEST(SuiteFile, ALoadThatCannotBeIsRefused) {
  const auto open = LoadText(std::string(kBase) + "load: {rate: 0/s, loop: open}\n");
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().message, "suite.yaml:6:25: loop 'open' needs a rate above 0/s");
  const auto idle = LoadText(std::string(kBase) +
                             "load: {register-reads: 0, register-writes: 0, register-cas: 0}\n");
  ASSERT_FALSE(idle);
  EXPECT_EQ(idle.error().message,
            "suite.yaml:6:24: one of register-reads, register-writes and register-cas must be "
            "above 0");
}

TEST(SuiteOverride, ControlCharactersAreNotEchoed) {
  const auto suite = LoadText(kBase, {"load.writers=\x1b[31m8"});
  ASSERT_FALSE(suite);
  EXPECT_EQ(suite.error().message.find('\x1b'), std::string::npos);
}

TEST(SuiteFile, ThatIsNoSuiteFileIsNamed) {
  const TemporaryDirectory directory;
  const auto check = [&](const std::filesystem::path& path, const std::string& part) {
    const auto suite = LoadSuite(path, TestVocabulary(), {});
    ASSERT_FALSE(suite);
    EXPECT_EQ(suite.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(suite.error().message.find(path.string()), std::string::npos);
    EXPECT_NE(suite.error().message.find(part), std::string::npos) << suite.error().message;
  };
  check(directory.path() / "absent.yaml", "No such file");
  check(directory.path(), "not a regular file");
  check("/dev/zero", "not a regular file");
  const auto huge = directory.path() / "huge.yaml";
  ASSERT_TRUE(WriteFileAtomic(huge, std::string((1U << 20) + 1, ' ')));
  check(huge, "at most 1 MiB");
}

}  // namespace
}  // namespace holdfast::suite
