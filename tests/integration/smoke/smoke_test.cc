// The whole path on real parts: the smoke suite in the embedded sandbox, judged, then altered
// copies of its evidence, which must fail by name. One run serves all tests.
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;

Result<ProcessResult> Holdfast(std::vector<std::string> arguments) {
  ProcessOptions options;
  options.argv = {HOLDFAST_PROGRAM};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.timeout = std::chrono::minutes(8);
  return RunProcess(options);
}

std::vector<Json> Lines(const fs::path& path) {
  std::vector<Json> lines;
  for (const std::string& line : Split(ReadFile(path).value(), '\n')) {
    if (!line.empty()) lines.push_back(ParseJson(line).value());
  }
  return lines;
}

void Write(const fs::path& path, const std::vector<Json>& lines) {
  std::string text;
  for (const Json& line : lines)
    text += DumpJson(line) + "\n";
  ASSERT_TRUE(WriteFileAtomic(path, text));
}

struct SmokeRun {
  TemporaryDirectory folder;
  fs::path out = folder.path() / "run";
  ProcessResult result;
};

// Played once.
const SmokeRun& TheRun() {
  static const std::unique_ptr<SmokeRun> kRun = [] {
    auto run = std::make_unique<SmokeRun>();
    const auto result =
        Holdfast({"run", std::string(HOLDFAST_SOURCE_DIR) + "/suites/smoke/postgres.yaml", "--out",
                  run->out.string(), "--seed", "7"});
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    if (result) run->result = *result;
    return run;
  }();
  return *kRun;
}

// A copy of the evidence that a test may alter.
fs::path Copy(const TemporaryDirectory& folder) {
  const fs::path copy = folder.path() / "copy";
  fs::create_directories(copy);
  for (const char* name : {"run.json", "trace.jsonl", "history.jsonl"})
    fs::copy_file(TheRun().out / name, copy / name);
  return copy;
}

Json Check(const fs::path& path, int expected_exit) {
  const auto result = Holdfast({"check", "--json", path.string()});
  EXPECT_TRUE(result);
  EXPECT_EQ(result->exit_code, expected_exit) << result->err;
  return ParseJson(result->out).value_or(Json());
}

// All sentences of failed checks with this id.
std::string Failures(const Json& verdicts, const std::string& id) {
  std::string sentences;
  for (const Json& check : GetArray(verdicts, {"checks"})) {
    if (GetString(check, {"id"}) != id || GetString(check, {"verdict"}) != "fail") continue;
    for (const Json& finding : GetArray(check, {"findings"}))
      sentences += GetString(finding, {"sentence"}) + "\n";
  }
  return sentences;
}

TEST(Smoke, IsGreen) {
  EXPECT_EQ(TheRun().result.exit_code, 0) << TheRun().result.out << TheRun().result.err;
  EXPECT_NE(TheRun().result.out.find("exit 0: "), std::string::npos);
  EXPECT_EQ(TheRun().result.out.find('\x1b'), std::string::npos) << "control characters in a pipe";
}

TEST(Smoke, TheHistoryHoldsThousandsOfAcksTheOutageAndEveryFinalRead) {
  int64_t acks = 0;
  int64_t broken = 0;
  std::set<std::string> finals;
  for (const Json& line : Lines(TheRun().out / "history.jsonl")) {
    const std::string type = GetString(line, {"type"});
    const std::string function = GetString(line, {"f"});
    acks += type == "ok" && function == "add" ? 1 : 0;
    broken += type == "fail" || type == "info" ? 1 : 0;
    if (type == "ok" && function == "final-read")
      finals.insert(GetString(line, {"scenario"}) + " " + GetString(line, {"node"}));
  }
  EXPECT_GE(acks, 2000);
  EXPECT_GE(broken, 1) << "a deleted primary must show";
  EXPECT_EQ(finals.size(), 9U) << "three scenarios, three pods";
}

TEST(Smoke, EveryFaultHasItsProof) {
  int proofs = 0;
  for (const Json& line : Lines(TheRun().out / "trace.jsonl")) {
    EXPECT_NE(GetString(line, {"phase"}), "unproven");
    proofs += GetString(line, {"kind"}) == "fault" && GetString(line, {"phase"}) == "proof" ? 1 : 0;
  }
  EXPECT_EQ(proofs, 4);
}

TEST(Smoke, NoSecretIsInAnyFile) {
  for (const auto& entry : fs::recursive_directory_iterator(TheRun().out)) {
    if (!entry.is_regular_file()) continue;
    const std::string text = ReadFile(entry.path()).value();
    EXPECT_EQ(text.find("Bearer "), std::string::npos) << entry.path();
    EXPECT_EQ(text.find("\"password\":"), std::string::npos) << entry.path();
  }
}

TEST(Smoke, CheckingAgainSaysTheSame) {
  Json written = ParseJson(ReadFile(TheRun().out / "verdicts.json").value()).value();
  EXPECT_EQ(Check(TheRun().out, 0), written);
}

TEST(Smoke, ReportsAreWhole) {
  EXPECT_TRUE(RunChecked({"xmllint", "--noout", (TheRun().out / "junit.xml").string()}));
  EXPECT_EQ(ReadFile(TheRun().out / "junit.xml").value().find("<failure"), std::string::npos);
  EXPECT_NE(ReadFile(TheRun().out / "report.html").value().find("</html>"), std::string::npos);
}

TEST(Smoke, AnAcknowledgedRowMissingFromTheFinalReadsIsNamed) {
  const TemporaryDirectory folder;
  const fs::path copy = Copy(folder);
  std::vector<Json> history = Lines(copy / "history.jsonl");
  // The first row of w0 leaves every later final read, as if the database had lost it.
  std::string row;
  for (Json& line : history) {
    if (GetString(line, {"f"}) != "final-read" || GetString(line, {"type"}) != "ok" ||
        GetString(line, {"key"}) != "w0")
      continue;
    Json& values = line["value"];
    if (row.empty()) row = values.at(0).dump();
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i].dump() == row) values.erase(i--);
    }
  }
  ASSERT_FALSE(row.empty());
  Write(copy / "history.jsonl", history);
  const Json verdicts = Check(copy, 1);
  EXPECT_NE((Failures(verdicts, "HX-LOST") + Failures(verdicts, "SS-DATA-1")).find(row),
            std::string::npos)
      << verdicts.dump(1);
}

TEST(Smoke, SwappedClaimsAreNamed) {
  const TemporaryDirectory folder;
  const fs::path copy = Copy(folder);
  std::vector<Json> trace = Lines(copy / "trace.jsonl");
  for (Json& line : trace) {
    if (GetString(line, {"resource"}) != "pods" ||
        FindPath(line, {"event", "object", "spec", "volumes"}) == nullptr)
      continue;
    for (Json& volume : line["event"]["object"]["spec"]["volumes"]) {
      const std::string claim = GetString(volume, {"persistentVolumeClaim", "claimName"});
      if (claim == "data-pg-1") volume["persistentVolumeClaim"]["claimName"] = "data-pg-2";
      if (claim == "data-pg-2") volume["persistentVolumeClaim"]["claimName"] = "data-pg-1";
    }
  }
  Write(copy / "trace.jsonl", trace);
  const std::string failures = Failures(Check(copy, 1), "SS-ID-7");
  EXPECT_NE(failures.find("pg-1"), std::string::npos) << failures;
  EXPECT_NE(failures.find("data-pg-2"), std::string::npos) << failures;
}

TEST(Smoke, AnUnprovenFaultIsUnknown) {
  const TemporaryDirectory folder;
  const fs::path copy = Copy(folder);
  std::vector<Json> trace = Lines(copy / "trace.jsonl");
  for (Json& line : trace) {
    if (GetString(line, {"kind"}) == "fault" && GetString(line, {"phase"}) == "proof")
      line["phase"] = "unproven";
  }
  Write(copy / "trace.jsonl", trace);
  Check(copy, 3);
}

TEST(Smoke, NothingIsLeftRunning) {
  ASSERT_EQ(TheRun().result.exit_code, 0);
  const auto processes = RunChecked({"ps", "-eo", "args"});
  ASSERT_TRUE(processes);
  for (const std::string& line : Split(*processes, '\n'))
    EXPECT_EQ(line.find("__world"), std::string::npos) << line;
  const auto links = RunChecked({"ip", "-o", "link"});
  ASSERT_TRUE(links);
  EXPECT_EQ(links->find("hf0"), std::string::npos);
}

}  // namespace
}  // namespace holdfast
