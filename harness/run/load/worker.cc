#include "harness/run/load/worker.h"

#include <algorithm>

namespace holdfast::run {

using workloads::Outcome;

Writer::Writer(
    const LoadContext& context, int writer, LoadKey key, int64_t process, int64_t stride)
    : Worker(context, process, stride),
      key_(std::move(key)),
      run_(context.deployment->run_number),
      writer_(writer) {}

Outcome Writer::Step() {
  // Also after a failure the next value is a new one: a value is sent once.
  return client_.Perform(key_.pod, {.function = workloads::Function::kAdd,
                                    .key = key_.name,
                                    .value = OperationValue(run_, writer_, ++sequence_),
                                    .padding = padding_});
}

Reader::Reader(const LoadContext& context,
               std::vector<std::string> pods,
               std::vector<LoadKey> keys,
               bool own_keys,
               int window,
               double skew,
               Random random,
               int64_t process,
               int64_t stride)
    : Worker(context, process, stride),
      pods_(std::move(pods)),
      keys_(std::move(keys)),
      own_keys_(own_keys),
      window_(window),
      choice_(keys_.size(), skew),
      random_(random) {}

Outcome Reader::Step() {
  std::vector<const std::string*> well;
  for (const std::string& pod : pods_) {
    if (client_.BackoffLeft(pod) == Nanos{0}) well.push_back(&pod);
  }
  const std::string& pod =
      well.empty() ? pods_[random_.Below(pods_.size())] : *well[random_.Below(well.size())];
  const LoadKey* key = &keys_[choice_.Draw(random_)];
  // Where the pod has keys of its own, the next of them.
  for (size_t tried = 0; own_keys_ && key->pod != pod && tried < keys_.size(); ++tried)
    key = key == &keys_.back() ? &keys_.front() : key + 1;
  return client_.Perform(
      own_keys_ ? key->pod : pod,
      {.function = workloads::Function::kRead, .key = key->name, .window = window_});
}

Nanos Reader::Pause() {
  Nanos shortest = Nanos::max();
  for (const std::string& pod : pods_)
    shortest = std::min(shortest, client_.BackoffLeft(pod));
  return shortest;
}

}  // namespace holdfast::run
