// Collects every mistake of a suite, so that they are reported together and in the order of lines.
#ifndef HOLDFAST_HARNESS_SUITE_MISTAKES_H_
#define HOLDFAST_HARNESS_SUITE_MISTAKES_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/suite/node.h"

namespace holdfast::suite {

// At most this many are printed; the rest are counted.
inline constexpr size_t kMistakesShown = 50;

class Mistakes {
 public:
  template <typename... Args>
  void Add(const Place& place, fmt::format_string<Args...> format, Args&&... args) {
    list_.push_back({place, fmt::format(format, std::forward<Args>(args)...)});
  }
  [[nodiscard]] bool empty() const { return list_.empty(); }
  // One line each, `file:line:column: sentence`, or `--set path=value: sentence` at the end.
  [[nodiscard]] std::string Render(std::string_view file) const;

 private:
  struct Mistake {
    Place place;
    std::string sentence;
  };
  std::vector<Mistake> list_;
};

// A text of the suite as it may stand in a sentence: control characters as '?', at most 60 bytes.
std::string Excerpt(std::string_view text);
// " (did you mean 'x'?)", or "; known are: a, b, c", or nothing when there are no candidates.
std::string Suggestion(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace holdfast::suite

#endif  // HOLDFAST_HARNESS_SUITE_MISTAKES_H_
