#include "harness/trace/trace_json.h"

#include <cmath>

#include <simdjson.h>

namespace holdfast::trace {
namespace {

uint64_t Mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9E37'79B9'7F4A'7C15ULL;
  return hash ^ (hash >> 29);
}

uint64_t MixText(uint64_t hash, std::string_view text) {
  hash = Mix(hash, text.size());
  while (text.size() >= 8) {
    uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    hash = Mix(hash, word);
    text.remove_prefix(8);
  }
  uint64_t rest = 0;
  if (!text.empty()) std::memcpy(&rest, text.data(), text.size());
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

uint64_t JsonView::Fingerprint() const {
  if (!Exists()) return 0;
  uint64_t hash = 0x51'7C'C1'B7'27'22'0A'95ULL;
  const size_t end = Next(index_);
  for (size_t at = index_; at < end; ++at) {
    const char type = static_cast<char>(tape_[at] >> 56);
    hash = Mix(hash, static_cast<uint64_t>(static_cast<unsigned char>(type)));
    if (type == '"') {
      hash = MixText(hash, TextAt(at));
    } else if (type == 'l' || type == 'u' || type == 'd') {
      hash = Mix(hash, tape_[++at]);
    }
  }
  return hash == 0 ? 1 : hash;
}

}  // namespace holdfast::trace
