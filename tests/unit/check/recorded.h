// Recordings of a real cluster as lines that tests alter.
#ifndef HOLDFAST_TESTS_UNIT_CHECK_RECORDED_H_
#define HOLDFAST_TESTS_UNIT_CHECK_RECORDED_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/base/json.h"

#include "tests/unit/check/record_builder.h"

namespace holdfast::check {

// A line that is parsed once, shared by all copies, and written anew only where it was changed.
class Line {
 public:
  explicit Line(const std::string& text)
      : text_(std::make_shared<const std::string>(text)),
        json_(std::make_shared<const Json>(ParseJson(text).value_or(Json()))) {}
  explicit Line(const Json& json) : Line(DumpJson(json)) {}
  operator const Json&() const { return own_ ? *own_ : *json_; }  // NOLINT: it is one.
  Json& Edit() {
    // Copies of a line never share what they change.
    own_ = std::make_shared<Json>(own_ ? *own_ : *json_);
    return *own_;
  }
  [[nodiscard]] std::string Text() const { return own_ ? DumpJson(*own_) : *text_; }

 private:
  std::shared_ptr<const std::string> text_;
  std::shared_ptr<const Json> json_;
  std::shared_ptr<Json> own_;
};

struct Recording {
  std::string name;
  std::vector<Line> lines;
  std::vector<std::string> fails;  // What fails in the unaltered one.
  [[nodiscard]] std::string Text() const {
    std::string text;
    for (const Line& line : lines)
      text += line.Text() + "\n";
    return text;
  }
};

// The short recordings, or all of them when HOLDFAST_ALL_RECORDINGS is set; those beside the
// repository, else the excerpts in tests/data/check. Only of StatefulSets, by name.
std::vector<Recording> Recordings();

// A watch event of the resource, no bookmark.
bool IsEvent(const Json& line, const std::string& resource, const std::string& type = "");
Json& ObjectOf(Line& line);
std::string NameOf(const Json& line);
std::string UidOf(const Json& line);
std::vector<size_t> Events(const Recording& recording,
                           const std::string& resource,
                           const std::string& type = "",
                           const std::string& name = "");
// Exchanges two words in every line.
void Exchange(Recording& recording, const std::string& a, const std::string& b);
// Moves what the line tells to another place; versions and times stay with their places.
void SwapTold(Recording& recording, size_t a, size_t b);
void Erase(Recording& recording, size_t at);
// The first two pods that the set created, of different names.
std::optional<std::pair<size_t, size_t>> TwoCreations(const Recording& recording);
// The policy is OrderedReady.
bool IsOrdered(const Recording& recording);

struct Alteration {
  const char* name;
  const char* fails;  // The guarantee that must fail; empty: just never green.
  // False when the recording has nothing to alter in this way.
  std::function<bool(Recording& recording)> apply;
};

// What fails or is unknown, one line each.
std::string Failures(const Verdicts& verdicts);

}  // namespace holdfast::check

#endif  // HOLDFAST_TESTS_UNIT_CHECK_RECORDED_H_
