// Decoding and filtering of untrusted text, byte by byte.
#include "reports/text.h"

#include <algorithm>

#include "harness/base/strings.h"

namespace holdfast::reports {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD.

struct Character {
  size_t length = 0;  // 0: not UTF-8.
  unsigned code = 0;
};

// The character at the start, by RFC 3629: no overlong forms, no surrogates, at most U+10FFFF.
Character Decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return {1, first};
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return {};
  unsigned code = first & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(i) & 0x3fU);
  }
  if (length == 3 && (code < 0x800 || (code >= 0xd800 && code <= 0xdfff))) return {};
  if (length == 4 && (code < 0x10000 || code > 0x10ffff)) return {};
  return {length, code};
}

bool IsShown(unsigned code) {
  if (code == '\n' || code == '\t') return true;
  if (code < 0x20 || (code >= 0x7f && code <= 0x9f)) return false;
  if ((code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)) return false;
  return (code & 0xfffe) != 0xfffe && !(code >= 0xfdd0 && code <= 0xfdef);
}

// The length of the escape sequence (ECMA-48) that starts with the ESC at the start of `text`.
size_t EscapeLength(std::string_view text) {
  if (text.size() < 2) return 1;
  const char kind = text[1];
  if (kind == '[') {  // CSI: parameters up to a final byte.
    size_t at = 2;
    while (at < text.size() && text[at] >= 0x20 && text[at] <= 0x3f)
      ++at;
    return at < text.size() && text[at] >= 0x40 && text[at] <= 0x7e ? at + 1 : at;
  }
  if (kind == ']' || kind == 'P' || kind == '_' || kind == '^' || kind == 'X') {
    // A string up to BEL or ESC \; when it is not ended, only the introducer goes.
    for (size_t at = 2; at < std::min<size_t>(text.size(), 4096); ++at) {
      if (text[at] == '\a') return at + 1;
      if (text[at] == '\x1b') return at + 1 < text.size() && text[at + 1] == '\\' ? at + 2 : at;
    }
    return 2;
  }
  return kind >= 0x20 && kind <= 0x7e ? 2 : 1;
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

std::string CleanText(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '\x1b') {
      at += EscapeLength(text.substr(at));
      continue;
    }
    if (text[at] == '\r') {
      if (at + 1 >= text.size() || text[at + 1] != '\n') out += '\n';
      ++at;
      continue;
    }
    const Character character = Decode(text.substr(at));
    if (character.length == 0) {
      out += kReplacement;
      ++at;
      continue;
    }
    if (IsShown(character.code)) out += text.substr(at, character.length);
    at += character.length;
  }
  return out;
}

std::string OneLine(std::string_view text) {
  std::string out;
  bool blank = false;
  for (const char c : CleanText(text)) {
    if (c == '\n' || c == '\t' || c == ' ') {
      blank = !out.empty();
      continue;
    }
    if (blank) out += ' ';
    blank = false;
    out += c;
  }
  return out;
}

std::string Shorten(std::string_view text, size_t limit) {
  constexpr std::string_view kGap = " ... ";
  if (text.size() <= limit) return std::string(text);
  size_t head = (limit - kGap.size()) * 2 / 3;
  size_t tail = text.size() - (limit - kGap.size() - head);
  while (head > 0 && IsContinuation(text[head]))
    --head;
  while (tail < text.size() && IsContinuation(text[tail]))
    ++tail;
  return std::string(text.substr(0, head)).append(kGap).append(text.substr(tail));
}

std::string EscapeMarkup(std::string_view text) {
  std::string out;
  for (const char c : CleanText(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string EvidenceText(const std::vector<check::Evidence>& evidence) {
  constexpr size_t kShown = 6;
  std::vector<std::string> places;
  for (const check::Evidence& place : evidence) {
    if (places.size() == kShown) break;
    places.push_back(fmt::format("{}:{}", OneLine(Shorten(place.file, 200)), place.line));
  }
  std::string text = Join(places, ", ");
  if (evidence.size() > kShown) text += fmt::format(" and {} more", evidence.size() - kShown);
  return text;
}

}  // namespace holdfast::reports
