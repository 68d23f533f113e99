#include "harness/check/returns.h"

#include <algorithm>
#include <cmath>

#include "harness/check/client_rules.h"
#include "harness/check/families.h"
#include "harness/check/storage_facts.h"

namespace holdfast::check {
namespace {

using trace::Action;
using trace::Operation;
using trace::OperationEnd;
using trace::PodLife;
using trace::PodState;

constexpr double kNano = 1e-9;

// The first request that may have led to the deletion; of evictions that a budget refused first, the
// first one counts: somebody waited from there.
std::optional<double> Asked(const Context& context, const PodLife& life) {
  const auto found = context.actions_by_uid.find(life.uid);
  if (found == context.actions_by_uid.end()) return std::nullopt;
  std::optional<double> first;
  for (const Action* action : found->second) {
    if ((action->verb != "delete" && action->verb != "evict") || action->at.t > life.term->t) continue;
    if (!first || action->at.t < *first) first = action->at.t;
  }
  return first;
}

std::vector<std::string> Volumes(const Context& context, const PodLife& life) {
  std::vector<std::string> volumes;
  for (const auto& [name, use] : life.states.back().identity->claims)
    if (const trace::ClaimLife* claim = ClaimAround(context, use.claim, life.states.back().at.t))
      if (std::string volume = VolumeOf(*claim); !volume.empty()) volumes.push_back(std::move(volume));
  return volumes;
}

bool Holds(const std::vector<std::string>& volumes, const trace::AttachmentLife& attachment) {
  return std::find(volumes.begin(), volumes.end(), attachment.states.back().volume) != volumes.end();
}

std::optional<double> Detached(const Context& context, const PodLife& life) {
  const std::vector<std::string> volumes = Volumes(context, life);
  std::optional<double> last;
  for (const trace::AttachmentLife& attachment : context.trace.attachments) {
    if (!Holds(volumes, attachment) || attachment.states.back().node != life.states.back().node) continue;
    if (attachment.first().t > life.term->t || (attachment.gone && attachment.gone->t < life.term->t)) continue;
    if (!attachment.gone) return std::nullopt;
    last = std::max(last.value_or(0), attachment.gone->t);
  }
  return last;
}

// Attachments that came later belong to later lives on the same node.
std::optional<double> Attached(const Context& context, const PodLife& life, std::optional<double> started) {
  const double until = started.value_or(life.gone ? life.gone->t : HUGE_VAL);
  const std::vector<std::string> volumes = Volumes(context, life);
  std::optional<double> last;
  for (const trace::AttachmentLife& attachment : context.trace.attachments) {
    if (!Holds(volumes, attachment) || attachment.states.back().node != life.states.back().node) continue;
    if ((attachment.gone && attachment.gone->t < life.first().t) || attachment.first().t > until) continue;
    const auto done = std::find_if(attachment.states.begin(), attachment.states.end(),
                                   [](const trace::AttachmentState& state) { return state.attached; });
    if (done == attachment.states.end()) return std::nullopt;
    last = std::max(last.value_or(0), done->at.t);
  }
  return last;
}

template <typename Test>
std::optional<double> First(const PodLife& life, const Window& window, Test test) {
  for (const PodState& state : life.states)
    if (state.at.line < window.end_line && test(state)) return state.at.t;
  return std::nullopt;
}

// When the first operation that began after the pod was made was acknowledged by it.
std::optional<double> Answered(const Context& context, const Window& window, const PodLife& life) {
  if (context.clients == nullptr) return std::nullopt;
  const history::History& record = context.clients->record;
  const double until = life.term ? std::min(life.term->t, window.t1) : window.t1;
  std::optional<double> first;
  for (const history::Op& op : record.ops) {
    const history::Origin& origin = record.origins[op.index];
    const double start = static_cast<double>(op.start) * kNano;
    if (start > until || (first && start > *first)) break;
    if (op.end != history::End::kOk || start < life.first().t ||
        !record.processes.IsInteger(origin.process) || record.nodes.TextOf(origin.node) != life.name)
      continue;
    const double finish = static_cast<double>(op.finish) * kNano;
    if (!first || finish < *first) first = finish;
  }
  return first;
}

// The first read of the replica that shows it at the place where the primary was when it was Ready.
std::optional<double> CaughtUp(const Context& context, const Window& window, const PodLife& life, double ready) {
  if (!context.history) return std::nullopt;
  const Operation* primary = nullptr;
  const auto each = [&](const auto& take) {
    for (const auto* operations : {&context.history->reads, &context.history->finals})
      for (const Operation& read : *operations)
        if (read.end == OperationEnd::kOk) take(read);
  };
  each([&](const Operation& read) {
    if (read.role == "primary" && read.node != life.name && static_cast<double>(read.completed) * kNano <= ready &&
        trace::PositionAfter(read).known() && (primary == nullptr || read.completed > primary->completed))
      primary = &read;
  });
  if (primary == nullptr) return std::nullopt;
  const trace::ReplicaPosition wanted = trace::PositionAfter(*primary);
  std::optional<double> first;
  each([&](const Operation& read) {
    const double time = static_cast<double>(read.completed) * kNano;
    if (read.role != "replica" || read.node != life.name || time < ready || time > window.t1 || (first && time >= *first)) return;
    if (trace::Reached(trace::PositionBefore(read), wanted).value_or(false)) first = time;
  });
  return first;
}

Return Follow(const Context& context, const Window& window, const PodLife& lost, const PodLife* next) {
  Return result;
  result.lost = &lost;
  result.next = next;
  result.asked = Asked(context, lost);
  result.terminating = lost.term->t;
  if (lost.gone) result.gone = lost.gone->t;
  result.detached = Detached(context, lost);
  if (next == nullptr) return result;
  result.created = next->first().t;
  result.placed = First(*next, window, [](const PodState& state) { return !state.node.empty(); });
  result.started = First(*next, window, [](const PodState& state) {
    return !state.container.empty() || state.phase == "Running";
  });
  result.attached = Attached(context, *next, result.started);
  result.ready = First(*next, window, [](const PodState& state) { return state.RunningAndReady(); });
  result.answered = Answered(context, window, *next);
  if (result.ready) result.caught_up = CaughtUp(context, window, *next, *result.ready);
  return result;
}

}  // namespace

std::optional<double> Return::Whole(bool asked_by_clients) const {
  const std::optional<double> end = asked_by_clients ? answered : ready;
  if (!end) return std::nullopt;
  return std::max(*end, ready.value_or(*end)) - begin();
}

std::vector<std::pair<const char*, double>> Return::Phases() const {
  std::vector<std::pair<const char*, double>> phases;
  double last = begin();
  const auto phase = [&](const char* name, std::optional<double> end) {
    if (!end) return;
    phases.emplace_back(name, std::max(0.0, *end - last));
    last = std::max(last, *end);
  };
  if (asked) phase("evict", terminating);
  phase("terminate", gone);
  // A successor on the same node does not wait for its volumes to be detached.
  if (detached && (!placed || *detached <= *placed)) phase("detach", detached);
  phase("recreate", created);
  phase("schedule", placed);
  phase("attach", attached);
  phase("start", started);
  phase("ready", ready);
  phase("first ack", answered);
  if (caught_up && ready) phases.emplace_back("catch-up", std::max(0.0, *caught_up - *ready));
  return phases;
}

std::vector<Return> FindReturns(const Context& context, const Window& window) {
  std::vector<Return> returns;
  const Judgement judge(context, window, "");
  for (const Member* member : judge.Deleted()) {
    const PodLife& lost = *member->life;
    const std::vector<const Member*> later = Later(context, lost, window.end_line);
    if (later.empty() && !IsOwed(context, window, *member)) continue;
    returns.push_back(Follow(context, window, lost, later.empty() ? nullptr : later.front()->life));
  }
  return returns;
}

bool ClientsAsked(const Context& context, const Window& window, const std::string& node) {
  if (context.clients == nullptr) return false;
  const history::History& record = context.clients->record;
  return std::any_of(record.ops.begin(), record.ops.end(), [&](const history::Op& op) {
    const history::Origin& origin = record.origins[op.index];
    return window.HasTime(op.start) && record.processes.IsInteger(origin.process) &&
           record.nodes.TextOf(origin.node) == node;
  });
}

}  // namespace holdfast::check
