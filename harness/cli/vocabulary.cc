#include "harness/cli/vocabulary.h"

#include "harness/check/check.h"
#include "harness/run/plan.h"
#include "harness/run/steps.h"
#include "workloads/workload.h"

namespace holdfast::cli {

suite::Vocabulary SuiteVocabulary() {
  suite::Vocabulary vocabulary;
  for (const workloads::Workload* workload : workloads::AllWorkloads())
    vocabulary.workloads[workload->Name()] = workload->Parameters();
  vocabulary.steps = run::StepSchemas();
  vocabulary.guarantees = GuaranteeIds();
  return vocabulary;
}

Result<std::vector<suite::Suite>> LoadCheckedSuites(const std::string& path,
                                                    const std::vector<std::string>& overrides) {
  HOLDFAST_ASSIGN(std::vector<suite::Suite> suites,
                  suite::LoadSuites(path, SuiteVocabulary(), overrides));
  for (const suite::Suite& suite : suites)
    HOLDFAST_RETURN_IF_ERROR(run::CheckSteps(suite));
  return suites;
}

std::map<std::string, std::string> GuaranteeTitles() {
  std::map<std::string, std::string> titles;
  for (const check::GuaranteeText& guarantee : check::Guarantees())
    titles[guarantee.id] = guarantee.title;
  return titles;
}

std::vector<std::string> GuaranteeIds() {
  std::vector<std::string> ids;
  for (const check::GuaranteeText& guarantee : check::Guarantees())
    ids.push_back(guarantee.id);
  return ids;
}

std::filesystem::path SuiteFolder() {
  std::error_code error;
  if (std::filesystem::is_directory("suites", error)) return "suites";
  return (std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "../../suites")
      .lexically_normal();
}

}  // namespace holdfast::cli
