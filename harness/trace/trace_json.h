// Reading one line of JSON at the speed of a large trace: a parsed line is a flat array of words
// (simdjson's tape, https://github.com/simdjson/simdjson/blob/master/doc/tape.md), and a JsonView
// walks it without copying. The library itself stays behind trace_json.cc.
#ifndef HOLDFAST_HARNESS_TRACE_TRACE_JSON_H_
#define HOLDFAST_HARNESS_TRACE_TRACE_JSON_H_

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>

namespace holdfast::trace {

// A value inside a parsed line, or nothing. Cheap to copy; valid until the parser reads again.
// Every question has an answer for every type: what is absent or of another type is the fallback.
class JsonView {
 public:
  JsonView() = default;
  JsonView(const uint64_t* tape, const uint8_t* strings, size_t index)
      : tape_(tape),
        strings_(strings),
        index_(index) {}
  [[nodiscard]] bool Exists() const { return tape_ != nullptr; }
  [[nodiscard]] bool IsObject() const { return Type() == '{'; }
  [[nodiscard]] bool IsArray() const { return Type() == '['; }
  [[nodiscard]] bool IsText() const { return Type() == '"'; }
  [[nodiscard]] bool IsNumber() const { return Type() == 'l' || Type() == 'u' || Type() == 'd'; }
  // Neither absent nor null.
  [[nodiscard]] bool IsSomething() const { return Exists() && Type() != 'n'; }
  // The first member of that name, or nothing.
  [[nodiscard]] JsonView operator[](std::string_view key) const {
    if (!IsObject()) return {};
    const size_t end = Next(index_) - 1;
    for (size_t at = index_ + 1; at < end; at = Next(at + 1))
      if (TextAt(at) == key) return {tape_, strings_, at + 1};
    return {};
  }
  [[nodiscard]] std::string_view Text(std::string_view fallback = {}) const {
    return IsText() ? TextAt(index_) : fallback;
  }
  // Whole numbers only; what does not fit is the fallback.
  [[nodiscard]] int64_t Int(int64_t fallback = 0) const;
  [[nodiscard]] double Number(double fallback = 0) const;
  [[nodiscard]] bool Bool(bool fallback = false) const {
    return Type() == 't' || (Type() != 'f' && fallback);
  }
  template <typename F>  // F(JsonView item)
  void ForEach(F&& f) const {
    if (!IsArray()) return;
    const size_t end = Next(index_) - 1;
    for (size_t at = index_ + 1; at < end; at = Next(at))
      f(JsonView(tape_, strings_, at));
  }
  template <typename F>  // F(std::string_view key, JsonView value)
  void ForEachMember(F&& f) const {
    if (!IsObject()) return;
    const size_t end = Next(index_) - 1;
    for (size_t at = index_ + 1; at < end; at = Next(at + 1))
      f(TextAt(at), JsonView(tape_, strings_, at + 1));
  }
  // Equal for equal texts up to white space; 0 for nothing. 64 bits, not against an adversary.
  [[nodiscard]] uint64_t Fingerprint() const;

 private:
  [[nodiscard]] char Type() const {
    return tape_ == nullptr ? '\0' : static_cast<char>(tape_[index_] >> 56);
  }
  // The place after the value at `at`.
  [[nodiscard]] size_t Next(size_t at) const {
    switch (static_cast<char>(tape_[at] >> 56)) {
      case '{':
      case '[':
        return static_cast<uint32_t>(tape_[at]);
      case 'l':
      case 'u':
      case 'd':
        return at + 2;
      default:
        return at + 1;
    }
  }
  [[nodiscard]] std::string_view TextAt(size_t at) const {
    const uint8_t* place = strings_ + (tape_[at] & 0x00FF'FFFF'FFFF'FFFFULL);
    uint32_t length = 0;
    std::memcpy(&length, place, sizeof length);
    return {reinterpret_cast<const char*>(place + sizeof length), length};
  }

  const uint64_t* tape_ = nullptr;
  const uint8_t* strings_ = nullptr;
  size_t index_ = 0;
};

// Not thread-safe. Keeps the memory of the longest line.
class JsonLineParser {
 public:
  // Bytes that must be readable after a line; their values do not matter.
  static constexpr size_t kPadding = 64;
  JsonLineParser();
  ~JsonLineParser();
  JsonLineParser(const JsonLineParser&) = delete;
  JsonLineParser& operator=(const JsonLineParser&) = delete;
  // nullopt when the line is not one JSON value: damaged, not UTF-8, deeper than 1024 levels.
  std::optional<JsonView> Parse(std::string_view padded);

 private:
  struct Library;
  std::unique_ptr<Library> library_;
};

}  // namespace holdfast::trace

#endif  // HOLDFAST_HARNESS_TRACE_TRACE_JSON_H_
