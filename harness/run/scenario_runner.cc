#include "harness/run/scenario_runner.h"

#include <functional>

#include "harness/base/strings.h"

namespace holdfast::run {
namespace {

constexpr Nanos kPoll = std::chrono::milliseconds(10);
// Acknowledged writes before the first fault and after the last one: a fault under no load shows
// nothing.
constexpr int64_t kAcksAround = 40;
constexpr Nanos kAcksTimeout = std::chrono::seconds(30);

class Player {
 public:
  Player(Stage& stage, const suite::Scenario& scenario, const std::stop_token& stop)
      : stage_(stage),
        scenario_(scenario),
        stop_(stop) {}

  Status Play() {
    stage_.trace->Append("scenario", {{"name", scenario_.name}, {"phase", "begin"}});
    const int64_t acks_at_begin = stage_.load->counts().acked_adds;
    stage_.load->Resume();
    stage_.observer->Phase("load running, before the first fault");
    HOLDFAST_RETURN_IF_ERROR(AwaitAcks(stage_.load->counts().acked_adds + kAcksAround));
    bool going_on = true;
    for (size_t i = 0; i < scenario_.steps.size() && going_on; ++i) {
      HOLDFAST_ASSIGN(going_on, PlayStep(i));
    }
    HOLDFAST_RETURN_IF_ERROR(Heal());
    stage_.observer->Phase("load running, after the last fault");
    const int64_t enough = std::max(acks_at_begin + stage_.minimum_acks,
                                    stage_.load->counts().acked_adds + kAcksAround);
    HOLDFAST_RETURN_IF_ERROR(AwaitAcks(enough));
    HOLDFAST_RETURN_IF_ERROR(ReadEverything());
    stage_.cluster->MarkTroubles();
    stage_.trace->Append("scenario", {{"name", scenario_.name}, {"phase", "end"}});
    return stage_.trace->Health();
  }

 private:
  // The step's outcome goes into the trace; false when the rest of the scenario makes no sense any
  // more.
  Result<bool> PlayStep(size_t index) {
    const suite::Step& step = scenario_.steps[index];
    stage_.observer->Phase(step.text);
    Json line = {
        {"scenario", scenario_.name}, {"name", step.name}, {"index", index}, {"phase", "begin"}};
    stage_.trace->Append("step", line);
    const Status done = step.name == "settle" ? SettleStep(step.parameters) : FaultStep(step);
    line["phase"] = "end";
    line["ok"] = done.has_value();
    if (!done) line["message"] = done.error().message;
    stage_.trace->Append("step", line);
    if (done) return true;
    if (done.error().code == ErrorCode::kCancelled) return Fail(done.error());
    stage_.observer->Line(scenario_.name + ": " + step.text + ": " + done.error().message);
    return false;
  }

  using Condition = std::function<bool(const faults::Snapshot&)>;

  Status SettleStep(const Json& parameters, const Condition& condition = Settled) {
    const std::string given =
        GetString(parameters, {"within"}, GetString(scenario_.limits, {"settle"}, "2m"));
    HOLDFAST_ASSIGN(const Nanos within, ParseDuration(given));
    return stage_.cluster->WaitUntil("the set to settle", condition, within);
  }

  Status FaultStep(const suite::Step& step) {
    const faults::Fault* fault = faults::FindFault(step.name);
    if (fault == nullptr) return Fail(ErrorCode::kInternal, "no fault is named {}", step.name);
    const int id = stage_.trace->NextFaultId();
    auto targets = fault->Choose(stage_.cluster->Look(), stage_.cluster->Primary(), step.parameters,
                                 stage_.random);
    Json begin = {{"id", id},
                  {"fault", step.name},
                  {"scenario", scenario_.name},
                  {"phase", "begin"},
                  {"parameters", step.parameters},
                  {"proof-needed", fault->Text().proof}};
    begin["targets"] = Json::array();
    begin["gives-up"] = Json::array();
    if (targets) {
      for (const faults::Pod& pod : targets->pods)
        begin["targets"].push_back({{"kind", "Pod"}, {"name", pod.name}, {"uid", pod.uid}});
      for (const std::string& guarantee : targets->gives_up)
        begin["gives-up"].push_back(guarantee);
    }
    stage_.trace->Append("fault", begin);
    if (!targets) {
      stage_.trace->Append(
          "fault", {{"id", id}, {"phase", "unproven"}, {"sentence", targets.error().message}});
      stage_.trace->Append("fault", {{"id", id}, {"phase", "end"}});
      return Fail(targets.error());
    }
    const Result<faults::Proof> proof = fault->Inject(*stage_.cluster, *targets, step.parameters);
    const bool proven = proof && proof->proven;
    const std::string sentence = proof ? proof->sentence : proof.error().message;
    stage_.trace->Append(
        "fault", {{"id", id}, {"phase", proven ? "proof" : "unproven"}, {"sentence", sentence}});
    stage_.trace->Append("fault", {{"id", id}, {"phase", "end"}});
    if (!proof) return Fail(proof.error());
    if (!proven) return Fail(ErrorCode::kTimedOut, "the fault is not proven: {}", sentence);
    return {};
  }

  // The set gets its first number of replicas back and has time to settle; recorded as a step of
  // its own.
  Status Heal() {
    stage_.observer->Phase("healing and settling");
    Json line = {{"scenario", scenario_.name},
                 {"name", "heal"},
                 {"index", scenario_.steps.size()},
                 {"phase", "begin"}};
    stage_.trace->Append("step", line);
    const Status settled = ScaleBackAndSettle();
    line["phase"] = "end";
    line["ok"] = settled.has_value();
    if (!settled) line["message"] = settled.error().message;
    stage_.trace->Append("step", line);
    if (settled) return {};
    if (settled.error().code == ErrorCode::kCancelled) return settled;
    stage_.observer->Line(scenario_.name + ": " + settled.error().message);
    return {};
  }

  // What we see may be older than our own request: the number of replicas must be seen too.
  Status ScaleBackAndSettle() {
    if (stage_.cluster->Look().replicas != stage_.replicas)
      HOLDFAST_RETURN_IF_ERROR(stage_.cluster->Scale(stage_.replicas));
    return SettleStep(Json::object(), [this](const faults::Snapshot& now) {
      return now.replicas == stage_.replicas && Settled(now);
    });
  }

  // Waits for the writers; that too few came is for the checkers to say.
  Status AwaitAcks(int64_t until) {
    const Deadline deadline(*stage_.clock, kAcksTimeout);
    while (stage_.load->counts().acked_adds < until && !deadline.Passed()) {
      if (!stage_.clock->SleepFor(kPoll, stop_))
        return Fail(ErrorCode::kCancelled, "stopped while clients were writing");
    }
    return {};
  }

  Status ReadEverything() {
    stage_.observer->Phase("final reads from every pod");
    stage_.load->Pause();
    const Status bounded = stage_.load->WriteTombstones(kAcksTimeout, stop_);
    if (stop_.stop_requested())
      return Fail(ErrorCode::kCancelled, "stopped before the final reads");
    if (!bounded) stage_.observer->Line(scenario_.name + ": " + bounded.error().message);
    FinalReadOptions options;
    options.scenario = scenario_.name;
    options.pods = stage_.load_options.pods;
    options.keys = LoadKeys(stage_.load_options);
    const auto sink = [&](const std::string& pod, const Result<Json>& probe) {
      RecordProbe(pod, probe);
    };
    const Status read = FinalReads(stage_.load_context, options, sink, stop_);
    if (stop_.stop_requested())
      return Fail(ErrorCode::kCancelled, "stopped during the final reads");
    if (!read) stage_.observer->Line(scenario_.name + ": final reads: " + read.error().message);
    return stage_.load_context.history->Health();
  }

  void RecordProbe(const std::string& pod, const Result<Json>& probe) {
    const faults::Snapshot now = stage_.cluster->Look();
    const faults::Pod* found = now.Find(pod);
    Json line = probe ? *probe : Json{{"error", probe.error().message}};
    line["pod"] = pod;
    line["uid"] = found != nullptr ? found->uid : "";
    line["scenario"] = scenario_.name;
    stage_.trace->Append("probe", std::move(line));
  }

  Stage& stage_;
  const suite::Scenario& scenario_;
  const std::stop_token& stop_;
};

}  // namespace

Status PlayScenario(Stage& stage, const suite::Scenario& scenario, const std::stop_token& stop) {
  return Player(stage, scenario, stop).Play();
}

}  // namespace holdfast::run
