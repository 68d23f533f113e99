// Values that were read, that nobody wrote, and that look like what was written: a part of one value,
// or the beginning of one joined to the end of another. Such a read saw a write half done.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_TORN_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_TORN_H_

#include <string_view>
#include <vector>

#include "harness/check/history/model.h"

namespace holdfast::check::history {

// A true beginning or end of `whole`, long enough that chance does not make it: at least four
// characters, or half of it.
bool IsPart(std::string_view text, std::string_view whole);
// Neither of them; begins as `head` and ends as `tail`, each with at least four characters that the
// other does not have in that place.
bool IsMixture(std::string_view text, std::string_view head, std::string_view tail);

struct TornFinding {
  uint32_t read = 0;      // Operation.
  uint32_t value = 0;     // What it saw.
  uint32_t first = 0;     // The operation that wrote the value that it is a part or the beginning of.
  uint32_t second = kNone;  // Of a mixture: that of its end.
};

struct TornReport {
  std::vector<TornFinding> findings;  // One per value, at most kMostTorn.
  int64_t count = 0;
  int64_t reads = 0;  // Answered reads of registers and sets.
};
inline constexpr size_t kMostTorn = 20;

// Registers and sets. Integers are compared as they are written in decimal. REQUIRES that no text is
// lengthened (kAppend): there every state is made of parts.
TornReport FindTorn(const History& history);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_TORN_H_
