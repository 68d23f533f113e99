// SS-DATA-4, 6, 7, 8: what volumes showed from inside, in probes and witness files.
#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "harness/base/strings.h"
#include "harness/check/families.h"
#include "harness/check/storage_facts.h"
#include "harness/check/witness_lines.h"

namespace holdfast::check {
namespace {

using trace::Probe;
using trace::VolumeFile;

bool IsHere(const Window& window, const Probe& probe) {
  const std::string scenario = GetString(probe.fields, {"scenario"});
  return scenario.empty() ? window.Has(probe.at) : scenario == window.name;
}

ObjectId ProbedPod(const Probe& probe) { return {"Pod", probe.pod, probe.uid}; }

// What is not synced may be lost with a node for this long after it was written.
constexpr double kUnsynced = 60.0;

double WallOf(const std::string& line) {
  const size_t space = Trim(line).find_last_of(' ');
  const std::string_view wall = space == std::string::npos ? "" : Trim(line).substr(space + 1);
  return static_cast<double>(ParseInt(wall.substr(0, wall.find('.'))).value_or(0));
}

// How many lines of a copy must be in every later one: not the unsynced tail, nor a last line that
// was half written.
size_t Lasting(const std::vector<std::string>& lines) {
  size_t count = lines.size() - 1;
  const double newest = count == 0 ? 0 : WallOf(lines[count - 1]);
  while (count > 0 && WallOf(lines[count - 1]) > newest - kUnsynced)
    --count;
  return count;
}

// Each copy of a witness file continues the one before: an old snapshot would not.
void JudgeFreshness(Judgement& judge) {
  std::map<std::string, const VolumeFile*> newest;  // By claim uid and path.
  for (const VolumeFile& file : judge.context().trace.files) {
    if (file.at.line >= judge.window().end_line) break;
    const VolumeFile*& before = newest[file.claim_uid + " " + file.path];
    const VolumeFile* last = before;
    before = &file;
    if (!judge.window().Has(file.at)) continue;
    judge.Saw();
    if (last == nullptr || last->lines.empty()) continue;
    const size_t shared = Lasting(last->lines);
    const bool continues =
        file.lines.size() >= shared &&
        std::equal(last->lines.begin(),
                   last->lines.begin() + static_cast<std::ptrdiff_t>(shared), file.lines.begin());
    if (continues) continue;
    judge.Broken(file.at.t,
                 fmt::format("the file {} on claim {} (uid {}) does not continue what it held at "
                             "{}: {} lines then, {} now",
                             file.path, file.claim, file.claim_uid, Seconds(last->at.t),
                             last->lines.size(), file.lines.size()),
                 {{"PersistentVolumeClaim", file.claim, file.claim_uid}},
                 {last->at.line, file.at.line});
  }
  JudgeLostLives(judge);
}

void JudgeFilesystem(Judgement& judge) {
  for (const Probe& probe : judge.context().trace.probes) {
    const auto member = judge.context().by_uid.find(probe.uid);
    if (!IsHere(judge.window(), probe) || member == judge.context().by_uid.end()) continue;
    for (const Json& mount : GetArray(probe.fields, {"mounts"})) {
      const std::string path = GetString(mount, {"path"});
      const auto& claims = member->second->life->states.back().identity->claims;
      const bool data = std::any_of(claims.begin(), claims.end(), [&](const auto& use) {
        return use.second.mount_path == path && !use.second.read_only;
      });
      if (!data || (!mount.contains("options") && !mount.contains("readOnly"))) continue;
      judge.Saw();
      const std::vector<std::string> options = Split(GetString(mount, {"options"}), ',');
      const bool read_only = GetBool(mount, {"readOnly"}) ||
                             std::find(options.begin(), options.end(), "ro") != options.end();
      if (!read_only) continue;
      judge.Broken(probe.at.t,
                   fmt::format("in pod {} (uid {}) the volume at {} is mounted read-only at {}",
                               probe.pod, probe.uid, path, Seconds(probe.at.t)),
                   {ProbedPod(probe)}, {probe.at.line});
    }
  }
}

void JudgeOwnership(Judgement& judge) {
  std::map<std::string, std::pair<std::string, const Probe*>> known;  // Pod -> what it was.
  for (const Probe& probe : judge.context().trace.probes) {
    const Json& data = GetObject(probe.fields, {"data"});
    if (!data.contains("mode") || probe.at.line >= judge.window().end_line) continue;
    const std::string now =
        fmt::format("owner {}, group {}, mode {}", GetInt(data, {"uid"}, -1),
                    GetInt(data, {"gid"}, -1), GetString(data, {"mode"}));
    const auto [found, is_new] = known.try_emplace(probe.pod, now, &probe);
    if (!IsHere(judge.window(), probe)) continue;
    judge.Saw();
    if (is_new || found->second.first == now) continue;
    judge.Broken(probe.at.t,
                 fmt::format("the data directory of pod {} has {}, before it had {}", probe.pod,
                             now, found->second.first),
                 {ProbedPod(probe)}, {found->second.second->at.line, probe.at.line});
  }
}

// A pod's first line says that it starts. Who keeps only the end of a file may have cut that off, and a
// torn line may hold it.
void JudgeBeginning(Judgement& judge,
                    const VolumeFile& file,
                    const WitnessLine& line,
                    const std::string* former) {
  const std::string what = fmt::format("on claim {} the lines of incarnation {} begin with counter {} "
                                       "and without a start",
                                       file.claim, line.uid, line.counter);
  if (former == nullptr || !ParseWitness(*former)) return judge.Undecided(what);
  judge.Broken(file.at.t, what,
               {{"PersistentVolumeClaim", file.claim, file.claim_uid}, {"Pod", "", line.uid}},
               {file.at.line});
}

// Whatever ended an incarnation, what it wrote before is there without a hole.
void JudgeCrashConsistency(Judgement& judge) {
  for (const VolumeFile& file : judge.context().trace.files) {
    if (!judge.window().Has(file.at)) continue;
    std::map<std::string, std::pair<int64_t, bool>> counters;  // Uid -> newest, with a hole.
    const std::string* before = nullptr;
    for (const std::string& text : file.lines) {
      const std::string* former = std::exchange(before, &text);
      const auto line = ParseWitness(text);
      if (!line) continue;
      const auto [found, is_new] = counters.try_emplace(line->uid, line->counter, false);
      if (is_new && !line->start) JudgeBeginning(judge, file, *line, former);
      const bool follows = is_new || line->start || line->counter == found->second.first + 1;
      found->second.first = line->counter;
      if (!follows && !found->second.second) {
        found->second.second = true;
        judge.Broken(file.at.t,
                     fmt::format("on claim {} the lines of incarnation {} have a hole before "
                                 "counter {}",
                                 file.claim, line->uid, line->counter),
                     {{"PersistentVolumeClaim", file.claim, file.claim_uid},
                      {"Pod", "", line->uid}},
                     {file.at.line});
      }
    }
    judge.Saw(static_cast<int64_t>(counters.size()));
  }
}

}  // namespace

std::vector<Guarantee> InsideFamily() {
  return {
      {.id = "SS-DATA-4",
       .title = "no old snapshot",
       .paragraph = "A file on a volume continues what it held before; it never goes back.",
       .since = "every version",
       .exercised = "a witness file is read",
       .exceptions = "The last 60 s of what was not synced: a node that loses power loses them.",
       .decided = "witness",
       .needs = {"pods"},
       .seen = "{} copies of witness files continued the ones before",
       .judge = JudgeFreshness},
      {.id = "SS-DATA-6",
       .title = "the file system is writable",
       .paragraph = "The data volume is not mounted read-only, as it would be after an error of "
                    "its device.",
       .since = "every version",
       .exercised = "a probe shows the options of the data mount",
       .decided = "probe",
       .needs = {"pods"},
       .seen = "{} data volumes were mounted writable",
       .judge = JudgeFilesystem},
      {.id = "SS-DATA-7",
       .title = "ownership of the data directory",
       .paragraph = "Owner, group and mode of the data directory stay what they were.",
       .since = "every version",
       .exercised = "a probe shows owner and mode of the data directory",
       .decided = "probe",
       .needs = {"pods"},
       .seen = "{} data directories kept owner, group and mode",
       .judge = JudgeOwnership},
      {.id = "SS-DATA-8",
       .title = "no holes after a crash",
       .paragraph = "However an incarnation ended, the lines that it wrote to its volume are there "
                    "without a hole; only the last one may be torn.",
       .since = "every version",
       .exercised = "a witness file is read",
       .decided = "witness",
       .needs = {"pods"},
       .seen = "{} incarnations left their lines without a hole",
       .judge = JudgeCrashConsistency},
  };
}

}  // namespace holdfast::check
