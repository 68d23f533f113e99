#include "harness/check/history/frontier.h"

#include <algorithm>
#include <array>
#include <bit>
#include <unordered_map>
#include <vector>

namespace holdfast::check::history {
namespace {

constexpr size_t kClasses = 48;    // Kinds of crashed operations per key.
constexpr unsigned kMostUses = 255;
constexpr size_t kSlots = 64;      // Operations open at once per key.
constexpr uint32_t kUnseen = 0;    // The one state for all that no read shows.
constexpr uint32_t kReject = kNone;

// One cache line.
struct Configuration {
  uint64_t done = 0;  // By slot: this open operation has taken effect.
  uint32_t state = 0;
  uint32_t total = 0;  // Crashed operations used.
  std::array<uint8_t, kClasses> used{};
};
static_assert(sizeof(Configuration) == 64);

bool UsesNoMore(const Configuration& a, const Configuration& b) {
  if (a.total > b.total) return false;
  for (size_t i = 0; i < kClasses; ++i)
    if (a.used[i] > b.used[i]) return false;
  return true;
}

// An operation in terms of states.
struct Action {
  Kind kind = Kind::kRead;
  uint32_t a = 0;
  uint32_t b = 0;
  bool operator==(const Action& other) const {
    return kind == other.kind && a == other.a && b == other.b;
  }
  [[nodiscard]] bool IsRead() const { return kind == Kind::kRead || kind == Kind::kNotEqual; }
  [[nodiscard]] bool Holds(uint32_t state) const {
    return kind == Kind::kRead ? a == state : a != state;
  }
};

struct Event {
  int64_t time = 0;
  uint32_t op = 0;
  bool is_return = false;
};

// States of a register: the values that somebody sees or expects, and kUnseen.
class RegisterStates {
 public:
  void Prepare(std::span<const Op> ops, uint32_t initial) {
    for (const uint32_t value : seen_)
      state_of_[value] = kUnseen;
    seen_.clear();
    for (const Op& op : ops)
      if (op.kind != Kind::kWrite) See(op.a);
    initial_ = StateOf(initial);
  }
  [[nodiscard]] uint32_t initial() const { return initial_; }
  [[nodiscard]] Action ActionOf(const Op& op) const {
    return {.kind = op.kind,
            .a = op.kind == Kind::kWrite ? 0 : StateOf(op.a),
            .b = op.kind == Kind::kWrite || op.kind == Kind::kCas ? StateOf(op.b) : 0};
  }
  [[nodiscard]] uint32_t Apply(const Action& action, uint32_t state) const {
    if (action.kind == Kind::kCas && action.a != state) return kReject;
    return action.b;
  }
  // Whether the action is there only because of this state.
  [[nodiscard]] bool Consumes(const Action& action, uint32_t state) const {
    return action.kind == Kind::kCas && action.a == state;
  }
  // Whether a crashed operation that leads to `state` can ever explain something but a kNotEqual.
  [[nodiscard]] bool Useless(const Action& action) const { return action.b == kUnseen; }
  [[nodiscard]] uint32_t ValueOf(uint32_t state) const {
    return state == kUnseen ? kNone : seen_[state - 1];
  }

 private:
  void See(uint32_t value) {
    if (value >= state_of_.size()) state_of_.resize(std::max<size_t>(value + 1, 2 * state_of_.size()), kUnseen);
    if (state_of_[value] != kUnseen) return;
    seen_.push_back(value);
    state_of_[value] = static_cast<uint32_t>(seen_.size());
  }
  [[nodiscard]] uint32_t StateOf(uint32_t value) const {
    return value < state_of_.size() ? state_of_[value] : kUnseen;
  }
  std::vector<uint32_t> state_of_;  // By value.
  std::vector<uint32_t> seen_;      // By state - 1.
  uint32_t initial_ = 0;
};

// States of a text: the beginnings of all texts that were read, as nodes of a trie over bytes.
class TextStates {
 public:
  explicit TextStates(const Values& values) : values_(values) {}
  // False when the texts are too long together.
  bool Prepare(std::span<const Op> ops) {
    nodes_ = 2;  // kUnseen and the empty text.
    for (const Op& op : ops) {
      if (op.kind != Kind::kRead) continue;
      if (const auto known = end_of_.find(op.a); known != end_of_.end()) continue;
      uint32_t node = kEmpty;
      for (const char c : TextOf(op.a)) {
        const auto [child, is_new] = children_.try_emplace(KeyOf(node, c), nodes_);
        if (is_new && ++nodes_ > kMostNodes) return false;
        node = child->second;
      }
      end_of_[op.a] = node;
    }
    for (const auto& [value, node] : end_of_)
      value_of_[node] = value;
    return true;
  }
  [[nodiscard]] uint32_t initial() const { return kEmpty; }
  [[nodiscard]] Action ActionOf(const Op& op) const {
    return {.kind = op.kind,
            .a = op.kind == Kind::kRead ? end_of_.at(op.a) : 0,
            .b = op.kind == Kind::kRead ? 0 : op.b};
  }
  [[nodiscard]] uint32_t Apply(const Action& action, uint32_t state) {
    if (action.kind == Kind::kWrite) state = kEmpty;
    if (state == kUnseen) return kUnseen;
    const auto [step, is_new] = steps_.try_emplace((uint64_t{state} << 32U) | action.b, kUnseen);
    if (is_new) step->second = Walk(state, TextOf(action.b));
    return step->second;
  }
  [[nodiscard]] bool Consumes(const Action& action, uint32_t state) {
    return action.kind == Kind::kAppend && Apply(action, state) != kUnseen;
  }
  [[nodiscard]] bool Useless(const Action& action) {
    if (action.kind == Kind::kWrite) return Apply(action, kEmpty) == kUnseen;
    return false;
  }
  [[nodiscard]] uint32_t ValueOf(uint32_t state) const {
    const auto found = value_of_.find(state);
    return found == value_of_.end() ? (state == kEmpty ? kNil : kNone) : found->second;
  }

 private:
  static constexpr uint32_t kEmpty = 1;
  static constexpr uint32_t kMostNodes = 1U << 24U;
  static uint64_t KeyOf(uint32_t node, char c) {
    return (uint64_t{node} << 8U) | static_cast<unsigned char>(c);
  }
  [[nodiscard]] std::string TextOf(uint32_t value) const {
    return value == kNil ? std::string() : values_.Show(value);
  }
  [[nodiscard]] uint32_t Walk(uint32_t node, const std::string& text) const {
    for (const char c : text) {
      const auto child = children_.find(KeyOf(node, c));
      if (child == children_.end()) return kUnseen;
      node = child->second;
    }
    return node;
  }
  const Values& values_;
  uint32_t nodes_ = 2;
  std::unordered_map<uint64_t, uint32_t> children_;
  std::unordered_map<uint32_t, uint32_t> end_of_;    // By value.
  std::unordered_map<uint32_t, uint32_t> value_of_;  // By node.
  std::unordered_map<uint64_t, uint32_t> steps_;
};

}  // namespace

struct Frontier::Search {
  struct Node {
    Configuration at;
    int32_t next = -1;  // In the chain of its bucket.
    bool needs = false;  // Its last step was a crashed one that is not consumed yet.
  };

  RegisterStates registers;
  std::vector<Event> events;
  std::vector<Action> actions;     // By op.
  std::vector<uint8_t> slot_of;    // By op.
  std::vector<Configuration> front;
  std::vector<Configuration> next;
  std::vector<Node> nodes;  // Everything admitted in the closure of one return.
  std::vector<int32_t> buckets;
  std::vector<uint32_t> stamps;
  uint32_t stamp = 0;
  std::vector<int32_t> stack;
  std::vector<int32_t> later;
  std::array<Action, kSlots> open{};
  std::array<uint32_t, kSlots> open_op{};
  uint64_t pending = 0;
  uint64_t reads = 0;
  std::vector<Action> classes;
  std::array<unsigned, kClasses> available{};
  FrontierResult result;
  FrontierLimits limits;

  size_t Bucket(const Configuration& at) const {
    uint64_t mixed = (at.done + 1) * 0x9E3779B97F4A7C15ULL ^ at.state * 0xC2B2AE3D27D4EB4FULL;
    mixed ^= mixed >> 29U;
    return mixed & (buckets.size() - 1);
  }

  void BeginClosure() {
    nodes.clear();
    stack.clear();
    later.clear();
    if (buckets.empty()) {
      buckets.assign(64, -1);
      stamps.assign(64, 0);
    }
    if (++stamp == 0) {
      std::fill(stamps.begin(), stamps.end(), 0);
      stamp = 1;
    }
  }

  void Rehash() {
    buckets.assign(buckets.size() * 4, -1);
    stamps.assign(buckets.size(), stamp);
    for (size_t i = 0; i < nodes.size(); ++i) {
      const size_t bucket = Bucket(nodes[i].at);
      nodes[i].next = buckets[bucket];
      buckets[bucket] = static_cast<int32_t>(i);
    }
  }

  // The new node, or -1 when one that was admitted already is at least as good.
  int32_t Admit(const Configuration& at, bool needs) {
    size_t bucket = Bucket(at);
    if (stamps[bucket] != stamp) {
      stamps[bucket] = stamp;
      buckets[bucket] = -1;
    }
    for (int32_t i = buckets[bucket]; i >= 0; i = nodes[static_cast<size_t>(i)].next) {
      const Node& other = nodes[static_cast<size_t>(i)];
      if (other.at.state == at.state && other.at.done == at.done && (!other.needs || needs) &&
          UsesNoMore(other.at, at))
        return -1;
    }
    const auto index = static_cast<int32_t>(nodes.size());
    nodes.push_back({.at = at, .next = buckets[bucket], .needs = needs});
    buckets[bucket] = index;
    if (nodes.size() > buckets.size()) Rehash();
    return index;
  }

  // Pending reads that fit take effect at once: waiting never helps them.
  void TakeReads(Configuration& at) const {
    for (uint64_t rest = pending & reads & ~at.done; rest != 0; rest &= rest - 1) {
      const auto slot = static_cast<size_t>(std::countr_zero(rest));
      if (open[slot].Holds(at.state)) at.done |= uint64_t{1} << slot;
    }
  }

  template <typename States>
  bool Consumed(States& states, const Configuration& at) {
    for (uint64_t rest = pending & ~at.done & ~reads; rest != 0; rest &= rest - 1)
      if (states.Consumes(open[static_cast<size_t>(std::countr_zero(rest))], at.state)) return true;
    for (size_t i = 0; i < classes.size(); ++i)
      if (at.used[i] < available[i] && states.Consumes(classes[i], at.state)) return true;
    return false;
  }

  // All that can happen until the operation in `slot` has taken effect, by the number of crashed
  // operations used. False at a limit.
  template <typename States>
  bool Close(States& states, size_t slot) {
    const uint64_t bit = uint64_t{1} << slot;
    BeginClosure();
    next.clear();
    for (const Configuration& at : front) {
      if ((at.done & bit) == 0) continue;
      next.push_back(at);
      Admit(at, false);
    }
    if (next.size() == front.size()) return true;
    for (const Configuration& at : front) {
      if ((at.done & bit) != 0) continue;
      if (const int32_t node = Admit(at, false); node >= 0) stack.push_back(node);
    }
    for (;;) {
      if (stack.empty()) {
        if (later.empty()) return true;
        stack.swap(later);
      }
      const Node from = nodes[static_cast<size_t>(stack.back())];
      stack.pop_back();
      for (uint64_t rest = pending & ~from.at.done & ~reads; rest != 0; rest &= rest - 1) {
        const auto at = static_cast<size_t>(std::countr_zero(rest));
        if (from.needs && !states.Consumes(open[at], from.at.state)) continue;
        const uint32_t state = states.Apply(open[at], from.at.state);
        if (state == kReject) continue;
        Configuration to = from.at;
        to.state = state;
        to.done |= uint64_t{1} << at;
        TakeReads(to);
        ++result.steps;
        const int32_t node = Admit(to, false);
        if (node < 0) continue;
        if ((to.done & bit) != 0) {
          next.push_back(to);
        } else {
          stack.push_back(node);
        }
      }
      for (size_t i = 0; i < classes.size(); ++i) {
        if (from.at.used[i] >= available[i]) continue;
        if (from.needs && !states.Consumes(classes[i], from.at.state)) continue;
        const uint32_t state = states.Apply(classes[i], from.at.state);
        if (state == kReject || state == from.at.state) continue;
        if (from.at.used[i] == kMostUses) return Limit("crashed operations of one kind");
        Configuration to = from.at;
        to.state = state;
        ++to.used[i];
        ++to.total;
        TakeReads(to);
        ++result.steps;
        const bool needs = to.done == from.at.done;
        if (needs && !Consumed(states, to)) continue;
        const int32_t node = Admit(to, needs);
        if (node < 0) continue;
        if ((to.done & bit) != 0) {
          next.push_back(to);
        } else {
          later.push_back(node);
        }
      }
      if (nodes.size() > limits.configurations) return Limit("configurations");
      if (result.steps > limits.steps) return Limit("steps");
    }
  }

  bool Limit(const char* which) {
    result.decision = Decision::kLimit;
    result.limit = which;
    return false;
  }

  // Leaves the best of those with equal state and mask.
  void Prune() {
    if (front.size() < 2) return;
    std::sort(front.begin(), front.end(), [](const Configuration& a, const Configuration& b) {
      if (a.state != b.state) return a.state < b.state;
      if (a.done != b.done) return a.done < b.done;
      return a.total < b.total;
    });
    size_t kept = 0;
    size_t group = 0;
    for (size_t i = 0; i < front.size(); ++i) {
      if (kept == 0 || front[i].state != front[group].state || front[i].done != front[group].done) {
        group = kept;
        front[kept++] = front[i];
        continue;
      }
      bool beaten = false;
      for (size_t j = group; j < kept && !beaten; ++j)
        beaten = UsesNoMore(front[j], front[i]);
      if (!beaten) front[kept++] = front[i];
    }
    front.resize(kept);
  }

  template <typename States>
  void MakeEvents(States& states, std::span<const Op> ops) {
    bool refused = false;
    for (const Op& op : ops)
      refused = refused || op.kind == Kind::kNotEqual;
    events.clear();
    actions.clear();
    for (size_t i = 0; i < ops.size(); ++i) {
      const Op& op = ops[i];
      actions.push_back(states.ActionOf(op));
      const bool crashed = op.end != End::kOk;
      // What leads to a state that nobody sees explains nothing but a refused compare-and-swap.
      if (crashed && (actions.back().IsRead() || (!refused && states.Useless(actions.back()))))
        continue;
      const auto at = static_cast<uint32_t>(i);
      events.push_back({.time = op.start, .op = at, .is_return = false});
      if (!crashed) events.push_back({.time = op.finish, .op = at, .is_return = true});
    }
    // At equal times invocations come first: such operations are concurrent.
    std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
      if (a.time != b.time) return a.time < b.time;
      return a.is_return != b.is_return ? b.is_return : a.op < b.op;
    });
  }

  bool Invoke(const Op& op, uint32_t index) {
    const Action& action = actions[index];
    if (op.end != End::kOk) {
      size_t i = 0;
      while (i < classes.size() && !(classes[i] == action))
        ++i;
      if (i == kClasses) return Limit("kinds of crashed operations");
      if (i == classes.size()) {
        classes.push_back(action);
        available[i] = 0;
      }
      ++available[i];
      return true;
    }
    if (pending == ~uint64_t{0}) return Limit("operations open at once");
    const auto slot = static_cast<size_t>(std::countr_zero(~pending));
    const uint64_t bit = uint64_t{1} << slot;
    pending |= bit;
    open[slot] = action;
    open_op[slot] = index;
    slot_of[index] = static_cast<uint8_t>(slot);
    if (!action.IsRead()) return true;
    reads |= bit;
    for (Configuration& at : front)
      if (action.Holds(at.state)) at.done |= bit;
    return true;
  }

  template <typename States>
  FrontierResult Run(States& states, std::span<const Op> ops, const FrontierLimits& given) {
    result = {};
    limits = given;
    pending = reads = 0;
    classes.clear();
    MakeEvents(states, ops);
    slot_of.assign(ops.size(), 0);
    front.assign(1, Configuration{.state = states.initial()});
    result.peak = 1;
    for (const Event& event : events) {
      if (!event.is_return) {
        if (!Invoke(ops[event.op], event.op)) return result;
        continue;
      }
      const size_t slot = slot_of[event.op];
      const uint64_t bit = uint64_t{1} << slot;
      if (!Close(states, slot)) return result;
      if (next.empty()) {
        Explain(states, ops, event.op);
        return result;
      }
      front.swap(next);
      for (Configuration& at : front)
        at.done &= ~bit;
      pending &= ~bit;
      reads &= ~bit;
      Prune();
      result.peak = std::max(result.peak, front.size());
    }
    return result;
  }

  template <typename States>
  void Explain(States& states, std::span<const Op> ops, uint32_t failed) {
    result.decision = Decision::kViolated;
    result.violation.type = Violation::Type::kNoOrder;
    result.violation.ops = {ops[failed].index};
    for (const Configuration& at : front) {
      const uint32_t value = states.ValueOf(at.state);
      auto& shown = result.violation.states;
      if (shown.size() < 8 && std::find(shown.begin(), shown.end(), value) == shown.end())
        shown.push_back(value);
    }
  }
};

Frontier::Frontier() : search_(std::make_unique<Search>()) {}
Frontier::~Frontier() = default;

FrontierResult Frontier::CheckRegister(std::span<const Op> ops,
                                       uint32_t initial,
                                       const FrontierLimits& limits) {
  search_->registers.Prepare(ops, initial);
  return search_->Run(search_->registers, ops, limits);
}

FrontierResult Frontier::CheckText(std::span<const Op> ops,
                                   const Values& values,
                                   const FrontierLimits& limits) {
  TextStates states(values);
  if (states.Prepare(ops)) return search_->Run(states, ops, limits);
  FrontierResult result;
  result.decision = Decision::kLimit;
  result.limit = "length of the texts";
  return result;
}

}  // namespace holdfast::check::history
