#include "harness/run/load/worker.h"

#include <algorithm>

namespace holdfast::run {

using workloads::Outcome;

Writer::Writer(
    const LoadContext& context, int writer, std::string key, int64_t process, int64_t stride)
    : client_(context, process, stride),
      primary_(context.workload->Primary(*context.deployment)),
      key_(std::move(key)),
      run_(context.deployment->run_number),
      writer_(writer) {}

Outcome Writer::Step() {
  // Also after a failure the next value is a new one: a value is sent once.
  return client_.Add(primary_, key_, OperationValue(run_, writer_, ++sequence_));
}

Reader::Reader(const LoadContext& context,
               std::vector<std::string> pods,
               std::vector<std::string> keys,
               int window,
               Random random,
               int64_t process,
               int64_t stride)
    : client_(context, process, stride),
      pods_(std::move(pods)),
      keys_(std::move(keys)),
      window_(window),
      random_(random) {}

Outcome Reader::Step() {
  std::vector<const std::string*> well;
  for (const std::string& pod : pods_) {
    if (client_.BackoffLeft(pod) == Nanos{0}) well.push_back(&pod);
  }
  const std::string& pod =
      well.empty() ? pods_[random_.Below(pods_.size())] : *well[random_.Below(well.size())];
  return client_.Read(pod, keys_[random_.Below(keys_.size())], window_);
}

Nanos Reader::Pause() {
  Nanos shortest = Nanos::max();
  for (const std::string& pod : pods_)
    shortest = std::min(shortest, client_.BackoffLeft(pod));
  return shortest;
}

}  // namespace holdfast::run
