#include "harness/run/load/list_client.h"

namespace holdfast::run {
namespace {

constexpr uint64_t kMostSteps = 4;
constexpr uint64_t kLists = 4;
// Appends of one client until it goes on to other lists.
constexpr int64_t kAppends = 64;

}  // namespace

ListClient::ListClient(const LoadContext& context,
                       int writer,
                       std::string pod,
                       Random random,
                       int64_t process,
                       int64_t stride)
    : Worker(context, process, stride),
      pod_(std::move(pod)),
      random_(random),
      run_(context.deployment->run_number),
      writer_(writer) {}

workloads::Outcome ListClient::Step() {
  Json steps = Json::array();
  const uint64_t count = 1 + random_.Below(kMostSteps);
  for (uint64_t i = 0; i < count; ++i) {
    const std::string list =
        fmt::format("l{}-{}", sequence_ / kAppends, random_.Below(kLists));
    if (random_.Below(2) == 0)
      steps.push_back({"r", list, nullptr});
    else
      steps.push_back({"append", list, OperationValue(run_, writer_, ++sequence_)});
  }
  return client_.Perform(pod_, {.function = workloads::Function::kTransact,
                                .key = "",
                                .value = std::move(steps)});
}

}  // namespace holdfast::run
