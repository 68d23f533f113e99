// Linearizability of a whole versioned store (etcd) by replaying what its answers claim.
//
// Every answer names the revision of the store at which the request was applied, so the system tells
// the total order and only the claim is to be tested: each revision has one owner, the order agrees
// with real time, and every answer equals the replayed state at its revision. Transactions over
// several keys cost nothing extra. A crashed write is placed by the revision at which its value was
// seen; one that nobody saw decides nothing, unless the record is complete: then every revision that
// nobody acknowledged needs a crashed write that can have made it (bipartite matching).
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_REPLAY_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_REPLAY_H_

#include <array>
#include <vector>

#include "harness/check/history/model.h"
#include "harness/check/history/violation.h"

namespace holdfast::check::history {

struct ReplayOptions {
  // Nobody but the clients of the record wrote to the store since `first_revision`.
  bool complete = false;
  int64_t first_revision = 0;
};

struct ReplayResult {
  Decision decision = Decision::kLinearizable;
  Violation violation;
  int64_t operations = 0;  // That were ordered.
  int64_t unobserved = 0;  // Crashed writes that nobody saw.
  int64_t holes = 0;       // Revisions that nobody acknowledged and nobody saw.
  // The first that tells more writes of its key than the record holds before it, where no answer shows
  // that the key was absent at first; kNone when there is none.
  uint32_t early = kNone;
};

// Keeps its memory from call to call. Not thread-safe.
class Replay {
 public:
  // kNotApplicable when an answer lacks its revision, or a crashed write cannot be told from another
  // one by its value. REQUIRES history.positions.
  ReplayResult Check(const History& history, const ReplayOptions& options);

 private:
  struct Entry {
    int64_t order = 0;  // 2 * revision, + 1 for what only saw it.
    uint32_t op = 0;
  };
  struct State {
    uint32_t value = kNil;
    uint32_t owner = kNone;  // Operation.
    int64_t modified = 0;
    // Writes since the key was made: from `least` to `most`, and up to `slack` crashed ones nobody saw.
    int64_t least = 0;
    int64_t most = 0;
    int64_t slack = 0;
    bool rooted = false;  // It was absent for certain, or told a version, since which all is known.
  };
  struct Hole {
    int64_t revision = 0;
    int64_t latest = 0;  // Its maker was sent no later than this.
    size_t before = 0;   // Entry that follows it.
  };
  // A key that was seen unchanged from one revision to another.
  struct Still {
    uint32_t key = 0;
    int64_t from = 0;
    int64_t to = 0;
  };

  bool Collect(const History& history, ReplayResult& result);
  bool PinCrashed(const History& history, ReplayResult& result);
  bool Walk(const History& history, const ReplayOptions& options, ReplayResult& result);
  bool Apply(const History& history, const Op& op, int64_t revision, ReplayResult& result);
  bool See(const History& history, const Op& op, uint32_t key, uint32_t value, ReplayResult& result);
  bool Write(const Op& op, uint32_t key, uint32_t value, int64_t version, int64_t revision,
             ReplayResult& result);
  bool Count(State& state, const Op& op, int64_t version, int64_t revision, ReplayResult& result);
  void CountUnseen(const History& history);
  bool OwnHoles(const History& history, ReplayResult& result);
  [[nodiscard]] bool CanOwn(const History& history, const Hole& hole, uint32_t op) const;

  std::vector<Entry> entries_;
  std::vector<int64_t> least_after_;  // By entry: least finish of it and all after it.
  std::vector<State> states_;         // By key.
  std::vector<uint32_t> crashed_of_;  // By value: its crashed writer, or kNone.
  std::vector<uint32_t> crashed_;     // Crashed writes.
  std::vector<int64_t> unseen_;       // By key: crashed writes that no read shows; kNever with a deletion.
  std::vector<int64_t> pins_;         // By operation, only while some are pinned.
  std::vector<Hole> holes_;
  std::vector<Still> stills_;         // Only for a complete record.
  bool complete_ = false;
};

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_REPLAY_H_
