// SS-ID-1, 4, 5, 6, 7: what a pod of the set is called, carries and mounts.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "harness/base/strings.h"
#include "harness/check/families.h"
#include "harness/check/storage_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::OwnerReference;
using trace::PodIdentity;
using trace::PodLife;
using trace::PodState;
using trace::SetState;

constexpr const char* kNoPods = "no pod of the target was seen in this scenario";
constexpr const char* kOnlySets = "the target is a Deployment, which does not promise this";

// A state that says something new about a pod's identity, in the window; or its first state there.
struct Sight {
  const Member* member = nullptr;
  const PodState* state = nullptr;
  bool first = false;  // The first of its life.
};

std::vector<Sight> Sights(const Context& context, const Window& window) {
  std::vector<Sight> sights;
  for (const Member* member : window.present) {
    const PodIdentity* before = nullptr;
    for (const PodState& state : StatesIn(*member->life, window)) {
      ++context.steps;
      if (state.identity.get() == before) continue;
      sights.push_back({member, &state, &state == &member->life->states.front()});
      before = state.identity.get();
    }
  }
  return sights;
}

// With a Deployment as target its pods are held against the names of a set, which they cannot meet.
CheckResult JudgeDeploymentNames(Judgement& judge) {
  judge.Needs({"pods", "replicasets", "deployments"});
  const Context& context = judge.context();
  int64_t replicas = 1;
  for (const SetState& set : context.trace.set)
    replicas = std::max(replicas, set.replicas);
  for (const Member* member : judge.Pods()) {
    const PodLife* life = member->life;
    judge.Saw();
    const int64_t ordinal = context.OrdinalOf(life->name);
    if (ordinal >= 0 && ordinal < replicas) continue;
    judge.Broken(life->first().t,
                 fmt::format("{} does not have one of the names {}-0 to {}-{}", Describe(*life),
                             context.trace.target_name, context.trace.target_name, replicas - 1),
                 {PodId(*life)}, {life->first().line});
  }
  return judge.Conclude("every pod had a stable name", kNoPods);
}

// At rest the names are exactly the range. Rest is a state: nothing terminating, counters met,
// generation observed, and no change of the set for longer than its controller needs.
void JudgeRange(Judgement& judge) {
  const Context& context = judge.context();
  const Window& window = judge.window();
  const SetState* set = context.SetAt(window.end_line - 1);
  if (set == nullptr || set->gone || set->terminating ||
      set->observed_generation < set->generation || set->status_replicas != set->replicas ||
      set->status_ready != set->replicas || set->replicas > 100000)
    return;
  std::set<std::string> live;
  std::set<std::string> wanted;
  for (int64_t ordinal = set->start; ordinal < set->start + set->replicas; ++ordinal)
    wanted.insert(fmt::format("{}-{}", context.trace.target_name, ordinal));
  At newest = set->at;
  const auto see = [&](const At& at) {
    if (at.t > newest.t) newest = at;
  };
  for (const Member* member : judge.Pods()) {
    const PodLife& life = *member->life;
    if (life.gone && life.gone->line < window.end_line) {
      see(*life.gone);
      continue;
    }
    if (StateAt(life, window.end_line - 1).terminating) return;
    see(life.first());
    live.insert(life.name);
  }
  const double silence = window.t1 - newest.t;
  if (silence < kDelta) return;
  // The counters are of before the newest change: nobody may have been there to see it.
  if (silence < kFailOver && IsBefore(context, set->at, newest)) {
    if (live != wanted) {
      judge.Undecided(fmt::format("the pods are not those of the range, but nothing was written to the "
                                  "set since {}",
                                  Seconds(newest.t)));
    }
    return;
  }
  for (const std::string& name : wanted) {
    if (live.erase(name) > 0) continue;
    judge.Broken(window.t1,
                 fmt::format("the set is at rest with {} replicas from ordinal {}, but "
                             "there is no pod {}",
                             set->replicas, set->start, name),
                 {{"Pod", name, ""}}, {set->at.line});
  }
  for (const std::string& name : live) {
    judge.Broken(window.t1,
                 fmt::format("the set is at rest with {} replicas from ordinal {}, but "
                             "pod {} is there",
                             set->replicas, set->start, name),
                 {{"Pod", name, ""}}, {set->at.line});
  }
}

// Of different resources: by versions, or by times where versions cannot be compared.
bool IsSurelyLater(const Context& context, const trace::At& a, const trace::At& b) {
  const bool known = a.version != 0 && b.version != 0 && context.trace.one_counter;
  return known ? a.version > b.version : a.t > b.t + kDelta;
}

void JudgeRevisionLabel(Judgement& judge, const Sight& sight) {
  const Context& context = judge.context();
  const PodLife& life = *sight.member->life;
  const auto label = sight.state->identity->labels.find("controller-revision-hash");
  if (label == sight.state->identity->labels.end()) {
    return judge.Broken(life.first().t, Describe(life) + " has no label controller-revision-hash",
                        {PodId(life)}, {life.first().line});
  }
  const trace::RevisionLife* later = nullptr;
  for (const trace::RevisionLife& revision : context.trace.revisions) {
    if (revision.name != label->second) continue;
    if (revision.listed || !IsSurelyLater(context, revision.first(), life.first())) return;
    later = &revision;
  }
  if (later != nullptr) {
    return judge.Broken(life.first().t,
                        fmt::format("{} carries the revision {}, which was not there before {}",
                                    Describe(life), label->second, Seconds(later->first().t)),
                        {PodId(life), {"ControllerRevision", later->name, later->uid}},
                        {life.first().line, later->first().line});
  }
  if (!context.trace.opened.contains("controllerrevisions"))
    return judge.Undecided("controllerrevisions were not watched");
  // The watch of the revisions may be behind that of the pods.
  if (context.trace.last.t - life.first().t < kDelta) {
    return judge.Undecided(fmt::format("{} appears too late in the record to find its revision {}",
                                       Describe(life), label->second));
  }
  judge.Broken(life.first().t,
               fmt::format("{} carries the revision {}, but there is no such ControllerRevision",
                           Describe(life), label->second),
               {PodId(life), {"ControllerRevision", label->second, ""}}, {life.first().line});
}

void JudgeLabel(Judgement& judge,
                const Sight& sight,
                const std::string& key,
                const std::string& expected) {
  const PodLife& life = *sight.member->life;
  const auto label = sight.state->identity->labels.find(key);
  const std::string actual = label == sight.state->identity->labels.end() ? "" : label->second;
  if (actual == expected) return;
  judge.Broken(life.first().t,
               fmt::format("{} carries the label {}={}, expected {}", Describe(life), key,
                           actual.empty() ? "(none)" : actual, expected),
               {PodId(life)}, {life.first().line});
}

// True when the uid is, or within kDelta was, the uid of a state of the set.
bool IsSetUid(const Context& context, const std::string& uid, const At& at) {
  const At* gone = nullptr;
  bool known = false;
  for (const SetState& set : context.trace.set) {
    if (set.uid != uid) continue;
    known = true;
    if (set.gone) gone = &set.at;
  }
  return known && (gone == nullptr || !IsSurelyBefore(context, *gone, at));
}

bool IsKnownSet(const Context& context, const std::string& uid) {
  return std::any_of(context.trace.set.begin(), context.trace.set.end(),
                     [&](const SetState& set) { return set.uid == uid; });
}

// The newest state in the window of the set that made or adopted the pod; the newest of all when the
// record does not have that one.
const SetState* SetOf(const Context& context, const Window& window, const PodIdentity& identity) {
  const OwnerReference* owner = Controller(identity.owners);
  for (size_t i = window.sets.size(); owner != nullptr && i-- > 0;)
    if (window.sets[i]->uid == owner->uid) return window.sets[i];
  const SetState* set = context.SetAt(window.end_line - 1);
  if (set == nullptr && !context.trace.set.empty()) set = &context.trace.set.front();
  return set;
}

// Where the pod got that controller.
const At& OwnedSince(const PodLife& life, const std::string& uid) {
  for (const PodState& state : life.states) {
    const OwnerReference* owner = Controller(state.identity->owners);
    if (owner != nullptr && owner->uid == uid) return state.at;
  }
  return life.first();
}

// The controller makes pods with a generated name; others were made by somebody else.
bool IsMadeByController(const Context& context, const PodIdentity& identity) {
  return identity.generate_name == context.trace.target_name + "-";
}

std::optional<std::string> OwnerFault(const Context& context, const Sight& sight) {
  const OwnerReference* controller = nullptr;
  int controllers = 0;
  for (const OwnerReference& owner : sight.state->identity->owners) {
    if (!owner.controller) continue;
    ++controllers;
    controller = &owner;
  }
  if (controllers > 1) return fmt::format("has {} controlling owners", controllers);
  // Released or not yet adopted pods have none; one that the controller made has it from the start.
  if (controller == nullptr) {
    return sight.first && IsMadeByController(context, *sight.state->identity)
               ? std::optional<std::string>("was created without a controlling owner")
               : std::nullopt;
  }
  if (controller->kind != "StatefulSet" || controller->api_version != "apps/v1" ||
      controller->name != context.trace.target_name)
    return fmt::format("is controlled by {} {} {}", controller->api_version, controller->kind,
                       controller->name);
  if (!controller->block_owner_deletion) return "has an owner without blockOwnerDeletion";
  if (!IsSetUid(context, controller->uid, OwnedSince(*sight.member->life, controller->uid)))
    return fmt::format("is controlled by uid {}, which is not the set's", controller->uid);
  return std::nullopt;
}

// Deployment: each claim that a pod mounts would have to be its own, `<volume>-<target>-<n>`.
CheckResult JudgeDeploymentClaims(Judgement& judge) {
  judge.Needs({"pods", "replicasets", "deployments"});
  const Context& context = judge.context();
  for (const Member* member : judge.Pods()) {
    const PodLife* life = member->life;
    for (const auto& [volume, use] : life->states.front().identity->claims) {
      judge.Saw();
      const int64_t ordinal = context.OrdinalOf(life->name);
      const std::string expected = fmt::format("{}-{}-{}", volume, context.trace.target_name,
                                               ordinal < 0 ? "<n>" : std::to_string(ordinal));
      if (ordinal >= 0 && use.claim == expected) continue;
      judge.Broken(life->first().t,
                   fmt::format("{} mounts the claim {}, not a claim of its own named {}",
                               Describe(*life), use.claim, expected),
                   {PodId(*life), {"PersistentVolumeClaim", use.claim, ""}}, {life->first().line});
    }
  }
  return judge.Conclude("every pod had its own claim", "no pod of the target mounts a claim");
}

void JudgeTemplates(Judgement& judge, const Sight& sight, const SetState& set) {
  const PodLife& life = *sight.member->life;
  for (const trace::ClaimTemplate& claim : *set.templates) {
    judge.Saw();
    const std::string expected = fmt::format("{}-{}", claim.name, life.name);
    const auto use = sight.state->identity->claims.find(claim.name);
    if (use == sight.state->identity->claims.end()) {
      judge.Broken(sight.state->at.t,
                   fmt::format("{} has no volume {} with the claim {}", Describe(life), claim.name,
                               expected),
                   {PodId(life), {"PersistentVolumeClaim", expected, ""}}, {sight.state->at.line});
    } else if (use->second.claim != expected) {
      judge.Broken(sight.state->at.t,
                   fmt::format("{} mounts the claim {} as volume {}, expected {}", Describe(life),
                               use->second.claim, claim.name, expected),
                   {PodId(life), {"PersistentVolumeClaim", use->second.claim, ""}},
                   {sight.state->at.line});
    } else if (use->second.read_only) {
      judge.Broken(sight.state->at.t,
                   fmt::format("{} mounts the claim {} read-only", Describe(life), expected),
                   {PodId(life), {"PersistentVolumeClaim", expected, ""}}, {sight.state->at.line});
    }
  }
}

bool RunRelabels(const Context& context, const PodLife& life) {
  const auto& actions = context.trace.actions;
  return std::any_of(actions.begin(), actions.end(), [&](const trace::Action& action) {
    return action.resource == "pods" && action.name == life.name &&
           GetString(action.fields, {"field"}).starts_with("metadata.labels");
  });
}

// Anyone who may write pods may change them, but the controller does not.
void JudgeLabelsKept(Judgement& judge, const Sight& sight) {
  const PodLife& life = *sight.member->life;
  const trace::Labels& first = life.states.front().identity->labels;
  const trace::Labels& now = sight.state->identity->labels;
  for (const char* key : {"statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index",
                          "controller-revision-hash"}) {
    const auto was = first.find(key);
    const auto is = now.find(key);
    if (was == first.end() || (is != now.end() && is->second == was->second) ||
        RunRelabels(judge.context(), life))
      continue;
    judge.Undecided(fmt::format("the label {} of {} goes from {} to {} at {}, and nothing in the record "
                                "changed it",
                                key, Describe(life), was->second,
                                is == now.end() ? "none" : is->second,
                                Seconds(sight.state->at.t)));
  }
}

}  // namespace

CheckResult JudgeNames(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-ID-1");
  if (context.IsDeployment()) return JudgeDeploymentNames(judge);
  judge.Needs({"pods", "statefulsets"});
  judge.RestsOnWholeness();
  const std::string prefix = context.trace.target_name + "-";
  for (const Sight& sight : Sights(context, window)) {
    judge.Saw();
    const PodLife& life = *sight.member->life;
    const PodIdentity& identity = *sight.state->identity;
    // An orphan that the set adopted keeps its own way of writing the number.
    if (Controller(life.states.front().identity->owners) == nullptr) continue;
    // So it may have been before the record.
    if (life.listed && identity.generate_name.empty()) continue;
    if (sight.member->ordinal < 0) {
      judge.Broken(sight.state->at.t,
                   fmt::format("{} is not named {}<ordinal>", Describe(life), prefix),
                   {PodId(life)}, {sight.state->at.line});
    } else if (identity.generate_name != prefix) {
      judge.Broken(sight.state->at.t,
                   fmt::format("{} has the generateName '{}', expected '{}'", Describe(life),
                               identity.generate_name, prefix),
                   {PodId(life)}, {sight.state->at.line});
    }
  }
  JudgeRange(judge);
  return judge.Conclude(
      fmt::format("{} pods had names of the set", window.present.size()), kNoPods);
}

CheckResult JudgeLabels(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-ID-4");
  if (context.IsDeployment()) return judge.NotApplicable(kOnlySets);
  judge.Needs({"pods", "controllerrevisions"});
  for (const Sight& sight : Sights(context, window)) {
    if (!sight.first) JudgeLabelsKept(judge, sight);
    if (!sight.first || Controller(sight.state->identity->owners) == nullptr) continue;
    judge.Saw();
    JudgeLabel(judge, sight, "statefulset.kubernetes.io/pod-name", sight.member->life->name);
    const bool has_index = sight.state->identity->labels.contains("apps.kubernetes.io/pod-index");
    // The controller may be one version behind the API server.
    if (!has_index && context.MinorVersion() == 28) {
      judge.Undecided(fmt::format("{} has no label apps.kubernetes.io/pod-index: a controller of "
                                  "Kubernetes 1.27 would not set it",
                                  Describe(*sight.member->life)));
    } else if (has_index || context.MinorVersion() > 28) {
      JudgeLabel(judge, sight, "apps.kubernetes.io/pod-index",
                 std::to_string(sight.member->ordinal));
    }
    JudgeRevisionLabel(judge, sight);
  }
  return judge.Conclude(fmt::format("{} pods carried their labels from the start", judge.judged()),
                        "no pod of the set was created in this scenario");
}

CheckResult JudgeHostnames(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-ID-5");
  judge.Needs({"pods", context.IsDeployment() ? "deployments" : "statefulsets"});
  for (const Sight& sight : Sights(context, window)) {
    judge.Saw();
    const PodLife& life = *sight.member->life;
    const PodIdentity& identity = *sight.state->identity;
    if (context.IsDeployment()) {
      if (context.OrdinalOf(identity.hostname) >= 0) continue;
      judge.Broken(sight.state->at.t,
                   fmt::format("{} has the hostname '{}', not one of the form {}-<n>",
                               Describe(life), identity.hostname, context.trace.target_name),
                   {PodId(life)}, {sight.state->at.line});
      continue;
    }
    if (identity.hostname != life.name) {
      judge.Broken(sight.state->at.t,
                   fmt::format("{} has spec.hostname '{}', expected its own name", Describe(life),
                               identity.hostname),
                   {PodId(life)}, {sight.state->at.line});
    }
    const SetState* set = SetOf(context, window, identity);
    if (set != nullptr && identity.subdomain != set->service) {
      judge.Broken(sight.state->at.t,
                   fmt::format("{} has spec.subdomain '{}', expected the set's service '{}'",
                               Describe(life), identity.subdomain, set->service),
                   {PodId(life)}, {sight.state->at.line, set->at.line});
    }
  }
  return judge.Conclude("hostname and subdomain of every pod followed its name", kNoPods);
}

CheckResult JudgeOwners(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-ID-6");
  if (context.IsDeployment()) return judge.NotApplicable(kOnlySets);
  judge.Needs({"pods", "statefulsets"});
  for (const Sight& sight : Sights(context, window)) {
    judge.Saw();
    const PodLife& life = *sight.member->life;
    const OwnerReference* owner = Controller(sight.state->identity->owners);
    if (owner != nullptr && life.listed && !IsKnownSet(context, owner->uid) &&
        Controller(life.states.front().identity->owners) != nullptr &&
        Controller(life.states.front().identity->owners)->uid == owner->uid) {
      judge.Undecided(fmt::format("{} is controlled by uid {}, and both are from before the record",
                                  Describe(life), owner->uid));
      continue;
    }
    if (const auto fault = OwnerFault(context, sight)) {
      judge.Broken(sight.state->at.t, fmt::format("{} {}", Describe(life), *fault), {PodId(life)},
                   {sight.state->at.line});
    }
  }
  return judge.Conclude("every pod had the set, by its uid, as its one controller", kNoPods);
}

CheckResult JudgeVolumeNames(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-ID-7");
  if (context.IsDeployment()) return JudgeDeploymentClaims(judge);
  judge.Needs({"pods", "statefulsets"});
  for (const Sight& sight : Sights(context, window)) {
    const SetState* set = SetOf(context, window, *sight.state->identity);
    if (set != nullptr && sight.member->ordinal >= 0) JudgeTemplates(judge, sight, *set);
  }
  return judge.Conclude(fmt::format("{} volumes were the claims of their ordinals", judge.judged()),
                        "the set has no volume claim templates, or no pod was seen");
}

}  // namespace holdfast::check
