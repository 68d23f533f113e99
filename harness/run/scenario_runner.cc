#include "harness/run/scenario_runner.h"

#include <algorithm>
#include <future>
#include <utility>

#include "harness/base/strings.h"
#include "harness/run/fault_player.h"
#include "harness/run/steps.h"

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
    ProbeBefore();
    const std::vector<PlannedStep> steps = StepsOf(scenario_, stage_.seed);
    Status played;
    for (size_t i = 0; i < steps.size() && played; ++i)
      played = PlayStep(steps[i], i);
    const Status joined = Join();
    for (const Status& status : {played, joined}) {
      if (!status && (status.error().code == ErrorCode::kCancelled || IsFence(status.error())))
        return status;
    }
    HOLDFAST_RETURN_IF_ERROR(Heal(steps.size()));
    stage_.observer->Phase("load running, after the last fault");
    const int64_t enough = std::max(acks_at_begin + MinimumAcks(),
                                    stage_.load->counts().acked_adds + kAcksAround);
    HOLDFAST_RETURN_IF_ERROR(AwaitAcks(enough));
    HOLDFAST_RETURN_IF_ERROR(ReadEverything());
    stage_.cluster->MarkTroubles();
    stage_.trace->Append("scenario", {{"name", scenario_.name}, {"phase", "end"}});
    return stage_.trace->Health();
  }

 private:
  // A fault that goes on while the next steps are played.
  struct Background {
    Json line;
    std::string text;
    std::future<Status> done;
  };

  // The step's outcome goes into the trace; an error when the rest of the scenario makes no sense
  // any more.
  Status PlayStep(const PlannedStep& planned, size_t index) {
    const suite::Step& step = *planned.step;
    stage_.observer->Phase(step.text);
    Json line = {
        {"scenario", scenario_.name}, {"name", step.name}, {"index", index}, {"phase", "begin"}};
    stage_.trace->Append("step", line);
    if (step.name == "settle") {
      Status settled = Join();
      if (settled) settled = SettleStep(step.parameters);
      return EndStep(std::move(line), step.text, settled);
    }
    if (step.name == "when") return EndStep(std::move(line), step.text, WhenStep(step.parameters));
    if (step.name == "wait") return EndStep(std::move(line), step.text, WaitStep(step.parameters));
    auto chosen = ChooseFault(*stage_.cluster, *stage_.trace, scenario_.name, step, planned.random);
    if (!chosen) return EndStep(std::move(line), step.text, Fail(chosen.error()));
    if (!GetBool(step.parameters, {"background"}))
      return EndStep(std::move(line), step.text,
                     InjectFault(*stage_.cluster, *stage_.trace, *chosen));
    background_.push_back(
        {std::move(line), step.text,
         std::async(std::launch::async, [this, fault = *std::move(chosen)] {
           return InjectFault(*stage_.cluster, *stage_.trace, fault);
         })});
    return {};
  }

  Status EndStep(Json line, const std::string& text, const Status& done) {
    line["phase"] = "end";
    line["ok"] = done.has_value();
    if (!done) line["message"] = done.error().message;
    stage_.trace->Append("step", std::move(line));
    if (!done && done.error().code != ErrorCode::kCancelled)
      stage_.observer->Line(scenario_.name + ": " + text + ": " + done.error().message);
    return done;
  }

  // Waits for every fault in the background; the first error of any.
  Status Join() {
    Status first;
    for (Background& fault : background_) {
      const Status done = EndStep(std::move(fault.line), fault.text, fault.done.get());
      if (!done && first) first = done;
    }
    background_.clear();
    return first;
  }

  Status SettleStep(const Json& parameters, const faults::Condition& condition = Settled) {
    const std::string given =
        GetString(parameters, {"within"}, GetString(scenario_.limits, {"settle"}, "2m"));
    HOLDFAST_ASSIGN(const Nanos within, ParseDuration(given));
    return stage_.cluster->WaitUntil("the set to settle", condition, within);
  }

  Status WaitStep(const Json& parameters) {
    HOLDFAST_ASSIGN(const Nanos time, ParseDuration(GetString(parameters, {"for"})));
    if (stage_.clock->SleepFor(time, stop_)) return {};
    return Fail(ErrorCode::kCancelled, "stopped while waiting");
  }

  Status WhenStep(const Json& parameters) {
    HOLDFAST_ASSIGN(const Nanos within, ParseDuration(GetString(parameters, {"within"}, "2m")));
    const Deadline deadline(*stage_.clock, within);
    if (parameters.contains("acks")) {
      const int64_t until = stage_.load->counts().acked_adds + GetInt(parameters, {"acks"});
      while (stage_.load->counts().acked_adds < until) {
        if (deadline.Passed())
          return Fail(ErrorCode::kTimedOut, "{} more writes were not acknowledged within {}",
                      GetInt(parameters, {"acks"}), FormatDuration(within));
        if (!stage_.clock->SleepFor(kPoll, stop_))
          return Fail(ErrorCode::kCancelled, "stopped while clients were writing");
      }
    }
    return stage_.cluster->WaitUntil(
        "the state that the step waits for",
        [&](const faults::Snapshot& now) { return Holds(parameters, now); }, deadline.Left());
  }

  static bool Holds(const Json& parameters, const faults::Snapshot& now) {
    if (parameters.contains("updated") && now.Updated() < GetInt(parameters, {"updated"}))
      return false;
    if (parameters.contains("pods") &&
        now.pods.size() != static_cast<size_t>(GetInt(parameters, {"pods"})))
      return false;
    const std::string phase = GetString(parameters, {"phase"});
    if (phase.empty()) return true;
    const faults::Pod* pod = now.Find(GetString(parameters, {"pod"}));
    if (pod == nullptr || phase == "Gone") return pod == nullptr && phase == "Gone";
    if (pod->terminating || phase == "Terminating")
      return pod->terminating && phase == "Terminating";
    return phase == "Ready" ? pod->ready : pod->phase == phase;
  }

  [[nodiscard]] int64_t MinimumAcks() const {
    return GetInt(scenario_.limits, {"minimum-acks"}, stage_.minimum_acks);
  }

  // What the faults left behind is taken back, the set gets its first number of replicas again and
  // has time to settle; recorded as a step of its own.
  Status Heal(size_t index) {
    stage_.observer->Phase("healing and settling");
    Json line = {
        {"scenario", scenario_.name}, {"name", "heal"}, {"index", index}, {"phase", "begin"}};
    stage_.trace->Append("step", line);
    const std::vector<std::string> injured = stage_.nodes->Changed();
    Status healed = stage_.nodes->UndoAll();
    const Status taken_back = stage_.cluster->Heal();
    if (healed) healed = taken_back;
    if (healed) healed = ScaleBackAndSettle(injured);
    // What follows is load, not a request of ours.
    observe::TakeWakeTime();
    const Status ended = EndStep(std::move(line), "heal", healed);
    if (!ended && ended.error().code == ErrorCode::kCancelled) return ended;
    return {};
  }

  // What we see may be older than our own request: the number of replicas must be seen too.
  Status ScaleBackAndSettle(const std::vector<std::string>& injured) {
    if (stage_.cluster->Look().replicas != stage_.replicas)
      HOLDFAST_RETURN_IF_ERROR(stage_.cluster->Scale(stage_.replicas));
    return SettleStep(Json::object(), [&, this](const faults::Snapshot& now) {
      for (const std::string& name : injured) {
        const faults::Node* node = now.FindNode(name);
        if (node != nullptr && !node->ready) return false;
      }
      return now.replicas == stage_.replicas && Settled(now);
    });
  }

  // Waits for the writers; that too few came is for the checkers to say.
  Status AwaitAcks(int64_t until) {
    if (stage_.load_options.writers == 0) return {};
    const Deadline deadline(*stage_.clock, kAcksTimeout);
    while (stage_.load->counts().acked_adds < until && !deadline.Passed()) {
      if (!stage_.clock->SleepFor(kPoll, stop_))
        return Fail(ErrorCode::kCancelled, "stopped while clients were writing");
    }
    return {};
  }

  // Once: every scenario ends with probes, which the next one compares with.
  void ProbeBefore() {
    if (stage_.load_options.writers == 0 || std::exchange(stage_.probed, true)) return;
    FinalReadOptions options;
    options.pods = stage_.load_options.pods;
    ProbePods(stage_.load_context, options, ProbeLine(), stop_);
  }

  ProbeSink ProbeLine() {
    return [this](const std::string& pod, const Result<Json>& probe) { RecordProbe(pod, probe); };
  }

  Status ReadEverything() {
    if (stage_.load_options.writers == 0) return {};
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
    options.own_keys = stage_.load_options.writes == workloads::Writes::kOwnKeys;
    // Where a set may take long to settle, replicas may take long to catch up.
    const Nanos settle = ParseDuration(GetString(scenario_.limits, {"settle"})).value_or(Nanos{0});
    options.catch_up = std::max(options.catch_up, settle / 4);
    options.timeout = std::max(options.timeout, settle / 2);
    const Status read = FinalReads(stage_.load_context, options, ProbeLine(), stop_);
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
    if (line.contains("witness")) {
      Json file = line["witness"];
      line.erase("witness");
      file["pod"] = pod;
      file["claim"] = stage_.claim_template + "-" + pod;
      file["claimUid"] = stage_.cluster->ClaimUid(GetString(file, {"claim"}));
      stage_.trace->Append("volume-file", std::move(file));
    }
    stage_.trace->Append("probe", std::move(line));
  }

  Stage& stage_;
  const suite::Scenario& scenario_;
  const std::stop_token& stop_;
  std::vector<Background> background_;
};

}  // namespace

Status PlayScenario(Stage& stage, const suite::Scenario& scenario, const std::stop_token& stop) {
  return Player(stage, scenario, stop).Play();
}

}  // namespace holdfast::run
