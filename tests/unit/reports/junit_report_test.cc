// JUnit: golden files, the rules of the strict profile checked on every file rendered here, and
// texts that broke other writers.
#include "reports/junit_report.h"

#include <limits>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pugixml.hpp>

#include "harness/base/files.h"
#include "harness/base/process.h"

#include "tests/golden/golden.h"
#include "tests/unit/reports/sample.h"

namespace holdfast::reports {
namespace {

using check::Verdict;

void ExpectOnlyAttributes(const pugi::xml_node& node, const std::set<std::string>& allowed) {
  for (const auto& attribute : node.attributes())
    EXPECT_TRUE(allowed.count(attribute.name())) << node.name() << " " << attribute.name();
}

void ExpectProblem(const pugi::xml_node& problem) {
  const std::string message = problem.attribute("message").value();
  EXPECT_FALSE(message.empty());
  EXPECT_LE(message.size(), 120U);
  if (std::string(problem.name()) == "skipped") return;
  EXPECT_THAT(problem.attribute("type").value(),
              testing::MatchesRegex(R"([A-Za-z]+\.[A-Za-z0-9-]+)"));
  const std::string body = problem.text().get();
  EXPECT_EQ(body.substr(0, body.find('\n')), message);
  EXPECT_LE(body.size(), 65536U);
}

// The strict profile on one case; counts its problem.
void ExpectStrictCase(const pugi::xml_node& test_case, std::map<std::string, int>& counts) {
  ExpectOnlyAttributes(test_case, {"name", "classname", "time"});
  EXPECT_STRNE(test_case.attribute("name").value(), "");
  EXPECT_STRNE(test_case.attribute("classname").value(), "");
  EXPECT_THAT(test_case.attribute("time").value(), testing::MatchesRegex(R"([0-9]+\.[0-9]{3})"));
  int problems = 0;
  for (const pugi::xml_node& problem : test_case.children()) {
    ++problems;
    ++counts[problem.name()];
    ExpectProblem(problem);
  }
  EXPECT_LE(problems, 1);
}

void ExpectStrictSuite(const pugi::xml_node& suite, int id) {
  ExpectOnlyAttributes(suite, {"name", "package", "id", "timestamp", "hostname", "tests",
                               "failures", "errors", "skipped", "time"});
  EXPECT_EQ(suite.attribute("id").as_int(), id);
  EXPECT_THAT(
      suite.attribute("timestamp").value(),
      testing::MatchesRegex(R"([0-9]{4}-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9])"));
  EXPECT_THAT(suite.attribute("time").value(), testing::MatchesRegex(R"([0-9]+\.[0-9]{3})"));
  EXPECT_STREQ(suite.first_child().name(), "properties");
  EXPECT_STREQ(suite.last_child().name(), "system-err");
  EXPECT_STREQ(suite.last_child().previous_sibling().name(), "system-out");
  std::set<std::string> names;
  std::map<std::string, int> counts;
  for (const pugi::xml_node& test_case : suite.children("testcase")) {
    EXPECT_TRUE(names.insert(test_case.attribute("name").value()).second);
    ExpectStrictCase(test_case, counts);
  }
  EXPECT_GE(names.size(), 1U);
  EXPECT_EQ(suite.attribute("tests").as_int(), static_cast<int>(names.size()));
  EXPECT_EQ(suite.attribute("failures").as_int(), counts["failure"]);
  EXPECT_EQ(suite.attribute("errors").as_int(), counts["error"]);
  EXPECT_EQ(suite.attribute("skipped").as_int(), counts["skipped"]);
}

// Well-formed by libxml2 where it is installed, by pugixml else.
void ExpectWellFormed(const std::string& xml) {
  if (!FindProgram("xmllint")) return;  // The caller has parsed it with pugixml.
  ProcessOptions options;
  options.argv = {"xmllint", "--huge", "--noout", "-"};
  options.input = xml;
  const auto result = RunProcess(options);
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_EQ(result->exit_code, 0) << result->err;
}

// Renders, checks every rule of the profile, and returns the text.
std::string Strict(const JUnitInput& input) {
  std::string xml = RenderJUnit(input);
  pugi::xml_document document;
  const auto parsed = document.load_string(xml.c_str());
  EXPECT_TRUE(parsed) << parsed.description();
  const pugi::xml_node root = document.document_element();
  EXPECT_STREQ(root.name(), "testsuites");
  ExpectOnlyAttributes(root, {});
  EXPECT_TRUE(root.first_child());
  std::set<std::string> names;
  int id = 0;
  for (const pugi::xml_node& suite : root.children()) {
    EXPECT_STREQ(suite.name(), "testsuite");
    EXPECT_TRUE(names.insert(suite.attribute("name").value()).second);
    ExpectStrictSuite(suite, id++);
  }
  ExpectWellFormed(xml);
  return xml;
}

JUnitInput FromSample(const check::Verdicts& verdicts) {
  return JUnitFromRun(SampleRun(), verdicts, {{"SS-ORD-2", "Pods start in order"}},
                      {"SS-ID-1", "SS-ORD-2"}, {{"pod-delete", 12.3456}}, "ci-1");
}

TEST(JUnit, FirstFileIsAllNotRun) {
  ExpectGolden("reports/junit-not-run.xml", Strict(FromSample({})));
}

TEST(JUnit, EveryVerdict) {
  ExpectGolden("reports/junit-verdicts.xml", Strict(FromSample(SampleVerdicts())));
}

TEST(JUnit, BareTraceAndNothingAtAll) {
  check::Verdicts verdicts;
  verdicts.checks = {{"SS-ID-1", "trace", Verdict::kPass, "fine", {}, false}};
  const std::string trace = Strict(JUnitFromRun(nullptr, verdicts, {}, {}, {}, ""));
  EXPECT_NE(trace.find("name=\"trace.trace\""), std::string::npos);
  const std::string nothing = Strict(JUnitFromRun(nullptr, {}, {}, {}, {}, ""));
  EXPECT_NE(nothing.find("not run"), std::string::npos);
}

TEST(JUnit, DoneWithoutAnyCheckIsAnError) {
  JUnitInput input;
  input.suite = "s";
  input.scenarios = {{"a", true, 1, "", {}, {}}};
  EXPECT_NE(Strict(input).find("no guarantee was judged"), std::string::npos);
}

TEST(JUnit, TimesThatAreNoTimes) {
  for (const double seconds : {-1.0, std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::infinity(), 1e300}) {
    JUnitInput input;
    input.scenarios = {{"a", true, seconds, "", {}, {}}};
    Strict(input);
  }
}

TEST(JUnit, SameIdTwiceGetsTwoNames) {
  check::Verdicts verdicts;
  verdicts.checks = {{"SS-ID-1", "a", Verdict::kPass, "", {}, false},
                     {"SS-ID-1", "a", Verdict::kFail, "second", {}, false}};
  Strict(JUnitFromRun(nullptr, verdicts, {}, {}, {}, ""));
}

TEST(JUnit, NastyStringsEverywhere) {
  const std::string nasty[] = {
      std::string("nul \0 \x01\x02\x08\x1f", 11),
      "]]> <![CDATA[ &amp; <tag attr=\"'\">",
      "\x1b[31mred\x1b[0m \x1b]0;title\x07",
      "bad \xff\xfe\xc0\xaf\xed\xa0\x80 utf-8",
      "emoji \xf0\x9f\x90\x98 and U+FFFF \xef\xbf\xbf",
      "lines\r\nand\rreturns\n\n",
      "",
      std::string(1'000'000, 'x'),
      std::string(1'000'000, '&'),
  };
  for (const std::string& text : nasty) {
    check::Verdicts verdicts;
    const check::Finding finding{text, {{text, text, text}}, {{text, 1}}, text};
    for (const Verdict verdict :
         {Verdict::kPass, Verdict::kFail, Verdict::kUnknown, Verdict::kNotApplicable}) {
      verdicts.checks.push_back({"SS-ORD-2", "s", verdict, text, {finding}, false});
      verdicts.checks.push_back({"SS-ORD-2", "s", verdict, text, {finding}, true});
    }
    JUnitInput input = JUnitFromRun(nullptr, verdicts, {{"SS-ORD-2", text}}, {}, {}, text);
    input.scenarios[0].output = text;
    input.properties = {{text, text}};
    Strict(input);
  }
}

TEST(JUnit, HugeFilesAreCut) {
  check::Verdicts verdicts;
  for (int i = 0; i < 300; ++i) {
    verdicts.checks.push_back({fmt::format("SS-ID-{}", i),
                               "s",
                               Verdict::kFail,
                               "broken",
                               {{std::string(100'000, 'y'), {}, {}, ""}},
                               false});
  }
  EXPECT_LE(Strict(JUnitFromRun(nullptr, verdicts, {}, {}, {}, "")).size(), 10U << 20);
}

TEST(JUnit, FileIsReplacedWhole) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "junit.xml";
  ASSERT_TRUE(WriteJUnit(path, FromSample({})));
  ASSERT_TRUE(WriteJUnit(path, FromSample(SampleVerdicts())));
  const auto text = ReadFile(path);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text, RenderJUnit(FromSample(SampleVerdicts())));
  EXPECT_FALSE(WriteJUnit(directory.path() / "no" / "such" / "junit.xml", FromSample({})));
}

}  // namespace
}  // namespace holdfast::reports
