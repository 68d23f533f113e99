#include "tests/unit/check_history/generator.h"

#include <algorithm>

#include <fmt/format.h>

namespace holdfast::check::history {

RegisterShape RandomShape(Random& random) {
  RegisterShape shape;
  shape.operations = static_cast<uint32_t>(3 + random.Below(13));
  shape.clients = static_cast<uint32_t>(1 + random.Below(6));
  shape.domain = random.Below(2) == 0 ? 0 : static_cast<uint32_t>(2 + random.Below(3));
  shape.swaps = random.Below(2) == 0;
  shape.refusals = random.Below(3) == 0;
  shape.crashes = random.Below(2) == 0 ? 0 : static_cast<uint32_t>(20 + random.Below(40));
  shape.ties = random.Below(2) == 0;
  shape.damage = random.Below(2) == 0;
  return shape;
}

namespace {

// One client: the operation it is in, and whether that has taken effect.
struct Client {
  int op = -1;
  bool applied = false;
};

class Simulation {
 public:
  Simulation(const RegisterShape& shape, Random& random) : shape_(shape), random_(random) {}

  std::vector<Op> Run() {
    std::vector<Client> clients(shape_.clients);
    for (;;) {
      const bool busy =
          std::any_of(clients.begin(), clients.end(), [](const Client& c) { return c.op >= 0; });
      if (ops_.size() >= shape_.operations && !busy) break;
      Client& client = clients[random_.Below(clients.size())];
      if (!shape_.ties || random_.Below(3) > 0) ++time_;
      if (client.op < 0) {
        if (ops_.size() < shape_.operations) Begin(client);
      } else if (!client.applied) {
        Apply(client);
      } else {
        Op& op = ops_[static_cast<size_t>(client.op)];
        if (op.end == End::kOk) op.finish = time_;
        client = {};
      }
    }
    if (shape_.damage) Damage();
    // A read without an answer says nothing.
    std::erase_if(ops_, [](const Op& op) { return op.kind == Kind::kRead && op.end != End::kOk; });
    for (size_t i = 0; i < ops_.size(); ++i)
      ops_[i].index = static_cast<uint32_t>(i);
    return std::move(ops_);
  }

 private:
  uint32_t NewValue() {
    if (shape_.domain == 0) return next_value_++;
    return static_cast<uint32_t>(1 + random_.Below(shape_.domain));
  }

  void Begin(Client& client) {
    Op op;
    op.start = time_;
    op.end = End::kOk;
    const uint64_t choice = random_.Below(4);
    if (choice < 2) {
      op.kind = Kind::kRead;
    } else {
      op.kind = choice == 2 || !shape_.swaps ? Kind::kWrite : Kind::kCas;
      op.b = NewValue();
      if (op.kind == Kind::kCas) op.a = held_[random_.Below(held_.size())];
    }
    client = {.op = static_cast<int>(ops_.size()), .applied = false};
    ops_.push_back(op);
  }

  void Apply(Client& client) {
    Op& op = ops_[static_cast<size_t>(client.op)];
    client.applied = true;
    bool lost = false;
    if (random_.Below(100) < shape_.crashes) {
      op.end = End::kInfo;
      lost = random_.Below(2) == 0;
    }
    if (op.kind == Kind::kRead) {
      op.a = state_;
    } else if (op.kind == Kind::kCas && op.a != state_) {
      if (op.end != End::kOk) return;
      op.kind = shape_.refusals ? Kind::kNotEqual : Kind::kRead;
      if (op.kind == Kind::kRead) op.a = state_;
      op.b = kNil;
    } else if (!lost) {
      state_ = op.b;
      held_.push_back(state_);
    }
  }

  void Damage() {
    for (uint64_t i = 1 + random_.Below(2); i > 0; --i) {
      Op& op = ops_[random_.Below(ops_.size())];
      if (op.kind == Kind::kRead && op.end == End::kOk) op.a = held_[random_.Below(held_.size())];
    }
    if (random_.Below(3) > 0) return;
    Op& op = ops_[random_.Below(ops_.size())];
    if (op.end == End::kOk)
      op.finish = std::max(op.start, op.finish - static_cast<int64_t>(random_.Below(6)));
  }

  const RegisterShape& shape_;
  Random& random_;
  std::vector<Op> ops_;
  std::vector<uint32_t> held_{kNil};
  uint32_t state_ = kNil;
  uint32_t next_value_ = 1;
  int64_t time_ = 0;
};

}  // namespace

std::vector<Op> Generate(const RegisterShape& shape, Random& random) {
  return Simulation(shape, random).Run();
}

std::string Print(const std::vector<Op>& ops) {
  std::string text;
  for (const Op& op : ops) {
    const char* name = op.kind == Kind::kRead    ? "read"
                       : op.kind == Kind::kWrite ? "write"
                       : op.kind == Kind::kCas   ? "cas"
                                                 : "differs";
    text += fmt::format("{} a={} b={} [{}, {}]\n", name, op.a, op.b, op.start,
                        op.finish == kNever ? -1 : op.finish);
  }
  return text;
}

bool Exhaustive::Linearizable(const std::vector<Op>& ops, uint32_t initial) {
  static Tried tried;
  tried.Clear();
  Exhaustive search(ops, tried);
  for (size_t i = 0; i < ops.size(); ++i)
    if (ops[i].end == End::kOk) search.must_ |= 1U << i;
  return search.Search(0, initial);
}

bool Exhaustive::Tried::Insert(uint64_t key) {
  if (2 * ++count_ > keys_.size()) {
    std::vector<uint64_t> old;
    for (size_t i = 0; i < keys_.size(); ++i)
      if (rounds_[i] == round_) old.push_back(keys_[i]);
    keys_.resize(4 * keys_.size());
    rounds_.assign(keys_.size(), 0);
    count_ = 1;
    for (const uint64_t known : old)
      Insert(known);
  }
  size_t at = (key * 0x9E3779B97F4A7C15ULL >> 20U) & (keys_.size() - 1);
  for (; rounds_[at] == round_; at = (at + 1) & (keys_.size() - 1))
    if (keys_[at] == key) return false;
  keys_[at] = key;
  rounds_[at] = round_;
  return true;
}

bool Exhaustive::Search(uint32_t done, uint32_t state) {
  if ((done & must_) == must_) return true;
  if (!tried_.Insert((uint64_t{state} << 32U) | done)) return false;
  int64_t least = kNever;
  for (size_t i = 0; i < ops_.size(); ++i)
    if ((done >> i & 1U) == 0) least = std::min(least, ops_[i].finish);
  for (size_t i = 0; i < ops_.size(); ++i) {
    const Op& op = ops_[i];
    if ((done >> i & 1U) != 0 || op.start > least) continue;
    uint32_t next = state;
    if (op.kind == Kind::kRead) {
      if (op.a != state) continue;
    } else if (op.kind == Kind::kNotEqual) {
      if (op.a == state) continue;
    } else {
      if (op.kind == Kind::kCas && op.a != state) continue;
      next = op.b;
    }
    if (Search(done | 1U << i, next)) return true;
  }
  return false;
}

}  // namespace holdfast::check::history
