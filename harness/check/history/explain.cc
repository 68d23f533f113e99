#include "harness/check/history/explain.h"

#include <algorithm>

#include <fmt/format.h>

namespace holdfast::check::history {
namespace {

constexpr size_t kMostLines = 24;
constexpr size_t kShownOps = 6;

std::string ValueName(const History& history, uint32_t value) {
  if (value == kNil) return "nil";
  std::string text = history.values.Show(value);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  return text.empty() ? "''" : text;
}

// The value that the operation left or saw.
std::string ValueOf(const History& history, uint32_t op) {
  const Op& entry = history.ops[op];
  return ValueName(history, entry.kind == Kind::kRead || entry.kind == Kind::kNotEqual ? entry.a : entry.b);
}

// A refused write of a value that was seen nevertheless, or kNone.
uint32_t RefusedWriter(const History& history, uint32_t key, uint32_t value) {
  for (const Op& op : history.ops)
    if (op.end == End::kFail && op.b == value && history.origins[op.index].key == key &&
        (op.kind == Kind::kWrite || op.kind == Kind::kCas))
      return op.index;
  return kNone;
}

// A write of the value to another key, or kNone.
uint32_t OtherWriter(const History& history, uint32_t value) {
  for (const Op& op : history.ops)
    if (op.b == value && (op.kind == Kind::kWrite || op.kind == Kind::kCas)) return op.index;
  return kNone;
}

std::string Phantom(const History& history, const KeyViolation& found, std::vector<uint32_t>& ops) {
  const uint32_t op = ops.front();
  const Op& entry = history.ops[op];
  const uint32_t value = entry.a;
  const std::string saw =
      fmt::format("{}: {}", Describe(history, op),
                  entry.kind == Kind::kRead ? "nobody wrote that value" : "nobody wrote what it replaced");
  if (const uint32_t writer = RefusedWriter(history, found.key, value); writer != kNone) {
    ops.push_back(writer);
    return fmt::format("{}, though its write was refused: {}", Describe(history, op),
                       Describe(history, writer));
  }
  if (const uint32_t writer = OtherWriter(history, value); writer != kNone) {
    ops.push_back(writer);
    return fmt::format("{} to this key; it was written to key {}: {}", saw,
                       history.keys.Show(history.origins[writer].key), Describe(history, writer));
  }
  return saw;
}

// "X ended before Y began": one half of a contradiction over two values.
std::string Half(const History& history, uint32_t earlier, uint32_t later, bool first) {
  if (earlier == kNone || later == kNone) return "the initial value is older than any other";
  return fmt::format("{} ended before {} began, so {} is the {}", Describe(history, earlier),
                     Describe(history, later), ValueOf(history, earlier),
                     first ? "older of the two values" : "older one");
}

std::string Order(const History& history, const std::vector<uint32_t>& ops) {
  std::string sentence = fmt::format("{}; but {}", Half(history, ops[0], ops[1], true),
                                     Half(history, ops[2], ops[3], false));
  // How stale: what the late read should have seen was there for so long.
  if (ops[2] != kNone && ops[3] != kNone && history.timed &&
      history.ops[ops[3]].kind == Kind::kRead) {
    const int64_t late = history.ops[ops[3]].start - history.ops[ops[2]].finish;
    sentence += fmt::format("; the read is stale by at least {:.6f} s", static_cast<double>(late) * 1e-9);
  }
  return sentence;
}

std::string NoOrder(const History& history, const Violation& violation) {
  std::string states;
  for (const uint32_t state : violation.states)
    states += (states.empty() ? "" : ", ") +
              (state == kNone ? std::string("one that nobody read") : ValueName(history, state));
  std::string sentence =
      fmt::format("{} fits into no order of what came before: that leaves the value at {}",
                  Describe(history, violation.ops.front()), states);
  if (violation.ops.size() < 2) return sentence;
  const size_t others = violation.ops.size() - 1;
  const bool text = std::any_of(violation.ops.begin(), violation.ops.end(), [&](uint32_t op) {
    return history.ops[op].kind == Kind::kAppend;
  });
  sentence += text ? "; the last writes of it were: "
                   : fmt::format("; {} alone cannot be ordered with it: ",
                                 others == 1 ? "this operation" : fmt::format("these {} operations", others));
  for (size_t i = 1; i < violation.ops.size() && i <= kShownOps; ++i)
    sentence += (i == 1 ? "" : "; ") + Describe(history, violation.ops[i]);
  if (violation.ops.size() - 1 > kShownOps)
    sentence += fmt::format("; and {} more", violation.ops.size() - 1 - kShownOps);
  return sentence;
}

std::string Body(const History& history, const KeyViolation& found, std::vector<uint32_t>& ops) {
  const Violation& violation = found.violation;
  const auto two = [&](const char* format) {
    return fmt::format(fmt::runtime(format), Describe(history, ops.at(0)),
                       ops.size() > 1 && ops[1] != kNone ? Describe(history, ops[1]) : "nothing in the record");
  };
  switch (violation.type) {
    case Violation::Type::kPhantom:
      return Phantom(history, found, ops);
    case Violation::Type::kFuture:
      return two("{} had its answer before the write was sent: {}");
    case Violation::Type::kTwoCas:
      return two("two compare-and-swaps replaced the same value: {} and {}");
    case Violation::Type::kCasCycle: {
      std::string cycle;
      for (const uint32_t op : ops)
        cycle += (cycle.empty() ? "" : "; ") + Describe(history, op);
      return "each of these replaced a value that only another one of them can have written: " + cycle;
    }
    case Violation::Type::kChain:
      return ops.size() < 2 ? "a chain of compare-and-swaps contradicts the real time"
                            : two("by the chain of compare-and-swaps {} comes before {}, which had "
                                  "ended before it began");
    case Violation::Type::kOrder:
      return Order(history, ops);
    case Violation::Type::kNoOrder:
      return NoOrder(history, violation);
    case Violation::Type::kTwoOwners:
      return fmt::format("revision {} was claimed twice: by {}", violation.revision,
                         two("{} and by {}"));
    case Violation::Type::kBackwards:
      return fmt::format("{}, although {}", two("{} was answered at an older revision than {}"),
                         "the latter had ended before the former began");
    case Violation::Type::kWrongState:
      return fmt::format("{}, but the writes before revision {} leave {}; last writer: {}",
                         Describe(history, ops[0]), violation.revision,
                         ValueName(history, violation.value == kNone ? kNil : violation.value),
                         ops.size() > 1 ? Describe(history, ops[1]) : "nobody");
    case Violation::Type::kWrongOrigin:
      return fmt::format("{} names revision {} as that of its value, which contradicts {}",
                         Describe(history, ops[0]), violation.revision,
                         ops.size() > 1 ? Describe(history, ops[1]) : "the record");
    case Violation::Type::kHole:
      return fmt::format("revision {} exists, by {}, but no write of the record can have made it",
                         violation.revision, Describe(history, ops[0]));
    case Violation::Type::kVersion:
      return fmt::format("{} tells a version of its key that the writes do not add up to; last "
                         "writer: {}",
                         Describe(history, ops[0]),
                         ops.size() > 1 && ops[1] != kNone ? Describe(history, ops[1]) : "nobody");
  }
  return {};
}

}  // namespace

std::string At(const History& history, int64_t time) {
  if (!history.timed) return fmt::format("line {}", time);
  return fmt::format("{:.6f} s", static_cast<double>(time) * 1e-9);
}

std::string Who(const History& history, uint32_t op) {
  const Origin& origin = history.origins[op];
  std::string who = "client " + history.processes.Show(origin.process);
  if (origin.node != kNil) who += " at " + history.nodes.Show(origin.node);
  return who;
}

std::string When(const History& history, uint32_t op) {
  const Op& entry = history.ops[op];
  const Origin& origin = history.origins[op];
  if (entry.finish == kNever)
    return history.timed ? fmt::format("sent at {}, outcome unknown", At(history, entry.start))
                         : fmt::format("line {}, outcome unknown", origin.invoke_line);
  if (!history.timed) return fmt::format("lines {} to {}", origin.invoke_line, origin.complete_line);
  return fmt::format("{:.6f} s to {}", static_cast<double>(entry.start) * 1e-9,
                     At(history, entry.finish));
}

std::string Describe(const History& history, uint32_t op) {
  const Op& entry = history.ops[op];
  std::string what;
  switch (entry.kind) {
    case Kind::kRead:
      what = "the read of " + ValueName(history, entry.a);
      break;
    case Kind::kWrite:
      what = "the write of " + ValueName(history, entry.b);
      break;
    case Kind::kCas:
      what = fmt::format("the replacement of {} by {}", ValueName(history, entry.a),
                         ValueName(history, entry.b));
      break;
    case Kind::kNotEqual:
      what = fmt::format("the refusal to replace {}", ValueName(history, entry.a));
      break;
    case Kind::kAppend:
      what = "the append of " + ValueName(history, entry.b);
      break;
    case Kind::kAdd:
      what = "the add of " + ValueName(history, entry.b);
      break;
    case Kind::kReadSet:
      what = fmt::format("the read of {} element{}", entry.b, entry.b == 1 ? "" : "s");
      break;
    case Kind::kTransaction:
      what = "the transaction";
      break;
  }
  return fmt::format("{} by {} ({})", what, Who(history, op), When(history, op));
}

void AddLines(const History& history, uint32_t op, std::vector<int64_t>& lines) {
  if (op == kNone || lines.size() >= kMostLines) return;
  const Origin& origin = history.origins[op];
  lines.push_back(origin.invoke_line);
  if (origin.complete_line != 0) lines.push_back(origin.complete_line);
}

Explanation Explain(const History& history, const KeyViolation& found) {
  std::vector<uint32_t> ops = found.violation.ops;
  Explanation explanation;
  const std::string body = Body(history, found, ops);
  explanation.sentence = found.key == kNil && history.keys.size() == 1
                             ? body
                             : fmt::format("key {}: {}", history.keys.Show(found.key), body);
  for (const uint32_t op : ops) {
    AddLines(history, op, explanation.lines);
    if (op == kNone) continue;
    const Op& entry = history.ops[op];
    explanation.time =
        std::max(explanation.time, entry.finish == kNever ? entry.start : entry.finish);
  }
  std::sort(explanation.lines.begin(), explanation.lines.end());
  explanation.lines.erase(std::unique(explanation.lines.begin(), explanation.lines.end()),
                          explanation.lines.end());
  return explanation;
}

}  // namespace holdfast::check::history
