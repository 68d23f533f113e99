// Text that came from a cluster, a database or a suite, made fit to be shown: nothing in it may
// move a terminal's cursor, close a tag or break a parser.
#ifndef HOLDFAST_REPORTS_TEXT_H_
#define HOLDFAST_REPORTS_TEXT_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/check/verdict.h"

namespace holdfast::reports {

// Valid UTF-8 of characters that XML 1.0 allows: bad bytes become U+FFFD, terminal escape sequences
// and control characters (C0 but newline and tab, C1, bidirectional overrides) vanish, CR LF
// becomes LF.
std::string CleanText(std::string_view text);
// CleanText on one line: runs of blanks and newlines become one space, none at the ends.
std::string OneLine(std::string_view text);
// At most `limit` bytes: head and tail with " ... " between, never inside a character. REQUIRES a
// `limit` of at least 16; of unclean text give more and clean it after.
std::string Shorten(std::string_view text, size_t limit);
// CleanText with & < > " ' written as entities; safe as text and in quoted attributes.
std::string EscapeMarkup(std::string_view text);

// "trace.jsonl:412, trace.jsonl:415 and 12 more"; empty without evidence.
std::string EvidenceText(const std::vector<check::Evidence>& evidence);

}  // namespace holdfast::reports

#endif  // HOLDFAST_REPORTS_TEXT_H_
