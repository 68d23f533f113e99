#include "harness/check/context.h"

#include <algorithm>
#include <unordered_set>

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

bool OwnedByTarget(const trace::TraceModel& trace,
                   const PodLife& life,
                   const std::unordered_set<std::string_view>& set_uids) {
  for (const PodState& state : life.states) {
    const OwnerReference* owner = Controller(state.identity->owners);
    if (owner == nullptr) continue;
    if (trace.target_kind == "Deployment") {
      const auto deployment = trace.replica_sets.find(owner->uid);
      if (deployment == trace.replica_sets.end()) continue;
      if (set_uids.contains(deployment->second)) return true;
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
  by_name.clear();
  by_ordinal.clear();
  by_uid.clear();
  claims.clear();
  nodes.clear();
  actions_by_uid.clear();
  actions_by_name.clear();
  faults_by_uid.clear();
  namespace_deletions.clear();
  set_ends.clear();
  for (const Action& action : trace.actions) {
    if (!action.uid.empty()) actions_by_uid[action.uid].push_back(&action);
    if (action.uid.empty()) actions_by_name[action.name].push_back(&action);
    if (action.verb == "delete" && action.resource == "namespaces" &&
        action.name == trace.target_namespace && MayHaveHappened(action))
      namespace_deletions.push_back(&action);
  }
  for (const Fault& fault : trace.faults)
    for (const trace::FaultTarget& target : fault.targets)
      if (!target.uid.empty()) faults_by_uid[target.uid].push_back(&fault);
  std::unordered_set<std::string_view> set_uids;
  is_parallel_ = false;
  for (const SetState& set : trace.set) {
    set_uids.insert(set.uid);
    is_parallel_ = is_parallel_ || set.policy == "Parallel";
    const SetState*& end = set_ends.try_emplace(set.uid, nullptr).first->second;
    if (end == nullptr && (set.terminating || set.gone)) end = &set;
  }
  for (const trace::ClaimLife& claim : trace.claims)
    claims[claim.name].push_back(&claim);
  for (const trace::NodeLife& node : trace.nodes)
    nodes[node.name].push_back(&node);
  for (const PodLife& life : trace.pods) {
    if (!OwnedByTarget(trace, life, set_uids)) continue;
    members.push_back(
        {.life = &life, .ordinal = OrdinalOf(life.name), .cause = Cause::kNone, .cause_text = {}});
  }
  for (Member& member : members) {
    Attribute(*this, member);
    by_name[member.life->name].push_back(&member);
    if (member.ordinal >= 0) by_ordinal[member.ordinal].push_back(&member);
    by_uid.try_emplace(member.life->uid, &member);
  }
  ordinals.clear();
  for (const auto& [ordinal, lives] : by_ordinal)
    ordinals.push_back(ordinal);
  std::sort(ordinals.begin(), ordinals.end());
  // Windows follow each other: who lived in one is sought among those that were not gone before.
  size_t next = 0;
  std::vector<const Member*> alive;
  for (Window& window : windows) {
    for (; next < members.size() && members[next].life->first().line < window.end_line; ++next)
      alive.push_back(&members[next]);
    std::erase_if(alive, [&](const Member* member) {
      return member->life->gone && member->life->gone->line < window.begin_line;
    });
    window.present = alive;
    window.sets.clear();
    auto first =
        std::upper_bound(trace.set.begin(), trace.set.end(), window.begin_line,
                         [](int64_t line, const SetState& state) { return line < state.at.line; });
    if (first != trace.set.begin()) --first;
    for (; first != trace.set.end() && first->at.line < window.end_line; ++first)
      window.sets.push_back(&*first);
  }
  adds.clear();
  if (!history) return;
  for (size_t i = 0; i < history->adds.size(); ++i)
    adds.try_emplace(history->adds[i].value, i);
}

int64_t Context::OrdinalOf(std::string_view name) const {
  if (name.size() < trace.target_name.size() + 2 || !name.starts_with(trace.target_name) ||
      name[trace.target_name.size()] != '-')
    return -1;
  const std::string_view digits = name.substr(trace.target_name.size() + 1);
  if (digits.size() > 9 || digits.find_first_not_of("0123456789") != std::string_view::npos ||
      (digits.size() > 1 && digits.front() == '0'))
    return -1;
  return ParseInt(digits).value_or(-1);
}

std::vector<const SetState*> Context::SetAround(double t) const {
  std::vector<const SetState*> around;
  auto first = std::upper_bound(trace.set.begin(), trace.set.end(), t - kDelta,
                                [](double at, const SetState& state) { return at < state.at.t; });
  if (first != trace.set.begin()) --first;
  for (; first != trace.set.end() && first->at.t <= t + kDelta; ++first)
    around.push_back(&*first);
  steps += static_cast<int64_t>(around.size());
  return around;
}

std::vector<const SetState*> Context::SetAround(const trace::At& at) const {
  if (at.version == 0 || !trace.one_counter || trace.set.empty()) return SetAround(at.t);
  const auto past = std::upper_bound(
      trace.set.begin(), trace.set.end(), at.version,
      [](uint64_t version, const SetState& state) { return version < state.at.version; });
  // Without any state nothing can be said, so the first of all is kept.
  if (past == trace.set.begin()) return {&trace.set.front()};
  // The line may have come later than the state that followed.
  const double t = past == trace.set.end() ? at.t : std::min(at.t, past->at.t);
  auto first = std::upper_bound(trace.set.begin(), past, t - kDelta,
                                [](double before, const SetState& state) { return before < state.at.t; });
  if (first != trace.set.begin()) --first;
  std::vector<const SetState*> around;
  for (; first != past; ++first)
    around.push_back(&*first);
  steps += static_cast<int64_t>(around.size());
  return around;
}

std::set<std::string> Context::UpdateRevisionsAround(double t) const {
  // A sync writes its status last; on a loaded machine that may be late.
  constexpr double kLateStatus = 30.0;
  std::set<std::string> revisions;
  const std::vector<const SetState*> around = SetAround(t);
  for (const SetState* set : around)
    if (!set->update_revision.empty()) revisions.insert(set->update_revision);
  if (around.empty()) return revisions;
  const auto next = static_cast<size_t>(around.back() - trace.set.data()) + 1;
  if (next < trace.set.size() && trace.set[next].at.t <= t + kLateStatus &&
      !trace.set[next].update_revision.empty())
    revisions.insert(trace.set[next].update_revision);
  return revisions;
}

std::set<std::string> Context::UpdateRevisionsAround(const At& at) const {
  std::set<std::string> revisions = UpdateRevisionsAround(at.t);
  for (const SetState* set : SetAround(at)) {
    if (!set->update_revision.empty()) revisions.insert(set->update_revision);
    if (auto revision = RevisionOfTemplate(*this, *set)) revisions.insert(std::move(*revision));
  }
  return revisions;
}

const SetState* Context::SetAt(int64_t line) const {
  const auto next =
      std::upper_bound(trace.set.begin(), trace.set.end(), line,
                       [](int64_t at, const SetState& state) { return at < state.at.line; });
  return next == trace.set.begin() ? nullptr : &*std::prev(next);
}

bool Context::Parallel() const { return is_parallel_; }

const PodLife* Context::LiveAt(const std::string& name, int64_t line) const {
  const auto lives = by_name.find(name);
  if (lives == by_name.end()) return nullptr;
  for (const Member* member : lives->second)
    if (member->life->Spans(line)) return member->life;
  return nullptr;
}

const Member* Context::LastOf(int64_t ordinal, int64_t line) const {
  const auto lives = by_ordinal.find(ordinal);
  if (lives == by_ordinal.end()) return nullptr;
  const auto next = std::lower_bound(
      lives->second.begin(), lives->second.end(), line,
      [](const Member* member, int64_t at) { return member->life->first().line < at; });
  ++steps;
  return next == lives->second.begin() ? nullptr : *std::prev(next);
}

const std::vector<const trace::ClaimLife*>& Context::ClaimsOf(std::string_view name) const {
  static const std::vector<const trace::ClaimLife*> kNoClaims;
  const auto found = claims.find(name);
  return found == claims.end() ? kNoClaims : found->second;
}

int Context::MinorVersion() const {
  const std::vector<std::string> parts = Split(trace.server, '.');
  if (parts.size() < 2) return 0;
  return static_cast<int>(ParseInt(parts[1]).value_or(0));
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

bool IsBefore(const Context& context, const At& a, const At& b) {
  const bool known = a.version != 0 && b.version != 0 && context.trace.one_counter;
  return known ? a.version < b.version : a.line < b.line;
}

bool IsSurelyBefore(const Context& context, const At& a, const At& b) {
  const bool known = a.version != 0 && b.version != 0 && context.trace.one_counter;
  return a.t < b.t - kDelta && (!known || a.version < b.version);
}

const PodState& StateAt(const PodLife& life, int64_t line) {
  const auto next =
      std::upper_bound(life.states.begin(), life.states.end(), line,
                       [](int64_t at, const PodState& state) { return at < state.at.line; });
  return next == life.states.begin() ? life.states.front() : *std::prev(next);
}

std::span<const PodState> StatesIn(const PodLife& life, const Window& window) {
  const auto before = [](const PodState& state, int64_t line) { return state.at.line < line; };
  const auto begin =
      std::lower_bound(life.states.begin(), life.states.end(), window.begin_line, before);
  const auto end = std::lower_bound(begin, life.states.end(), window.end_line, before);
  return {begin, end};
}

const Member* Former(const Context& context, const PodLife& life) {
  const std::vector<const Member*>& lives = context.by_name.at(life.name);
  const auto at = std::lower_bound(
      lives.begin(), lives.end(), life.first().line,
      [](const Member* member, int64_t line) { return member->life->first().line < line; });
  return at == lives.begin() ? nullptr : *std::prev(at);
}

std::vector<const Member*> Later(const Context& context, const PodLife& life, int64_t line) {
  std::vector<const Member*> later;
  const std::vector<const Member*>& lives = context.by_name.at(life.name);
  auto at = std::upper_bound(
      lives.begin(), lives.end(), life.first().line,
      [](int64_t first, const Member* member) { return first < member->life->first().line; });
  for (; at != lives.end() && (*at)->life->first().line < line; ++at)
    later.push_back(*at);
  return later;
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

std::optional<At> UnwellSince(const PodLife& life, int64_t line) {
  auto state =
      std::lower_bound(life.states.begin(), life.states.end(), line,
                       [](const PodState& before, int64_t at) { return before.at.line < at; });
  std::optional<At> since;
  while (state != life.states.begin()) {
    --state;
    const bool well = state->RunningAndReady() && !state->terminating &&
                      !(life.gone && life.gone->line == state->at.line);
    if (well) break;
    since = state->at;
  }
  return since;
}

ObjectId PodId(const PodLife& life) { return {"Pod", life.name, life.uid}; }

ObjectId ClaimId(const trace::ClaimLife& life) {
  return {"PersistentVolumeClaim", life.name, life.uid};
}

std::string Describe(const PodLife& life) {
  return fmt::format("pod {} (uid {})", life.name, life.uid);
}

std::string Seconds(double t) { return fmt::format("{:.3f} s", t); }

}  // namespace holdfast::check
