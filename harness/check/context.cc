#include "harness/check/context.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/base/strings.h"

namespace holdfast::check {
namespace {

using trace::Action;
using trace::At;
using trace::Fault;
using trace::OwnerReference;
using trace::PodLife;
using trace::PodState;
using trace::SetState;

bool OwnedByTarget(const trace::TraceModel& trace, const PodLife& life) {
  for (const PodState& state : life.states) {
    const OwnerReference* owner = Controller(state.identity->owners);
    if (owner == nullptr) continue;
    if (trace.target_kind == "Deployment") {
      const auto deployment = trace.replica_sets.find(owner->uid);
      if (deployment == trace.replica_sets.end()) continue;
      for (const SetState& set : trace.set)
        if (set.uid == deployment->second) return true;
    } else if (owner->kind == "StatefulSet" && owner->name == trace.target_name) {
      return true;
    }
  }
  // Made by the set's controller although the owner is missing: the generated name says so.
  const trace::PodIdentity& first = *life.states.front().identity;
  return trace.target_kind != "Deployment" && first.generate_name == trace.target_name + "-" &&
         first.labels.contains("statefulset.kubernetes.io/pod-name");
}

std::string FaultName(const Fault& fault) {
  std::vector<std::string> targets;
  for (const trace::FaultTarget& target : fault.targets)
    targets.push_back(target.name);
  return targets.empty() ? fault.fault : fault.fault + " of " + Join(targets, ", ");
}

}  // namespace

double Window::Settle() const {
  const auto limit = ParseDuration(GetString(plan, {"limits", "settle"}));
  return limit ? std::chrono::duration<double>(*limit).count() : kDefaultSettle;
}

void Context::Prepare() {
  members.clear();
  for (const PodLife& life : trace.pods)
    if (OwnedByTarget(trace, life)) members.push_back({&life, OrdinalOf(life.name)});
  adds.clear();
  if (!history) return;
  for (size_t i = 0; i < history->adds.size(); ++i)
    adds.try_emplace(history->adds[i].value, i);
}

int64_t Context::OrdinalOf(const std::string& name) const {
  const std::string prefix = trace.target_name + "-";
  if (!name.starts_with(prefix)) return -1;
  const std::string digits = name.substr(prefix.size());
  if (digits.empty() || digits.size() > 9 ||
      digits.find_first_not_of("0123456789") != std::string::npos ||
      (digits.size() > 1 && digits.front() == '0'))
    return -1;
  return ParseInt(digits).value_or(-1);
}

std::vector<const SetState*> Context::SetAround(double t) const {
  std::vector<const SetState*> around;
  for (const SetState& state : trace.set) {
    if (state.at.t > t + kDelta) break;
    if (state.at.t <= t - kDelta) around.clear();
    around.push_back(&state);
  }
  return around;
}

const SetState* Context::SetAt(int64_t line) const {
  const SetState* found = nullptr;
  for (const SetState& state : trace.set) {
    if (state.at.line > line) break;
    found = &state;
  }
  return found;
}

bool Context::Parallel() const {
  return std::any_of(trace.set.begin(), trace.set.end(),
                     [](const SetState& state) { return state.policy == "Parallel"; });
}

const PodLife* Context::LiveAt(const std::string& name, int64_t line) const {
  for (const Member& member : members) {
    const PodLife& life = *member.life;
    if (life.name == name && life.first().line <= line && (!life.gone || life.gone->line > line))
      return &life;
  }
  return nullptr;
}

std::string Context::During(double t) const {
  const Fault* inside = nullptr;
  const Fault* before = nullptr;
  for (const Fault& fault : trace.faults) {
    if (fault.begin.t > t) break;
    before = &fault;
    if (!fault.end || fault.end->t >= t) inside = &fault;
  }
  if (inside != nullptr) return "during " + FaultName(*inside);
  const Action* action = nullptr;
  for (const Action& candidate : trace.actions) {
    if (candidate.at.t > t) break;
    action = &candidate;
  }
  if (before != nullptr && (action == nullptr || action->at.t < before->end->t))
    return "after " + FaultName(*before);
  return action == nullptr ? "" : "after " + action->text;
}

bool InRange(const SetState& state, int64_t ordinal) {
  return ordinal >= state.start && ordinal < state.start + state.replicas;
}

const PodState& StateAt(const PodLife& life, int64_t line) {
  const PodState* found = &life.states.front();
  for (const PodState& state : life.states) {
    if (state.at.line > line) break;
    found = &state;
  }
  return *found;
}

bool WasReadyBefore(const PodLife& life, int64_t line) {
  return std::any_of(life.states.begin(), life.states.end(), [&](const PodState& state) {
    return state.at.line < line && state.RunningAndReady();
  });
}

const OwnerReference* Controller(const std::vector<OwnerReference>& owners) {
  for (const OwnerReference& owner : owners)
    if (owner.controller) return &owner;
  return nullptr;
}

std::optional<std::string> ForeignCause(const Context& context, const PodLife& life) {
  const At term = life.term.value_or(life.gone.value_or(context.trace.last));
  for (const Action& action : context.trace.actions) {
    if (action.at.line > term.line || (action.answered && !action.ok)) continue;
    if (action.verb != "delete" && action.verb != "evict") continue;
    const bool on_pod =
        action.resource == "pods" || action.resource == "pods/eviction" || action.resource == "pod";
    if (on_pod &&
        (action.uid.empty() ? action.name == life.name && action.at.line >= life.first().line
                            : action.uid == life.uid))
      return fmt::format("the run's own action {} ({})", action.id, action.text);
  }
  for (const Fault& fault : context.trace.faults) {
    if (fault.begin.line > term.line) continue;
    for (const trace::FaultTarget& target : fault.targets)
      if (!target.uid.empty() && target.uid == life.uid)
        return fmt::format("the run's own fault {} ({})", fault.id, fault.fault);
  }
  for (const PodState& state : life.states) {
    if (!state.disruption.empty()) return "disruption: " + state.disruption;
    if (state.at.line <= term.line && !state.terminating &&
        (state.phase == "Failed" || state.phase == "Succeeded"))
      return "the pod was " + state.phase;
  }
  for (const SetState* set : context.SetAround(term.t))
    if (set->terminating || set->gone) return "the set was deleted";
  return std::nullopt;
}

std::optional<std::string> CauseOfDeletion(const Context& context, const PodLife& life) {
  if (auto cause = ForeignCause(context, life)) return cause;
  const At term = life.term.value_or(life.gone.value_or(context.trace.last));
  const int64_t ordinal = context.OrdinalOf(life.name);
  const trace::Labels& labels = life.states.front().identity->labels;
  const auto revision = labels.find("controller-revision-hash");
  for (const SetState* set : context.SetAround(term.t)) {
    if (!InRange(*set, ordinal)) return "the set was scaled so that its ordinal is out of range";
    if (set->strategy == "RollingUpdate" && ordinal >= set->partition &&
        !set->update_revision.empty() &&
        (revision == labels.end() || revision->second != set->update_revision))
      return "a rolling update to " + set->update_revision;
  }
  for (const PodState& state : life.states) {
    const OwnerReference* owner = Controller(state.identity->owners);
    if (owner == nullptr || owner->name != context.trace.target_name)
      return "the pod was released by the set";
  }
  return std::nullopt;
}

ObjectId PodId(const PodLife& life) { return {"Pod", life.name, life.uid}; }

std::string Seconds(double t) { return fmt::format("{:.3f} s", t); }

}  // namespace holdfast::check
