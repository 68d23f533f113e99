// A suite that was played in the embedded sandbox, with everything that a test looks at.
#ifndef HOLDFAST_TESTS_INTEGRATION_FAULTS_PLAYED_H_
#define HOLDFAST_TESTS_INTEGRATION_FAULTS_PLAYED_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/json.h"

namespace holdfast {

struct Played {
  TemporaryDirectory folder;
  int exit_code = -1;
  std::string output;
  Json verdicts;
  std::vector<Json> trace;

  // `more` are further words of the command line.
  explicit Played(const std::string& suite, const std::vector<std::string>& more = {});
  // "missing" when there is none.
  [[nodiscard]] std::string Verdict(const std::string& id, const std::string& scenario) const;
  // Of each fault by name, the sentence of its last proof ("proof") or lack of one ("unproven").
  [[nodiscard]] std::map<std::string, std::string> Ends(const std::string& phase) const;
};

// What `holdfast list faults` prints.
std::set<std::string> AllFaultNames();

}  // namespace holdfast

#endif  // HOLDFAST_TESTS_INTEGRATION_FAULTS_PLAYED_H_
