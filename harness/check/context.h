// What every guarantee is judged from, and the questions that several of them ask.
#ifndef HOLDFAST_HARNESS_CHECK_CONTEXT_H_
#define HOLDFAST_HARNESS_CHECK_CONTEXT_H_

#include <memory>
#include <optional>
#include <set>
#include <span>
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
// Timestamps inside objects have whole seconds.
inline constexpr trace::Stamp kStampTolerance = 2;
// How long a replacement may take when the scenario names no limit.
inline constexpr double kDefaultSettle = 120.0;
inline constexpr const char* kDeploy = "deploy";
// The last scenario of a run: nothing is done in it but to look at what is left.
inline constexpr const char* kLeftAsFound = "left-as-found";
inline constexpr const char* kBareTrace = "trace";

// Who asked for the end of a pod, told from the whole record.
enum class Cause {
  kNone,        // It was not deleted.
  kOwn,         // An action or a fault of the run.
  kDisruption,  // Eviction, taint manager, preemption, pod GC, kubelet (condition
                // DisruptionTarget).
  kPhase,       // The set replaces Failed and Succeeded pods.
  kSetDeleted,  // The garbage collector, after its set.
  kScale,       // Its ordinal is out of range.
  kUpdate,      // The rolling update.
  kReleased,    // It was no longer the set's.
  kOpen,        // What would tell is not in the record: it begins or ends too near, or nobody wrote it.
  kUnknown,     // Nothing in the record explains it.
};

// A pod of the target. `ordinal` is -1 when the name carries none.
struct Member {
  const trace::PodLife* life = nullptr;
  int64_t ordinal = -1;
  Cause cause = Cause::kNone;
  std::string cause_text;  // One clause; empty for kNone and kUnknown. For kOpen: why it is not known.
};

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
  // Filled by Context::Prepare, in the order of the lines.
  std::vector<const Member*> present;        // Existed at some time of it.
  std::vector<const trace::SetState*> sets;  // The state at its begin and all later ones.
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

struct ClientVerdicts;  // client_rules.h

struct Context {
  trace::TraceModel trace;
  std::optional<trace::History> history;
  std::shared_ptr<const ClientVerdicts> clients;  // nullptr when the history cannot be read.
  Json run;                                       // run.json, or null for a bare trace.
  std::string trace_file = "trace.jsonl";
  std::string history_file = "history.jsonl";
  std::vector<Window> windows;

  // Derived by Prepare, once `trace` stands still.
  std::vector<Member> members;               // Pods of the target, in order of appearance.
  std::unordered_map<int64_t, size_t> adds;  // Value -> index into history->adds.
  std::unordered_map<std::string_view, std::vector<const Member*>> by_name;
  std::unordered_map<int64_t, std::vector<const Member*>> by_ordinal;
  std::vector<int64_t> ordinals;  // That ever had a pod, ascending.
  std::unordered_map<std::string_view, const Member*> by_uid;
  std::unordered_map<std::string_view, std::vector<const trace::ClaimLife*>> claims;  // By name.
  std::unordered_map<std::string_view, std::vector<const trace::NodeLife*>> nodes;    // By name.
  // What the run itself asked of one object, by uid and, where no uid is recorded, by name.
  std::unordered_map<std::string_view, std::vector<const trace::Action*>> actions_by_uid;
  std::unordered_map<std::string_view, std::vector<const trace::Action*>> actions_by_name;
  std::unordered_map<std::string_view, std::vector<const trace::Fault*>> faults_by_uid;
  // Of each uid of the target the first state that is terminating or gone; nullptr when there is none.
  std::unordered_map<std::string_view, const trace::SetState*> set_ends;
  std::vector<const trace::Action*> namespace_deletions;  // Of the target's, not refused.
  // Work done by the judges: members, states and claims looked at.
  mutable int64_t steps = 0;
  // Linear in the trace. Call again after `trace` has grown.
  void Prepare();

  [[nodiscard]] bool IsDeployment() const { return trace.target_kind == "Deployment"; }
  // The canonical ordinal in `name`, or -1.
  [[nodiscard]] int64_t OrdinalOf(std::string_view name) const;
  // Every state of the target that its controller may have acted on at `t`: the one in force kDelta
  // before, and all up to kDelta after (its status lags, and watches of two resources are not
  // ordered).
  [[nodiscard]] std::vector<const trace::SetState*> SetAround(double t) const;
  // The same for what the line at `at` tells, by versions where they can be compared: no state that
  // was written after it, because nobody acts on what is not written yet, and always the one that
  // was in force when it was, however late the lines came.
  [[nodiscard]] std::vector<const trace::SetState*> SetAround(const trace::At& at) const;
  // The update revisions that may have been in force at `t`; the status that tells them is written
  // after the sync, so the next one counts too.
  [[nodiscard]] std::set<std::string> UpdateRevisionsAround(double t) const;
  // The same for what the line at `at` tells: also what the templates of the states turned out to be,
  // however late the lines came that say so.
  [[nodiscard]] std::set<std::string> UpdateRevisionsAround(const trace::At& at) const;
  // The last state at or before the line, or nullptr.
  [[nodiscard]] const trace::SetState* SetAt(int64_t line) const;
  [[nodiscard]] bool Parallel() const;
  // The life of `name` whose states span the line, or nullptr.
  [[nodiscard]] const trace::PodLife* LiveAt(const std::string& name, int64_t line) const;
  // The last life of the ordinal that began before the line, or nullptr.
  [[nodiscard]] const Member* LastOf(int64_t ordinal, int64_t line) const;
  // The lives of a claim name; empty when there were none.
  [[nodiscard]] const std::vector<const trace::ClaimLife*>& ClaimsOf(std::string_view name) const;
  // What runs at `t`: "during pod-delete of pg-0", "after delete pod web-1", or empty.
  [[nodiscard]] std::string During(double t) const;
  // 28 for "v1.28.3"; 0 when the record does not say.
  [[nodiscard]] int MinorVersion() const;

 private:
  bool is_parallel_ = false;
};

bool InRange(const trace::SetState& state, int64_t ordinal);
// Which of two lines of different resources tells what was written first: by versions, or by lines
// where versions cannot be compared.
bool IsBefore(const Context& context, const trace::At& a, const trace::At& b);
// The same beyond doubt: `a` came more than kDelta before `b`, and versions do not say otherwise. A
// watch may be late by any time, but it tells the true versions.
bool IsSurelyBefore(const Context& context, const trace::At& a, const trace::At& b);
// The newest state at or before the line; the first when there is none.
const trace::PodState& StateAt(const trace::PodLife& life, int64_t line);
// The states that begin in the window, in line order.
std::span<const trace::PodState> StatesIn(const trace::PodLife& life, const Window& window);
// The life of the same name before this one, or nullptr.
const Member* Former(const Context& context, const trace::PodLife& life);
// The lives of the same name after this one that begin before the line.
std::vector<const Member*> Later(const Context& context, const trace::PodLife& life, int64_t line);
bool WasReadyBefore(const trace::PodLife& life, int64_t line);
// Since when the life has been not Ready, terminating or gone without interruption, as seen before
// the line; nullopt when it is well.
std::optional<trace::At> UnwellSince(const trace::PodLife& life, int64_t line);
// The owner with `controller: true`, or nullptr.
const trace::OwnerReference* Controller(const std::vector<trace::OwnerReference>& owners);
// Whether a controller that sees this state may delete the pod of the ordinal, which is at
// `revision`, for a rolling update.
bool MayUpdate(const Context& context,
               const trace::SetState& set,
               int64_t ordinal,
               const std::string& revision);
// The revision of the template in this state (of context.trace), by the first status that has
// observed it; nullopt when none tells.
std::optional<std::string> RevisionOfTemplate(const Context& context, const trace::SetState& set);
// True when the action may have had its effect: it was not certainly refused.
bool MayHaveHappened(const trace::Action& action);
// A delete action on that object that may have had its effect before the line, or nullptr.
const trace::Action* OwnDeletion(const Context& context,
                                 std::string_view resource,
                                 std::string_view name,
                                 std::string_view uid,
                                 int64_t line);
// Fills in who asked for the end of the pod, over its whole life.
void Attribute(const Context& context, Member& member);
// Whether the cause lies outside of the set's own scaling and updating.
bool IsForeign(Cause cause);
// Already asked to stop when the record began: its end is no event of this record.
template <typename State>
bool WasEndingBefore(const trace::Life<State>& life) {
  return life.listed && life.term && life.term->line == life.first().line;
}
// True when the set was deleted with its pods left behind (cascade orphan).
bool WasOrphaned(const Context& context, const std::string& set_uid);

ObjectId PodId(const trace::PodLife& life);
ObjectId ClaimId(const trace::ClaimLife& life);
std::string Describe(const trace::PodLife& life);  // "pod pg-0 (uid u0)"
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
  // Members that existed in the window.
  [[nodiscard]] const std::vector<const Member*>& Pods() const;
  // Those that the controller created in it (not listed, not adopted), with an ordinal.
  [[nodiscard]] std::vector<const Member*> Created() const;
  // Those whose deletion began in it.
  [[nodiscard]] std::vector<const Member*> Deleted() const;

  // Resources without which nothing can be said.
  void Needs(std::vector<std::string> resources) { needs_ = std::move(resources); }
  // Findings rest on the order of lines of the needed resources.
  void RestsOnOrder() { rests_on_order_ = true; }
  // Findings rest on what is not in the record: a hole anywhere in the window takes their proof.
  void RestsOnWholeness() { rests_on_wholeness_ = true; }
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
  bool rests_on_wholeness_ = false;
  int64_t judged_ = 0;
  std::vector<Finding> findings_;
  std::vector<std::string> undecided_;
};

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_CONTEXT_H_
