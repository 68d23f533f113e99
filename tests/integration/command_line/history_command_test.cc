// `holdfast history check`: exit codes, the verdict format, and formats told by themselves.
#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"

namespace holdfast {
namespace {

ProcessResult CheckText(const std::string& text, std::vector<std::string> more = {}) {
  const TemporaryDirectory folder;
  const auto path = folder.path() / "history";
  EXPECT_TRUE(WriteFileAtomic(path, text));
  ProcessOptions options;
  options.argv = {HOLDFAST_PROGRAM, "history", "check", path.string()};
  options.argv.insert(options.argv.end(), more.begin(), more.end());
  options.timeout = std::chrono::minutes(2);
  auto result = RunProcess(options);
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  return result.value_or(ProcessResult{});
}

constexpr const char* kRight =
    "INFO  jepsen.util - 0\t:invoke\t:write\t4\n"
    "INFO  jepsen.util - 0\t:ok\t:write\t4\n"
    "INFO  jepsen.util - 1\t:invoke\t:read\tnil\n"
    "INFO  jepsen.util - 1\t:ok\t:read\t4\n";
constexpr const char* kWrong =
    "{:process 0, :type :invoke, :f :write, :value 4}\n"
    "{:process 0, :type :ok, :f :write, :value 4}\n"
    "{:process 1, :type :invoke, :f :read, :value nil}\n"
    "{:process 1, :type :ok, :f :read, :value 5}\n";

struct Row {
  const char* name;
  const char* text;
  std::vector<std::string> more;
  int exit;
  const char* says;
};

TEST(HistoryCommand, ExitCodes) {
  const Row rows[] = {
      {"right", kRight, {}, 0, "2 operations on 1 key"},
      {"wrong", kWrong, {}, 1, "nobody wrote that value"},
      {"wrong, format named", kWrong, {"--format", "edn"}, 1, "HX-LINEARIZABLE"},
      {"another model", kRight, {"--model", "set"}, 3, "nothing that was asked for"},
      {"damaged", "{:process 0, :type :ok, :f :write, :value 4}\n", {}, 3, "never began"},
      {"no history", "hello\n", {}, 2, "--format"},
      {"another format", kRight, {"--format", "edn"}, 2, "no event"},
      {"unknown format", kRight, {"--format", "xml"}, 2, "xml"},
  };
  for (const Row& row : rows) {
    const ProcessResult result = CheckText(row.text, row.more);
    EXPECT_EQ(result.exit_code, row.exit) << row.name << "\n" << result.out << result.err;
    EXPECT_NE((result.out + result.err).find(row.says), std::string::npos)
        << row.name << "\n"
        << result.out << result.err;
  }
}

TEST(HistoryCommand, JsonIsTheVerdictContract) {
  const ProcessResult result = CheckText(kWrong, {"--json"});
  EXPECT_EQ(result.exit_code, 1);
  const auto json = ParseJson(result.out);
  ASSERT_TRUE(json) << result.out;
  EXPECT_EQ(GetString(*json, {"format"}), "holdfast-verdicts/1");
  EXPECT_EQ(GetString(*json, {"verdict"}), "fail");
  EXPECT_EQ(GetInt(*json, {"exit"}), 1);
  bool found = false;
  for (const Json& check : GetArray(*json, {"checks"})) {
    EXPECT_EQ(GetString(check, {"scenario"}), "history");
    EXPECT_TRUE(GetString(check, {"id"}).starts_with("HX-"));
    if (GetString(check, {"id"}) != "HX-LINEARIZABLE") continue;
    found = true;
    EXPECT_EQ(GetString(check, {"verdict"}), "fail");
    ASSERT_EQ(GetArray(check, {"findings"}).size(), 1U);
    const Json& finding = GetArray(check, {"findings"})[0];
    EXPECT_EQ(GetArray(finding, {"evidence"}).size(), 2U);
    EXPECT_EQ(GetInt(GetArray(finding, {"evidence"})[1], {"line"}), 4);
  }
  EXPECT_TRUE(found);
}

TEST(HistoryCommand, GuaranteesAreListedAndExplained) {
  ProcessOptions options;
  options.argv = {HOLDFAST_PROGRAM, "explain", "HX-LINEARIZABLE"};
  options.timeout = std::chrono::minutes(1);
  const auto result = RunProcess(options);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_code, 0) << result->err;
  EXPECT_NE(result->out.find("real time"), std::string::npos) << result->out;
}

}  // namespace
}  // namespace holdfast
