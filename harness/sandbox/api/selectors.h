// Label and field selectors.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_SELECTORS_H_
#define HOLDFAST_HARNESS_SANDBOX_API_SELECTORS_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::sandbox {

// All requirements must hold; without any, everything matches.
class LabelSelector {
 public:
  // The full grammar: "a=b,c!=d,e in (x,y),f notin (z),g,!h,i>5". 400 when it is malformed.
  static Result<LabelSelector> Parse(std::string_view text);
  // From {"matchLabels": {...}, "matchExpressions": [...]}.
  static LabelSelector FromJson(const Json& selector);
  // `labels` is an object of strings.
  [[nodiscard]] bool Matches(const Json& labels) const;
  [[nodiscard]] bool empty() const { return requirements_.empty(); }
  // The canonical text, such as "app=web" or "app in (a,b)".
  [[nodiscard]] std::string ToString() const;

 private:
  enum class Operator { kIn, kNotIn, kExists, kMissing, kGreater, kLess };
  struct Requirement {
    std::string key;
    Operator op = Operator::kExists;
    std::vector<std::string> values;
  };
  static bool Holds(const Requirement& requirement, const Json& labels);
  static Result<Requirement> ParseOne(std::string_view text);
  static std::string Text(const Requirement& requirement);

  std::vector<Requirement> requirements_;
};

class FieldSelector {
 public:
  // "metadata.name=x,status.phase!=Failed". 400 when malformed or when `plural` does not support
  // the field.
  static Result<FieldSelector> Parse(std::string_view text, std::string_view plural);
  [[nodiscard]] bool Matches(const Json& object) const;
  [[nodiscard]] bool empty() const { return requirements_.empty(); }

 private:
  struct Requirement {
    std::string field;
    std::vector<std::string> path;
    bool equal = true;
    std::string value;
  };
  std::vector<Requirement> requirements_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_SELECTORS_H_
