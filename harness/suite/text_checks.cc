// UTF-8, control characters and tabs.
#include "harness/suite/text_checks.h"

namespace holdfast::suite {

size_t Utf8Length(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const unsigned second = byte(1);
  if (first == 0xe0 && second < 0xa0) return 0;   // Overlong.
  if (first == 0xed && second >= 0xa0) return 0;  // A surrogate.
  if (first == 0xf0 && second < 0x90) return 0;   // Overlong.
  if (first == 0xf4 && second >= 0x90) return 0;  // Above U+10FFFF.
  return length;
}

bool CheckText(std::string_view text, Mistakes& mistakes) {
  Place place{{1, 1}, {}};
  bool in_indentation = true;
  bool usable = true;
  for (size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const size_t length = Utf8Length(text.substr(at));
    if (length == 0) {
      mistakes.Add(place, "byte 0x{:02x} is not UTF-8; save the file as UTF-8", byte);
      return false;
    }
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f) {
      mistakes.Add(place, "control character 0x{:02x}; remove it", byte);
      return false;
    }
    if (byte == '\t' && in_indentation) {
      mistakes.Add(place, "a tab in the indentation; use spaces");
      usable = false;
      in_indentation = false;  // Once per line.
    }
    if (byte != ' ') in_indentation = false;
    ++place.at.column;
    at += length;
    if (byte == '\n') {
      ++place.at.line;
      place.at.column = 1;
      in_indentation = true;
    }
  }
  return usable;
}

}  // namespace holdfast::suite
