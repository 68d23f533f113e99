// Reads client histories of several formats.
//
//   holdfast  history.jsonl of a run: a header, then one JSON object per line
//   json      the same objects without a header, on lines or as one array (elle-cli)
//   jepsen    a log with lines such as "INFO  jepsen.util - 0 :invoke :read nil"
//   edn       maps on lines or one vector of maps (Knossos, Jepsen, Porcupine's kv files)
//
// Functions and their values: `write` v, `read` v on ok, `cas` [old, new], `append` text, `get` and
// `put` as read and write; `add` v and a read of a list for sets; `txn` a list of ["append", k, v],
// ["r", k, [...]], ["w", k, v]. A `cas` that fails with "seen": v is a read of v; one that fails without
// an error says that the state differed. "durable": false on ok leaves the outcome open.
// "pos": {"rev", "mod", "ver"} on ok is the store's revision at which the request was applied, and
// revision and version of the key that was read. "role": "replica" marks answers that promise to be
// fresh no more. Header: "eps_ns" widens all intervals, "isolation" says what transactions were
// promised. In Knossos' EDN a refused `cas` says nothing.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_READER_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_READER_H_

#include <filesystem>
#include <functional>
#include <string_view>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/check/history/recorder.h"

namespace holdfast::check::history {

enum class Format { kAuto, kHoldfast, kJson, kJepsen, kEdn };
std::string_view ToString(Format format);

// Where events go while a history is read.
class EventSink {
 public:
  virtual ~EventSink() = default;
  // Once, before the first event, when the file has a header.
  virtual void Header(const Json& header) = 0;
  virtual void Event(const HistoryEvent& event) = 0;
  // About so many lines will come in all.
  virtual void Expect(size_t lines) { (void)lines; }
  virtual void Damaged(int64_t line, const std::string& sentence) = 0;
  // The last line is cut off: a record that is still being written, or a part of one.
  virtual void Torn(int64_t line) = 0;
};

// What the text is, by its first bytes; kAuto when it is none of them.
Format FormatOf(std::string_view text);

// Reads all of it. An error when it is no history; damaged lines become problems of the history.
Result<History> ReadHistoryText(std::string_view text, Format format = Format::kAuto);
Result<History> ReadHistory(const std::filesystem::path& path, Format format = Format::kAuto);

// Reads JSON lines piece by piece: memory is bounded by the longest line. An error when the file
// cannot be read or holds no event.
Status StreamJsonLines(const std::filesystem::path& path, EventSink& sink);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_READER_H_
