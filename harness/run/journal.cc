#include "harness/run/journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "harness/base/log.h"
#include "harness/base/strings.h"
#include "harness/run/crash_point.h"

namespace holdfast::run {
namespace {

// Beyond this a file is written anew with what is still open.
constexpr size_t kMostBytes = size_t{256} << 10U;
// More than this is not undone by a run; it is a defect of ours.
constexpr size_t kMostPending = 500;
constexpr const char* kFormat = "holdfast-journal/1";

Status Sync(int fd, const std::string& name) {
  if (::fdatasync(fd) == 0 || errno == EINVAL) return {};
  return Fail(ErrorCode::kUnavailable, "cannot sync the undo journal {}: {}", name,
              ErrnoText(errno));
}

// The directory entry must survive as well as the bytes.
void SyncDirectory(const std::filesystem::path& directory) {
  const FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.valid()) ::fsync(opened.get());
}

}  // namespace

Json Change::ToJson() const { return {{"id", id}, {"change", what}, {"fields", fields}}; }

Result<Change> Change::FromJson(const Json& json) {
  Change change{static_cast<int>(GetInt(json, {"id"})), GetString(json, {"change"}),
                GetObject(json, {"fields"})};
  if (change.id <= 0 || change.what.empty())
    return Fail(ErrorCode::kInvalidArgument, "'{}' is not a change of an undo journal",
                DumpJson(json).substr(0, 120));
  return change;
}

std::string Change::ToString() const {
  return fmt::format("{} of {} {}", what, GetString(fields, {"object", "kind"}),
                     GetString(fields, {"object", "name"}));
}

std::filesystem::path JournalDirectory() { return StateDirectory() / "journal"; }

Result<JournalContent> ReadJournal(const std::filesystem::path& file) {
  HOLDFAST_ASSIGN(const std::string text, ReadFile(file));
  JournalContent content;
  std::map<int, Change> open;
  const std::vector<std::string> lines = Split(text, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    if (lines[i].empty()) continue;
    const bool torn = i + 1 == lines.size();
    const auto line = ParseJson(lines[i]);
    if (!line && torn) break;
    if (!line)
      return Fail(ErrorCode::kInvalidArgument, "{}:{}: not a line of an undo journal",
                  file.string(), i + 1);
    if (content.header.is_null()) {
      if (GetString(*line, {"format"}) != kFormat)
        return Fail(ErrorCode::kInvalidArgument, "{} is not an undo journal ({})", file.string(),
                    kFormat);
      content.header = *line;
      continue;
    }
    if (const Json* undone = FindPath(*line, {"undone"})) {
      open.erase(undone->is_number_integer() ? undone->get<int>() : 0);
      continue;
    }
    HOLDFAST_ASSIGN(Change change, Change::FromJson(*line));
    content.last_id = std::max(content.last_id, change.id);
    open[change.id] = std::move(change);
  }
  for (auto& [id, change] : open)
    content.pending.push_back(std::move(change));
  std::reverse(content.pending.begin(), content.pending.end());
  return content;
}

Result<std::unique_ptr<Journal>> Journal::Open(std::vector<std::filesystem::path> files,
                                               Json header) {
  header["format"] = kFormat;
  std::map<int, Change> pending;
  int last_id = 0;
  std::vector<Place> places;
  for (std::filesystem::path& path : files) {
    HOLDFAST_RETURN_IF_ERROR(MakeDirectories(path.parent_path()));
    std::error_code error;
    const bool old = std::filesystem::exists(path, error) &&
                     std::filesystem::file_size(path, error) > 0;
    if (old) {
      HOLDFAST_ASSIGN(JournalContent content, ReadJournal(path));
      last_id = std::max(last_id, content.last_id);
      for (Change& change : content.pending)
        pending[change.id] = std::move(change);
    }
    Place place;
    place.file = FileDescriptor(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    place.path = std::move(path);
    if (!place.file.valid())
      return Fail(ErrorCode::kUnavailable, "cannot create the undo journal {}: {}",
                  place.path.string(), ErrnoText(errno));
    places.push_back(std::move(place));
  }
  auto journal = std::unique_ptr<Journal>(new Journal(std::move(places), std::move(header)));
  journal->pending_ = std::move(pending);
  journal->last_id_ = last_id;
  for (Place& place : journal->places_) {
    HOLDFAST_RETURN_IF_ERROR(journal->Rewrite(place));
    SyncDirectory(place.path.parent_path());
  }
  return journal;
}

void Journal::SetMirror(JournalMirror* mirror) {
  const std::lock_guard lock(mutex_);
  mirror_ = mirror;
}

Result<Change> Journal::Record(const std::string& what, Json fields) {
  const std::lock_guard lock(mutex_);
  if (pending_.size() >= kMostPending)
    return Fail(ErrorCode::kInternal,
                "{} changes are not undone, the undo journal takes no more; undo some first",
                pending_.size());
  Change change{++last_id_, what, std::move(fields)};
  CrashPoint();
  HOLDFAST_RETURN_IF_ERROR(Append(change.ToJson()));
  CrashPoint();
  // From here on it counts as made: whatever goes wrong, undoing it is harmless.
  pending_[change.id] = change;
  if (mirror_ != nullptr) HOLDFAST_RETURN_IF_ERROR(mirror_->Put(change));
  CrashPoint();
  return change;
}

Status Journal::Undone(const Change& change) {
  const std::lock_guard lock(mutex_);
  CrashPoint();
  if (mirror_ != nullptr) HOLDFAST_RETURN_IF_ERROR(mirror_->Remove(change.id));
  CrashPoint();
  pending_.erase(change.id);
  // Without this mark the change is undone once more by `recover`, which is harmless; a full disk
  // must not keep the rest from being undone.
  const Status marked = Append({{"undone", change.id}});
  if (!marked) Log(LogLevel::kWarning, "{}", marked.error().message);
  return {};
}

std::vector<Change> Journal::Pending() const {
  const std::lock_guard lock(mutex_);
  std::vector<Change> changes;
  for (auto at = pending_.rbegin(); at != pending_.rend(); ++at)
    changes.push_back(at->second);
  return changes;
}

Status Journal::Append(const Json& line) {
  const std::string text = DumpJson(line) + "\n";
  for (Place& place : places_) {
    Status written = WriteAll(place.file.get(), text, place.path.string());
    if (written) written = Sync(place.file.get(), place.path.string());
    if (!written) {
      // A full disk takes half a line; the next one must not be glued to it.
      if (::ftruncate(place.file.get(), static_cast<off_t>(place.bytes)) != 0)
        Log(LogLevel::kWarning, "cannot shorten the undo journal {}: {}", place.path.string(),
            ErrnoText(errno));
      return written;
    }
    place.bytes += text.size();
    if (place.bytes > kMostBytes) HOLDFAST_RETURN_IF_ERROR(Rewrite(place));
  }
  return {};
}

Status Journal::Rewrite(Place& place) {
  std::string text = DumpJson(header_) + "\n";
  for (const auto& [id, change] : pending_)
    text += DumpJson(change.ToJson()) + "\n";
  HOLDFAST_RETURN_IF_ERROR(WriteFileAtomic(place.path, text, 0600));
  place.file = FileDescriptor(::open(place.path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  place.bytes = text.size();
  if (place.file.valid()) return {};
  return Fail(ErrorCode::kUnavailable, "cannot open the undo journal {}: {}", place.path.string(),
              ErrnoText(errno));
}

}  // namespace holdfast::run
