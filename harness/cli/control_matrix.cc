#include "harness/cli/control_matrix.h"

#include <algorithm>
#include <fstream>

#include "harness/base/strings.h"

namespace holdfast::cli {
namespace {

// Ids of checks with this verdict that no acceptance waives, each once.
std::vector<std::string> IdsWith(const Json& verdicts, const std::string& verdict) {
  std::vector<std::string> ids;
  for (const Json& check : GetArray(verdicts, {"checks"})) {
    if (GetString(check, {"verdict"}) != verdict || GetBool(check, {"accepted"})) continue;
    std::string id = GetString(check, {"id"});
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(std::move(id));
  }
  std::ranges::sort(ids);
  return ids;
}

std::optional<double> FirstEvidence(const ControlRun& run, const std::string& id) {
  std::optional<double> first;
  for (const Json& check : GetArray(*run.verdicts, {"checks"})) {
    if (GetString(check, {"id"}) != id) continue;
    for (const Json& finding : GetArray(check, {"findings"})) {
      // The last line of a finding is the one that completes the contradiction.
      std::optional<double> complete;
      for (const Json& evidence : GetArray(finding, {"evidence"})) {
        const auto t = TimeOfEvidence(run.directory, GetString(evidence, {"file"}),
                                      GetInt(evidence, {"line"}));
        if (t && (!complete || *t > *complete)) complete = t;
      }
      if (complete && (!first || *complete < *first)) first = complete;
    }
  }
  return first;
}

bool Contains(const std::vector<std::string>& ids, const std::string& id) {
  return std::ranges::find(ids, id) != ids.end();
}

void JudgeHealthy(const ControlRun& run, ControlRow& row) {
  row.unexpected = IdsWith(*run.verdicts, "fail");
  const std::vector<std::string> undecided = IdsWith(*run.verdicts, "unknown");
  row.good = run.exit == 0 && row.unexpected.empty();
  if (row.good) {
    row.sentence = "everything passed";
  } else if (!row.unexpected.empty()) {
    row.sentence = "false alarm: " + Join(row.unexpected, ", ");
  } else {
    row.sentence = fmt::format("not decided: {} ({})", Join(undecided, ", "), run.last_line);
  }
}

void JudgeDefect(const ControlRun& run, ControlRow& row) {
  const sandbox::DefectText& defect = *run.defect;
  const std::vector<std::string> failed = IdsWith(*run.verdicts, "fail");
  row.found = defect.verdict == "fail" ? failed : IdsWith(*run.verdicts, defect.verdict);
  for (const std::string& id : failed) {
    const bool meant = defect.verdict == "fail" && id == defect.guarantee;
    if (!meant && !Contains(defect.follows, id)) row.unexpected.push_back(id);
  }
  const bool caught = Contains(row.found, defect.guarantee);
  row.good = caught && row.unexpected.empty();
  if (caught) row.detected = FirstEvidence(run, defect.guarantee);
  if (!caught) {
    row.sentence = fmt::format("missed: {} is not {} ({})", defect.guarantee,
                               defect.verdict == "fail" ? "broken" : defect.verdict, run.last_line);
  } else if (!row.unexpected.empty()) {
    row.sentence = "caught, but blamed too: " + Join(row.unexpected, ", ");
  } else {
    row.sentence = "caught";
  }
}

}  // namespace

std::optional<double> TimeOfEvidence(const std::string& directory,
                                     const std::string& file,
                                     int64_t line) {
  std::ifstream in(directory + "/" + file);
  std::string text;
  for (int64_t number = 0; number < line; ++number)
    if (!std::getline(in, text)) return std::nullopt;
  const auto json = ParseJson(text);
  if (!json) return std::nullopt;
  const Json* t = FindPath(*json, {"t"});
  if (t != nullptr && t->is_number()) return t->get<double>();
  const Json* time = FindPath(*json, {"time"});
  if (time != nullptr && time->is_number()) return time->get<double>() * 1e-9;
  return std::nullopt;
}

ControlRow JudgeControl(const ControlRun& run) {
  ControlRow row;
  row.suite = run.suite;
  row.wall_seconds = run.wall_seconds;
  if (run.defect != nullptr) {
    row.defect = run.defect->name;
    row.expected = run.defect->guarantee;
  }
  if (!run.verdicts) {
    row.sentence =
        fmt::format("the run ended without verdicts, exit {}: {}", run.exit, run.last_line);
  } else if (run.defect == nullptr) {
    JudgeHealthy(run, row);
  } else {
    JudgeDefect(run, row);
  }
  return row;
}

namespace {

struct Sums {
  int defects = 0;
  int caught = 0;
  int healthy = 0;
  int false_alarms = 0;
  bool good = true;
};

Sums Add(const std::vector<ControlRow>& rows) {
  Sums sums;
  for (const ControlRow& row : rows) {
    if (row.defect.empty()) {
      ++sums.healthy;
      if (!row.good) ++sums.false_alarms;
    } else {
      ++sums.defects;
      if (row.good) ++sums.caught;
    }
    sums.good = sums.good && row.good;
  }
  return sums;
}

}  // namespace

Json ControlsJson(const std::vector<ControlRow>& rows) {
  const Sums sums = Add(rows);
  Json list = Json::array();
  for (const ControlRow& row : rows) {
    Json entry = {{"suite", row.suite},
                  {"defect", row.defect.empty() ? Json() : Json(row.defect)},
                  {"expected", row.expected.empty() ? Json() : Json(row.expected)},
                  {"found", row.found},
                  {"unexpected", row.unexpected},
                  {"detectedSeconds", row.detected ? Json(*row.detected) : Json()},
                  {"wallSeconds", row.wall_seconds},
                  {"good", row.good},
                  {"sentence", row.sentence}};
    list.push_back(std::move(entry));
  }
  return {{"format", "holdfast-controls/1"}, {"verdict", sums.good ? "pass" : "fail"},
          {"defects", sums.defects},         {"caught", sums.caught},
          {"healthy", sums.healthy},         {"falseAlarms", sums.false_alarms},
          {"rows", std::move(list)}};
}

std::string ControlsText(const std::vector<ControlRow>& rows) {
  const std::string healthy = "(healthy)";
  size_t defect_width = healthy.size();
  size_t suite_width = 5;
  for (const ControlRow& row : rows) {
    defect_width = std::max(defect_width, row.defect.size());
    suite_width = std::max(suite_width, row.suite.size());
  }
  const auto line = [&](const std::string& defect, const std::string& suite,
                        const std::string& expected, const std::string& found,
                        const std::string& detected, const std::string& sentence) {
    return fmt::format("{:<{}}  {:<{}}  {:<10}  {:<10}  {:>8}  {}\n", defect, defect_width, suite,
                       suite_width, expected, found, detected, sentence);
  };
  std::string text = line("defect", "suite", "expected", "found", "after", "result");
  for (const ControlRow& row : rows) {
    const std::string found = Contains(row.found, row.expected) ? row.expected
                              : row.found.empty()               ? "-"
                                                                : row.found.front();
    text += line(row.defect.empty() ? healthy : row.defect, row.suite,
                 row.expected.empty() ? "-" : row.expected, found,
                 row.detected ? fmt::format("{:.1f} s", *row.detected) : "-", row.sentence);
  }
  const Sums sums = Add(rows);
  text += fmt::format(
      "{} of {} defects caught by the right guarantee; {} of {} healthy runs with a "
      "false alarm or undecided\n",
      sums.caught, sums.defects, sums.false_alarms, sums.healthy);
  return text;
}

}  // namespace holdfast::cli
