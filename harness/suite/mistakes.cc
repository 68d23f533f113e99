// Sorting, capping and wording of mistakes.
#include "harness/suite/mistakes.h"

#include <algorithm>
#include <tuple>

#include "harness/base/strings.h"

namespace holdfast::suite {

std::string Mistakes::Render(std::string_view file) const {
  std::vector<const Mistake*> sorted;
  for (const Mistake& mistake : list_)
    sorted.push_back(&mistake);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Mistake* a, const Mistake* b) {
    const auto key = [](const Mistake& m) {
      return std::tuple(!m.place.override_text.empty(), m.place.at.line, m.place.at.column);
    };
    return key(*a) < key(*b);
  });
  std::vector<std::string> lines;
  for (const Mistake* mistake : sorted) {
    if (lines.size() == kMistakesShown) {
      lines.push_back(fmt::format("{}: and {} more mistakes", file, sorted.size() - lines.size()));
      break;
    }
    const Place& place = mistake->place;
    if (!place.override_text.empty()) {
      lines.push_back(fmt::format("--set {}: {}", Excerpt(place.override_text), mistake->sentence));
    } else {
      lines.push_back(
          fmt::format("{}:{}:{}: {}", file, place.at.line, place.at.column, mistake->sentence));
    }
  }
  return Join(lines, "\n");
}

std::string Excerpt(std::string_view text) {
  constexpr size_t kLongest = 60;
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  if (out.size() <= kLongest) return out;
  size_t end = kLongest - 3;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xc0) == 0x80)
    --end;
  return out.substr(0, end) + "...";
}

std::string Suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  if (candidates.empty()) return "";
  // The edit distance is quadratic: nobody misspells a key in more than 60 letters.
  if (word.size() <= 60) {
    if (const auto near = Nearest(word, candidates))
      return fmt::format(" (did you mean '{}'?)", *near);
  }
  return "; known are: " + Join(candidates, ", ");
}

}  // namespace holdfast::suite
