#include "harness/cli/suites.h"

#include "harness/base/random.h"
#include "harness/base/strings.h"
#include "harness/cli/vocabulary.h"
#include "harness/run/plan.h"

namespace holdfast::cli {
namespace {

std::vector<std::string> Overrides(const RunArguments& arguments, const std::string& path) {
  std::vector<std::string> overrides = arguments.set;
  if (arguments.storage_class.empty()) return overrides;
  // The workload's name is only known from the suite itself.
  const auto plain = LoadCheckedSuite(path, arguments.set);
  if (plain)
    overrides.push_back("workload." + plain->workload + ".storageClass=" + arguments.storage_class);
  return overrides;
}

}  // namespace

Result<std::vector<suite::Suite>> LoadSuites(const RunArguments& arguments) {
  std::vector<suite::Suite> suites;
  std::vector<std::string> mistakes;
  for (const std::string& path : arguments.suites) {
    auto suite = LoadCheckedSuite(path, Overrides(arguments, path));
    if (!suite) {
      mistakes.push_back(suite.error().message);
      continue;
    }
    if (!arguments.scenario.empty()) {
      std::erase_if(suite->scenarios, [&](const suite::Scenario& s) {
        return !GlobMatch(arguments.scenario, s.name);
      });
      if (suite->scenarios.empty())
        mistakes.push_back(fmt::format("{}: no scenario matches '{}'", path, arguments.scenario));
    }
    suites.push_back(*std::move(suite));
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
