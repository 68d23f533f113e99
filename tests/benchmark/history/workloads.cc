#include "tests/benchmark/history/workloads.h"

#include <fmt/format.h>

#include "harness/base/random.h"

namespace holdfast::check::history {
namespace {

// Steps clients in random order: each begins, applies and ends its operations, one after the other.
template <typename Begin, typename Apply, typename Finish>
void Simulate(size_t operations, uint32_t clients, Begin begin, Apply apply, Finish finish) {
  struct Client {
    int phase = 0;
  };
  Random random(7);
  std::vector<Client> all(clients);
  size_t begun = 0;
  size_t open = 0;
  for (int64_t time = 1; begun < operations || open > 0; ++time) {
    const auto who = static_cast<uint32_t>(random.Below(clients));
    Client& client = all[who];
    if (client.phase == 0) {
      if (begun == operations) continue;
      begin(who, time, random);
      ++begun;
      ++open;
      client.phase = 1;
    } else if (client.phase == 1) {
      apply(who, random);
      client.phase = 2;
    } else {
      finish(who, time);
      --open;
      client.phase = 0;
    }
  }
}

}  // namespace

std::vector<StreamEvent> RegisterEvents(size_t operations, uint32_t clients, uint32_t crashes) {
  std::vector<StreamEvent> events;
  std::vector<StreamEvent> open(clients);
  int64_t next = 1;
  int64_t state = 0;
  Simulate(
      operations, clients,
      [&](uint32_t who, int64_t time, Random& random) {
        const bool write = random.Below(2) == 0;
        open[who] = {.write = write, .client = who, .value = write ? next++ : 0, .time = time, .start = time};
        events.push_back(open[who]);
      },
      [&](uint32_t who, Random& random) {
        StreamEvent& event = open[who];
        event.type = StreamEvent::Type::kOk;
        if (event.write && random.Below(1000) < crashes) event.type = StreamEvent::Type::kInfo;
        if (!event.write) {
          event.value = state;
        } else if (event.type == StreamEvent::Type::kOk || random.Below(2) == 0) {
          state = event.value;
        }
      },
      [&](uint32_t who, int64_t time) {
        open[who].time = time;
        events.push_back(open[who]);
      });
  return events;
}

std::vector<Op> RegisterOps(const std::vector<StreamEvent>& events) {
  std::vector<Op> ops;
  std::vector<size_t> open(1024);
  for (const StreamEvent& event : events) {
    if (event.type == StreamEvent::Type::kInvoke) {
      open[event.client] = ops.size();
      Op op;
      op.start = event.time;
      op.kind = event.write ? Kind::kWrite : Kind::kRead;
      op.b = static_cast<uint32_t>(event.value);
      op.index = static_cast<uint32_t>(ops.size());
      ops.push_back(op);
      continue;
    }
    Op& op = ops[open[event.client]];
    if (!event.write) op.a = static_cast<uint32_t>(event.value);
    if (event.type == StreamEvent::Type::kInfo) continue;
    op.end = End::kOk;
    op.finish = event.time;
  }
  return ops;
}

std::string RegisterLines(const std::vector<StreamEvent>& events) {
  std::string text = "{\"hist\":1,\"workload\":\"register\"}\n";
  text.reserve(events.size() * 120);
  int64_t index = 0;
  for (const StreamEvent& event : events) {
    const char* type = event.type == StreamEvent::Type::kInvoke ? "invoke"
                       : event.type == StreamEvent::Type::kOk   ? "ok"
                                                                : "info";
    const bool null = !event.write && (event.type == StreamEvent::Type::kInvoke || event.value == 0);
    text += fmt::format(
        R"({{"index":{},"time":{},"process":{},"type":"{}","f":"{}","key":"r17","value":{},"node":"etcd-0"}})"
        "\n",
        index++, event.time * 1000, event.client, type, event.write ? "write" : "read",
        null ? "null" : std::to_string(event.value));
  }
  return text;
}

std::vector<Op> StaleRead(uint32_t crashed) {
  std::vector<Op> ops = RegisterOps(RegisterEvents(500, 5, 0));
  uint32_t done = 0;
  for (size_t i = 20; i < ops.size() && done < crashed; i += 20) {
    for (size_t j = i; j < i + 20 && j < ops.size(); ++j) {
      if (ops[j].kind != Kind::kWrite) continue;
      ops[j].end = End::kInfo;
      ops[j].finish = kNever;
      ++done;
      break;
    }
  }
  uint32_t early = 0;
  for (size_t i = 0; i < 10; ++i)
    if (ops[i].kind == Kind::kWrite) early = ops[i].b;
  for (size_t i = ops.size(); i-- > 0;) {
    if (ops[i].kind != Kind::kRead) continue;
    ops[i].a = early;
    break;
  }
  return ops;
}

History StoreHistory(size_t operations, uint32_t clients) {
  History history;
  constexpr uint32_t kKeys = 1000;
  for (uint32_t i = 0; i < kKeys; ++i)
    history.keys.Integer(i);
  struct State {
    uint32_t value = kNil;
    int64_t modified = 0;
  };
  std::vector<State> keys(kKeys);
  std::vector<uint32_t> open(clients);
  int64_t revision = 1;
  int64_t next = 1;
  Simulate(
      operations, clients,
      [&](uint32_t who, int64_t time, Random& random) {
        open[who] = static_cast<uint32_t>(history.ops.size());
        Op op;
        op.start = time;
        op.index = open[who];
        op.positioned = true;
        if (random.Below(2) == 0) {
          op.kind = Kind::kWrite;
          op.b = history.values.Integer(next++);
        }
        Origin origin;
        origin.key = 1 + static_cast<uint32_t>(random.Below(kKeys));
        origin.process = who;
        history.ops.push_back(op);
        history.origins.push_back(origin);
        history.positions.emplace_back();
      },
      [&](uint32_t who, Random&) {
        Op& op = history.ops[open[who]];
        State& key = keys[history.origins[op.index].key - 1];
        if (op.kind == Kind::kWrite) {
          key = {.value = op.b, .modified = ++revision};
        } else {
          op.a = key.value;
        }
        history.positions[op.index] = {.revision = revision, .modified = key.modified};
      },
      [&](uint32_t who, int64_t time) {
        history.ops[open[who]].finish = time;
        history.ops[open[who]].end = End::kOk;
      });
  return history;
}

History AppendHistory(size_t transactions, uint32_t clients) {
  History history;
  constexpr uint32_t kActive = 10;
  constexpr size_t kPerKey = 32;
  struct List {
    uint32_t key = 0;
    std::vector<uint32_t> values;
  };
  std::vector<List> active(kActive);
  for (uint32_t i = 0; i < kActive; ++i)
    active[i].key = history.keys.Integer(i);
  int64_t next_key = kActive;
  for (int64_t i = 0; i <= static_cast<int64_t>(kPerKey); ++i)
    history.values.Integer(i);
  std::vector<uint32_t> open(clients);
  Simulate(
      transactions, clients,
      [&](uint32_t who, int64_t time, Random&) {
        open[who] = static_cast<uint32_t>(history.ops.size());
        Op op;
        op.start = time;
        op.kind = Kind::kTransaction;
        op.index = open[who];
        history.ops.push_back(op);
        history.origins.emplace_back();
      },
      [&](uint32_t who, Random& random) {
        Op& op = history.ops[open[who]];
        op.a = static_cast<uint32_t>(history.micros.size());
        op.b = static_cast<uint32_t>(1 + random.Below(4));
        for (uint32_t i = 0; i < op.b; ++i) {
          List& list = active[random.Below(kActive)];
          Micro micro;
          if (random.Below(2) == 0) {
            if (list.values.size() == kPerKey) list = {.key = history.keys.Integer(next_key++), .values = {}};
            list.values.push_back(static_cast<uint32_t>(list.values.size()) + 2);
            micro = {.kind = Micro::Kind::kAppend, .key = list.key, .value = list.values.back()};
          } else {
            micro = {.kind = Micro::Kind::kReadList,
                     .key = list.key,
                     .value = static_cast<uint32_t>(history.pool.size()),
                     .count = static_cast<uint32_t>(list.values.size())};
            history.pool.insert(history.pool.end(), list.values.begin(), list.values.end());
          }
          history.micros.push_back(micro);
        }
      },
      [&](uint32_t who, int64_t time) {
        history.ops[open[who]].finish = time;
        history.ops[open[who]].end = End::kOk;
      });
  return history;
}

}  // namespace holdfast::check::history
