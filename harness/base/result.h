// Result<T>: a value or an Error. Everything that can fail returns one; exceptions stay inside the
// adapter file of the library that throws them.
#ifndef HOLDFAST_HARNESS_BASE_RESULT_H_
#define HOLDFAST_HARNESS_BASE_RESULT_H_

#include <string>
#include <utility>

#include <fmt/format.h>
#include <tl/expected.hpp>

namespace holdfast {

// What the caller can do about it, not where it came from.
enum class ErrorCode {
  kInvalidArgument,  // The request itself is wrong: do not repeat it.
  kNotFound,         // The thing is not there.
  kConflict,         // It changed under us, or exists already: read again and decide.
  kRefused,          // Somebody with the right to say no said no (403, 422, a budget).
  kUnavailable,      // It surely did not happen; a later try may work.
  kIndeterminate,    // It was sent, no answer came: it may or may not have happened.
  kTimedOut,         // The deadline passed while waiting for a condition.
  kCancelled,        // A stop was asked for.
  kInternal,         // A defect of ours or a state that should not exist.
};

// One sentence for people that says what is wrong, where, and what to do; plus what code may branch
// on.
struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
  int http_status = 0;  // Of an API server's answer, 0 when there was none.
  std::string reason;   // The API server's machine word ("NotFound", "Conflict", ...), or empty.

  // The same error with the place it happened in put before the sentence.
  [[nodiscard]] Error In(std::string_view where) const {
    Error copy = *this;
    copy.message = fmt::format("{}: {}", where, message);
    return copy;
  }
};

template <typename T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

// `return Fail(ErrorCode::kNotFound, "no pod {} in {}", name, ns);`
template <typename... Args>
[[nodiscard]] tl::unexpected<Error> Fail(ErrorCode code,
                                         fmt::format_string<Args...> format,
                                         Args&&... args) {
  return tl::unexpected<Error>(
      Error{code, fmt::format(format, std::forward<Args>(args)...), 0, {}});
}
[[nodiscard]] inline tl::unexpected<Error> Fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace holdfast

#define HOLDFAST_CONCAT_INNER(a, b) a##b
#define HOLDFAST_CONCAT(a, b) HOLDFAST_CONCAT_INNER(a, b)
// HOLDFAST_ASSIGN(auto x, expr): x = value of expr, or return its error.
#define HOLDFAST_ASSIGN_IMPL(temporary, declaration, expression)                          \
  auto temporary = (expression);                                                          \
  if (!temporary) return tl::unexpected<::holdfast::Error>(std::move(temporary).error()); \
  declaration = *std::move(temporary)
#define HOLDFAST_ASSIGN(declaration, expression) \
  HOLDFAST_ASSIGN_IMPL(HOLDFAST_CONCAT(holdfast_result_, __LINE__), declaration, expression)
// HOLDFAST_RETURN_IF_ERROR(expr): return the error of expr, if it has one.
#define HOLDFAST_RETURN_IF_ERROR(expression)                                        \
  do {                                                                              \
    auto holdfast_status = (expression);                                            \
    if (!holdfast_status)                                                           \
      return tl::unexpected<::holdfast::Error>(std::move(holdfast_status).error()); \
  } while (false)

#endif  // HOLDFAST_HARNESS_BASE_RESULT_H_
