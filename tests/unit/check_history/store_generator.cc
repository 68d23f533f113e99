#include "tests/unit/check_history/store_generator.h"

#include <algorithm>
#include <set>
#include <vector>

#include <fmt/format.h>

namespace holdfast::check::history {
namespace {

struct KeyState {
  uint32_t value = kNil;
  int64_t modified = 0;
  int64_t version = 0;
  auto operator<=>(const KeyState&) const = default;
};

struct Client {
  int op = -1;
  bool applied = false;
};

class Simulation {
 public:
  Simulation(Random& random, bool versions)
      : random_(random), versions_(versions), keys_(1 + random.Below(3)) {}

  History Run() {
    const size_t operations = 3 + random_.Below(9);
    crashes_ = random_.Below(2) == 0 ? 0 : 35;
    history_.values.Integer(0);
    std::vector<Client> clients(1 + random_.Below(5));
    for (;;) {
      const bool busy =
          std::any_of(clients.begin(), clients.end(), [](const Client& c) { return c.op >= 0; });
      if (history_.ops.size() >= operations && !busy) break;
      Client& client = clients[random_.Below(clients.size())];
      if (random_.Below(4) > 0) ++time_;
      if (client.op < 0) {
        if (history_.ops.size() < operations) Begin(client);
      } else if (!client.applied) {
        Apply(client);
      } else {
        Op& op = history_.ops[static_cast<size_t>(client.op)];
        if (op.end == End::kOk) op.finish = time_;
        client = {};
      }
    }
    if (random_.Below(2) == 0) Damage();
    for (size_t i = 0; i < keys_.size(); ++i)
      history_.keys.Integer(static_cast<int64_t>(i));
    return std::move(history_);
  }

 private:
  void Begin(Client& client) {
    Op op;
    op.start = time_;
    op.end = End::kOk;
    op.index = static_cast<uint32_t>(history_.ops.size());
    op.positioned = true;
    if (random_.Below(2) == 0) {
      op.kind = Kind::kWrite;
      op.b = history_.values.Integer(next_value_++);
    }
    Origin origin;
    origin.key = 1 + static_cast<uint32_t>(random_.Below(keys_.size()));
    client = {.op = static_cast<int>(op.index), .applied = false};
    history_.ops.push_back(op);
    history_.origins.push_back(origin);
    history_.positions.emplace_back();
  }

  void Apply(Client& client) {
    Op& op = history_.ops[static_cast<size_t>(client.op)];
    Position& position = history_.positions[op.index];
    KeyState& key = keys_[history_.origins[op.index].key - 1];
    client.applied = true;
    bool lost = false;
    if (op.kind == Kind::kWrite && random_.Below(100) < crashes_) {
      op.end = End::kInfo;
      lost = random_.Below(2) == 0;
    }
    if (op.kind == Kind::kRead) {
      op.a = key.value;
      position = {.revision = revision_, .modified = key.modified};
      if (versions_) position.version = key.version;
    } else if (!lost) {
      key = {.value = op.b, .modified = ++revision_, .version = key.version + 1};
      position.revision = revision_;
    }
  }

  void Damage() {
    std::vector<Op>& ops = history_.ops;
    Op& op = ops[random_.Below(ops.size())];
    Position& position = history_.positions[op.index];
    Op& other = ops[random_.Below(ops.size())];
    switch (random_.Below(versions_ ? 5 : 4)) {
      case 4:
        if (position.version >= 0) position.version += static_cast<int64_t>(random_.Below(3)) - 1;
        break;
      case 0:
        position.revision += static_cast<int64_t>(random_.Below(3)) - 1;
        break;
      case 1:
        if (op.kind == Kind::kRead && other.kind == Kind::kRead) {
          op.a = other.a;
          position.modified = history_.positions[other.index].modified;
        }
        break;
      case 2:
        if (op.end == End::kOk)
          op.finish = std::max(op.start, op.finish - static_cast<int64_t>(random_.Below(6)));
        break;
      default:
        if (op.kind == Kind::kRead && other.kind == Kind::kRead &&
            history_.origins[op.index].key == history_.origins[other.index].key) {
          op.a = other.a;
          position = history_.positions[other.index];
        }
    }
  }

  Random& random_;
  bool versions_;
  std::vector<KeyState> keys_;
  History history_;
  uint64_t crashes_ = 0;
  int64_t revision_ = 1;
  int64_t next_value_ = 1;
  int64_t time_ = 0;
};

class Exhaustive {
 public:
  explicit Exhaustive(const History& history) : history_(history) {
    for (const Op& op : history.ops)
      if (op.end == End::kOk) must_ |= 1U << op.index;
  }

  bool Search(uint32_t done, int64_t revision, const std::vector<KeyState>& keys) {
    if ((done & must_) == must_) return true;
    if (!seen_.insert({done, keys}).second) return false;
    int64_t least = kNever;
    for (const Op& op : history_.ops)
      if ((done >> op.index & 1U) == 0) least = std::min(least, op.finish);
    for (const Op& op : history_.ops) {
      if ((done >> op.index & 1U) != 0 || op.start > least) continue;
      const Position& position = history_.positions[op.index];
      const size_t key = history_.origins[op.index].key - 1;
      if (op.kind == Kind::kWrite) {
        if (op.end == End::kOk && position.revision != revision + 1) continue;
        std::vector<KeyState> next = keys;
        next[key] = {.value = op.b, .modified = revision + 1, .version = keys[key].version + 1};
        if (Search(done | 1U << op.index, revision + 1, next)) return true;
      } else if (position.revision == revision && keys[key].modified == position.modified &&
                 keys[key].value == op.a &&
                 (position.version < 0 || position.version == keys[key].version)) {
        if (Search(done | 1U << op.index, revision, keys)) return true;
      }
    }
    return false;
  }

 private:
  const History& history_;
  uint32_t must_ = 0;
  std::set<std::pair<uint32_t, std::vector<KeyState>>> seen_;
};

}  // namespace

History GenerateStore(Random& random, bool versions) { return Simulation(random, versions).Run(); }

bool StoreIsRight(const History& history) {
  return Exhaustive(history).Search(0, 1, std::vector<KeyState>(history.keys.size() - 1));
}

std::string PrintStore(const History& history) {
  std::string text;
  for (const Op& op : history.ops) {
    const Position& position = history.positions[op.index];
    text += fmt::format("{} key={} value={} rev={} mod={} ver={} [{}, {}]\n",
                        op.kind == Kind::kRead ? "read" : "write", history.origins[op.index].key,
                        op.kind == Kind::kRead ? op.a : op.b, position.revision, position.modified, position.version,
                        op.start, op.finish == kNever ? -1 : op.finish);
  }
  return text;
}

}  // namespace holdfast::check::history
