// The undo journal: what was changed, on what, from which previous value; written before each
// change, in every place that it has, and marked when the change is undone.
#ifndef HOLDFAST_HARNESS_RUN_JOURNAL_H_
#define HOLDFAST_HARNESS_RUN_JOURNAL_H_

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::run {

// One change that must be undone. `what` is "namespace", "content", "lease", "cordon", "taint" or "control";
// `fields` has "object" {"kind","name","namespace","uid"}, and "previous" and "made" where they
// matter. undo.h says what each needs.
struct Change {
  int id = 0;
  std::string what;
  Json fields;
  [[nodiscard]] Json ToJson() const;
  static Result<Change> FromJson(const Json& json);
  // "cordon of Node a": for people.
  [[nodiscard]] std::string ToString() const;
};

// A second place for the journal, which other machines can read. Holds only what is not undone.
class JournalMirror {
 public:
  JournalMirror() = default;
  JournalMirror(const JournalMirror&) = delete;
  JournalMirror& operator=(const JournalMirror&) = delete;
  virtual ~JournalMirror() = default;
  virtual Status Put(const Change& change) = 0;
  virtual Status Remove(int id) = 0;
};

// Thread-safe. Every line is on the disk, and in the mirror, before Record returns: a change must
// not be made when it fails. The files stay bounded: what is undone is thrown out when they grow.
class Journal {
 public:
  // The first line of each file is `header` (who, which cluster). Files that exist are taken over:
  // their open changes are Pending. kInvalidArgument for a file that is no journal.
  static Result<std::unique_ptr<Journal>> Open(std::vector<std::filesystem::path> files,
                                               Json header);
  // From now on changes go there, too; it must outlive the journal's last use. nullptr ends it.
  void SetMirror(JournalMirror* mirror);
  Result<Change> Record(const std::string& what, Json fields);
  // The change is undone, or was never made. An error when the mirror cannot be told; a file that
  // cannot be written is only logged, because undoing twice is harmless.
  Status Undone(const Change& change);
  // What is not undone, the latest first.
  [[nodiscard]] std::vector<Change> Pending() const;
  [[nodiscard]] const Json& header() const { return header_; }

 private:
  struct Place {
    std::filesystem::path path;
    FileDescriptor file;
    size_t bytes = 0;
  };
  Journal(std::vector<Place> places, Json header)
      : places_(std::move(places)),
        header_(std::move(header)) {}
  Status Append(const Json& line);
  Status Rewrite(Place& place);

  mutable std::mutex mutex_;
  std::vector<Place> places_;
  const Json header_;
  JournalMirror* mirror_ = nullptr;
  std::map<int, Change> pending_;
  int last_id_ = 0;
};

// What a journal file says: its header and its open changes, the latest first. A torn last line is
// skipped: its change was never made.
struct JournalContent {
  Json header;
  std::vector<Change> pending;
  int last_id = 0;
};
Result<JournalContent> ReadJournal(const std::filesystem::path& file);

// The user's place for journals, "<state>/journal".
std::filesystem::path JournalDirectory();

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_JOURNAL_H_
