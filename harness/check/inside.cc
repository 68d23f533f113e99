// What probes saw inside the pods: SS-ID-5P, SS-DATA-2, SS-DATA-3, SS-DATA-5.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/witness_lines.h"

namespace holdfast::check {
namespace {

using trace::PodLife;
using trace::Probe;
using trace::SetState;

constexpr const char* kOnlySets = "the target is a Deployment, which does not promise this";

// A probe belongs to the scenario that it names, else to the one that it was made in.
bool Within(const Window& window, const Probe& probe) {
  const std::string scenario = GetString(probe.fields, {"scenario"});
  return scenario.empty() ? window.Has(probe.at) : scenario == window.name;
}

// Successful probes of the target's pods up to the end of the window, oldest first.
std::vector<const Probe*> Probes(const Context& context, const Window& window) {
  std::vector<const Probe*> probes;
  for (const Probe& probe : context.trace.probes)
    if (probe.error.empty() && context.OrdinalOf(probe.pod) >= 0 &&
        (probe.at.line < window.end_line || Within(window, probe)))
      probes.push_back(&probe);
  return probes;
}

// A pod whose probe could not be made, and was not made later, decides nothing.
void CountFailures(Judgement& judge) {
  std::map<std::string, const Probe*> newest;
  for (const Probe& probe : judge.context().trace.probes)
    if (Within(judge.window(), probe)) newest[probe.pod] = &probe;
  for (const auto& [pod, probe] : newest)
    if (!probe->error.empty())
      judge.Undecided(fmt::format("the probe of pod {} failed: {}", pod, probe->error));
}

// A field that is a text or an integer, as text.
std::string Text(const Json& fields, std::initializer_list<std::string_view> path) {
  const Json* found = FindPath(fields, path);
  return found != nullptr && found->is_number_integer() ? DumpJson(*found)
                                                        : GetString(fields, path);
}

ObjectId Id(const Probe& probe) { return {"Pod", probe.pod, probe.uid}; }

const PodLife* LifeOf(const Context& context, const std::string& uid) {
  const auto found = context.by_uid.find(uid);
  return found == context.by_uid.end() ? nullptr : found->second->life;
}

// A pod that no watch has ever shown was not probed; a watch that had a gap may have missed it.
bool IsStranger(const Context& context, const std::string& uid) {
  const auto is_it = [&](const PodLife& life) { return life.uid == uid; };
  const auto of_pods = [](const trace::Gap& gap) { return gap.resource == "pods"; };
  return !uid.empty() && context.trace.opened.contains("pods") &&
         std::none_of(context.trace.pods.begin(), context.trace.pods.end(), is_it) &&
         std::none_of(context.trace.gaps.begin(), context.trace.gaps.end(), of_pods);
}

bool IsIPv4(std::string_view text) {
  return text.find('.') != std::string_view::npos &&
         text.find_first_not_of("0123456789.") == std::string_view::npos;
}

// The address that the pod has inside is one that its status has told; of two families only one is compared.
void CompareAddress(Judgement& judge, const PodLife& life, std::string_view inside) {
  bool told = false;
  for (const trace::PodState& state : life.states) {
    if (state.ip == inside) return;
    told = told || IsIPv4(state.ip);
  }
  if (!told || !IsIPv4(inside)) return;
  judge.Undecided(fmt::format("in {} /etc/hosts names the address {}, which its status never told",
                              Describe(life), inside));
}

void JudgeHosts(Judgement& judge, const Probe& probe, const PodLife& life, const std::string& service) {
  const Json& hosts = GetArray(probe.fields, {"hosts_line"});
  if (hosts.empty() || service.empty()) return;
  if (hosts[0].is_string()) CompareAddress(judge, life, hosts[0].get<std::string>());
  const std::string full =
      fmt::format("{}.{}.{}.svc.", probe.pod, service, judge.context().trace.target_namespace);
  const std::string fqdn = GetString(probe.fields, {"fqdn"});
  if (!fqdn.empty() && fqdn != probe.pod && !fqdn.starts_with(full)) {
    judge.Undecided(fmt::format("in {} the full name is '{}', expected {}*", Describe(life), fqdn, full));
  }
  bool has_name = false;
  bool has_full = false;
  std::string line;
  for (const Json& part : hosts) {
    const std::string text = part.is_string() ? part.get<std::string>() : "";
    has_name = has_name || text == probe.pod;
    has_full = has_full || text.starts_with(full);
    line += (line.empty() ? "" : " ") + text;
  }
  if (has_name && has_full) return;
  judge.Broken(probe.at.t,
               fmt::format("in pod {} (uid {}) the line of /etc/hosts is '{}', expected {}* and {}",
                           probe.pod, probe.uid, line, full, probe.pod),
               {Id(probe)}, {probe.at.line});
}

// The uids that the claims of a pod have had up to a line: with another one, another marker is due.
std::string ClaimUids(const Context& context, const std::string& pod, int64_t line) {
  std::string uids;
  for (const trace::ClaimLife& life : context.trace.claims) {
    const bool lived =
        life.states.front().at.line <= line && (!life.gone || life.gone->line > line);
    if (lived && life.name.ends_with("-" + pod)) uids += life.uid + " ";
  }
  return uids;
}

struct Marker {
  std::string nonce;
  std::string claims;
  const Probe* probe = nullptr;
};

void JudgeMarker(Judgement& judge, const Probe& probe, std::map<std::string, Marker>& known) {
  const Context& context = judge.context();
  const std::string nonce = GetString(probe.fields, {"marker", "nonce"});
  const std::string owner = GetString(probe.fields, {"marker", "pod"});
  const auto before = known.find(probe.pod);
  const std::string claims = ClaimUids(context, probe.pod, probe.at.line);
  const bool in_window = Within(judge.window(), probe);
  if (nonce.empty()) {
    if (in_window && before != known.end() && before->second.claims == claims) {
      judge.Saw();
      judge.Broken(probe.at.t,
                   fmt::format("the marker {} that was on the volume of pod {} is gone at {}",
                               before->second.nonce, probe.pod, Seconds(probe.at.t)),
                   {Id(probe)}, {before->second.probe->at.line, probe.at.line});
    }
    return;
  }
  if (in_window) {
    judge.Saw();
    if (owner != probe.pod) {
      judge.Broken(probe.at.t,
                   fmt::format("the volume of pod {} (uid {}) carries the marker of pod {}",
                               probe.pod, probe.uid, owner),
                   {Id(probe), {"Pod", owner, ""}}, {probe.at.line});
    } else if (before != known.end() && before->second.nonce != nonce &&
               before->second.claims == claims) {
      judge.Broken(probe.at.t,
                   fmt::format("the volume of pod {} carries the marker {}, before it carried {}: "
                               "it is another volume or was emptied",
                               probe.pod, nonce, before->second.nonce),
                   {Id(probe)}, {before->second.probe->at.line, probe.at.line});
    }
    for (const auto& [pod, marker] : known) {
      if (pod == probe.pod || marker.nonce != nonce) continue;
      judge.Broken(
          probe.at.t,
          fmt::format("the volumes of pods {} and {} carry one marker, {}", pod, probe.pod, nonce),
          {Id(probe), {"Pod", pod, ""}}, {marker.probe->at.line, probe.at.line});
    }
  }
  if (before == known.end() || before->second.claims != claims)
    known[probe.pod] = {.nonce = nonce, .claims = claims, .probe = &probe};
}

}  // namespace

CheckResult JudgeHostnameInside(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-ID-5P");
  if (context.IsDeployment()) return judge.NotApplicable(kOnlySets);
  judge.Needs({"pods", "statefulsets"});
  CountFailures(judge);
  const SetState* set = context.SetAt(window.end_line - 1);
  for (const Probe* probe : Probes(context, window)) {
    const std::string hostname = GetString(probe->fields, {"hostname"});
    const PodLife* life = LifeOf(context, probe->uid);
    if (!Within(window, *probe) || hostname.empty()) continue;
    if (IsStranger(context, probe->uid)) {
      judge.Undecided(fmt::format("pod {} was probed with uid {}, which the watch of the pods has never "
                                  "shown",
                                  probe->pod, probe->uid));
    }
    if (life == nullptr) continue;
    const trace::PodIdentity& identity = *life->states.back().identity;
    if (identity.host_network || identity.hostname_as_fqdn || !identity.hostname_override.empty())
      continue;
    judge.Saw();
    if (hostname != probe->pod) {
      judge.Broken(
          probe->at.t,
          fmt::format("pod {} (uid {}) calls itself '{}' inside", probe->pod, probe->uid, hostname),
          {Id(*probe)}, {probe->at.line});
    }
    JudgeHosts(judge, *probe, *life, set == nullptr ? "" : set->service);
  }
  return judge.Conclude(fmt::format("{} probes found the pod's own name inside", judge.judged()),
                        "no probe looked at host names in this scenario");
}

CheckResult JudgeMarkers(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-DATA-2");
  if (context.IsDeployment()) return judge.NotApplicable(kOnlySets);
  judge.Needs({"pods", "persistentvolumeclaims"});
  std::map<std::string, Marker> known;
  for (const Probe* probe : Probes(context, window))
    JudgeMarker(judge, *probe, known);
  JudgeForeignLines(judge);
  if (judge.judged() > 0 || !known.empty()) CountFailures(judge);
  return judge.Conclude(fmt::format("{} probes found the pod's own marker", judge.judged()),
                        "no probe looked for a marker in this scenario");
}

CheckResult JudgeMounts(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-DATA-3");
  if (context.IsDeployment()) return judge.NotApplicable(kOnlySets);
  judge.Needs({"pods"});
  for (const Probe* probe : Probes(context, window)) {
    const PodLife* life = LifeOf(context, probe->uid);
    if (!Within(window, *probe) || life == nullptr) continue;
    std::map<std::string, std::string> devices;
    for (const Json& mount : GetArray(probe->fields, {"mounts"}))
      devices[GetString(mount, {"path"})] = GetString(mount, {"device"});
    const auto root = devices.find("/");
    if (root == devices.end()) continue;
    for (const auto& [volume, use] : life->states.back().identity->claims) {
      if (use.mount_path.empty()) continue;
      judge.Saw();
      const auto mount = devices.find(use.mount_path);
      if (mount != devices.end() && mount->second != root->second) continue;
      judge.Broken(probe->at.t,
                   fmt::format("in pod {} (uid {}) {} is {}, so the data of claim {} is in the "
                               "container's own layer",
                               probe->pod, probe->uid, use.mount_path,
                               mount == devices.end() ? "not a mount"
                                                      : "on the device of the root file system",
                               use.claim),
                   {Id(*probe), {"PersistentVolumeClaim", use.claim, ""}}, {probe->at.line});
    }
  }
  if (judge.judged() > 0) CountFailures(judge);
  return judge.Conclude(fmt::format("{} data directories were mounts of their own", judge.judged()),
                        "no probe shows the device of the root file system beside the mounts");
}

CheckResult JudgeDatabaseIdentity(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-DATA-5");
  if (context.IsDeployment()) return judge.NotApplicable(kOnlySets);
  judge.Needs({"pods"});
  const Probe* first = nullptr;
  // Servers that have nothing in common, and members of one cluster, are known by pod.
  std::map<std::string, const Probe*> own;
  std::map<std::string, std::pair<int64_t, const Probe*>> timelines;
  for (const Probe* probe : Probes(context, window)) {
    const std::string identifier = Text(probe->fields, {"database", "systemIdentifier"});
    if (identifier.empty()) continue;
    const bool in_window = Within(window, *probe);
    if (in_window) judge.Saw();
    if (first == nullptr) first = probe;
    const Probe*& mine = own.try_emplace(probe->pod, probe).first->second;
    const bool same_claims = ClaimUids(context, probe->pod, mine->at.line) ==
                             ClaimUids(context, probe->pod, probe->at.line);
    if (!same_claims) mine = probe;
    const std::string member = Text(probe->fields, {"database", "memberId"});
    const std::string known = Text(mine->fields, {"database", "memberId"});
    if (in_window && member != known) {
      judge.Broken(probe->at.t,
                   fmt::format("the member of pod {} (uid {}) has the id {}, before it had {}: it "
                               "has lost its identity",
                               probe->pod, probe->uid, member, known),
                   {Id(*probe)}, {mine->at.line, probe->at.line});
    }
    if (GetBool(probe->fields, {"database", "independent"})) first = mine;
    const std::string expected = Text(first->fields, {"database", "systemIdentifier"});
    if (in_window && identifier != expected) {
      judge.Broken(probe->at.t,
                   fmt::format("the database of pod {} (uid {}) has the system identifier {}, pod "
                               "{} had {}: it is another database",
                               probe->pod, probe->uid, identifier, first->pod, expected),
                   {Id(*probe), Id(*first)}, {first->at.line, probe->at.line});
    }
    const int64_t timeline = GetInt(probe->fields, {"database", "timeline"});
    auto& [newest, witness] = timelines[probe->pod];
    if (in_window && witness != nullptr && timeline < newest) {
      judge.Broken(probe->at.t,
                   fmt::format("the database of pod {} goes back from timeline {} to {}",
                               probe->pod, newest, timeline),
                   {Id(*probe)}, {witness->at.line, probe->at.line});
    }
    if (timeline >= newest) {
      newest = timeline;
      witness = probe;
    }
  }
  if (first != nullptr) CountFailures(judge);
  return judge.Conclude(fmt::format("{} probes found one database identity", judge.judged()),
                        "no probe asked a database for its identity in this scenario");
}

}  // namespace holdfast::check
