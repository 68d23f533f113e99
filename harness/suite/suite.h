// A suite file: what to deploy, what to load it with, which scenarios to play. Says what to do,
// never what to assert.
#ifndef HOLDFAST_HARNESS_SUITE_SUITE_H_
#define HOLDFAST_HARNESS_SUITE_SUITE_H_

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/parameters.h"
#include "harness/base/result.h"

namespace holdfast::suite {

struct SourceLocation {
  int line = 0;  // 1-based.
  int column = 0;
};

struct Step {
  std::string name;  // "pod-delete", "scale", "settle", ...
  Json parameters;   // Complete: every parameter of the step's schema, defaults filled in.
  SourceLocation at;
  // "pod-delete(pod=pg-0, grace=30s)": only what the suite gives.
  std::string text;
};

struct Scenario {
  std::string name;
  std::vector<Step> steps;
  Json limits;     // {"settle":"2m"}: duration strings; defaults filled in.
  int repeat = 1;  // All steps so many times.
  int random = 0;  // When above 0: so many steps picked from the list by the seed, instead of all.
};

// Which cluster a suite is for, and how much of it must stay untouched.
struct ClusterFence {
  std::string context;  // Empty: any.
  std::string uid;      // Of the namespace kube-system; empty: any.
  int ready_nodes = 0;  // At least so many before the run.
  int nodes_left = 1;   // At least so many ready and schedulable while others are injured.
  int nodes_injured = 0;  // At most so many at once, over all runs; 0: as many as nodes_left allows.
};

// The user's own commands for power over nodes, run by the shell, with {node} and {from} replaced.
// Empty: cannot be done.
struct NodeCommands {
  std::string stop;       // Kills the node: node-crash.
  std::string start;      // Brings it back from whatever was done to it.
  std::string freeze;     // node-freeze
  std::string partition;  // node-partition
  std::string state;      // Prints running, crashed, frozen or partitioned.
};

struct Load {
  int writers = 4;
  int readers = 2;
  int register_clients = 0;  // Clients of single values, where the workload has registers.
  int transaction_clients = 0;  // Clients of list transactions, where the workload has them.
  int value_size = 0;        // Bytes stored beside each value.
  double rate = 200;  // Operations per second over all clients; 0 is as fast as possible.
  bool open_loop = false;  // Operations are due at the rate, and their latency counts from then.
  double skew = 0;  // Exponent of Zipf's law by which keys are chosen; 0 is evenly.
  int registers = 4;  // Shared by the clients of registers.
  int register_reads = 6;  // How often they do what, in relation to each other.
  int register_writes = 4;
  int register_cas = 2;
  Nanos deadline = std::chrono::seconds(2);  // Of one operation.
  Nanos connect_timeout = std::chrono::seconds(2);
  int sentinel_rows = 100;
  int minimum_acks = 100;  // Fewer acknowledged writes in a scenario decide nothing.
};

struct Suite {
  std::string name;  // With the values of its matrix: "chaos-postgres-fast".
  std::filesystem::path path;
  std::string text;
  std::string workload;
  Json workload_parameters;  // Complete.
  Load load;
  std::vector<Scenario> scenarios;
  std::optional<uint64_t> seed;
  std::vector<std::string> expect_fail;
  Json accept;  // [{"id","reason","until"}], maybe empty.
  ClusterFence cluster;
  std::string given_namespace;  // Somebody else's, to be used and left; empty: one of our own.
  NodeCommands node_control;
  Json variant;  // {"storageClass":"fast"}: what its matrix chose; empty without one.
};

// What a suite may name; filled by the command line from the registries of workloads and faults.
struct Vocabulary {
  std::map<std::string, ParameterSchema> workloads;
  std::map<std::string, ParameterSchema> steps;
  std::vector<std::string> guarantees;  // Ids that expect: and accept: may name.
};

// Reads and checks a suite: one, or one for each combination of its `matrix:`, in order. Every
// mistake is reported, one per line, as `file:line:column: what is wrong (did you mean ...)`, in one
// error with code kInvalidArgument. `overrides` are "path=value" pairs of --set, such as
// "workload.postgres.storage=2Gi" or "load.writers=8"; a wrong one is reported as
// `--set path=value: what is wrong`.
Result<std::vector<Suite>> LoadSuites(const std::filesystem::path& path,
                                      const Vocabulary& vocabulary,
                                      const std::vector<std::string>& overrides);
// The same for a file that must not have a matrix.
Result<Suite> LoadSuite(const std::filesystem::path& path,
                        const Vocabulary& vocabulary,
                        const std::vector<std::string>& overrides);

}  // namespace holdfast::suite

#endif  // HOLDFAST_HARNESS_SUITE_SUITE_H_
