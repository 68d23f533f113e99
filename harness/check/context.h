// What every guarantee is judged from, and the questions that several of them ask.
#ifndef HOLDFAST_HARNESS_CHECK_CONTEXT_H_
#define HOLDFAST_HARNESS_CHECK_CONTEXT_H_

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "harness/base/json.h"
#include "harness/check/verdict.h"
#include "harness/trace/history_reader.h"
#include "harness/trace/trace_model.h"

namespace holdfast::check {

// States that were false for no longer than this before a decision of the controller prove nothing:
// it decides on a cache that lags (reference: rule B).
inline constexpr double kDelta = 5.0;
// How long a replacement may take when the scenario names no limit.
inline constexpr double kDefaultSettle = 120.0;
inline constexpr const char* kDeploy = "deploy";
inline constexpr const char* kBareTrace = "trace";

// One scenario, or what came before the first. Lines [begin, end), seconds [t0, t1).
struct Window {
  std::string name;
  int64_t begin_line = 0;
  int64_t end_line = 0;
  double t0 = 0;
  double t1 = 0;
  bool run = true;        // False: planned, but not begun.
  bool complete = false;  // Its end is in the record.
  Json plan;              // Its entry of run.json, or null.
  [[nodiscard]] bool Has(const trace::At& at) const {
    return at.line >= begin_line && at.line < end_line;
  }
  // `time` in nanoseconds on the run's clock.
  [[nodiscard]] bool HasTime(int64_t time) const {
    const double t = static_cast<double>(time) * 1e-9;
    return t >= t0 && t < t1;
  }
  // limits.settle, in seconds.
  [[nodiscard]] double Settle() const;
};

// A pod of the target. `ordinal` is -1 when the name carries none.
struct Member {
  const trace::PodLife* life = nullptr;
  int64_t ordinal = -1;
};

struct Context {
  trace::TraceModel trace;
  std::optional<trace::History> history;
  Json run;  // run.json, or null for a bare trace.
  std::string trace_file = "trace.jsonl";
  std::string history_file = "history.jsonl";
  std::vector<Window> windows;

  // Derived by Prepare, once `trace` stands still.
  std::vector<Member> members;               // Pods of the target, in order of appearance.
  std::unordered_map<int64_t, size_t> adds;  // Value -> index into history->adds.
  void Prepare();

  [[nodiscard]] bool IsDeployment() const { return trace.target_kind == "Deployment"; }
  // The canonical ordinal in `name`, or -1.
  [[nodiscard]] int64_t OrdinalOf(const std::string& name) const;
  // Every state of the target that its controller may have acted on at `t`: the one in force kDelta
  // before, and all up to kDelta after (its status lags, and watches of two resources are not
  // ordered).
  [[nodiscard]] std::vector<const trace::SetState*> SetAround(double t) const;
  // The last state at or before the line, or nullptr.
  [[nodiscard]] const trace::SetState* SetAt(int64_t line) const;
  [[nodiscard]] bool Parallel() const;
  // The life of `name` whose states span the line, or nullptr.
  [[nodiscard]] const trace::PodLife* LiveAt(const std::string& name, int64_t line) const;
  // What runs at `t`: "during pod-delete of pg-0", "after delete pod web-1", or empty.
  [[nodiscard]] std::string During(double t) const;
};

bool InRange(const trace::SetState& state, int64_t ordinal);
// The newest state at or before the line; REQUIRES that there is one.
const trace::PodState& StateAt(const trace::PodLife& life, int64_t line);
bool WasReadyBefore(const trace::PodLife& life, int64_t line);
// The owner with `controller: true`, or nullptr.
const trace::OwnerReference* Controller(const std::vector<trace::OwnerReference>& owners);

// Why the pod was deleted, as one clause, or nullopt when the whole record holds no cause.
std::optional<std::string> CauseOfDeletion(const Context& context, const trace::PodLife& life);
// The same for causes other than the set's own scale-down.
std::optional<std::string> ForeignCause(const Context& context, const trace::PodLife& life);

ObjectId PodId(const trace::PodLife& life);
std::string Seconds(double t);

// Collects what one guarantee saw in one window, and makes the verdict of it.
class Judgement {
 public:
  Judgement(const Context& context, const Window& window, std::string id)
      : context_(context),
        window_(window),
        id_(std::move(id)) {}
  [[nodiscard]] const Context& context() const { return context_; }
  [[nodiscard]] const Window& window() const { return window_; }

  // Resources without which nothing can be said.
  void Needs(std::vector<std::string> resources) { needs_ = std::move(resources); }
  // Findings rest on the order of lines of the needed resources.
  void RestsOnOrder() { rests_on_order_ = true; }
  // Something was judged. Without any, the guarantee was not exercised.
  void Saw(int64_t count = 1) { judged_ += count; }
  [[nodiscard]] int64_t judged() const { return judged_; }
  // `at` places the finding in time; evidence lines are of the trace.
  void Broken(double t,
              std::string sentence,
              std::vector<ObjectId> objects,
              const std::vector<int64_t>& lines);
  void Broken(Finding finding);
  // Part of it could not be decided.
  void Undecided(std::string why);
  [[nodiscard]] CheckResult NotApplicable(std::string why) const;
  // `seen` says what a pass rests on, `idle` why nothing was judged.
  [[nodiscard]] CheckResult Conclude(std::string seen, std::string idle);

 private:
  [[nodiscard]] std::optional<std::string> Weakness() const;
  [[nodiscard]] bool Proven(const Finding& finding) const;

  const Context& context_;
  const Window& window_;
  std::string id_;
  std::vector<std::string> needs_;
  bool rests_on_order_ = false;
  int64_t judged_ = 0;
  std::vector<Finding> findings_;
  std::vector<std::string> undecided_;
};

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_CONTEXT_H_
