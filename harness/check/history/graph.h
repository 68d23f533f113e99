// Dependencies between transactions as a compressed graph, its strongly connected components, and
// the shortest cycles of each kind inside of them.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_GRAPH_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_GRAPH_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace holdfast::check::history {

// Why one transaction is before another (Adya's dependencies, and real time).
enum class Arrow : uint8_t {
  kWriteWrite,  // It overwrote what the other wrote.
  kWriteRead,   // It read what the other wrote.
  kReadWrite,   // It read what the other then overwrote.
  kRealTime,    // It ended before the other began.
};

// A bit per Arrow.
using Arrows = uint32_t;
constexpr Arrows BitOf(Arrow arrow) { return 1U << static_cast<unsigned>(arrow); }

struct Edge {
  uint32_t from = 0;
  uint32_t to = 0;
  Arrow arrow = Arrow::kWriteWrite;
};

// Nodes [0, transactions) are transactions, the rest are moments in time that real-time edges pass
// through. Not thread-safe.
class DependencyGraph {
 public:
  // `budget`: edges looked at in the search for one cycle.
  explicit DependencyGraph(uint32_t transactions, int64_t budget = 5'000'000)
      : transactions_(transactions), nodes_(transactions), budget_(budget) {}
  // REQUIRES fewer than 2^30 nodes.
  void Add(uint32_t from, uint32_t to, Arrow arrow);
  uint32_t AddMoment() { return nodes_++; }
  void Reserve(size_t edges);
  // No edge can be added afterwards.
  void Build();
  // Components of more than one node over the given arrows, inside of `within` (empty: everywhere).
  [[nodiscard]] std::vector<std::vector<uint32_t>> Components(
      Arrows arrows, const std::vector<uint32_t>& within = {}) const;

  // What a cycle may be made of.
  struct Kind {
    Arrows arrows = 0;
    enum class ReadWrites : uint8_t { kAny, kExactlyOne, kNeverAdjacent } read_writes = ReadWrites::kAny;
  };
  struct Cycle {
    std::vector<Edge> edges;  // Empty: there is none. Moments are passed over silently.
    bool given_up = false;    // The search ended at its limit before it found one.
  };
  // A short cycle of the kind inside the component; of kAny kinds the shortest through one of the
  // nodes tried.
  [[nodiscard]] Cycle FindCycle(const std::vector<uint32_t>& component, Kind kind) const;
  [[nodiscard]] size_t edges() const { return targets_.size(); }

 private:
  struct Search;
  [[nodiscard]] bool IsMoment(uint32_t node) const { return node >= transactions_; }

  uint32_t transactions_;
  uint32_t nodes_;
  int64_t budget_;
  std::vector<uint64_t> edges_;     // from << 32 | target word; gone after Build.
  std::vector<uint32_t> begin_;     // By node, and one more.
  std::vector<uint32_t> targets_;   // to << 2 | arrow.
};

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_GRAPH_H_
