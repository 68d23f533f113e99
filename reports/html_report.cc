// Writes the page from top to bottom; every text goes through Safe().
#include "reports/html_report.h"

#include <algorithm>

#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "reports/html_style.h"
#include "reports/problems.h"
#include "reports/run_record.h"
#include "reports/text.h"
#include "reports/timeline_svg.h"

namespace holdfast::reports {
namespace {

using check::CheckResult;
using check::Verdict;

constexpr size_t kFindingsShown = 20;
constexpr size_t kEvidenceShown = 8;

// Text from anywhere, bounded and escaped.
std::string Safe(std::string_view text, size_t limit = 1000) {
  return EscapeMarkup(Shorten(CleanText(Shorten(text, 2 * limit)), limit));
}

std::string Word(const CheckResult& result) {
  if (result.verdict == Verdict::kFail && result.accepted)
    return "<span class=\"word unknown\">fail, accepted</span>";
  const std::string_view word = check::ToString(result.verdict);
  return fmt::format("<span class=\"word {0}\">{0}</span>", word);
}

class Page {
 public:
  Page(const RunRecord& record,
       const check::Verdicts& verdicts,
       const std::map<std::string, std::string>& titles)
      : record_(record),
        verdicts_(verdicts),
        titles_(titles) {}

  std::string Render() {
    Header();
    Problems();
    out_ += "<h2>The whole run</h2>\n";
    Timeline(0, record_.end, "timeline-run", "Timeline of the whole run");
    Legend();
    for (const std::string& scenario : Scenarios())
      Scenario(scenario);
    Facts();
    out_ += "</body>\n</html>\n";
    return std::move(out_);
  }

 private:
  [[nodiscard]] std::string SuiteName() const {
    return GetString(record_.run, {"suite", "name"}, "trace");
  }

  void Header() {
    const std::string_view word = check::ToString(verdicts_.verdict);
    out_ += fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'unsafe-inline'\">\n<title>{0}: {1}</title>\n<style>{2}</style>\n</head>\n<body>\n"
        "<header class=\"{0}\">\n<h1>{1}: <span class=\"word {0}\">{0}</span></h1>\n<p>{3}</p>\n"
        "<p class=\"soft\">{4}</p>\n</header>\n",
        word, Safe(SuiteName(), 80), kHtmlStyle, Safe(verdicts_.reason), Counts(verdicts_.checks));
  }

  static std::string Counts(const std::vector<CheckResult>& checks) {
    const auto count = [&](auto&& wanted) {
      return std::count_if(checks.begin(), checks.end(), wanted);
    };
    const auto of = [&](Verdict verdict) {
      return count([=](const CheckResult& r) { return r.verdict == verdict && !r.accepted; });
    };
    std::string text =
        fmt::format("{} passed, {} failed, {} unknown, {} not applicable", of(Verdict::kPass),
                    of(Verdict::kFail), of(Verdict::kUnknown), of(Verdict::kNotApplicable));
    if (const auto accepted = count([](const CheckResult& r) { return r.accepted; }); accepted > 0)
      text += fmt::format(", {} accepted", accepted);
    return text;
  }

  // Every fail, then every unknown, before anything else: what a person came for.
  void Problems() {
    std::vector<Problem> problems = ProblemsOf(verdicts_, Kind::kFail);
    for (Problem& problem : ProblemsOf(verdicts_, Kind::kUnknown))
      problems.push_back(std::move(problem));
    if (problems.empty()) return;
    out_ += "<h2>What to look at</h2>\n";
    for (const Problem& problem : problems) {
      const CheckResult& result = *problem.first;
      out_ += fmt::format(
          "<section class=\"problem {}\">\n<p>{} <strong>{}</strong> {} in <em>{}</em></p>\n"
          "<p>{}</p>\n",
          check::ToString(result.verdict), Word(result), Safe(result.id, 80), Title(result),
          Safe(result.scenario, 80), Safe(result.reason));
      Findings(result);
      if (!problem.others.empty())
        out_ += fmt::format("<p class=\"soft\">The same holds for {}.</p>\n",
                            Safe(OthersText(problem)));
      out_ += "</section>\n";
    }
  }

  [[nodiscard]] std::string Title(const CheckResult& result) const {
    const auto title = titles_.find(result.id);
    return title == titles_.end() ? "" : Safe(title->second, 200);
  }

  void Findings(const CheckResult& result) {
    if (result.findings.empty()) return;
    out_ += "<ul>\n";
    const size_t shown = std::min(result.findings.size(), kFindingsShown);
    for (size_t i = 0; i < shown; ++i)
      Finding(result.findings[i], OnlyRepeats(result, result.findings[i]));
    if (shown < result.findings.size()) {
      out_ += fmt::format("<li class=\"soft\">and {} more, all in verdicts.json</li>\n",
                          result.findings.size() - shown);
    }
    out_ += "</ul>\n";
  }

  // `told`: its sentence stands above already.
  void Finding(const check::Finding& finding, bool told) {
    out_ += fmt::format("<li>{}", told ? "" : Safe(finding.sentence));
    if (const std::string during = DuringText(finding); !during.empty())
      out_ += fmt::format(" <span class=\"soft\">({})</span>", Safe(during));
    const size_t shown = std::min(finding.evidence.size(), kEvidenceShown);
    for (size_t i = 0; i < shown; ++i) {
      const check::Evidence& place = finding.evidence[i];
      out_ += fmt::format("<br><code>{}:{}</code>", Safe(place.file, 80), place.line);
      const auto seen = record_.evidence.find({place.file, place.line});
      if (seen != record_.evidence.end() && seen->second.at >= 0) {
        out_ += fmt::format(" <span class=\"soft mono\">{:.3f} s {}</span>", seen->second.at,
                            Safe(seen->second.text, 200));
      }
    }
    if (shown < finding.evidence.size())
      out_ += fmt::format("<br><span class=\"soft\">and {} more lines</span>",
                          finding.evidence.size() - shown);
    out_ += "</li>\n";
  }

  void Timeline(double begin, double end, const std::string& id, const std::string& title) {
    out_ += "<div class=\"picture\">\n";
    out_ += RenderTimeline(record_, {begin, std::max(end, begin + 0.5), id, title});
    out_ += "</div>\n";
  }

  void Legend() {
    static const std::pair<const char*, const char*> kEntries[] = {
        {"pending", "pod pending"},
        {"running", "running, not ready"},
        {"ready", "ready"},
        {"terminating", "terminating"},
        {"failed", "failed or finished"},
        {"band", "fault"},
        {"op ok", "operation acknowledged"},
        {"op failed", "operation failed"},
        {"op unknown", "outcome unknown"},
    };
    out_ += "<p class=\"legend\">";
    for (const auto& [css, text] : kEntries) {
      out_ += fmt::format(
          "<span><svg viewBox=\"0 0 12 12\" aria-hidden=\"true\"><rect class=\"{}\" width=\"12\" "
          "height=\"12\"/></svg> {}</span>",
          css, text);
    }
    out_ +=
        "<span>a dark line with the first letters of a uid: another pod of the same name "
        "begins</span></p>\n";
  }

  // Those of the plan in order, then any others that were judged.
  [[nodiscard]] std::vector<std::string> Scenarios() const {
    std::vector<std::string> names;
    const auto add = [&](const std::string& name) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    };
    for (const Json& scenario : GetArray(record_.run, {"scenarios"}))
      add(GetString(scenario, {"name"}));
    for (const CheckResult& result : verdicts_.checks)
      add(result.scenario);
    return names;
  }

  void Scenario(const std::string& name) {
    out_ += fmt::format("<h2>Scenario {}</h2>\n", Safe(name, 80));
    for (const Json& scenario : GetArray(record_.run, {"scenarios"})) {
      if (GetString(scenario, {"name"}) != name) continue;
      std::vector<std::string> steps;
      for (const Json& step : GetArray(scenario, {"steps"}))
        if (step.is_string()) steps.push_back(step.get<std::string>());
      out_ += fmt::format("<p class=\"soft\">Steps: {}</p>\n", Safe(Join(steps, ", then ")));
    }
    for (const ScenarioSpan& span : record_.scenarios) {
      if (span.name != name) continue;
      Timeline(span.begin, span.end, fmt::format("timeline-{}", ++pictures_),
               "Timeline of scenario " + name);
      break;
    }
    std::vector<CheckResult> checks;
    for (const CheckResult& result : verdicts_.checks) {
      if (result.scenario == name) checks.push_back(result);
    }
    if (checks.empty()) {
      out_ += "<p><span class=\"word unknown\">not run</span> Nothing was judged here.</p>\n";
      return;
    }
    GuaranteeTable(checks);
  }

  void GuaranteeTable(const std::vector<CheckResult>& checks) {
    const auto quiet = [](const CheckResult& r) { return r.verdict == Verdict::kNotApplicable; };
    out_ += fmt::format(
        "<p class=\"soft\">{}</p>\n<table class=\"guarantees\">\n<thead><tr><th>Verdict</th>"
        "<th>Guarantee</th><th>What was seen</th></tr></thead>\n<tbody>\n",
        Counts(checks));
    // What is wrong comes first.
    for (const Verdict verdict : {Verdict::kFail, Verdict::kUnknown, Verdict::kPass}) {
      for (const CheckResult& result : checks) {
        if (result.verdict == verdict) Row(result);
      }
    }
    out_ += "</tbody>\n</table>\n";
    const auto hidden = std::count_if(checks.begin(), checks.end(), quiet);
    if (hidden == 0) return;
    out_ += fmt::format(
        "<details><summary>{} not applicable</summary>\n<table "
        "class=\"guarantees\"><tbody>\n",
        hidden);
    for (const CheckResult& result : checks) {
      if (quiet(result)) Row(result);
    }
    out_ += "</tbody></table></details>\n";
  }

  void Row(const CheckResult& result) {
    out_ += fmt::format("<tr><td>{}</td><td><strong>{}</strong><br>{}</td><td>{}", Word(result),
                        Safe(result.id, 80), Title(result), Safe(result.reason));
    if (result.accepted) Findings(result);
    out_ += "</td></tr>\n";
  }

  void Fact(const char* name, const std::string& value) {
    if (!value.empty())
      out_ +=
          fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", name, Safe(value, 300));
  }

  void Facts() {
    const Json& run = record_.run;
    out_ += "<h2>Facts</h2>\n<table class=\"facts\"><tbody>\n";
    Fact("Suite", GetString(run, {"suite", "name"}) + " " + GetString(run, {"suite", "path"}));
    Fact("Workload", GetString(run, {"workload", "name"}));
    Fact("Target",
         Join({GetString(run, {"target", "kind"}), GetString(run, {"target", "namespace"}),
               GetString(run, {"target", "name"})},
              " "));
    Fact("Cluster",
         Join({GetString(run, {"cluster", "kind"}), GetString(run, {"cluster", "version"}),
               GetString(run, {"cluster", "context"}), GetString(run, {"cluster", "uid"})},
              " "));
    Fact("holdfast", GetString(run, {"holdfast"}));
    Fact("Run", GetString(run, {"run"}));
    if (const Json* seed = FindPath(run, {"seed"})) Fact("Seed", DumpJson(*seed));
    Fact("State", GetString(run, {"state"}) + " " + GetString(run, {"error"}));
    Fact("Started", GetString(run, {"started"}));
    Fact("Ended", GetString(run, {"ended"}));
    if (const Json& cost = GetObject(run, {"overhead"}); cost.contains("cpuSeconds")) {
      const auto number = [&](const char* name) {
        const Json* value = FindPath(cost, {name});
        return value != nullptr && value->is_number() ? value->get<double>() : 0.0;
      };
      Fact("Cost of the runner",
           fmt::format("{:.1f} s of processor time, {:.0f} MiB of memory; {:.2f} % of the time went "
                       "by between an event and the next request",
                       number("cpuSeconds"), number("peakMemoryMiB"), 100 * number("share")));
    }
    Fact("Suite hash", GetString(run, {"suite", "sha256"}));
    if (record_.damaged_lines > 0)
      Fact("Damaged lines", fmt::format("{} were skipped here", record_.damaged_lines));
    out_ += "</tbody></table>\n";
  }

  const RunRecord& record_;
  const check::Verdicts& verdicts_;
  const std::map<std::string, std::string>& titles_;
  int pictures_ = 0;
  std::string out_;
};

}  // namespace

Result<std::string> RenderHtml(const std::filesystem::path& run,
                               const check::Verdicts& verdicts,
                               const std::map<std::string, std::string>& titles) {
  HOLDFAST_ASSIGN(const RunRecord record, ReadRunRecord(run, verdicts));
  return Page(record, verdicts, titles).Render();
}

Status WriteHtml(const std::filesystem::path& file,
                 const std::filesystem::path& run,
                 const check::Verdicts& verdicts,
                 const std::map<std::string, std::string>& titles) {
  HOLDFAST_ASSIGN(const std::string html, RenderHtml(run, verdicts, titles));
  return WriteFileAtomic(file, html);
}

}  // namespace holdfast::reports
