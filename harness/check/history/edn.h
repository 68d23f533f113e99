// EDN, the notation of Clojure, as far as histories use it. No packaged C++ library reads it.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_EDN_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_EDN_H_

#include <string_view>

#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::check::history {

// Reads forms one after the other. A keyword or a symbol becomes the string of its name, a list, a
// vector or a set an array, a map an object; a tag is dropped; an integer beyond 64 bits, a
// fraction, a ratio or a character becomes the string it was written as.
class EdnReader {
 public:
  explicit EdnReader(std::string_view text) : text_(text) {}
  // True when nothing but space and comments is left.
  bool AtEnd();
  // The next form. After an error nothing more can be read.
  Result<Json> Read();
  // The 1-based line of the next form; call AtEnd first.
  [[nodiscard]] int64_t line() const { return line_; }
  // Steps into a vector whose forms are then read one by one, or out of it. False when the next
  // form is something else.
  bool Enter();
  bool Leave();

 private:
  Result<Json> ReadForm(int depth);
  Result<Json> ReadSequence(char close, int depth);
  Result<Json> ReadMap(int depth);
  Result<Json> ReadString();
  Result<Json> ReadDispatch(int depth);
  std::string_view Token();
  // Skips space, commas, comments and discarded forms (#_ form).
  Status SkipSpace(int depth);

  std::string_view text_;
  size_t at_ = 0;
  int64_t line_ = 1;
};

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_EDN_H_
