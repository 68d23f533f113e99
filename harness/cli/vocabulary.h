// What suites may name: every workload, fault and guarantee with its parameters.
#ifndef HOLDFAST_HARNESS_CLI_VOCABULARY_H_
#define HOLDFAST_HARNESS_CLI_VOCABULARY_H_

#include <filesystem>
#include <string>
#include <vector>

#include "harness/suite/suite.h"

namespace holdfast::cli {

suite::Vocabulary SuiteVocabulary();
// Loads a suite, or those of its matrix, and asks the faults about their parameters, too.
Result<std::vector<suite::Suite>> LoadCheckedSuites(const std::string& path,
                                                    const std::vector<std::string>& overrides);
// The suite's name -> title of each guarantee, for reports.
std::map<std::string, std::string> GuaranteeTitles();
std::vector<std::string> GuaranteeIds();
// The suites of the folder we stand in, or of the tree that this program was built in.
std::filesystem::path SuiteFolder();

}  // namespace holdfast::cli

#endif  // HOLDFAST_HARNESS_CLI_VOCABULARY_H_
