#include "harness/run/load/final_reads.h"

#include <algorithm>
#include <optional>

#include "harness/base/strings.h"

namespace holdfast::run {
namespace {

using workloads::Outcome;
using workloads::OutcomeType;
using workloads::Session;

constexpr Nanos kPoll = std::chrono::milliseconds(100);

// The final reads of one pod.
class PodReads {
 public:
  PodReads(const LoadContext& context,
           const FinalReadOptions& options,
           std::string pod,
           const Deadline& deadline,
           const std::stop_token& stop)
      : context_(context),
        options_(options),
        pod_(std::move(pod)),
        limit_(*context.clock, std::min(options.catch_up, deadline.Left())),
        stop_(stop) {}

  // The primary's position, or nullopt when it could not be had in time.
  std::optional<Json> Position() {
    const Outcome outcome = Persist(context_.deadline, [](Session& s) { return s.Position(); });
    if (outcome.type != OutcomeType::kOk) return std::nullopt;
    return outcome.value;
  }

  bool WaitCaughtUp(const Json& position) {
    do {
      const Outcome outcome =
          Once(context_.deadline, [&](Session& s) { return s.CaughtUp(position); });
      if (outcome.type == OutcomeType::kOk && outcome.value == Json(true)) return true;
    } while (!limit_.Passed() && context_.clock->SleepFor(kPoll, stop_));
    return false;
  }

  Result<Json> Probe() {
    Result<Json> probe = Fail(ErrorCode::kUnavailable, "pod {} was not reached", pod_);
    const Outcome outcome = Persist(options_.read_deadline, [&](Session& session) {
      Outcome result;
      probe = session.Probe();
      result.type = probe ? OutcomeType::kOk : OutcomeType::kFail;
      result.connection_lost = !probe;
      return result;
    });
    if (!probe && outcome.type != OutcomeType::kOk && !outcome.error.empty())
      return Fail(ErrorCode::kUnavailable, "pod {} could not be probed: {}", pod_, outcome.error);
    return probe;
  }

  // Recorded; tried again while there is time. True when it was answered.
  bool ReadKey(const std::string& key, bool caught_up) {
    const std::string process = "probe:" + pod_;
    const Json extra = {{"scenario", options_.scenario}};
    do {
      context_.history->Invoke(process, "final-read", key, pod_, nullptr, extra);
      const Outcome outcome =
          Once(options_.read_deadline, [&](Session& s) { return s.ReadAll(key); });
      Json fields = CompletionFields(outcome);
      fields["scenario"] = options_.scenario;
      if (!caught_up) fields["caughtUp"] = false;
      context_.history->Complete(process, "final-read", key, pod_, outcome.type, outcome.value,
                                  fields);
      if (outcome.type == OutcomeType::kOk) return true;
    } while (!limit_.Passed() && context_.clock->SleepFor(kPoll, stop_));
    return false;
  }

 private:
  using Operation = std::function<Outcome(Session&)>;

  Outcome Once(Nanos limit, const Operation& operation) {
    if (!session_) {
      auto connected = ConnectTo(context_, pod_);
      if (!connected) {
        Outcome outcome;
        outcome.type = OutcomeType::kFail;
        outcome.error_class = connected.error().reason;
        outcome.error = connected.error().message;
        return outcome;
      }
      session_ = *std::move(connected);
    }
    Outcome outcome;
    {
      const Watchdog::Guard guard(*context_.watchdog, *session_, limit);
      outcome = operation(*session_);
    }
    if (outcome.connection_lost) session_.reset();
    return outcome;
  }

  Outcome Persist(Nanos limit, const Operation& operation) {
    for (;;) {
      Outcome outcome = Once(limit, operation);
      if (outcome.type == OutcomeType::kOk || limit_.Passed()) return outcome;
      if (!context_.clock->SleepFor(kPoll, stop_)) return outcome;
    }
  }

  const LoadContext& context_;
  const FinalReadOptions& options_;
  std::string pod_;
  const Deadline limit_;  // Its share: a dead pod must not use up the time of the others.
  const std::stop_token& stop_;
  std::unique_ptr<Session> session_;
};

}  // namespace

void ProbePods(const LoadContext& context,
               const FinalReadOptions& options,
               const ProbeSink& probe,
               const std::stop_token& stop) {
  const Deadline deadline(*context.clock, options.timeout);
  for (const std::string& pod : options.pods) {
    if (stop.stop_requested()) return;
    probe(pod, PodReads(context, options, pod, deadline, stop).Probe());
  }
}

Status FinalReads(const LoadContext& context,
                  const FinalReadOptions& options,
                  const ProbeSink& probe,
                  const std::stop_token& stop) {
  const Deadline deadline(*context.clock, options.timeout);
  const std::string primary = context.workload->Primary(*context.deployment);
  std::optional<Json> position;
  if (!options.own_keys) position = PodReads(context, options, primary, deadline, stop).Position();
  std::vector<std::string> incomplete;
  for (const std::string& pod : options.pods) {
    if (stop.stop_requested())
      return Fail(ErrorCode::kCancelled, "stopped before the final read of pod {}", pod);
    PodReads reads(context, options, pod, deadline, stop);
    const bool caught_up = options.own_keys || (position && reads.WaitCaughtUp(*position));
    bool complete = caught_up;
    probe(pod, reads.Probe());
    for (const LoadKey& key : options.keys)
      if (!options.own_keys || key.pod == pod)
        complete = reads.ReadKey(key.name, caught_up) && complete;
    if (!complete) incomplete.push_back(pod);
  }
  if (incomplete.empty()) return {};
  return Fail(ErrorCode::kTimedOut, "not wholly read{} within {}: {}",
              options.own_keys ? "" : " or not caught up with " + primary,
              FormatDuration(options.timeout), Join(incomplete, ", "));
}

}  // namespace holdfast::run
