#include "harness/run/load/sentinel.h"

namespace holdfast::run {

Status WriteSentinel(const LoadContext& context,
                     const LoadOptions& options,
                     int rows,
                     Nanos timeout,
                     const std::stop_token& stop) {
  const std::vector<LoadKey> keys = SentinelKeys(options);
  Writer writer(context, kSentinelWriter, keys.front(), SentinelProcess(options),
                ProcessStride(options));
  const Deadline deadline(*context.clock, timeout);
  for (int acknowledged = 0; acknowledged < rows;) {
    if (stop.stop_requested())
      return Fail(ErrorCode::kCancelled, "stopped while writing the sentinel rows");
    writer.SetKey(keys[static_cast<size_t>(acknowledged) % keys.size()]);
    const workloads::Outcome outcome = writer.Step();
    if (outcome.type == workloads::OutcomeType::kOk) {
      ++acknowledged;
      continue;
    }
    if (deadline.Passed())
      return Fail(ErrorCode::kTimedOut, "only {} of {} sentinel rows were acknowledged: {}",
                  acknowledged, rows, outcome.error);
    context.clock->SleepFor(writer.Pause(), stop);
  }
  return {};
}

}  // namespace holdfast::run
