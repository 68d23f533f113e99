#include "harness/cli/suites.h"

#include "harness/base/random.h"
#include "harness/base/strings.h"
#include "harness/cli/vocabulary.h"
#include "harness/run/plan.h"

namespace holdfast::cli {
namespace {

// The workload's name is only known from the suite itself.
Result<std::vector<std::string>> Overrides(const RunArguments& arguments, const std::string& path) {
  std::vector<std::string> overrides = arguments.set;
  if (!arguments.given_namespace.empty())
    overrides.push_back("namespace=" + arguments.given_namespace);
  if (arguments.storage_class.empty()) return overrides;
  HOLDFAST_ASSIGN(const auto plain, LoadCheckedSuites(path, arguments.set));
  for (const suite::Suite& suite : plain) {
    if (suite.workload != plain[0].workload)
      return Fail(ErrorCode::kInvalidArgument,
                  "{}: its matrix varies the workload, so --storage-class has no one place; add "
                  "'storageClass: [{}]' to the matrix",
                  path, arguments.storage_class);
  }
  overrides.push_back("workload." + plain[0].workload +
                      ".storageClass=" + arguments.storage_class);
  return overrides;
}

}  // namespace

Result<std::vector<suite::Suite>> LoadSuites(const RunArguments& arguments) {
  std::vector<suite::Suite> suites;
  std::vector<std::string> mistakes;
  for (const std::string& path : arguments.suites) {
    const auto overrides = Overrides(arguments, path);
    const auto loaded =
        overrides ? LoadCheckedSuites(path, *overrides)
                  : Result<std::vector<suite::Suite>>(Fail(overrides.error()));
    if (!loaded) {
      mistakes.push_back(loaded.error().message);
      continue;
    }
    for (suite::Suite suite : *loaded) {
      if (!arguments.scenario.empty()) {
        std::erase_if(suite.scenarios, [&](const suite::Scenario& s) {
          return !GlobMatch(arguments.scenario, s.name);
        });
      }
      if (suite.scenarios.empty())
        mistakes.push_back(fmt::format("{}: no scenario matches '{}'", path, arguments.scenario));
      suites.push_back(std::move(suite));
    }
  }
  if (!mistakes.empty()) return Fail(ErrorCode::kInvalidArgument, "{}", Join(mistakes, "\n"));
  return suites;
}

uint64_t SeedFor(const RunArguments& arguments, const suite::Suite& suite, bool repeatable) {
  if (arguments.seed) return *arguments.seed;
  if (suite.seed) return *suite.seed;
  return repeatable ? run::SeedOf(suite) : OsEntropy() % 1'000'000;
}

std::string NamedCluster(const RunArguments& arguments) {
  return arguments.cluster.empty() ? arguments.context : arguments.cluster;
}

}  // namespace holdfast::cli
