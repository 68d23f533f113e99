// The lines that our own writer writes, read without a general parser: twice as fast, and whatever
// is not exactly such a line is left to the parser.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_PLAIN_LINE_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_PLAIN_LINE_H_

#include <string_view>

#include "harness/check/history/event.h"

namespace holdfast::check::history {

// True when the line is {"index":I,"time":I,"process":I or T,"type":T,"f":T,"key":T,"value":V, then
// any of "node":T, "role":T, "pos":{"rev","mod","ver","term"}} without spaces, where V is null, an
// integer, a plain text or a list of integers, and texts are printable ASCII without escapes. Then
// the event is what JsonLineParser gives for it. Else the event is to be cleared.
bool ParsePlainLine(std::string_view line, HistoryEvent& event);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_PLAIN_LINE_H_
