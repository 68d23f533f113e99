// The suites of a command line: loaded, overridden, filtered. The same for run and plan.
#ifndef HOLDFAST_HARNESS_CLI_SUITES_H_
#define HOLDFAST_HARNESS_CLI_SUITES_H_

#include <vector>

#include "harness/cli/commands.h"
#include "harness/suite/suite.h"

namespace holdfast::cli {

// The suites with --set and --storage-class applied and only the scenarios asked for; the error
// holds the mistakes of all of them.
Result<std::vector<suite::Suite>> LoadSuites(const RunArguments& arguments);

// The seed of a run of this suite: of the command line, of the suite, made of what the suite says
// when a plan was approved, else a random one.
uint64_t SeedFor(const RunArguments& arguments, const suite::Suite& suite, bool repeatable);

// How the command line names the cluster: --cluster, or an explicit --context; empty when neither.
std::string NamedCluster(const RunArguments& arguments);

}  // namespace holdfast::cli

#endif  // HOLDFAST_HARNESS_CLI_SUITES_H_
