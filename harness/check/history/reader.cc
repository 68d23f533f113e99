#include "harness/check/history/reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "harness/check/history/edn.h"
#include "harness/check/history/event_json.h"
#include "harness/check/history/json_lines.h"
#include "harness/check/history/plain_line.h"

namespace holdfast::check::history {
namespace {

constexpr size_t kPiece = 1U << 20U;
// A read of ten million rows is shorter.
constexpr size_t kLongestLine = size_t{256} << 20U;
constexpr size_t kFirstLines = 1000;

// Hands out lines with kLinePadding readable bytes behind each.
class LineSource {
 public:
  explicit LineSource(FileDescriptor file) : file_(std::move(file)) {
    buffer_.resize(kPiece);
    struct stat status {};
    if (::fstat(file_.get(), &status) == 0 && S_ISREG(status.st_mode))
      total_ = static_cast<size_t>(status.st_size);
  }
  explicit LineSource(std::string_view text) : end_(text.size()), total_(text.size()) {
    buffer_.assign(text.begin(), text.end());
    buffer_.resize(end_ + kLinePadding);
  }
  // False at the end. `whole` is false for a last line without its newline.
  Result<bool> Next(std::string_view& line, bool& whole) {
    for (;;) {
      const char* begin = buffer_.data() + at_;
      if (const void* found = scanned_ < end_ ? std::memchr(buffer_.data() + scanned_, '\n', end_ - scanned_)
                                              : nullptr) {
        const auto size = static_cast<size_t>(static_cast<const char*>(found) - begin);
        line = {begin, size};
        at_ += size + 1;
        scanned_ = at_;
        whole = true;
        return true;
      }
      scanned_ = end_;
      HOLDFAST_ASSIGN(const bool more, Fill());
      if (more) continue;
      if (at_ == end_) return false;
      line = {buffer_.data() + at_, end_ - at_};
      at_ = end_;
      whole = false;
      return true;
    }
  }

  // Bytes in all, 0 when nobody knows; and behind the newest line.
  [[nodiscard]] size_t total() const { return total_; }
  [[nodiscard]] size_t consumed() const { return passed_ + at_; }

 private:
  Result<bool> Fill() {
    if (!file_.valid()) return false;
    if (at_ > 0) {
      passed_ += at_;
      std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
      end_ -= at_;
      scanned_ -= at_;
      at_ = 0;
    }
    if (end_ > kLongestLine)
      return Fail(ErrorCode::kInvalidArgument, "a line is longer than {} MiB: this is no history", kLongestLine >> 20U);
    if (buffer_.size() < end_ + kLinePadding + kPiece / 2) buffer_.resize(buffer_.size() * 2);
    for (;;) {
      const ssize_t got =
          ::read(file_.get(), buffer_.data() + end_, buffer_.size() - kLinePadding - end_);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return Fail(ErrorCode::kUnavailable, "cannot be read: {}", ErrnoText(errno));
      end_ += static_cast<size_t>(got);
      return got > 0;
    }
  }

  FileDescriptor file_;
  std::vector<char> buffer_;
  size_t at_ = 0;
  size_t scanned_ = 0;
  size_t end_ = 0;
  size_t total_ = 0;
  size_t passed_ = 0;  // Of the file, before the buffer.
};

class RecordingSink final : public EventSink {
 public:
  void Header(const Json& header) override {
    options_.epsilon = GetInt(header, {"eps_ns"});
    if (options_.epsilon < 0 || options_.epsilon > kMostEpsilon) {
      Damaged(1, "eps_ns of the header is no duration");
      options_.epsilon = 0;
    }
    options_.own_format = true;
    options_.refused_cas = RefusedCas::kStateDiffered;
    options_.reads_are_windows = GetString(header, {"workload"}) == "insert-set";
    recorder_ = Recorder(options_);
    recorder_.history().model = GetString(header, {"model"});
    recorder_.history().isolation = GetString(header, {"isolation"});
  }
  void Event(const HistoryEvent& event) override { recorder_.Add(event); }
  void Expect(size_t lines) override { recorder_.Expect(lines); }
  void Torn(int64_t) override { recorder_.history().torn = true; }
  void Damaged(int64_t line, const std::string& sentence) override {
    recorder_.Damaged(line, sentence);
  }
  History Take() { return recorder_.Take(); }

 private:
  RecorderOptions options_;
  Recorder recorder_{options_};
};

Result<Json> HeaderOf(std::string_view line) {
  if (line.find("\"hist\"") == std::string_view::npos) return Json();
  auto header = ParseJson(line);
  if (!header || FindPath(*header, {"hist"}) == nullptr) return Json();
  if (GetInt(*header, {"hist"}) != 1) {
    return Fail(ErrorCode::kInvalidArgument,
                "the header says format {}, this program reads format 1",
                DumpJson(*FindPath(*header, {"hist"})));
  }
  return header;
}

Status ReadLines(LineSource& source, EventSink& sink) {
  JsonLineParser parser;
  HistoryEvent event;
  std::string_view line;
  bool whole = true;
  int64_t events = 0;
  Json object;  // Of an event whose value is one, and what its texts point into.
  std::deque<std::string> texts;
  for (int64_t number = 1;; ++number) {
    HOLDFAST_ASSIGN(const bool more, source.Next(line, whole));
    if (!more) break;
    if (number == 1) {
      HOLDFAST_ASSIGN(const Json header, HeaderOf(line));
      if (!header.is_null()) {
        sink.Header(header);
        ++events;
        continue;
      }
    }
    // The first lines tell how many there will be.
    if (static_cast<size_t>(number) == kFirstLines && source.total() > 0)
      sink.Expect(source.total() / (source.consumed() / kFirstLines + 1) + kFirstLines);
    if (Trim(line).empty()) continue;
    event.Clear();
    bool good = ParsePlainLine(line, event);
    if (!good) {
      event.Clear();
      good = parser.Parse(line.data(), line.size(), event);
    }
    if (Kind kind = Kind::kRead; good && event.shape == Shape::kOdd && KindOfFunction(event.function, kind)) {
      auto parsed = ParseJson(line);
      object = parsed ? *std::move(parsed) : Json();
      if (const Json* value = FindPath(object, {"value"}); value != nullptr && value->is_object()) {
        texts.clear();
        event.Clear();
        good = EventOf(object, event, texts);
      }
    }
    if (good) {
      event.line = number;
      sink.Event(event);
      ++events;
    } else if (whole) {
      if (events == 0)
        return Fail(ErrorCode::kInvalidArgument, "line {} is no event of a history", number);
      sink.Damaged(number, "the line is not a JSON object of a history");
    } else {
      sink.Torn(number);
    }
  }
  if (events == 0) return Fail(ErrorCode::kInvalidArgument, "it holds no event of a history");
  return {};
}

// Objects that are read as a whole, with the line of each.
struct Loaded {
  std::vector<Json> objects;
  std::vector<int64_t> lines;
};

Result<Loaded> LoadEdn(std::string_view text) {
  Loaded loaded;
  EdnReader reader(text);
  bool inside = false;
  while (!reader.AtEnd()) {
    if (inside && reader.Leave()) {
      inside = false;
      continue;
    }
    if (!inside && reader.Enter()) {
      inside = true;
      continue;
    }
    loaded.lines.push_back(reader.line());
    HOLDFAST_ASSIGN(Json form, reader.Read());
    loaded.objects.push_back(std::move(form));
  }
  if (inside) return Fail(ErrorCode::kInvalidArgument, "the text ends inside a vector");
  return loaded;
}

Result<Loaded> LoadJsonArray(std::string_view text) {
  HOLDFAST_ASSIGN(Json array, ParseJson(text));
  Loaded loaded;
  for (Json& object : array) {
    loaded.objects.push_back(std::move(object));
    loaded.lines.push_back(static_cast<int64_t>(loaded.lines.size()) + 1);
  }
  return loaded;
}

// "0 :okk :read 7" is an operation, although its type is none: the recorder calls it damaged.
bool IsMisspelt(std::string_view text, const Json& forms) {
  Kind kind = Kind::kRead;
  return forms[0].is_number_integer() && KindOfFunction(forms[2].get_ref<const std::string&>(), kind) &&
         text.find(":" + forms[1].get_ref<const std::string&>()) != std::string_view::npos;
}

// "INFO  jepsen.util - 0 :invoke :write 4": four forms behind the dash, perhaps with an error.
Result<Loaded> LoadJepsen(std::string_view text) {
  Loaded loaded;
  int64_t number = 0;
  for (size_t at = 0; at < text.size();) {
    size_t end = text.find('\n', at);
    if (end == std::string_view::npos) end = text.size();
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    const size_t dash = line.find(" - ");
    if (line.find("jepsen") == std::string_view::npos || dash == std::string_view::npos) continue;
    EdnReader reader(line.substr(dash + 3));
    Json forms = Json::array();
    while (!reader.AtEnd() && forms.size() < 5) {
      auto form = reader.Read();
      if (!form) break;
      forms.push_back(*std::move(form));
    }
    if (forms.size() < 3 || !forms[1].is_string() || !forms[2].is_string() ||
        (EventTypeOf(forms[1].get_ref<const std::string&>()) == EventType::kOther &&
         !IsMisspelt(line.substr(dash + 3), forms)))
      continue;  // The log holds other lines, too.
    Json event = {{"process", forms[0]}, {"type", forms[1]}, {"f", forms[2]}};
    if (forms.size() > 3) event["value"] = forms[3];
    if (forms.size() > 4) event["error"] = forms[4];
    // A read that timed out says so in the place of its value.
    if (event["type"] == "fail" && event["f"] == "read") event["error"] = "failed";
    loaded.objects.push_back(std::move(event));
    loaded.lines.push_back(number);
  }
  return loaded;
}

// Whether all operations on registers have values of the form [key value].
bool KeysInValues(const Loaded& loaded) {
  bool any = false;
  for (const Json& object : loaded.objects) {
    const std::string function = GetString(object, {"f"});
    if (FindPath(object, {"key"}) != nullptr || function == "add" || function == "txn") return false;
    if (function != "write" || GetString(object, {"type"}) != "invoke") continue;
    const Json* value = FindPath(object, {"value"});
    if (value == nullptr || !value->is_array() || value->size() != 2) return false;
    any = true;
  }
  return any;
}

Result<History> Record(const Loaded& loaded, Format format) {
  RecorderOptions options;
  for (const Json& object : loaded.objects)
    options.times_are_lines = options.times_are_lines || GetInt(object, {"time"}, -1) < 0;
  options.keys_in_values = KeysInValues(loaded);
  // Of these only the etcd logs promise that a refused compare-and-swap saw another state.
  options.refused_cas = format == Format::kJepsen ? RefusedCas::kStateDiffered : RefusedCas::kNothing;
  Recorder recorder(options);
  HistoryEvent event;
  std::deque<std::string> texts;
  size_t events = 0;
  for (size_t i = 0; i < loaded.objects.size(); ++i) {
    event.Clear();
    texts.clear();
    if (!EventOf(loaded.objects[i], event, texts)) {
      recorder.Damaged(loaded.lines[i], "the form is no event of a history");
      continue;
    }
    event.line = loaded.lines[i];
    recorder.Add(event);
    ++events;
  }
  if (events == 0) return Fail(ErrorCode::kInvalidArgument, "it holds no event of a history");
  return recorder.Take();
}

}  // namespace

std::string_view ToString(Format format) {
  switch (format) {
    case Format::kHoldfast:
      return "holdfast";
    case Format::kJson:
      return "json";
    case Format::kJepsen:
      return "jepsen";
    case Format::kEdn:
      return "edn";
    case Format::kAuto:
      break;
  }
  return "auto";
}

Format FormatOf(std::string_view text) {
  const std::string_view trimmed = Trim(text.substr(0, 4096));
  const auto after = [&](size_t at) {
    while (at < trimmed.size() && (trimmed[at] == ' ' || trimmed[at] == '\n' || trimmed[at] == '\r'))
      ++at;
    return trimmed.substr(at);
  };
  if (trimmed.starts_with("{\"hist\"")) return Format::kHoldfast;
  if (trimmed.starts_with("{")) return after(1).starts_with("\"") ? Format::kJson : Format::kEdn;
  if (trimmed.starts_with("[") || trimmed.starts_with("(")) {
    const std::string_view inner = after(1);
    if (inner.starts_with("{") && Trim(inner.substr(1)).starts_with("\"")) return Format::kJson;
    return inner.starts_with("{") || inner.starts_with("#") ? Format::kEdn : Format::kAuto;
  }
  if (trimmed.starts_with("#jepsen")) return Format::kEdn;
  return text.find("jepsen") != std::string_view::npos ? Format::kJepsen : Format::kAuto;
}

Result<History> ReadHistoryText(std::string_view text, Format format) {
  if (format == Format::kAuto) format = FormatOf(text);
  switch (format) {
    case Format::kAuto:
      return Fail(ErrorCode::kInvalidArgument,
                  "no format is recognised; say which with --format holdfast, json, jepsen or edn");
    case Format::kJepsen: {
      HOLDFAST_ASSIGN(const Loaded loaded, LoadJepsen(text));
      return Record(loaded, format);
    }
    case Format::kEdn: {
      HOLDFAST_ASSIGN(const Loaded loaded, LoadEdn(text));
      return Record(loaded, format);
    }
    case Format::kHoldfast:
    case Format::kJson:
      break;
  }
  if (Trim(text.substr(0, 4096)).starts_with("[")) {
    HOLDFAST_ASSIGN(const Loaded loaded, LoadJsonArray(text));
    return Record(loaded, format);
  }
  LineSource source(text);
  RecordingSink sink;
  HOLDFAST_RETURN_IF_ERROR(ReadLines(source, sink));
  return sink.Take();
}

Status StreamJsonLines(const std::filesystem::path& path, EventSink& sink) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid())
    return Fail(ErrorCode::kNotFound, "cannot open {}: {}", path.string(), ErrnoText(errno));
  LineSource source(std::move(file));
  if (Status read = ReadLines(source, sink); !read) return Fail(read.error().In(path.string()));
  return {};
}

Result<History> ReadHistory(const std::filesystem::path& path, Format format) {
  if (format == Format::kAuto || format == Format::kJson) {
    FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid())
      return Fail(ErrorCode::kNotFound, "cannot open {}: {}", path.string(), ErrnoText(errno));
    std::string head(4096, '\0');
    const ssize_t got = ::read(file.get(), head.data(), head.size());
    if (got < 0)
      return Fail(ErrorCode::kUnavailable, "cannot read {}: {}", path.string(), ErrnoText(errno));
    head.resize(static_cast<size_t>(got));
    const Format found = FormatOf(head);
    const bool lines = Trim(head).starts_with("{");
    if (lines && (found == Format::kHoldfast || found == Format::kJson)) format = Format::kHoldfast;
  }
  if (format == Format::kHoldfast) {
    RecordingSink sink;
    HOLDFAST_RETURN_IF_ERROR(StreamJsonLines(path, sink));
    return sink.Take();
  }
  HOLDFAST_ASSIGN(const std::string text, ReadFile(path));
  auto history = ReadHistoryText(text, format);
  if (!history) return Fail(history.error().In(path.string()));
  return history;
}

}  // namespace holdfast::check::history
