#include "tests/integration/faults/played.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "harness/base/process.h"
#include "harness/base/strings.h"

namespace holdfast {

namespace fs = std::filesystem;

Played::Played(const std::string& suite, const std::vector<std::string>& more) {
  const fs::path path = folder.path() / "suite.yaml";
  EXPECT_TRUE(WriteFileAtomic(path, suite));
  const fs::path out = folder.path() / "run";
  ProcessOptions options;
  options.argv = {HOLDFAST_PROGRAM, "run", path.string(), "--out", out.string(), "--seed", "3"};
  options.argv.insert(options.argv.end(), more.begin(), more.end());
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

std::string Played::Verdict(const std::string& id, const std::string& scenario) const {
  for (const Json& check : GetArray(verdicts, {"checks"})) {
    if (GetString(check, {"id"}) == id && GetString(check, {"scenario"}) == scenario)
      return GetString(check, {"verdict"});
  }
  return "missing";
}

std::map<std::string, std::string> Played::Ends(const std::string& phase) const {
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

std::set<std::string> AllFaultNames() {
  ProcessOptions options;
  options.argv = {HOLDFAST_PROGRAM, "list", "faults"};
  options.timeout = std::chrono::minutes(1);
  const auto result = RunProcess(options);
  std::set<std::string> names;
  if (!result) return names;
  for (const std::string& line : Split(result->out, '\n')) {
    if (!line.empty()) names.insert(Split(line, ' ')[0]);
  }
  return names;
}

}  // namespace holdfast
