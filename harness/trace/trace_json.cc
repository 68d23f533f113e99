#include "harness/trace/trace_json.h"

#include <cmath>

#include <simdjson.h>

namespace holdfast::trace {
namespace {

constexpr uint64_t kFactor = 0x9E37'79B9'7F4A'7C15ULL;

uint64_t Mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * kFactor;
  return hash ^ (hash >> 29);
}

uint64_t WordAt(const uint8_t* bytes) {
  uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// Four chains beside each other: one multiplication waits for none of the others.
uint64_t MixBytes(uint64_t hash, const uint8_t* bytes, size_t size) {
  hash = Mix(hash, size);
  uint64_t lanes[4] = {hash, hash ^ 1, hash ^ 2, hash ^ 3};
  for (; size >= 32; bytes += 32, size -= 32)
    for (size_t i = 0; i < 4; ++i)
      lanes[i] = Mix(lanes[i], WordAt(bytes + 8 * i));
  for (size_t i = 0; i < 4; ++i)
    hash = Mix(hash, lanes[i]);
  for (; size >= 8; bytes += 8, size -= 8)
    hash = Mix(hash, WordAt(bytes));
  uint64_t rest = 0;
  std::memcpy(&rest, bytes, size);
  return Mix(hash, rest);
}

}  // namespace

struct JsonLineParser::Library {
  simdjson::dom::parser parser;
};

static_assert(JsonLineParser::kPadding >= simdjson::SIMDJSON_PADDING);

JsonLineParser::JsonLineParser() : library_(std::make_unique<Library>()) {}
JsonLineParser::~JsonLineParser() = default;

std::optional<JsonView> JsonLineParser::Parse(std::string_view padded) {
  const auto parsed = library_->parser.parse(padded.data(), padded.size(), false);
  if (parsed.error() != simdjson::SUCCESS) return std::nullopt;
  const simdjson::dom::document& document = library_->parser.doc;
  // Word 0 is the root; the value follows.
  return JsonView(document.tape.get(), document.string_buf.get(), 1);
}

int64_t JsonView::Int(int64_t fallback) const {
  switch (Type()) {
    case 'l':
      return static_cast<int64_t>(tape_[index_ + 1]);
    case 'd': {
      const double number = Number();
      const bool whole = std::abs(number) < 9e15 && std::trunc(number) == number;
      return whole ? static_cast<int64_t>(number) : fallback;
    }
    default:
      return fallback;  // Also for what only an unsigned number can hold.
  }
}

double JsonView::Number(double fallback) const {
  switch (Type()) {
    case 'l':
      return static_cast<double>(static_cast<int64_t>(tape_[index_ + 1]));
    case 'u':
      return static_cast<double>(tape_[index_ + 1]);
    case 'd': {
      double number = 0;
      std::memcpy(&number, &tape_[index_ + 1], sizeof number);
      return number;
    }
    default:
      return fallback;
  }
}

// The tape gives the types in order, and the texts of a value stand side by side in the buffer of
// strings, each with its length before it: types, numbers and that stretch of the buffer are the
// value.
uint64_t JsonView::Fingerprint() const {
  if (!Exists()) return 0;
  uint64_t hash = 0x51'7C'C1'B7'27'22'0A'95ULL;
  const size_t end = Next(index_);
  const uint8_t* first = nullptr;
  const uint8_t* last = nullptr;
  for (size_t at = index_; at < end; ++at) {
    const uint64_t type = tape_[at] >> 56;
    hash = (hash + type) * kFactor;
    if (type == '"') {
      last = strings_ + (tape_[at] & 0x00FF'FFFF'FFFF'FFFFULL);
      if (first == nullptr) first = last;
    } else if (type == 'l' || type == 'u' || type == 'd') {
      hash = Mix(hash, tape_[++at]);
    }
  }
  hash ^= hash >> 29;
  if (first != nullptr) {
    uint32_t length = 0;
    std::memcpy(&length, last, sizeof length);
    hash = MixBytes(hash, first, static_cast<size_t>(last - first) + sizeof length + length);
  }
  return hash == 0 ? 1 : hash;
}

}  // namespace holdfast::trace
