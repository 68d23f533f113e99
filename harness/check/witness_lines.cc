// Witness files held against the watches.
#include "harness/check/witness_lines.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "harness/base/strings.h"
#include "harness/check/node_facts.h"

namespace holdfast::check {
namespace {

using trace::ClaimLife;
using trace::PodLife;
using trace::VolumeFile;

using Pods = std::unordered_map<std::string_view, const PodLife*>;

// Of every owner, by uid.
Pods AllPods(const Context& context) {
  Pods pods;
  for (const PodLife& life : context.trace.pods)
    pods.try_emplace(life.uid, &life);
  return pods;
}

const ClaimLife* ClaimOf(const Context& context, const VolumeFile& file) {
  for (const ClaimLife* life : context.ClaimsOf(file.claim))
    if (life->uid == file.claim_uid) return life;
  return nullptr;
}

bool HasGap(const Context& context, const char* resource, int64_t line) {
  return std::any_of(context.trace.gaps.begin(), context.trace.gaps.end(),
                     [&](const trace::Gap& gap) {
                       return gap.at.line < line && gap.resource == resource;
                     });
}

// The copy of the same file before this one; nullptr when there is none. What it showed was told then.
const VolumeFile* Before(const Context& context, const VolumeFile& file) {
  const VolumeFile* before = nullptr;
  for (const VolumeFile& other : context.trace.files) {
    if (other.at.line >= file.at.line) break;
    if (other.claim_uid == file.claim_uid && other.path == file.path) before = &other;
  }
  return before;
}

bool Holds(const VolumeFile* file, const std::string& uid) {
  return file != nullptr &&
         std::any_of(file->lines.begin(), file->lines.end(), [&](const std::string& line) {
           return line.find(" " + uid + " ") != std::string::npos;
         });
}

// How the pod uses the claim; nullptr when it does not.
const trace::ClaimUse* UseOf(const PodLife& life, const std::string& claim) {
  for (const auto& [volume, use] : life.states.back().identity->claims)
    if (use.claim == claim) return &use;
  return nullptr;
}

// A pod that lived before the file was read, but is in no watch. What a claim held before it was made,
// on a directory that is used again, is nobody's concern here.
void JudgeStranger(Judgement& judge,
                   const VolumeFile& file,
                   const WitnessLine& line,
                   bool after_known) {
  constexpr double kClocks = 60;
  constexpr double kWatchLag = 5;
  const Context& context = judge.context();
  const ClaimLife* claim = ClaimOf(context, file);
  if (!context.trace.opened.contains("pods")) return;
  if (claim == nullptr || claim->listed) {
    if (!after_known) return;
  } else if (!after_known && line.wall < static_cast<double>(claim->created) - kClocks) {
    return;
  }
  const std::string what = fmt::format("pod {} with uid {} wrote to claim {}, but the watch of the pods "
                                       "has never shown that uid",
                                       line.pod, line.uid, file.claim);
  const bool told_since =
      context.trace.end.has_value() || context.trace.last.t - file.at.t > kWatchLag;
  const bool proven = after_known && claim != nullptr && !claim->listed && told_since &&
                      !HasGap(context, "pods", file.at.line);
  if (!proven) return judge.Undecided(what);
  if (Holds(Before(context, file), line.uid)) return;
  judge.Broken(file.at.t, what,
               {{"Pod", line.pod, line.uid}, {"PersistentVolumeClaim", file.claim, file.claim_uid}},
               {file.at.line});
}

// The name that the pod has inside is that of its spec; one on the host's network has the node's.
bool HasName(const PodLife& life, const std::string& name) {
  const trace::PodIdentity& identity = *life.states.back().identity;
  return name == life.name || name == identity.hostname || identity.host_network ||
         identity.hostname_as_fqdn || !identity.hostname_override.empty();
}

void ComparePod(Judgement& judge,
                const VolumeFile& file,
                const WitnessLine& line,
                const PodLife& life,
                std::set<std::string>& told) {
  if (!HasName(life, line.pod) && told.insert("name " + line.uid).second) {
    judge.Undecided(fmt::format("the witness file on {} calls {} '{}'", file.claim, Describe(life),
                                line.pod));
  }
  if (line.node.empty()) return;
  bool placed = false;
  for (const trace::PodState& state : life.states) {
    if (state.node == line.node) return;
    placed = placed || !state.node.empty();
  }
  if (!placed || !told.insert("node " + line.uid).second) return;
  judge.Undecided(fmt::format("the witness file on {} has {} on node {}, where the watch of the pods "
                              "never shows it",
                              file.claim, Describe(life), line.node));
}

void CompareClaim(Judgement& judge, const VolumeFile& file) {
  const Context& context = judge.context();
  const auto& lives = context.ClaimsOf(file.claim);
  if (lives.empty() || file.claim_uid.empty() ||
      HasGap(context, "persistentvolumeclaims", file.at.line))
    return;
  const ClaimLife* claim = ClaimOf(context, file);
  if (claim == nullptr) {
    return judge.Undecided(fmt::format("the witness file on {} is of a claim with uid {}, which the watch "
                                       "of the claims has never shown",
                                       file.claim, file.claim_uid));
  }
  if (file.volume.empty()) return;
  bool bound = false;
  for (const trace::ClaimState& state : claim->states) {
    if (state.volume == file.volume) return;
    bound = bound || !state.volume.empty();
  }
  if (!bound) return;
  judge.Undecided(fmt::format("the witness file on {} is of the volume {}, to which the claim never was "
                              "bound",
                              file.claim, file.volume));
}

// Nothing made the loss of what the pod wrote lawful: no force, no lost node, no fault on it, nor on
// anything but pods until the file was read.
bool WasLeftAlone(const Context& context, const PodLife& life, double ready, const VolumeFile& file) {
  const auto deletions = context.actions_by_uid.find(life.uid);
  if (deletions != context.actions_by_uid.end())
    for (const trace::Action* action : deletions->second)
      if (action->verb == "delete" && (action->force || action->grace == 0)) return false;
  const auto by_name = context.actions_by_name.find(life.name);
  if (by_name != context.actions_by_name.end())
    for (const trace::Action* action : by_name->second)
      if (action->verb == "delete" && (action->force || action->grace == 0)) return false;
  for (const trace::Fault& fault : context.trace.faults) {
    const double end = fault.end ? fault.end->t : file.at.t;
    if (fault.begin.t > file.at.t || end < life.first().t) continue;
    for (const trace::FaultTarget& target : fault.targets)
      if (target.kind != "Pod" || target.name == life.name || target.uid == life.uid) return false;
    if (fault.targets.empty()) return false;
  }
  return life.states.back().disruption != "DeletionByPodGC" &&
         !NodeWasUnwell(context, life, ready, life.gone->t);
}

// When the pod began to be Ready for long enough that its first line must be on the volume.
std::optional<trace::At> LastingReadiness(const PodLife& life) {
  constexpr double kSettled = 5;
  std::optional<trace::At> since;
  for (const trace::PodState& state : life.states) {
    const bool well = state.RunningAndReady() && !state.terminating;
    if (since && state.at.t - since->t > kSettled) return since;
    if (!well) since.reset();
    if (well && !since) since = state.at;
  }
  return since && life.gone && life.gone->t - since->t > kSettled ? since : std::nullopt;
}

// Who wrote to files of that path, on whatever claim.
std::set<std::string> WritersTo(const Context& context, const std::string& path) {
  std::set<std::string> writers;
  for (const VolumeFile& file : context.trace.files) {
    if (file.path != path) continue;
    for (const std::string& text : file.lines)
      if (const auto line = ParseWitness(text)) writers.insert(line->uid);
  }
  return writers;
}

bool ItsLikeWrote(const Context& context, const PodLife& life, const std::set<std::string>& writers) {
  return std::any_of(writers.begin(), writers.end(), [&](const std::string& uid) {
    const auto writer = context.by_uid.find(uid);
    return writer != context.by_uid.end() &&
           writer->second->life->states.back().identity->containers ==
               life.states.back().identity->containers;
  });
}

// The uids of the file's lines; nullopt when some cannot be read, because a torn line may be the only
// one of a pod.
std::optional<std::set<std::string>> WritersOf(const VolumeFile& file) {
  std::set<std::string> writers;
  for (const std::string& text : file.lines) {
    const auto line = ParseWitness(text);
    if (!line && &text != &file.lines.back()) return std::nullopt;
    if (line) writers.insert(line->uid);
  }
  return writers;
}

}  // namespace

std::optional<WitnessLine> ParseWitness(const std::string& text) {
  const std::vector<std::string> parts = Split(Trim(text), ' ');
  if (parts.size() != 6 || (parts[0] != "start" && parts[0] != "beat" && parts[0] != "stop"))
    return std::nullopt;
  const size_t point = parts[5].find('.');
  const auto seconds = ParseInt(parts[5].substr(0, point));
  const auto counter = ParseInt(parts[4]);
  if (parts[2].empty() || !seconds || !counter) return std::nullopt;
  double wall = static_cast<double>(*seconds);
  if (point != std::string::npos) {
    const std::string digits = parts[5].substr(point + 1, 9);
    double scale = 1;
    for (size_t i = 0; i < digits.size(); ++i)
      scale *= 10;
    wall += static_cast<double>(ParseInt(digits).value_or(0)) / scale;
  }
  return WitnessLine{.start = parts[0] == "start",
                     .pod = parts[1],
                     .uid = parts[2],
                     .node = parts[3],
                     .counter = *counter,
                     .wall = wall};
}

void CompareWithWatches(Judgement& judge, const VolumeFile& file) {
  // The workload takes the time from whole seconds, so that two processes may differ by 2 s.
  constexpr double kSteps = 3;
  const Pods pods = AllPods(judge.context());
  CompareClaim(judge, file);
  std::set<std::string> told;
  std::map<std::string, double> newest;  // By node.
  bool after_known = false;
  for (const std::string& text : file.lines) {
    const auto line = ParseWitness(text);
    if (!line) continue;
    const auto life = pods.find(line->uid);
    if (life != pods.end()) {
      after_known = true;
      ComparePod(judge, file, *line, *life->second, told);
    } else if (told.insert("stranger " + line->uid).second) {
      JudgeStranger(judge, file, *line, after_known);
    }
    const auto [known, is_first] = newest.try_emplace(line->node, line->wall);
    if (line->wall < known->second - kSteps && told.insert("clock " + line->node).second) {
      judge.Undecided(fmt::format("in the witness file on {} the clock of node {} goes back by {:.1f} s",
                                  file.claim, line->node, known->second - line->wall));
    }
    known->second = line->wall;
  }
}

void JudgeForeignLines(Judgement& judge) {
  const Context& context = judge.context();
  Pods pods;
  for (const VolumeFile& file : context.trace.files) {
    if (!judge.window().Has(file.at)) continue;
    if (pods.empty()) pods = AllPods(context);
    std::set<std::string> reported;
    for (const std::string& text : file.lines) {
      const auto line = ParseWitness(text);
      if (!line) continue;
      const auto found = pods.find(line->uid);
      if (found == pods.end()) continue;
      const PodLife& life = *found->second;
      // A file that is told to be on another claim of the same pod is mistaken, not foreign.
      const bool own = UseOf(life, file.claim) != nullptr || file.claim.ends_with("-" + life.name);
      if (own || !reported.insert(life.uid).second || Holds(Before(context, file), life.uid)) continue;
      judge.Broken(file.at.t,
                   fmt::format("claim {} holds lines of {}, which does not mount it", file.claim,
                               Describe(life)),
                   {PodId(life), {"PersistentVolumeClaim", file.claim, file.claim_uid}},
                   {life.first().line, file.at.line});
    }
  }
}

void JudgeLostLives(Judgement& judge) {
  const Context& context = judge.context();
  for (const VolumeFile& file : context.trace.files) {
    if (!judge.window().Has(file.at)) continue;
    const auto writers = WritersOf(file);
    const ClaimLife* claim = ClaimOf(context, file);
    if (!writers || claim == nullptr) continue;
    std::optional<std::set<std::string>> all;
    const VolumeFile* before = Before(context, file);
    for (const Member& member : context.members) {
      const PodLife& life = *member.life;
      const trace::ClaimUse* use = UseOf(life, file.claim);
      if (use == nullptr || use->read_only || writers->contains(life.uid) || !life.gone ||
          life.gone->line >= file.at.line ||
          (before != nullptr && life.gone->line < before->at.line) || !file.path.starts_with(use->mount_path))
        continue;
      const auto ready = LastingReadiness(life);
      if (!ready || claim->first().line > ready->line ||
          (claim->gone && claim->gone->line < file.at.line) ||
          !WasLeftAlone(context, life, ready->t, file))
        continue;
      if (!all) all = WritersTo(context, file.path);
      if (!ItsLikeWrote(context, life, *all)) continue;
      judge.Broken(file.at.t,
                   fmt::format("{} was Ready with claim {} at {}, but the file {} holds no line of it",
                               Describe(life), file.claim, Seconds(ready->t), file.path),
                   {PodId(life), {"PersistentVolumeClaim", file.claim, file.claim_uid}},
                   {ready->line, file.at.line});
    }
  }
}

}  // namespace holdfast::check
