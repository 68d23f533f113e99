// The command line as a contract: bad input is named with its place, exits with the right code, and
// starts nothing.
#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"

namespace holdfast {
namespace {

ProcessResult Holdfast(std::vector<std::string> arguments) {
  ProcessOptions options;
  options.argv = {HOLDFAST_PROGRAM};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.timeout = std::chrono::minutes(2);
  auto result = RunProcess(options);
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  return result.value_or(ProcessResult{});
}

std::string LastLine(const std::string& text) {
  const std::vector<std::string> lines = Split(Trim(text), '\n');
  return lines.back();
}

const std::string kGoodSuite =
    "suite: tiny\nworkload: {postgres: {replicas: 1}}\nscenarios:\n  - name: one\n    steps: "
    "[pod-delete: {ordinal: 0}]\n";

// Writes `text` as suite.yaml and runs `command` on it.
ProcessResult WithSuite(const std::string& command,
                        const std::string& text,
                        const TemporaryDirectory& folder,
                        std::vector<std::string> more = {}) {
  const auto path = folder.path() / "suite.yaml";
  EXPECT_TRUE(WriteFileAtomic(path, text));
  std::vector<std::string> arguments{command, path.string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return Holdfast(arguments);
}

struct BadSuite {
  std::string name;
  std::string text;
  std::string place;    // "line:column"
  std::string mention;  // Must be in the sentence.
};

class BadSuites : public testing::TestWithParam<BadSuite> {};

TEST_P(BadSuites, IsNamedWithItsPlaceAndStartsNothing) {
  const TemporaryDirectory folder;
  const auto out = folder.path() / "out";
  const ProcessResult result = WithSuite("run", GetParam().text, folder, {"--out", out.string()});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("suite.yaml:" + GetParam().place + ": "), std::string::npos)
      << result.err;
  EXPECT_NE(result.err.find(GetParam().mention), std::string::npos) << result.err;
  EXPECT_FALSE(std::filesystem::exists(out));
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes,
    BadSuites,
    testing::Values(BadSuite{"UnknownKey", ReplaceAll(kGoodSuite, "replicas", "replica"), "2:23",
                             "did you mean"},
                    BadSuite{"WrongType", ReplaceAll(kGoodSuite, "ordinal: 0", "ordinal: zero"),
                             "5:35", "zero"},
                    BadSuite{"DuplicateKey", kGoodSuite + "suite: again\n", "6:1", "suite"},
                    BadSuite{"ParametersThatExclude",
                             ReplaceAll(kGoodSuite, "ordinal: 0", "ordinal: 0, pod: pg-0"), "5:13",
                             "exclude each other"}),
    [](const auto& row) { return row.param.name; });

TEST(CommandLine, AMissingSuiteIsNamed) {
  const ProcessResult result = Holdfast({"run", "/nowhere/suite.yaml"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find("/nowhere/suite.yaml"), std::string::npos);
}

TEST(CommandLine, AnUnreachableServerIsNamedBeforeAnythingIsDone) {
  const TemporaryDirectory folder;
  const auto kubeconfig = folder.path() / "kubeconfig";
  ASSERT_TRUE(
      WriteFileAtomic(kubeconfig,
                      "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, "
                      "context: {cluster: k, user: u}}]\n"
                      "clusters: [{name: k, cluster: {server: 'https://127.0.0.1:1'}}]\nusers: "
                      "[{name: u, user: {token: sesame-open}}]\n"));
  const auto junit = folder.path() / "junit.xml";
  const auto out = folder.path() / "out";
  const ProcessResult result = WithSuite(
      "run", kGoodSuite, folder,
      {"--kubeconfig", kubeconfig.string(), "--out", out.string(), "--junit", junit.string()});
  EXPECT_EQ(result.exit_code, 3) << result.out << result.err;
  EXPECT_NE(LastLine(result.out).find("exit 3: "), std::string::npos);
  EXPECT_NE(result.out.find("127.0.0.1:1"), std::string::npos) << result.out;
  EXPECT_EQ((result.out + result.err).find("sesame"), std::string::npos) << "the token is printed";
  // The report is whole, and its one scenario is not called passed.
  const std::string report = ReadFile(junit).value();
  EXPECT_NE(report.find("</testsuites>"), std::string::npos);
  EXPECT_NE(report.find("not run"), std::string::npos);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(out)) {
    if (!entry.is_regular_file()) continue;

    EXPECT_EQ(ReadFile(entry.path()).value().find("sesame"), std::string::npos) << entry.path();
  }
}

TEST(CommandLine, AContextThatIsNotThereIsNamedWithThoseThatAre) {
  const TemporaryDirectory folder;
  const auto kubeconfig = folder.path() / "kubeconfig";
  ASSERT_TRUE(WriteFileAtomic(kubeconfig,
                              "apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: "
                              "c, context: {cluster: k, user: u}}]\n"
                              "clusters: [{name: k, cluster: {server: "
                              "'https://127.0.0.1:1'}}]\nusers: [{name: u, user: {token: t}}]\n"));
  const ProcessResult result = WithSuite("run", kGoodSuite, folder,
                                         {"--kubeconfig", kubeconfig.string(), "--context", "prod",
                                          "--out", (folder.path() / "out").string()});
  EXPECT_EQ(result.exit_code, 2) << result.out;
  EXPECT_NE(result.out.find("prod"), std::string::npos);
}

TEST(CommandLine, PlanNamesWritesAndPermissionsAndChangesNothing) {
  const TemporaryDirectory folder;
  const ProcessResult result = WithSuite("plan", kGoodSuite, folder);
  EXPECT_EQ(result.exit_code, 0) << result.err;
  for (const char* part : {"create StatefulSet pg", "DELETE pod pg-0",
                           "kind: ClusterRole", "delete Namespace", "exit 0: "}) {
    EXPECT_NE(result.out.find(part), std::string::npos) << part << "\n" << result.out;
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(CommandLine, ListsAndExplains) {
  EXPECT_NE(Holdfast({"list", "guarantees"}).out.find("SS-ORD-2"), std::string::npos);
  EXPECT_NE(Holdfast({"list", "faults"}).out.find("pod-delete"), std::string::npos);
  EXPECT_NE(Holdfast({"list", "workloads"}).out.find("postgres"), std::string::npos);
  EXPECT_NE(Holdfast({"explain", "SS-ORD-2"}).out.find("since"), std::string::npos);
  EXPECT_NE(Holdfast({"explain", "scale"}).out.find("replicas"), std::string::npos);
  const ProcessResult wrong = Holdfast({"explain", "SS-ORD-22"});
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_NE(wrong.err.find("did you mean SS-ORD-2"), std::string::npos) << wrong.err;
}

TEST(CommandLine, WrongUseIsExplained) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                    {"fly"},
                                                    {"run"},
                                                    {"run", "--parallel", "x", "s.yaml"},
                                                    {"check", "/nowhere"}}) {
    const ProcessResult result = Holdfast(arguments);
    EXPECT_EQ(result.exit_code, 2) << Join(arguments, " ");
    EXPECT_NE(LastLine(result.err).find("exit 2: "), std::string::npos) << result.err;
  }
  EXPECT_EQ(Holdfast({"--help"}).exit_code, 0);
  EXPECT_EQ(Holdfast({"run", "--help"}).exit_code, 0);
}

TEST(CommandLine, CheckSaysTheSameInJson) {
  const std::string trace =
      std::string(HOLDFAST_SOURCE_DIR) + "/tests/data/command_line/empty-trace.jsonl";
  const ProcessResult text = Holdfast({"check", trace});
  const ProcessResult json = Holdfast({"check", "--json", trace});
  EXPECT_EQ(text.exit_code, json.exit_code);
  const auto verdicts = ParseJson(json.out);
  ASSERT_TRUE(verdicts) << json.out;
  EXPECT_EQ(GetString(*verdicts, {"format"}), "holdfast-verdicts/1");
  EXPECT_EQ(GetInt(*verdicts, {"exit"}), json.exit_code);
  EXPECT_NE(json.exit_code, 0) << "a trace that shows nothing must not be green";
}

// The evidence is enough to render every report once more, with the same verdict.
TEST(CommandLine, ReportsAreRenderedAgainFromTheRunDirectory) {
  const TemporaryDirectory folder;
  const auto run = folder.path() / "run";
  ASSERT_TRUE(MakeDirectories(run));
  ASSERT_TRUE(WriteFileAtomic(run / "run.json",
                              R"({"format":"holdfast-run/1","run":"r",)"
                              R"("scenarios":[{"name":"one","steps":[]}]})"));
  ASSERT_TRUE(WriteFileAtomic(
      run / "trace.jsonl",
      ReadFile(std::string(HOLDFAST_SOURCE_DIR) + "/tests/data/command_line/empty-trace.jsonl")
          .value()));
  const ProcessResult report = Holdfast({"report", run.string()});
  const ProcessResult check = Holdfast({"check", run.string()});
  EXPECT_EQ(report.exit_code, check.exit_code) << report.out << report.err;
  EXPECT_EQ(LastLine(report.out), LastLine(check.out));
  for (const char* file : {"junit.xml", "report.html", "verdicts.json"})
    EXPECT_TRUE(std::filesystem::exists(run / file)) << file;
  const auto html = folder.path() / "elsewhere.html";
  Holdfast({"report", run.string(), "--html", html.string()});
  EXPECT_EQ(ReadFile(html).value(), ReadFile(run / "report.html").value());
  const ProcessResult none = Holdfast({"report", (folder.path() / "nothing").string()});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_NE(none.err.find("no run directory"), std::string::npos) << none.err;
}

}  // namespace
}  // namespace holdfast
