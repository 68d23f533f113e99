// SS-AMO-2: at most one incarnation of an ordinal writes, told by the witness files on the volumes.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "harness/check/families.h"
#include "harness/check/witness_lines.h"

namespace holdfast::check {
namespace {

using trace::VolumeFile;

// Two incarnations of which the older wrote after the younger had begun.
struct Overlap {
  WitnessLine older;    // Its last line.
  WitnessLine younger;  // Its first line.
  int64_t lines = 0;    // Of the older one after the younger had begun.
};

std::vector<Overlap> FindOverlaps(const std::vector<WitnessLine>& beats) {
  std::vector<Overlap> overlaps;
  std::vector<WitnessLine> begun;  // First lines, in order of appearance.
  std::map<std::string, size_t> order;
  std::map<std::pair<size_t, size_t>, size_t> known;
  for (const WitnessLine& beat : beats) {
    const auto [found, is_new] = order.try_emplace(beat.uid, begun.size());
    if (is_new) begun.push_back(beat);
    for (size_t younger = found->second + 1; younger < begun.size(); ++younger) {
      const auto [slot, is_first] = known.try_emplace({found->second, younger}, overlaps.size());
      if (is_first) overlaps.push_back({.older = beat, .younger = begun[younger], .lines = 0});
      overlaps[slot->second].older = beat;
      ++overlaps[slot->second].lines;
    }
  }
  return overlaps;
}

// What took the guarantee away from the older incarnation, as a clause; empty when nothing did.
std::string GivenUpBy(const Context& context, const std::string& uid) {
  for (const trace::Fault& fault : context.trace.faults) {
    const bool gives_up =
        std::find(fault.gives_up.begin(), fault.gives_up.end(), "SS-AMO-2") != fault.gives_up.end();
    for (const trace::FaultTarget& target : fault.targets)
      if (gives_up && target.uid == uid)
        return fmt::format("the guarantee was given up by fault {} ({})", fault.id, fault.fault);
  }
  for (const trace::Action& action : context.trace.actions) {
    if (action.verb == "delete" && action.uid == uid && (action.force || action.grace == 0)) {
      return fmt::format("the guarantee was given up by the force delete at {} (action {}: {})",
                         Seconds(action.at.t), action.id, action.text);
    }
  }
  return {};
}

void JudgeFile(Judgement& judge, const VolumeFile& file, std::set<std::string>& reported) {
  const Context& context = judge.context();
  std::vector<WitnessLine> beats;
  size_t damaged = 0;
  for (size_t i = 0; i < file.lines.size(); ++i) {
    if (auto beat = ParseWitness(file.lines[i])) {
      beats.push_back(*std::move(beat));
    } else if (i + 1 < file.lines.size()) {
      ++damaged;  // The last line may be half written.
    }
  }
  const bool in_window = judge.window().Has(file.at);
  if (in_window && !beats.empty()) judge.Saw();
  if (in_window && damaged > 0) {
    judge.Undecided(
        fmt::format("{} lines of the witness file on {} cannot be read", damaged, file.claim));
  }
  if (in_window) CompareWithWatches(judge, file);
  for (const Overlap& overlap : FindOverlaps(beats)) {
    // A file only grows: what an earlier copy showed is not told again.
    if (!reported.insert(file.claim_uid + overlap.older.uid + overlap.younger.uid).second ||
        !in_window)
      continue;
    const std::string given_up = GivenUpBy(context, overlap.older.uid);
    const double t =
        overlap.younger.wall - static_cast<double>(context.trace.wall_ns) / 1'000'000'000.0;
    judge.Broken(
        t,
        fmt::format(
            "two incarnations wrote to claim {}: pod {} (uid {}, on {}) wrote {} lines, the "
            "last {:.3f} s after pod {} (uid {}, on {}) had begun; {}",
            file.claim, overlap.older.pod, overlap.older.uid, overlap.older.node, overlap.lines,
            overlap.older.wall - overlap.younger.wall, overlap.younger.pod, overlap.younger.uid,
            overlap.younger.node,
            given_up.empty() ? "nothing in the record gave the guarantee up" : given_up),
        {{"Pod", overlap.older.pod, overlap.older.uid},
         {"Pod", overlap.younger.pod, overlap.younger.uid},
         {"PersistentVolumeClaim", file.claim, file.claim_uid}},
        {file.at.line});
  }
}

}  // namespace

CheckResult JudgeWitness(const Context& context, const Window& window) {
  Judgement judge(context, window, "SS-AMO-2");
  if (context.IsDeployment())
    return judge.NotApplicable("the target is a Deployment, which does not promise this");
  judge.Needs({"pods"});
  std::set<std::string> reported;
  for (const VolumeFile& file : context.trace.files)
    if (file.at.line < window.end_line) JudgeFile(judge, file, reported);
  return judge.Conclude(
      fmt::format("{} witness files, each with one writer at a time", judge.judged()),
      "no witness file was read in this scenario");
}

}  // namespace holdfast::check
