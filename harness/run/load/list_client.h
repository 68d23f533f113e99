// A client of transactions: a few appends to and reads of shared lists, as one.
#ifndef HOLDFAST_HARNESS_RUN_LOAD_LIST_CLIENT_H_
#define HOLDFAST_HARNESS_RUN_LOAD_LIST_CLIENT_H_

#include <string>

#include "harness/run/load/worker.h"

namespace holdfast::run {

// Asks one pod. Each value is appended once in a run; after some appends the client goes on to other
// lists, so that none grows without end (Jepsen's list-append: 1 to 4 steps, few lists at a time).
class ListClient : public Worker {
 public:
  // `writer` marks its values and must differ from every other client's.
  ListClient(const LoadContext& context,
             int writer,
             std::string pod,
             Random random,
             int64_t process,
             int64_t stride);
  workloads::Outcome Step() override;
  [[nodiscard]] Nanos Pause() override { return client_.BackoffLeft(pod_); }

 private:
  std::string pod_;
  Random random_;
  int run_;
  int writer_;
  int64_t sequence_ = 0;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LOAD_LIST_CLIENT_H_
