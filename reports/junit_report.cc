// Writes the strict profile with pugixml, whose only door this file is.
#include "reports/junit_report.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <sstream>

#include <pugixml.hpp>

#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "reports/problems.h"
#include "reports/text.h"

namespace holdfast::reports {
namespace {

constexpr size_t kMessageLimit = 120;  // TestGrid shows 140 characters: 70 head, 70 tail.
constexpr size_t kFileLimit = size_t{10} << 20;
// Tried in turn until the file fits.
constexpr size_t kBodyLimits[] = {size_t{64} << 10, size_t{4} << 10, 512};
constexpr size_t kNameLimit = 200;
constexpr size_t kSentenceLimit = 4000;
constexpr size_t kFindingLimit = 100;  // Per case; verdicts.json has them all.

// One clean line of bounded length; cut before it is cleaned too, so that a huge text costs little.
std::string Line(std::string_view text, size_t limit = kNameLimit) {
  return Shorten(OneLine(Shorten(text, 2 * limit)), limit);
}

// Three decimals, never negative, no exponent: others reject the whole file.
std::string Seconds(double seconds) {
  constexpr double kYear = 31'536'000;
  return fmt::format("{:.3f}", std::isfinite(seconds) ? std::clamp(seconds, 0.0, kYear) : 0.0);
}

void Set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name).set_value(value.c_str());
}

// Counters of one suite, kept equal to its children by construction.
struct Counters {
  int tests = 0;
  int failures = 0;
  int errors = 0;
  int skipped = 0;
};

class SuiteWriter {
 public:
  SuiteWriter(const JUnitInput& input, const JUnitScenario& scenario, size_t body_limit)
      : input_(input),
        scenario_(scenario),
        body_limit_(body_limit) {}

  void Write(pugi::xml_node root, size_t id) {
    const std::string name = Line(input_.suite + "." + scenario_.name);
    pugi::xml_node suite = root.append_child("testsuite");
    WriteAttributes(suite, name, id);
    pugi::xml_node properties = suite.append_child("properties");
    for (const auto& [key, value] : input_.properties) {
      pugi::xml_node property = properties.append_child("property");
      Set(property, "name", Line(key));
      Set(property, "value", Line(value, 1000));
    }
    class_name_ = "holdfast." + name;
    WriteCases(suite);
    suite.append_child("system-out")
        .text()
        .set(Shorten(CleanText(Shorten(scenario_.output, body_limit_)), body_limit_).c_str());
    suite.append_child("system-err");
    suite.attribute("tests").set_value(counters_.tests);
    suite.attribute("failures").set_value(counters_.failures);
    suite.attribute("errors").set_value(counters_.errors);
    suite.attribute("skipped").set_value(counters_.skipped);
  }

 private:
  void WriteAttributes(pugi::xml_node suite, const std::string& name, size_t id) {
    Set(suite, "name", name);
    Set(suite, "package", "");
    Set(suite, "id", std::to_string(id));
    Set(suite, "timestamp", input_.timestamp.empty() ? "1970-01-01T00:00:00" : input_.timestamp);
    Set(suite, "hostname", input_.hostname.empty() ? "localhost" : Line(input_.hostname));
    for (const char* counter : {"tests", "failures", "errors", "skipped"})
      Set(suite, counter, "0");
    Set(suite, "time", Seconds(scenario_.done ? scenario_.seconds : 0));
  }

  void WriteCases(pugi::xml_node suite) {
    if (scenario_.done && !scenario_.checks.empty()) {
      for (const check::CheckResult& result : scenario_.checks)
        WriteResult(suite, result);
      return;
    }
    const std::string why = scenario_.done ? "no guarantee was judged on this scenario"
                                           : "not run: holdfast did not reach this scenario";
    const std::string type = scenario_.done ? "holdfast.unknown" : "holdfast.not-run";
    std::vector<std::string> cases = scenario_.planned;
    if (cases.empty()) cases = {"scenario"};
    for (const std::string& id : cases)
      WriteProblem(Case(suite, id), "error", type, why, "");
  }

  // Names stay the same from run to run and are unique within the suite.
  pugi::xml_node Case(pugi::xml_node suite, const std::string& id) {
    const auto title = input_.titles.find(id);
    std::string name = Line(id);
    if (title != input_.titles.end()) name += " " + Line(title->second);
    std::string unique = name;
    for (int copy = 2; !names_.insert(unique).second; ++copy)
      unique = fmt::format("{} ({})", name, copy);
    pugi::xml_node node = suite.append_child("testcase");
    Set(node, "name", unique);
    Set(node, "classname", class_name_);
    Set(node, "time", "0.000");
    ++counters_.tests;
    return node;
  }

  void WriteResult(pugi::xml_node suite, const check::CheckResult& result) {
    pugi::xml_node node = Case(suite, result.id);
    switch (result.verdict) {
      case check::Verdict::kPass:
        return;
      case check::Verdict::kNotApplicable:
        return WriteSkipped(node, result.reason);
      case check::Verdict::kUnknown:
        return WriteProblem(node, "error", "holdfast.unknown", result.reason, Details(result));
      case check::Verdict::kFail:
        if (result.accepted) return WriteSkipped(node, "accepted: " + result.reason);
        return WriteProblem(node, "failure", "holdfast." + Line(result.id), result.reason,
                            Details(result));
    }
  }

  // A skip without a message is not shown by TestGrid.
  void WriteSkipped(pugi::xml_node node, const std::string& reason) {
    std::string message = Line(Line(reason, kSentenceLimit), kMessageLimit);
    if (message.empty()) message = "not applicable to this scenario";
    Set(node.append_child("skipped"), "message", message);
    ++counters_.skipped;
  }

  // The body repeats the message in its first line, because GitLab and CircleCI show only the body.
  void WriteProblem(pugi::xml_node node,
                    const char* element,
                    const std::string& type,
                    const std::string& reason,
                    const std::string& details) {
    const std::string whole = Line(reason, kSentenceLimit);
    std::string message = Shorten(whole, kMessageLimit);
    if (message.empty()) message = "no reason was given";
    std::string body = message;
    if (message.size() < whole.size()) body += "\n" + whole;
    if (!details.empty()) body += "\n" + details;
    pugi::xml_node child = node.append_child(element);
    Set(child, "message", message);
    Set(child, "type", type);
    child.text().set(Shorten(body, body_limit_).c_str());
    ++(std::string_view(element) == "failure" ? counters_.failures : counters_.errors);
  }

  static std::string Details(const check::CheckResult& result) {
    std::string text;
    const size_t shown = std::min(result.findings.size(), kFindingLimit);
    for (size_t i = 0; i < shown; ++i) {
      const check::Finding& finding = result.findings[i];
      text += "\n- " + Line(finding.sentence, kSentenceLimit);
      for (const check::ObjectId& object : finding.objects) {
        text += fmt::format("\n  {} {}", Line(object.kind), Line(object.name));
        if (!object.uid.empty()) text += fmt::format(" (uid {})", Line(object.uid));
      }
      if (const std::string during = DuringText(finding); !during.empty())
        text += "\n  " + Line(during);
      if (!finding.evidence.empty())
        text += "\n  see " + Line(EvidenceText(finding.evidence), 1000);
    }
    if (shown < result.findings.size())
      text += fmt::format("\n- and {} more findings", result.findings.size() - shown);
    return text;
  }

  const JUnitInput& input_;
  const JUnitScenario& scenario_;
  size_t body_limit_;
  std::string class_name_;
  std::set<std::string> names_;
  Counters counters_;
};

std::string Render(const JUnitInput& input, size_t body_limit) {
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  Set(declaration, "version", "1.0");
  Set(declaration, "encoding", "UTF-8");
  pugi::xml_node root = document.append_child("testsuites");
  // A file without any case is dropped or an error for most readers.
  std::vector<JUnitScenario> scenarios = input.scenarios;
  if (scenarios.empty()) scenarios.push_back({"run", false, 0, "", {}, {}});
  for (size_t i = 0; i < scenarios.size(); ++i)
    SuiteWriter(input, scenarios[i], body_limit).Write(root, i);
  std::ostringstream out;
  document.save(out, "  ", pugi::format_indent, pugi::encoding_utf8);
  return std::move(out).str();
}

// "2026-01-02T03:04:05Z" or with fraction or offset -> without zone, as Ant's schema wants it.
std::string Timestamp(const std::string& rfc3339) {
  const auto time = ParseRfc3339(rfc3339);
  if (!time) return "";
  std::string text = FormatRfc3339(*time);
  text.pop_back();
  return text;
}

void AddProperty(JUnitInput& input,
                 const std::string& name,
                 const Json& run,
                 std::initializer_list<std::string_view> path) {
  const Json* value = FindPath(run, path);
  if (value == nullptr || value->is_null()) return;
  input.properties.emplace_back(name,
                                value->is_string() ? value->get<std::string>() : DumpJson(*value));
}

}  // namespace

JUnitInput JUnitFromRun(const Json& run,
                        const check::Verdicts& verdicts,
                        const std::map<std::string, std::string>& titles,
                        const std::vector<std::string>& planned,
                        const std::map<std::string, double>& seconds,
                        const std::string& hostname) {
  JUnitInput input;
  input.suite = GetString(run, {"suite", "name"}, "trace");
  input.timestamp = Timestamp(GetString(run, {"started"}));
  input.hostname = hostname;
  input.titles = titles;
  AddProperty(input, "holdfast.version", run, {"holdfast"});
  AddProperty(input, "run", run, {"run"});
  AddProperty(input, "seed", run, {"seed"});
  AddProperty(input, "suite.sha256", run, {"suite", "sha256"});
  AddProperty(input, "workload", run, {"workload", "name"});
  AddProperty(input, "cluster.kind", run, {"cluster", "kind"});
  AddProperty(input, "cluster.version", run, {"cluster", "version"});
  AddProperty(input, "cluster.uid", run, {"cluster", "uid"});
  std::map<std::string, size_t> places;
  const auto scenario_named = [&](const std::string& name) -> JUnitScenario& {
    const auto [place, is_new] = places.emplace(name, input.scenarios.size());
    if (is_new) input.scenarios.push_back({name, false, 0, "", planned, {}});
    return input.scenarios[place->second];
  };
  for (const Json& planned_scenario : GetArray(run, {"scenarios"})) {
    JUnitScenario& scenario = scenario_named(GetString(planned_scenario, {"name"}));
    for (const Json& step : GetArray(planned_scenario, {"steps"}))
      if (step.is_string()) scenario.output += "step: " + step.get<std::string>() + "\n";
  }
  for (const check::CheckResult& result : verdicts.checks) {
    JUnitScenario& scenario = scenario_named(result.scenario);
    scenario.done = true;
    scenario.checks.push_back(result);
  }
  for (JUnitScenario& scenario : input.scenarios) {
    if (const auto found = seconds.find(scenario.name); found != seconds.end())
      scenario.seconds = found->second;
  }
  return input;
}

std::string RenderJUnit(const JUnitInput& input) {
  std::string text;
  for (const size_t body_limit : kBodyLimits) {
    text = Render(input, body_limit);
    if (text.size() <= kFileLimit) break;
  }
  return text;
}

Status WriteJUnit(const std::filesystem::path& path, const JUnitInput& input) {
  return WriteFileAtomic(path, RenderJUnit(input));
}

}  // namespace holdfast::reports
