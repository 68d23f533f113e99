// The conformance suite in the sandbox: nothing fails, nothing is open, and every guarantee that the
// golden file calls decided is. It takes more than a minute, so it runs by night.
#include <filesystem>
#include <set>

#include <gtest/gtest.h>

#include "harness/base/json.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"
#include "tests/golden/golden.h"

namespace holdfast {
namespace {

TEST(Conformance, DecidesWhatTheGoldenSays) {
  const TemporaryDirectory directory;
  const std::filesystem::path out = directory.path() / "run";
  const std::filesystem::path source = HOLDFAST_SOURCE_DIR;
  const auto ended = RunProcess(
      {.argv = {(std::filesystem::path(HOLDFAST_BINARY).parent_path() / "holdfast").string(), "run",
                (source / "suites/conformance/statefulset.yaml").string(), "--out", out.string(),
                "--seed", "1"},
       .add_environment = {},
       .input = {},
       .timeout = std::chrono::minutes(25)});
  ASSERT_TRUE(ended) << ended.error().message;
  EXPECT_EQ(ended->exit_code, 0) << ended->out << ended->err;
  const auto text = ReadFile(out / "verdicts.json");
  ASSERT_TRUE(text) << text.error().message;
  const auto verdicts = ParseJson(*text);
  ASSERT_TRUE(verdicts) << verdicts.error().message;
  std::set<std::string> passed;
  for (const Json& check : GetArray(*verdicts, {"checks"}))
    if (GetString(check, {"verdict"}) == "pass") passed.insert(GetString(check, {"id"}));
  const auto golden = ReadFile(GoldenPath("conformance/statefulset.txt"));
  ASSERT_TRUE(golden) << golden.error().message;
  for (const std::string& line : Split(*golden, '\n')) {
    if (!line.ends_with(" decided")) continue;
    const std::string id = line.substr(0, line.find(' '));
    EXPECT_TRUE(passed.contains(id)) << id << " was not decided";
  }
}

}  // namespace
}  // namespace holdfast
