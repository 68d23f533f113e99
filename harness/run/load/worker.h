// What one thread of the load does, one operation at a time; the threads are in load_generator.
#ifndef HOLDFAST_HARNESS_RUN_LOAD_WORKER_H_
#define HOLDFAST_HARNESS_RUN_LOAD_WORKER_H_

#include <string>
#include <vector>

#include "harness/base/random.h"
#include "harness/run/load/client.h"
#include "harness/run/load/keys.h"
#include "harness/run/load/zipf.h"

namespace holdfast::run {

// Not thread-safe: one thread at a time.
class Worker {
 public:
  Worker(const LoadContext& context, int64_t process, int64_t stride)
      : client_(context, process, stride) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  virtual ~Worker() = default;
  // One recorded operation.
  virtual workloads::Outcome Step() = 0;
  // How long to wait before the next step; zero when all is well.
  [[nodiscard]] virtual Nanos Pause() = 0;
  // As Client::Due, of the next step.
  void Due(Nanos at) { client_.Due(at); }

 protected:
  Client client_;
};

// Adds strictly increasing values to one key, through the pod that takes its writes.
class Writer : public Worker {
 public:
  Writer(const LoadContext& context, int writer, LoadKey key, int64_t process, int64_t stride);
  workloads::Outcome Step() override;
  [[nodiscard]] Nanos Pause() override { return client_.BackoffLeft(key_.pod); }
  [[nodiscard]] const std::string& key() const { return key_.name; }
  // Goes over to another key; values go on increasing.
  void SetKey(LoadKey key) { key_ = std::move(key); }
  // Bytes stored beside each value.
  void SetPadding(int padding) { padding_ = padding; }

 private:
  LoadKey key_;
  int run_;
  int writer_;
  int padding_ = 0;
  int64_t sequence_ = 0;
};

// Reads the newest values of a random key on a random pod; with `own_keys`, on the key's own pod. The
// first keys are asked for more often by `skew`, an exponent of Zipf's law.
class Reader : public Worker {
 public:
  Reader(const LoadContext& context,
         std::vector<std::string> pods,
         std::vector<LoadKey> keys,
         bool own_keys,
         int window,
         double skew,
         Random random,
         int64_t process,
         int64_t stride);
  workloads::Outcome Step() override;
  // A pod in trouble does not hold back the reads of the others: zero while any pod is well.
  [[nodiscard]] Nanos Pause() override;

 private:
  std::vector<std::string> pods_;
  std::vector<LoadKey> keys_;
  bool own_keys_;
  int window_;
  Zipf choice_;
  Random random_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LOAD_WORKER_H_
