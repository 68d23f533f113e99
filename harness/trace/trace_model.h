// What a trace says, arranged for judging: lives of pods by uid, states of the set, claims and
// volumes, and the windows of scenarios, steps, faults and actions. Every fact keeps its line.
//
// Order within one resource is line order. Problems are places where the record is damaged or
// contradicts itself; a verdict that leans on such a place must not be a pass.
#ifndef HOLDFAST_HARNESS_TRACE_TRACE_MODEL_H_
#define HOLDFAST_HARNESS_TRACE_TRACE_MODEL_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "harness/base/json.h"
#include "harness/trace/trace_objects.h"

namespace holdfast::trace {

struct Action {
  int64_t id = 0;
  At at;
  std::string text;  // For people: "delete pod web-1".
  std::string verb;
  std::string resource;
  std::string name;
  std::string uid;
  bool force = false;
  int64_t grace = -1;
  std::optional<At> answered;
  bool ok = false;  // Only when answered.
  int64_t status = 0;   // HTTP, 0 when it is not recorded.
  std::string reason;   // Of a refusal.
  std::string message;
  Json fields;          // The whole line.
};

struct FaultTarget {
  std::string kind;
  std::string name;
  std::string uid;
};
struct Fault {
  int64_t id = 0;
  std::string fault;
  std::string scenario;
  At begin;
  std::optional<At> end;
  std::optional<At> proof;
  std::string proof_needed;
  std::optional<std::string> unproven;  // Why not.
  std::vector<FaultTarget> targets;
  std::vector<std::string> gives_up;
};

struct StepRecord {
  std::string scenario;
  std::string name;
  At begin;
  std::optional<At> end;
  bool ok = true;
  std::string message;
};
struct ScenarioRecord {
  std::string name;
  At begin;
  std::optional<At> end;
};
struct Probe {
  At at;
  std::string pod;
  std::string uid;
  std::string error;  // Empty when the probe worked.
  Json fields;
};
// A witness file on a volume: lines `EVENT POD UID NODE COUNTER WALL`.
struct VolumeFile {
  At at;
  std::string claim;
  std::string claim_uid;
  std::string volume;  // Empty when it is not recorded.
  std::string path;
  std::vector<std::string> lines;
};
struct Opened {
  At at;
  std::string resource_version;
  uint64_t told = 0;  // The highest version that the watch has told, by a line or by a bookmark.
};
// A version that was told at a time, above all those before it.
struct Told {
  uint64_t version = 0;
  double t = 0;
};
// A Kubernetes Event about the target: a hint, never a proof.
struct Note {
  At at;
  std::string reason;
  std::string message;
};
// What an object outside of the run's own namespace was before and after the run.
struct FoundFact {
  At at;
  bool after = false;
  std::string kind;
  std::string name;
  Json fields;
};
struct Gap {
  At at;
  std::string resource;
  std::string reason;
};
struct Problem {
  At at;
  std::string resource;  // Empty: it may concern any.
  std::string sentence;  // Without the line number.
};

// Keeps one copy of each text that states repeat. Views stay valid as long as the pool.
class TextPool {
 public:
  std::string_view Keep(std::string_view text) {
    if (text.empty()) return {};
    const auto found = texts_.find(text);
    return found != texts_.end() ? std::string_view(*found)
                                 : std::string_view(*texts_.emplace(text).first);
  }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };
  std::unordered_set<std::string, Hash, std::equal_to<>> texts_;
};

// Movable, not copyable: states point into `pool`.
struct TraceModel {
  std::unique_ptr<TextPool> pool = std::make_unique<TextPool>();
  std::string target_kind;
  std::string target_namespace;
  std::string target_name;
  std::string server;
  int64_t wall_ns = 0;  // Wall time of t = 0.
  std::optional<int64_t> server_offset_ns;  // Of the API server's clock against it.
  std::map<std::string, Opened, std::less<>> opened;
  std::vector<PodLife> pods;                        // In the order of their first events.
  std::vector<SetState> set;                        // Every state of the target.
  std::map<std::string, std::string> replica_sets;  // uid -> uid of the controlling Deployment.
  std::vector<ClaimLife> claims;
  std::vector<VolumeLife> volumes;
  std::vector<RevisionLife> revisions;
  std::vector<SliceLife> slices;
  std::vector<BudgetLife> budgets;
  std::vector<NodeLife> nodes;
  std::vector<AttachmentLife> attachments;
  std::vector<ServiceLife> services;
  std::vector<Note> notes;
  std::vector<FoundFact> found;
  std::vector<Action> actions;
  std::vector<Fault> faults;
  std::vector<StepRecord> steps;
  std::vector<ScenarioRecord> scenarios;
  std::vector<Probe> probes;
  std::vector<VolumeFile> files;
  std::vector<Gap> gaps;
  std::vector<Problem> problems;  // Through Damaged.
  std::optional<At> end;
  // Operation lines that the history had when the record ended; nullopt: the end does not say.
  std::optional<int64_t> history_events;
  At last;  // The last line read.
  int64_t watch_events = 0;
  int64_t kept_states = 0;  // Of pods and of the set; the others only repeated what was known.
  bool torn = false;  // The last line was cut and skipped.
  // Versions of different resources may be compared: they come from one counter.
  bool one_counter = true;
  std::vector<Told> told;  // Of all resources but events, ascending.

  // A time by which what the line at `at` tells had certainly been written: when some watch first told
  // a version that is no lower. That of the line itself where versions cannot be compared. A watch that
  // is late makes lines late, but not writes.
  [[nodiscard]] double WrittenBy(const At& at) const {
    if (at.version == 0 || !one_counter) return at.t;
    const auto known = std::lower_bound(
        told.begin(), told.end(), at.version,
        [](const Told& before, uint64_t version) { return before.version < version; });
    return known == told.end() ? at.t : std::min(known->t, at.t);
  }
  // The watch has told what came after that, so that nothing of the resource that was written before is
  // still to come.
  [[nodiscard]] bool HasToldAfter(std::string_view resource, const At& at) const {
    const auto watch = opened.find(resource);
    return at.version != 0 && one_counter && watch != opened.end() && watch->second.told > at.version;
  }

  // The first of each resource decide; a record that is all damage must not fill the memory.
  void Damaged(const At& at, const std::string& resource, std::string sentence) {
    constexpr int kKept = 100;
    if (++damages[resource] <= kKept)
      problems.push_back({.at = at, .resource = resource, .sentence = std::move(sentence)});
  }
  std::map<std::string, int64_t> damages;  // By resource.
};

}  // namespace holdfast::trace

#endif  // HOLDFAST_HARNESS_TRACE_TRACE_MODEL_H_
