// A client of single values: writes, reads and compare-and-set on a few shared registers, each value
// written once in a run.
#ifndef HOLDFAST_HARNESS_RUN_LOAD_REGISTER_CLIENT_H_
#define HOLDFAST_HARNESS_RUN_LOAD_REGISTER_CLIENT_H_

#include <map>
#include <string>
#include <vector>

#include "harness/run/load/worker.h"

namespace holdfast::run {

// How often it does what, in relation to each other; not all zero.
struct RegisterMix {
  int reads = 6;
  int writes = 4;
  int cas = 2;
};

// Asks one pod. A register is first written by the client itself, so that no read finds none; a
// compare-and-set expects what the client saw last. The first registers are asked for more often by
// `skew`, an exponent of Zipf's law.
class RegisterClient : public Worker {
 public:
  // `writer` marks its values and must differ from every Writer's.
  RegisterClient(const LoadContext& context,
                 int writer,
                 std::string pod,
                 std::vector<std::string> registers,
                 RegisterMix mix,
                 double skew,
                 Random random,
                 int64_t process,
                 int64_t stride);
  workloads::Outcome Step() override;
  [[nodiscard]] Nanos Pause() override { return client_.BackoffLeft(pod_); }

 private:
  [[nodiscard]] workloads::Operation Next(const std::string& name);

  std::string pod_;
  std::vector<std::string> registers_;
  RegisterMix mix_;
  Zipf choice_;
  std::map<std::string, int64_t> seen_;  // The newest value known of each register.
  Random random_;
  int run_;
  int writer_;
  int64_t sequence_ = 0;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LOAD_REGISTER_CLIENT_H_
