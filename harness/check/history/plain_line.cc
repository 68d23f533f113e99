#include "harness/check/history/plain_line.h"

#include <cstring>

namespace holdfast::check::history {
namespace {

class Scanner {
 public:
  explicit Scanner(std::string_view line) : at_(line.data()), end_(line.data() + line.size()) {}

  template <size_t N>
  bool Literal(const char (&text)[N]) {
    constexpr size_t kSize = N - 1;
    if (static_cast<size_t>(end_ - at_) < kSize || std::memcmp(at_, text, kSize) != 0) return false;
    at_ += kSize;
    return true;
  }

  // At most 18 digits, and no zero before others: what is longer is left to the parser.
  bool Integer(int64_t& number) {
    const bool negative = at_ != end_ && *at_ == '-';
    if (negative) ++at_;
    const char* begin = at_;
    int64_t value = 0;
    for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_) {
      if (at_ - begin == 18) return false;
      value = value * 10 + (*at_ - '0');
    }
    if (at_ == begin || (*begin == '0' && at_ - begin > 1)) return false;
    number = negative ? -value : value;
    return true;
  }

  bool Text(std::string_view& text) {
    if (at_ == end_ || *at_ != '"') return false;
    const char* begin = ++at_;
    for (; at_ != end_ && *at_ != '"'; ++at_)
      if (*at_ < ' ' || *at_ > '~' || *at_ == '\\') return false;
    if (at_ == end_) return false;
    text = {begin, static_cast<size_t>(at_ - begin)};
    ++at_;
    return true;
  }

  bool IntegerOrText(Scalar& scalar) {
    if (at_ != end_ && *at_ == '"') {
      scalar.type = Scalar::Type::kText;
      return Text(scalar.text);
    }
    scalar.type = Scalar::Type::kInteger;
    return Integer(scalar.number);
  }

  [[nodiscard]] bool AtEnd() const { return at_ == end_; }

 private:
  const char* at_;
  const char* end_;
};

bool TakeValue(Scanner& scanner, HistoryEvent& event) {
  if (scanner.Literal("null")) return true;
  if (!scanner.Literal("[")) {
    event.shape = Shape::kScalar;
    return scanner.IntegerOrText(event.value);
  }
  event.shape = Shape::kList;
  if (scanner.Literal("]")) return true;
  do {
    Scalar element;
    element.type = Scalar::Type::kInteger;
    if (!scanner.Integer(element.number)) return false;
    event.list.push_back(element);
  } while (scanner.Literal(","));
  return scanner.Literal("]");
}

bool TakePosition(Scanner& scanner, HistoryEvent& event) {
  int64_t term = 0;
  do {
    int64_t* target = scanner.Literal("\"rev\":")   ? &event.revision
                      : scanner.Literal("\"mod\":")  ? &event.modified
                      : scanner.Literal("\"ver\":")  ? &event.version
                      : scanner.Literal("\"term\":") ? &term
                                                     : nullptr;
    if (target == nullptr || !scanner.Integer(*target)) return false;
  } while (scanner.Literal(","));
  return scanner.Literal("}");
}

}  // namespace

bool ParsePlainLine(std::string_view line, HistoryEvent& event) {
  Scanner scanner(line);
  std::string_view type;
  if (!scanner.Literal("{\"index\":") || !scanner.Integer(event.index) ||
      !scanner.Literal(",\"time\":") || !scanner.Integer(event.time) ||
      !scanner.Literal(",\"process\":") || !scanner.IntegerOrText(event.process) ||
      !scanner.Literal(",\"type\":") || !scanner.Text(type) || !scanner.Literal(",\"f\":") ||
      !scanner.Text(event.function) || !scanner.Literal(",\"key\":") ||
      !scanner.IntegerOrText(event.key) || !scanner.Literal(",\"value\":") ||
      !TakeValue(scanner, event))
    return false;
  event.type = EventTypeOf(type);
  event.has_key = event.has_value = true;
  while (scanner.Literal(",")) {
    const bool good = scanner.Literal("\"node\":")   ? scanner.Text(event.node)
                      : scanner.Literal("\"role\":") ? scanner.Text(event.role)
                      : scanner.Literal("\"pos\":{") && TakePosition(scanner, event);
    if (!good) return false;
  }
  return scanner.Literal("}") && scanner.AtEnd();
}

}  // namespace holdfast::check::history
