#include "harness/check/contradictions.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "harness/check/node_facts.h"

namespace holdfast::check {
namespace {

using trace::Action;
using trace::PodLife;
using trace::SetState;

// A record that never shows the target shows something else.
void RequireTarget(trace::TraceModel& trace) {
  if (!trace.set.empty()) return;
  trace.Damaged({.line = 1, .t = 0}, "",
                fmt::format("the target of the run is the {} {}, but no watch has ever shown it",
                            trace.target_kind, trace.target_name));
}

bool IsForced(const Context& context, const PodLife& life) {
  return std::any_of(context.trace.actions.begin(), context.trace.actions.end(),
                     [&](const Action& action) {
                       return action.verb == "delete" && (action.force || action.grace == 0) &&
                              (action.uid == life.uid || action.name == life.name);
                     }) ||
         context.faults_by_uid.contains(life.uid);
}

// A pod that ran on a node which is well is marked before it is deleted, and the deletion shows the mark;
// only one that has no grace may go at once.
void FindVanished(Context& context) {
  constexpr double kAround = 30;
  if (!context.trace.opened.contains("nodes")) return;
  for (const PodLife& life : context.trace.pods) {
    const trace::PodState& last = life.states.back();
    if (!life.gone || last.at.line != life.gone->line || last.terminating || life.states.size() < 2)
      continue;
    bool marked = false;
    bool ran = false;
    for (const trace::PodState& state : life.states) {
      marked = marked || state.terminating;
      ran = ran || state.phase == "Running";
    }
    if (marked || !ran || last.node.empty() ||
        last.identity->termination_grace == 0 || !last.disruption.empty() ||
        NodeWasUnwell(context, life, life.gone->t - kAround, life.gone->t) || IsForced(context, life))
      continue;
    context.trace.Damaged(*life.gone, "pods",
                          fmt::format("{} (uid {}) is deleted without ever having been asked to stop",
                                      life.name, life.uid));
  }
}

// Something else that the run did at that time may have changed the set.
bool HasOtherAction(const Context& context, const Action& refused, double until) {
  return std::any_of(context.trace.actions.begin(), context.trace.actions.end(),
                     [&](const Action& action) {
                       return &action != &refused && action.name == refused.name &&
                              action.at.t <= until &&
                              (!action.answered || action.answered->t >= refused.at.t);
                     }) ||
         std::any_of(context.trace.faults.begin(), context.trace.faults.end(),
                     [&](const trace::Fault& fault) {
                       return fault.begin.t <= until && (!fault.end || fault.end->t >= refused.at.t);
                     });
}

// What the server refused does not happen at that moment all the same.
void FindRefusedScales(Context& context) {
  constexpr double kAtOnce = 2;
  std::vector<const Action*> refused;
  for (const Action& action : context.trace.actions)
    if (action.verb == "scale" && action.name == context.trace.target_name &&
        action.fields.contains("replicas") && !MayHaveHappened(action))
      refused.push_back(&action);
  for (const Action* action : refused) {
    const int64_t replicas = GetInt(action->fields, {"replicas"}, -1);
    const double until = action->answered->t + kAtOnce;
    const SetState* before = nullptr;
    for (const SetState& state : context.trace.set) {
      const bool done = before != nullptr && before->uid == state.uid &&
                        state.generation != before->generation && state.replicas == replicas &&
                        before->replicas != replicas;
      if (done && state.at.line > action->at.line && state.at.t <= until &&
          !HasOtherAction(context, *action, until)) {
        context.trace.Damaged(state.at, "statefulsets",
                              fmt::format("{} has {} replicas, as action {} wanted, which was refused",
                                          context.trace.target_name, replicas, action->id));
      }
      before = &state;
    }
  }
}

// The cluster keeps slices for a service that is there.
void FindSlicesOfNothing(Context& context) {
  const auto is_gap = [](const trace::Gap& gap) {
    return gap.resource == "services" || gap.resource == "endpointslices";
  };
  if (!context.trace.opened.contains("services") ||
      std::any_of(context.trace.gaps.begin(), context.trace.gaps.end(), is_gap))
    return;
  std::set<std::string> services;
  for (const trace::ServiceLife& life : context.trace.services)
    services.insert(life.name);
  std::set<std::string> wanted;
  for (const SetState& state : context.trace.set)
    if (!services.contains(state.service)) wanted.insert(state.service);
  for (const trace::SliceLife& life : context.trace.slices) {
    const std::string& service = life.states.front().service;
    if (service.empty() || !wanted.erase(service)) continue;
    context.trace.Damaged(life.first(), "endpointslices",
                          fmt::format("{} is a slice of service {}, which the watch of the services has "
                                      "never shown",
                                      life.name, service));
  }
}

}  // namespace

void FindContradictions(Context& context) {
  RequireTarget(context.trace);
  FindVanished(context);
  FindRefusedScales(context);
  FindSlicesOfNothing(context);
}

}  // namespace holdfast::check
