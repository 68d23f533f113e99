// A workload in memory, for the logic around sessions: schedules, deadlines, what is recorded. What
// a real server does is tested in tests/integration/postgres.
#ifndef HOLDFAST_TESTS_UNIT_RUN_LOAD_FAKE_WORKLOAD_H_
#define HOLDFAST_TESTS_UNIT_RUN_LOAD_FAKE_WORKLOAD_H_

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "harness/base/files.h"
#include "harness/run/load/client.h"

namespace holdfast::run {

// The nodes' state, shared by sessions. Thread-safe.
class FakeCluster : public AddressBook {
 public:
  std::optional<workloads::Endpoint> Lookup(const std::string& pod) override;
  // What the next adds end with, in order; then all are ok.
  void Script(std::vector<workloads::Outcome> outcomes);
  void SetAddress(const std::string& pod, bool has);
  void SetRefusing(const std::string& pod, bool refuses);
  void SetFrozen(bool frozen);
  // Blocks until a call hangs in a frozen node.
  void WaitForHanging();

  std::mutex mutex;
  std::condition_variable changed;
  std::multimap<std::string, int64_t> rows;
  std::map<std::string, int64_t> registers;
  std::vector<workloads::Outcome> script;
  std::set<std::string> no_address;
  std::set<std::string> refusing;
  std::set<std::string> lagging;  // Pods that never catch up.
  bool frozen = false;
  int hanging = 0;
  int connections = 0;
  int reads = 0;
};

class FakeWorkload : public workloads::Workload {
 public:
  explicit FakeWorkload(FakeCluster& cluster) : cluster_(cluster) {}
  [[nodiscard]] std::string Name() const override { return "fake"; }
  [[nodiscard]] std::string Description() const override { return ""; }
  [[nodiscard]] ParameterSchema Parameters() const override { return {}; }
  [[nodiscard]] workloads::Target GetTarget(const Json&) const override { return {}; }
  [[nodiscard]] std::vector<std::string> Images(const Json&) const override { return {}; }
  [[nodiscard]] Result<std::vector<Json>> Manifests(const workloads::Deployment&) const override {
    return std::vector<Json>{};
  }
  [[nodiscard]] int Port(const Json&) const override { return 1; }
  [[nodiscard]] std::string Primary(const workloads::Deployment&) const override { return "n-0"; }
  [[nodiscard]] Result<std::unique_ptr<workloads::Session>> Connect(
      const workloads::Deployment&, const workloads::Endpoint& endpoint, Nanos) const override;
  [[nodiscard]] Status Prepare(workloads::Session&) const override { return {}; }

 private:
  FakeCluster& cluster_;
};

// A complete context over the fakes, with its history in a temporary file.
class FakeLoad {
 public:
  explicit FakeLoad(Clock& the_clock);
  // The history without its header, one object per line.
  [[nodiscard]] std::vector<Json> Lines() const;

  FakeCluster cluster;
  FakeWorkload workload;
  workloads::Deployment deployment;
  TemporaryDirectory directory;
  std::unique_ptr<trace::HistoryWriter> history;
  Watchdog watchdog;
  LoadContext context;
};

// An outcome of a scripted add.
workloads::Outcome Ended(workloads::OutcomeType type, const char* error_class, bool lost);

}  // namespace holdfast::run

#endif  // HOLDFAST_TESTS_UNIT_RUN_LOAD_FAKE_WORKLOAD_H_
