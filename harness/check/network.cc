// SS-NET: the names and addresses by which the pods of a set are found.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/order_facts.h"
#include "harness/check/storage_facts.h"

namespace holdfast::check {
namespace {

using trace::At;
using trace::Endpoint;
using trace::PodLife;
using trace::PodState;
using trace::SetState;
using trace::SliceLife;
using trace::SliceState;

// What DNS may be behind: the longest usual cache time.
constexpr double kDnsLag = 35.0;
// What the endpoint slices may be behind at rest.
constexpr double kSliceLag = 10.0;

// Endpoints that are wrong `rest` seconds after all that they depend on are proven wrong when the
// controllers were there after the last of it.
bool IsLasting(Judgement& judge, double rest, const At& moved, const std::string& whose) {
  if (rest > kFailOver || ControllersWrote(judge.context(), judge.window(), moved)) return true;
  judge.Undecided(fmt::format("the endpoint of {} is not right {:.0f} s after the last change, but nothing "
                              "shows that the controllers were there",
                              whose, rest));
  return false;
}

bool IsLasting(Judgement& judge, double rest, const At& moved, const PodLife& life) {
  return IsLasting(judge, rest, moved, Describe(life));
}

// The cluster keeps the endpoints of a service that selects pods; those of another are its owner's.
bool IsServiceKept(const Context& context, const std::string& service) {
  return std::any_of(context.trace.services.begin(), context.trace.services.end(),
                     [&](const auto& life) {
                       return life.name == service && life.states.back().headless &&
                              life.states.back().selector;
                     });
}

bool PublishesNotReady(const Context& context, const std::string& service) {
  return std::any_of(context.trace.services.begin(), context.trace.services.end(),
                     [&](const auto& life) {
                       return life.name == service && life.states.back().publish_not_ready;
                     });
}

// The endpoints of the set's service at the window's end, with the slice that tells them.
struct Told {
  const SliceLife* slice = nullptr;
  const SliceState* state = nullptr;
  const Endpoint* endpoint = nullptr;
};

std::vector<Told> EndpointsAtEnd(const Judgement& judge, const std::string& service, double& newest) {
  std::vector<Told> told;
  for (const SliceLife& slice : judge.context().trace.slices) {
    if (slice.gone && slice.gone->line < judge.window().end_line) continue;
    const SliceState* last = nullptr;
    for (const SliceState& state : slice.states)
      if (state.at.line < judge.window().end_line) last = &state;
    if (last == nullptr || last->service != service) continue;
    newest = std::max(newest, last->at.t);
    for (const Endpoint& endpoint : last->endpoints)
      told.push_back({&slice, last, &endpoint});
  }
  return told;
}

// Endpoints of the other family have addresses that are not compared.
bool HasAddress(const Told& told, std::string_view ip) {
  const std::string_view family = ip.find(':') == std::string_view::npos ? "IPv4" : "IPv6";
  const auto& addresses = told.endpoint->addresses;
  return told.state->address_type != family ||
         std::find(addresses.begin(), addresses.end(), ip) != addresses.end();
}

// The endpoint of the pod, one with another address before all others; nullptr when there is none.
const Told* EndpointOf(const std::vector<Told>& told, const PodLife& life, std::string_view ip) {
  const Told* first = nullptr;
  for (const Told& one : told) {
    if (one.endpoint->uid != life.uid) continue;
    if (!HasAddress(one, ip)) return &one;
    if (first == nullptr) first = &one;
  }
  return first;
}

// An endpoint that names one pod and points at another, at any time.
void JudgeNamesOfEndpoints(Judgement& judge) {
  for (const SliceLife& slice : judge.context().trace.slices) {
    for (const SliceState& state : slice.states) {
      if (!judge.window().Has(state.at)) continue;
      for (const Endpoint& endpoint : state.endpoints) {
        ++judge.context().steps;
        const auto member = judge.context().by_uid.find(endpoint.uid);
        if (member == judge.context().by_uid.end() || endpoint.hostname.empty()) continue;
        const PodLife& life = *member->second->life;
        judge.Saw();
        if (endpoint.hostname == life.name && endpoint.pod == life.name) continue;
        judge.Broken(state.at.t,
                     fmt::format("the endpoint slice {} gives the name {} to {} at {}", slice.name,
                                 endpoint.hostname, Describe(life), Seconds(state.at.t)),
                     {{"EndpointSlice", slice.name, slice.uid}, PodId(life)}, {state.at.line});
      }
    }
  }
}

void JudgeEndpoints(Judgement& judge) {
  JudgeNamesOfEndpoints(judge);
  const Context& context = judge.context();
  const SetState* set = context.SetAt(judge.window().end_line - 1);
  if (set == nullptr || set->gone || !IsServiceKept(context, set->service)) return;
  double newest = 0;
  const std::vector<Told> told = EndpointsAtEnd(judge, set->service, newest);
  for (const Member* member : AliveAt(context, judge.window().end_line - 1)) {
    const PodLife& life = *member->life;
    const PodState& state = StateAt(life, judge.window().end_line - 1);
    if (state.ip.empty() || state.phase == "Failed" || state.phase == "Succeeded" ||
        state.identity->subdomain != set->service)
      continue;
    const Told* found = EndpointOf(told, life, state.ip);
    const bool right = found != nullptr && HasAddress(*found, state.ip) &&
                       found->endpoint->hostname == life.name &&
                       (found->endpoint->node.empty() || found->endpoint->node == state.node);
    if (right) {
      judge.Saw();
      continue;
    }
    const double rest = judge.window().t1 - std::max(newest, state.at.t);
    if (rest <= kSliceLag || !IsLasting(judge, rest, state.at, life)) continue;
    judge.Saw();
    std::vector<int64_t> lines{state.at.line};
    if (found != nullptr) lines.push_back(found->state->at.line);
    judge.Broken(judge.window().t1,
                 fmt::format("{} with address {} has {} in the endpoint slices of service {}",
                             Describe(life), state.ip,
                             found == nullptr ? "no endpoint"
                                              : "an endpoint of another name, node or address",
                             set->service),
                 {PodId(life)}, lines);
  }
}

// A ready endpoint of a pod that the record, which knows all pods, does not know as living.
void JudgeStrayEndpoints(Judgement& judge, const std::vector<Told>& told, double newest) {
  const Context& context = judge.context();
  const int64_t end = judge.window().end_line;
  const bool whole =
      context.trace.opened.contains("pods") &&
      std::none_of(context.trace.gaps.begin(), context.trace.gaps.end(),
                   [](const trace::Gap& gap) { return gap.resource == "pods"; });
  for (const Told& one : told) {
    const Endpoint& endpoint = *one.endpoint;
    if (!one.state->managed || !endpoint.ready || endpoint.uid.empty() ||
        context.by_uid.contains(endpoint.uid))
      continue;
    const auto& pods = context.trace.pods;
    const auto life = std::find_if(pods.begin(), pods.end(),
                                   [&](const PodLife& any) { return any.uid == endpoint.uid; });
    const bool known = life != pods.end() && life->first().line < end;
    if (known && (!life->gone || life->gone->line >= end)) continue;
    At moved = one.state->at;
    if (known && life->gone->t > moved.t) moved = *life->gone;
    const double rest = judge.window().t1 - std::max(newest, moved.t);
    const std::string whose = fmt::format("pod {} (uid {}), which is not there,", endpoint.pod, endpoint.uid);
    if (rest <= kSliceLag || !IsLasting(judge, rest, moved, whose)) continue;
    judge.Saw();
    const std::string sentence =
        fmt::format("the endpoint slice {} has a ready endpoint of {} for {:.0f} s", one.slice->name,
                    whose, rest);
    if (!whole) {
      judge.Undecided(sentence + " but the watch of the pods is not whole");
      continue;
    }
    judge.Broken(judge.window().t1, sentence,
                 {{"EndpointSlice", one.slice->name, one.slice->uid}, {"Pod", endpoint.pod, endpoint.uid}},
                 {one.state->at.line});
  }
}

void JudgeConditionsOfEndpoints(Judgement& judge) {
  const Context& context = judge.context();
  const SetState* set = context.SetAt(judge.window().end_line - 1);
  if (set == nullptr || set->gone) return;
  double newest = 0;
  const std::vector<Told> told = EndpointsAtEnd(judge, set->service, newest);
  JudgeStrayEndpoints(judge, told, newest);
  const bool publishes = PublishesNotReady(context, set->service);
  std::map<std::string, const Endpoint*> ready;
  for (const Told& one : told) {
    const auto member = context.by_uid.find(one.endpoint->uid);
    if (member == context.by_uid.end()) continue;
    const PodLife& life = *member->second->life;
    const PodState& state = StateAt(life, judge.window().end_line - 1);
    const bool here = !life.gone || life.gone->line >= judge.window().end_line;
    const bool serving = here && state.ready;
    const bool expected = publishes || (serving && !state.terminating);
    const auto [other, is_new] = ready.try_emplace(one.endpoint->hostname, one.endpoint);
    const bool twice = !is_new && other->second->ready && one.endpoint->ready &&
                       !one.endpoint->hostname.empty() && other->second->uid != one.endpoint->uid;
    const bool agrees = here && !twice && one.endpoint->serving == serving &&
                        one.endpoint->terminating == state.terminating &&
                        one.endpoint->ready == expected;
    if (agrees) {
      judge.Saw();
      continue;
    }
    const double moved = std::max({newest, state.at.t, life.gone ? life.gone->t : 0});
    const double rest = judge.window().t1 - moved;
    if (rest <= kSliceLag || !IsLasting(judge, rest, here ? state.at : *life.gone, life)) continue;
    judge.Saw();
    judge.Broken(judge.window().t1,
                 twice ? fmt::format("two endpoints are ready under the name {}: uids {} and {}",
                                     one.endpoint->hostname, other->second->uid, one.endpoint->uid)
                       : fmt::format("the endpoint of {} says ready={} serving={} terminating={}, "
                                     "the pod says otherwise",
                                     Describe(life), one.endpoint->ready, one.endpoint->serving,
                                     one.endpoint->terminating),
                 {PodId(life), {"EndpointSlice", one.slice->name, one.slice->uid}},
                 {one.state->at.line, state.at.line});
  }
}

// Addresses of the ordinal's pods in the time that a DNS answer may come from.
std::set<std::string> AddressesOf(const Context& context, int64_t ordinal, double t) {
  std::set<std::string> addresses;
  const auto lives = context.by_ordinal.find(ordinal);
  if (lives == context.by_ordinal.end()) return addresses;
  for (const Member* member : lives->second) {
    if (member->life->gone && member->life->gone->t < t - kDnsLag) continue;
    for (const PodState& state : member->life->states)
      if (!state.ip.empty() && context.trace.WrittenBy(state.at) <= t + kDelta)
        addresses.insert(std::string(state.ip));
  }
  return addresses;
}

bool LongReady(const Context& context, int64_t ordinal, const At& at) {
  const Member* member = context.LastOf(ordinal, at.line);
  if (member == nullptr || !member->life->Spans(at.line)) return false;
  // What was written before the question, and told after it.
  for (const PodState& state : member->life->states)
    if (state.at.line > at.line && context.trace.WrittenBy(state.at) <= at.t && !state.RunningAndReady())
      return false;
  const std::optional<Readiness> ready = ReadinessAt(*member->life, at.line);
  return ready && at.t - ready->at.t > kDnsLag;
}

void JudgeDns(Judgement& judge) {
  const Context& context = judge.context();
  for (const trace::Probe& probe : context.trace.probes) {
    const std::string scenario = GetString(probe.fields, {"scenario"});
    const bool here = scenario.empty() ? judge.window().Has(probe.at)
                                       : scenario == judge.window().name;
    const SetState* set = context.SetAt(probe.at.line);
    if (!here || set == nullptr) continue;
    for (const auto& [name, answer] : GetObject(probe.fields, {"dns"}).items()) {
      const std::string host = name.substr(0, name.find('.'));
      const int64_t ordinal = context.OrdinalOf(host);
      const std::string expected =
          fmt::format("{}.{}.{}.svc.", host, set->service, context.trace.target_namespace);
      if (ordinal < 0 || !name.starts_with(expected) || !answer.is_array()) continue;
      const std::set<std::string> known = AddressesOf(context, ordinal, probe.at.t);
      if (answer.empty() && !LongReady(context, ordinal, probe.at)) continue;
      judge.Saw();
      if (answer.empty()) {
        judge.Broken(probe.at.t,
                     fmt::format("pod {} got no address for {} at {}, although the pod had been "
                                 "Ready for more than {:.0f} s",
                                 probe.pod, name, Seconds(probe.at.t), kDnsLag),
                     {{"Pod", probe.pod, probe.uid}, {"Pod", host, ""}}, {probe.at.line});
      }
      for (const Json& address : answer) {
        const std::string text = address.is_string() ? address.get<std::string>() : "";
        if (known.contains(text) || known.empty()) continue;
        judge.Broken(probe.at.t,
                     fmt::format("pod {} got the address {} for {} at {}, which no pod of that "
                                 "name had",
                                 probe.pod, text, name, Seconds(probe.at.t)),
                     {{"Pod", probe.pod, probe.uid}, {"Pod", host, ""}}, {probe.at.line});
      }
    }
  }
}

}  // namespace

std::vector<Guarantee> NetworkFamily() {
  return {
      {.id = "SS-NET-1",
       .title = "endpoints carry the pods' names",
       .paragraph = "Every pod with an address has an endpoint with its name, uid and node in the "
                    "slices of the set's headless service.",
       .since = "Kubernetes 1.21",
       .exercised = "the set has a headless service and pods with addresses",
       .exceptions = "Within 10 s of a change, or of 60 s when no controller wrote after it.",
       .wants = {"endpointslices", "services"},
       .seen = "{} endpoints carried the names of their pods",
       .judge = JudgeEndpoints},
      {.id = "SS-NET-2",
       .title = "endpoints tell readiness",
       .paragraph = "At rest an endpoint is serving when its pod is Ready, terminating when it is, "
                    "ready when both allow; one name is ready once.",
       .since = "Kubernetes 1.22",
       .exercised = "the scenario ends with endpoints of the set",
       .exceptions = "Within 10 s of a change, or of 60 s when no controller wrote after it; "
                     "publishNotReadyAddresses makes all ready.",
       .wants = {"endpointslices", "services"},
       .seen = "{} endpoints told the readiness of their pods",
       .judge = JudgeConditionsOfEndpoints},
      {.id = "SS-NET-3",
       .title = "names resolve to the pod",
       .paragraph = "<pod>.<service>.<namespace>.svc resolves to the address of the pod of that "
                    "name.",
       .since = "Kubernetes 1.9",
       .exercised = "a probe asks DNS inside a pod",
       .exceptions = "Answers up to 35 s old; pods that were not Ready for so long.",
       .decided = "probe",
       .needs = {"pods", "statefulsets"},
       .seen = "{} answers of DNS were addresses of the right pods",
       .judge = JudgeDns},
  };
}

}  // namespace holdfast::check
