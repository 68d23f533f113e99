#include "harness/check/history/graph.h"

#include <algorithm>
#include <unordered_map>

#include "harness/check/history/big_memory.h"

namespace holdfast::check::history {
namespace {

constexpr uint32_t kUnseen = 0;
constexpr uint32_t kOutside = 0xffffffffU;
constexpr size_t kStarts = 64;

Arrow ArrowOf(uint32_t target) { return static_cast<Arrow>(target & 3U); }
uint32_t NodeOf(uint32_t target) { return target >> 2U; }

}  // namespace

void DependencyGraph::Add(uint32_t from, uint32_t to, Arrow arrow) {
  if (from == to) return;
  edges_.push_back((uint64_t{from} << 32U) | (to << 2U) | static_cast<uint32_t>(arrow));
}

void DependencyGraph::Reserve(size_t edges) { ReserveBig(edges_, edges); }

// Counting sort by source.
void DependencyGraph::Build() {
  AssignBig(begin_, nodes_ + 2, 0U);
  for (const uint64_t edge : edges_)
    ++begin_[(edge >> 32U) + 2];
  for (size_t i = 2; i < begin_.size(); ++i)
    begin_[i] += begin_[i - 1];
  ReserveBig(targets_, edges_.size());
  targets_.resize(edges_.size());
  // begin_[v + 1] runs from where v's edges begin to where they end.
  for (const uint64_t edge : edges_)
    targets_[begin_[(edge >> 32U) + 1]++] = static_cast<uint32_t>(edge);
  begin_.pop_back();
  edges_.clear();
  edges_.shrink_to_fit();
}

// Pearce 2016 (PEA_FIND_SCC3): one number per node and no recursion. From the last node to the first:
// edges mostly lead to later nodes, so that little is ever under way.
std::vector<std::vector<uint32_t>> DependencyGraph::Components(
    Arrows arrows, const std::vector<uint32_t>& within) const {
  std::vector<std::vector<uint32_t>> components;
  // Below `done` the order of entering, from `done` on finished. What lies outside of `within` counts
  // as finished long ago.
  std::vector<uint32_t> rank;
  AssignBig(rank, nodes_, within.empty() ? kUnseen : kOutside);
  for (const uint32_t node : within)
    rank[node] = kUnseen;
  struct Call {
    uint32_t node;
    uint32_t edge;
    uint32_t entered;  // rank when it was entered: a smaller one now means that it is no root.
  };
  std::vector<Call> calls;
  std::vector<uint32_t> stack;  // Finished, but not yet known to which root they belong.
  uint32_t entered = kUnseen + 1;
  uint32_t done = kOutside - 1;
  const auto visit = [&](uint32_t root) {
    if (rank[root] != kUnseen) return;
    rank[root] = entered;
    calls.push_back({.node = root, .edge = begin_[root], .entered = entered++});
    while (!calls.empty()) {
      Call& call = calls.back();
      const uint32_t node = call.node;
      const uint32_t end = begin_[node + 1];
      uint32_t least = rank[node];
      bool deeper = false;
      while (call.edge < end) {
        const uint32_t target = targets_[call.edge];
        const uint32_t to = NodeOf(target);
        if ((BitOf(ArrowOf(target)) & arrows) == 0) {
          ++call.edge;
        } else if (rank[to] == kUnseen) {
          // The edge is looked at again when its target has been left.
          rank[to] = entered;
          calls.push_back({.node = to, .edge = begin_[to], .entered = entered++});
          deeper = true;
          break;
        } else {
          least = std::min(least, rank[to]);
          ++call.edge;
        }
      }
      rank[node] = least;
      if (deeper) continue;
      const uint32_t own = call.entered;
      calls.pop_back();
      if (least != own) {
        stack.push_back(node);
        continue;
      }
      --entered;
      if (!stack.empty() && rank[stack.back()] >= own) {
        std::vector<uint32_t> component;
        while (!stack.empty() && rank[stack.back()] >= own) {
          component.push_back(stack.back());
          rank[stack.back()] = done;
          stack.pop_back();
          --entered;
        }
        component.push_back(node);
        components.push_back(std::move(component));
      }
      rank[node] = done--;
    }
  };
  if (within.empty()) {
    for (uint32_t node = nodes_; node-- > 0;)
      visit(node);
  } else {
    for (const uint32_t node : within)
      visit(node);
  }
  return components;
}

// Breadth-first inside one component, on (node, whether the last arrow was a read-write).
struct DependencyGraph::Search {
  Search(const DependencyGraph& of, const std::vector<uint32_t>& component)
      : graph(of), budget(of.budget_) {
    for (const uint32_t node : component)
      member.emplace(node, true);
  }

  // The shortest path from `from` to `to` over `arrows`; with `apart` no two read-writes follow one
  // another, and neither the first nor the last is one when `apart` closes with a read-write.
  bool Path(uint32_t from, uint32_t to, Arrows arrows, bool apart, std::vector<Edge>& path) {
    struct Step {
      uint32_t node = 0;
      bool after_read_write = false;
      int64_t previous = -1;
      Arrow arrow = Arrow::kWriteWrite;
    };
    std::vector<Step> steps{{.node = from, .after_read_write = apart}};
    std::unordered_map<uint64_t, bool> seen;
    const auto key = [](uint32_t node, bool flag) { return uint64_t{node} * 2 + (flag ? 1 : 0); };
    seen.emplace(key(from, apart), true);
    for (size_t at = 0; at < steps.size(); ++at) {
      const Step step = steps[at];
      for (uint32_t i = graph.begin_[step.node]; i < graph.begin_[step.node + 1]; ++i) {
        const uint32_t target = graph.targets_[i];
        const Arrow arrow = ArrowOf(target);
        if ((BitOf(arrow) & arrows) == 0) continue;
        const bool read_write = arrow == Arrow::kReadWrite;
        if (apart && read_write && step.after_read_write) continue;
        const uint32_t node = NodeOf(target);
        if (--budget < 0) return false;
        if (node == to && !(apart && read_write)) {
          path.push_back({.from = step.node, .to = node, .arrow = arrow});
          for (auto back = static_cast<int64_t>(at); steps[static_cast<size_t>(back)].previous >= 0;) {
            const Step& last = steps[static_cast<size_t>(back)];
            path.push_back({.from = steps[static_cast<size_t>(last.previous)].node,
                            .to = last.node,
                            .arrow = last.arrow});
            back = last.previous;
          }
          std::reverse(path.begin(), path.end());
          return true;
        }
        if (!member.contains(node)) continue;
        const bool flag = apart && read_write;
        if (!seen.emplace(key(node, flag), true).second) continue;
        steps.push_back({.node = node,
                         .after_read_write = flag,
                         .previous = static_cast<int64_t>(at),
                         .arrow = arrow});
      }
    }
    return false;
  }

  const DependencyGraph& graph;
  std::unordered_map<uint32_t, bool> member;
  int64_t budget;
};

DependencyGraph::Cycle DependencyGraph::FindCycle(const std::vector<uint32_t>& component,
                                                  Kind kind) const {
  Cycle best;
  const auto consider = [&](std::vector<Edge> path) {
    // Real time passes through moments: one edge for people.
    std::vector<Edge> shown;
    size_t start = 0;
    while (start < path.size() && IsMoment(path[start].from))
      ++start;
    std::rotate(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(start), path.end());
    for (const Edge& edge : path) {
      if (IsMoment(edge.from)) {
        shown.back().to = edge.to;
      } else {
        shown.push_back(edge);
      }
    }
    if (best.edges.empty() || shown.size() < best.edges.size()) best.edges = std::move(shown);
  };
  if (kind.read_writes == Kind::ReadWrites::kAny) {
    size_t tried = 0;
    for (const std::vector<uint32_t>& inner : Components(kind.arrows, component)) {
      Search search(*this, inner);
      for (const uint32_t node : inner) {
        if (IsMoment(node)) continue;
        if (++tried > kStarts && !best.edges.empty()) return best;
        std::vector<Edge> path;
        if (search.Path(node, node, kind.arrows, false, path)) consider(std::move(path));
        if (search.budget < 0) break;
      }
      // A component has cycles: when none was found it is only because of the limit.
      best.given_up = best.edges.empty();
    }
    return best;
  }
  const bool apart = kind.read_writes == Kind::ReadWrites::kNeverAdjacent;
  const Arrows others = apart ? kind.arrows : kind.arrows & ~BitOf(Arrow::kReadWrite);
  Search search(*this, component);
  size_t found = 0;
  for (const uint32_t node : component) {
    for (uint32_t i = begin_[node]; i < begin_[node + 1]; ++i) {
      if (ArrowOf(targets_[i]) != Arrow::kReadWrite || !search.member.contains(NodeOf(targets_[i])))
        continue;
      std::vector<Edge> path{{.from = node, .to = NodeOf(targets_[i]), .arrow = Arrow::kReadWrite}};
      std::vector<Edge> rest;
      if (search.Path(NodeOf(targets_[i]), node, others, apart, rest)) {
        path.insert(path.end(), rest.begin(), rest.end());
        consider(std::move(path));
        if (++found >= kStarts) return best;
      }
      if (search.budget < 0) {
        best.given_up = best.edges.empty();
        return best;
      }
    }
  }
  return best;
}

}  // namespace holdfast::check::history
