// Isolation of transactions that append to lists and read them, in the manner of Elle (Kingsbury and
// Alvaro, VLDB 2020): the longest read of a key gives the order of its versions; from that follow
// dependencies between transactions; a cycle of dependencies is an anomaly with Adya's name.
//
// What is found is certain; what is not observed cannot be found.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_LIST_APPEND_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_LIST_APPEND_H_

#include <optional>
#include <string>
#include <vector>

#include "harness/check/history/model.h"

namespace holdfast::check::history {

// Levels of isolation, each stronger than the one before.
enum class Level : uint8_t { kReadCommitted, kSnapshot, kSerializable, kStrict };

struct Anomaly {
  Level broken = Level::kReadCommitted;  // The weakest level that forbids it.
  std::string name;                      // "G1a", "G-single", "lost append", ...
  std::string sentence;
  std::vector<int64_t> lines;
  int64_t time = 0;
};

struct ListAppendReport {
  std::vector<Anomaly> anomalies;  // At most kMostAnomalies of each name.
  int64_t found = 0;               // All of them; a component counts as one.
  int64_t transactions = 0;        // That were judged.
  int64_t crashed = 0;
  int64_t keys = 0;
  int64_t unread = 0;  // Acknowledged appends that no read shows.
  size_t edges = 0;
  // The weakest level at which a search for cycles ended at its limit: from there on, what was not found
  // is not known to be absent.
  std::optional<Level> given_up;
};
inline constexpr size_t kMostAnomalies = 8;

// `real_time` adds the order in which transactions ended and began.
ListAppendReport CheckListAppend(const History& history, bool real_time);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_LIST_APPEND_H_
