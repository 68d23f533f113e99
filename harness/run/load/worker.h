// What one thread of the load does, one operation at a time; the threads are in load_generator.
#ifndef HOLDFAST_HARNESS_RUN_LOAD_WORKER_H_
#define HOLDFAST_HARNESS_RUN_LOAD_WORKER_H_

#include <string>
#include <vector>

#include "harness/base/random.h"
#include "harness/run/load/client.h"
#include "harness/run/load/keys.h"

namespace holdfast::run {

// Not thread-safe: one thread at a time.
class Worker {
 public:
  Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  virtual ~Worker() = default;
  // One recorded operation.
  virtual workloads::Outcome Step() = 0;
  // How long to wait before the next step; zero when all is well.
  [[nodiscard]] virtual Nanos Pause() = 0;
};

// Adds strictly increasing values to one key, through the primary.
class Writer : public Worker {
 public:
  // `sequence` is the last one used before.
  Writer(const LoadContext& context, int writer, std::string key, int64_t process, int64_t stride);
  workloads::Outcome Step() override;
  [[nodiscard]] Nanos Pause() override { return client_.BackoffLeft(primary_); }
  [[nodiscard]] const std::string& key() const { return key_; }

 private:
  Client client_;
  std::string primary_;
  std::string key_;
  int run_;
  int writer_;
  int64_t sequence_ = 0;
};

// Reads the newest values of a random key on a random pod.
class Reader : public Worker {
 public:
  Reader(const LoadContext& context,
         std::vector<std::string> pods,
         std::vector<std::string> keys,
         int window,
         Random random,
         int64_t process,
         int64_t stride);
  workloads::Outcome Step() override;
  // A pod in trouble does not hold back the reads of the others: zero while any pod is well.
  [[nodiscard]] Nanos Pause() override;

 private:
  Client client_;
  std::vector<std::string> pods_;
  std::vector<std::string> keys_;
  int window_;
  Random random_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LOAD_WORKER_H_
