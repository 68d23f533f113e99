// One JSON line of a history into an event, by simdjson, which stays in this adapter.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_JSON_LINES_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_JSON_LINES_H_

#include <cstddef>
#include <memory>

#include "harness/check/history/event.h"

namespace holdfast::check::history {

// So many readable bytes must follow every line that is parsed.
inline constexpr size_t kLinePadding = 64;

// Not thread-safe.
class JsonLineParser {
 public:
  JsonLineParser();
  JsonLineParser(const JsonLineParser&) = delete;
  JsonLineParser& operator=(const JsonLineParser&) = delete;
  ~JsonLineParser();
  // False when the line is no JSON object of a history. The texts of the event live until the next
  // call. REQUIRES kLinePadding readable bytes behind data[size].
  bool Parse(const char* data, size_t size, HistoryEvent& event);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_JSON_LINES_H_
