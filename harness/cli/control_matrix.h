// What the runs with defects have shown: for each the guarantee that had to catch it, and what was
// blamed instead or beside it.
#ifndef HOLDFAST_HARNESS_CLI_CONTROL_MATRIX_H_
#define HOLDFAST_HARNESS_CLI_CONTROL_MATRIX_H_

#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/sandbox/defects/defects.h"

namespace holdfast::cli {

// One suite played once.
struct ControlRun {
  std::string suite;
  const sandbox::DefectText* defect = nullptr;  // nullptr: the healthy system.
  int exit = 0;
  std::optional<Json> verdicts;   // verdicts.json; nullopt when the run wrote none.
  std::string last_line;          // What the run said last.
  double wall_seconds = 0;
  std::string directory;          // Of the evidence.
};

struct ControlRow {
  std::string suite;
  std::string defect;                   // Empty: healthy.
  std::string expected;                 // The guarantee; empty for the healthy system.
  std::vector<std::string> found;       // Ids with the expected kind of verdict.
  std::vector<std::string> unexpected;  // Ids that were blamed without being expected.
  std::optional<double> detected;       // Seconds on the run's clock to the first evidence of it.
  double wall_seconds = 0;
  bool good = false;
  std::string sentence;  // Why it is not good, or what was seen.
};

// A defect is caught when its guarantee has the verdict that the table of defects names, and
// nothing but it and what follows from it has failed. The healthy system must pass, with nothing
// undecided.
ControlRow JudgeControl(const ControlRun& run);

// {"format":"holdfast-controls/1","verdict","rows":[...],"caught","defects","falseAlarms","healthy"}.
Json ControlsJson(const std::vector<ControlRow>& rows);
// The matrix as aligned text, one row per run, and one line of sums.
std::string ControlsText(const std::vector<ControlRow>& rows);

// Seconds on the run's clock of a line of trace.jsonl or history.jsonl in `directory`; nullopt when
// the line is not there.
std::optional<double> TimeOfEvidence(const std::string& directory,
                                     const std::string& file,
                                     int64_t line);

}  // namespace holdfast::cli

#endif  // HOLDFAST_HARNESS_CLI_CONTROL_MATRIX_H_
