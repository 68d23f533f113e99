// Recorded clients of local pods, and what the checker says of their history: for tests in which a
// real server loses what it acknowledged.
#ifndef HOLDFAST_TESTS_INTEGRATION_PODS_RECORDED_H_
#define HOLDFAST_TESTS_INTEGRATION_PODS_RECORDED_H_

#include <map>
#include <memory>
#include <string>

#include "harness/base/files.h"
#include "harness/check/verdict.h"
#include "harness/run/load/client.h"

namespace holdfast::workloads {

class Recorded : public run::AddressBook {
 public:
  // One writer's key lives on `pod`.
  Recorded(const Workload& workload, const Deployment& deployment, std::string pod);
  ~Recorded() override;
  // Where clients find the pod from now on; a fail-over gives another server's place.
  void MoveTo(const Endpoint& endpoint);
  std::optional<Endpoint> Lookup(const std::string& pod) override;

  // Adds `count` new values; true when all were acknowledged.
  bool Add(int count);
  // Reads all values from the pod, as at the end of a scenario.
  Status FinalRead();
  // The verdict of one guarantee (HX-LOST) over the history so far.
  [[nodiscard]] check::CheckResult Judge(const std::string& id) const;

 private:
  TemporaryDirectory directory_;
  std::string pod_;
  Endpoint endpoint_;
  std::unique_ptr<trace::HistoryWriter> history_;
  run::Watchdog watchdog_;
  run::LoadContext context_;
  std::unique_ptr<run::Client> client_;
  int64_t sequence_ = 0;
};

}  // namespace holdfast::workloads

#endif  // HOLDFAST_TESTS_INTEGRATION_PODS_RECORDED_H_
