// Counts per scenario, problems with their evidence, files, the last line.
#include "reports/summary.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "reports/problems.h"
#include "reports/text.h"

namespace holdfast::reports {
namespace {

using check::Verdict;

struct Counts {
  std::string scenario;
  int pass = 0;
  int fail = 0;
  int unknown = 0;
  int not_applicable = 0;
  int accepted = 0;
};

// In the order in which the scenarios appear.
std::vector<Counts> CountByScenario(const check::Verdicts& verdicts) {
  std::vector<Counts> rows;
  std::map<std::string, size_t> places;
  for (const check::CheckResult& result : verdicts.checks) {
    const auto [place, is_new] = places.emplace(result.scenario, rows.size());
    if (is_new) rows.push_back({result.scenario});
    Counts& row = rows[place->second];
    switch (result.verdict) {
      case Verdict::kPass:
        ++row.pass;
        break;
      case Verdict::kNotApplicable:
        ++row.not_applicable;
        break;
      case Verdict::kUnknown:
        ++row.unknown;
        break;
      case Verdict::kFail:
        ++(result.accepted ? row.accepted : row.fail);
        break;
    }
  }
  return rows;
}

std::string Cell(int count, size_t width, Color color, bool enabled) {
  const std::string text = fmt::format("{:>{}}", count, width);
  return Paint(text, count == 0 ? Color::kDim : color, enabled);
}

std::string Table(const std::vector<Counts>& rows, bool color) {
  size_t width = 8;
  bool accepted = false;
  for (const Counts& row : rows) {
    width = std::max(width, std::min<size_t>(OneLine(row.scenario).size(), 63));
    accepted = accepted || row.accepted > 0;
  }
  std::string text = fmt::format("{:<{}}  pass  fail  unknown  not-applicable{}\n", "scenario",
                                 width, accepted ? "  accepted" : "");
  for (const Counts& row : rows) {
    text +=
        fmt::format("{:<{}}  {}  {}  {}  {}", OneLine(row.scenario), width,
                    Cell(row.pass, 4, Color::kGreen, color), Cell(row.fail, 4, Color::kRed, color),
                    Cell(row.unknown, 7, Color::kYellow, color),
                    Cell(row.not_applicable, 14, Color::kNone, color));
    if (accepted) text += "  " + Cell(row.accepted, 8, Color::kYellow, color);
    text += '\n';
  }
  return text;
}

std::string Evidence(const check::Finding& finding) {
  std::string text;
  if (const std::string during = DuringText(finding); !during.empty())
    text += fmt::format("    {}\n", during);
  if (!finding.evidence.empty()) text += fmt::format("    see {}\n", EvidenceText(finding.evidence));
  return text;
}

std::string Paragraph(const Problem& problem, const SummaryOptions& options) {
  const check::CheckResult& result = *problem.first;
  const char* word = result.verdict == Verdict::kUnknown ? "UNKNOWN"
                     : result.accepted                   ? "ACCEPTED"
                                                         : "FAIL";
  const Color color = result.accepted ? Color::kYellow : ColorOf(result.verdict);
  std::string text =
      fmt::format("{} {} in {}: {}\n", Paint(word, color, options.color), OneLine(result.id),
                  OneLine(result.scenario), OneLine(result.reason));
  const size_t shown = std::min(result.findings.size(), options.findings);
  for (size_t i = 0; i < shown; ++i) {
    const check::Finding& finding = result.findings[i];
    if (!OnlyRepeats(result, finding))
      text += fmt::format("  - {}\n", Shorten(OneLine(finding.sentence), 2000));
    text += Evidence(finding);
  }
  if (result.findings.size() > shown) {
    text += fmt::format("  - and {} more findings, all in verdicts.json\n",
                        result.findings.size() - shown);
  }
  if (!problem.others.empty()) text += "  the same holds for " + OthersText(problem) + "\n";
  return text;
}

}  // namespace

std::string Paint(std::string_view text, Color color, bool enabled) {
  if (!enabled || color == Color::kNone) return std::string(text);
  const int code = color == Color::kRed      ? 31
                   : color == Color::kGreen  ? 32
                   : color == Color::kYellow ? 33
                                             : 2;
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

Color ColorOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return Color::kGreen;
    case Verdict::kFail:
      return Color::kRed;
    case Verdict::kUnknown:
      return Color::kYellow;
    case Verdict::kNotApplicable:
      return Color::kDim;
  }
  return Color::kNone;
}

std::string RenderSummary(const check::Verdicts& verdicts, const SummaryOptions& options) {
  std::string text;
  if (!verdicts.checks.empty()) text += Table(CountByScenario(verdicts), options.color);
  for (const Kind kind : {Kind::kFail, Kind::kUnknown, Kind::kAccepted}) {
    for (const Problem& problem : ProblemsOf(verdicts, kind))
      text += "\n" + Paragraph(problem, options);
  }
  if (!options.files.empty()) {
    size_t width = 0;
    for (const auto& [label, path] : options.files)
      width = std::max(width, label.size());
    if (!text.empty()) text += '\n';
    for (const auto& [label, path] : options.files)
      text += fmt::format("{:<{}}  {}\n", label, width, OneLine(path));
  }
  return text;
}

std::string ExitLine(int exit, std::string_view reason) {
  return fmt::format("exit {}: {}\n", exit, OneLine(reason));
}

}  // namespace holdfast::reports
