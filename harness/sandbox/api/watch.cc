// Watches: the synthetic beginning, live events, selector transitions, bookmarks, and the end.
#include <algorithm>

#include "harness/base/strings.h"
#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/events_view.h"
#include "harness/sandbox/api/handler.h"
#include "harness/sandbox/api/table.h"

namespace holdfast::sandbox {
namespace {

constexpr Nanos kBookmarkEvery = std::chrono::seconds(15);
// How often a quiet watch looks whether its client is still there.
constexpr Nanos kPoll = std::chrono::milliseconds(500);
constexpr int64_t kDefaultTimeoutSeconds = 3600;
// What is collected before it is sent: the memory that a slow client can hold.
constexpr size_t kLargestPiece = 1UL << 20U;

struct WatchOptions {
  bool synthetic = false;       // Begin with the state that there is.
  bool mark_beginning = false;  // Say where the synthetic beginning ends.
  bool bookmarks = false;
  uint64_t after = 0;
  Nanos timeout{0};
};

Result<WatchOptions> ReadOptions(const HttpRequest& request, uint64_t current) {
  WatchOptions options;
  options.bookmarks = request.QueryFlag("allowWatchBookmarks");
  const std::string version = request.Query("resourceVersion");
  const auto number = version.empty() ? std::optional<int64_t>(0) : ParseInt(version);
  if (!number || *number < 0)
    return Fail(BadRequest("Invalid value: \"" + version + "\": resourceVersion must be a number"));
  const auto after = static_cast<uint64_t>(*number);
  if (after > current)
    return Fail(
        ApiError(504, "Timeout",
                 fmt::format("Too large resource version: {}, current: {}", after, current)));
  options.after = after;
  options.synthetic = after == 0;
  const std::string match = request.Query("resourceVersionMatch");
  if (!request.Query("sendInitialEvents").empty()) {
    if (match != "NotOlderThan")
      return Fail(ApiError(422, "Invalid",
                           "resourceVersionMatch: Forbidden: sendInitialEvents requires setting "
                           "resourceVersionMatch to NotOlderThan"));
    const bool wanted = request.QueryFlag("sendInitialEvents");
    options.synthetic = wanted;
    options.mark_beginning = wanted && options.bookmarks;
    if (!wanted && after == 0) options.after = current;
  } else if (!match.empty()) {
    return Fail(ApiError(422, "Invalid",
                         "resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for "
                         "watch unless sendInitialEvents is provided"));
  }
  const auto seconds = ParseInt(request.Query("timeoutSeconds", "0")).value_or(0);
  options.timeout = std::chrono::seconds(seconds > 0 ? std::min(seconds, kDefaultTimeoutSeconds)
                                                     : kDefaultTimeoutSeconds);
  return options;
}

// Turns objects into the lines of one watch.
class EventWriter {
 public:
  EventWriter(const ResourceInfo& info, OutputFormat format, std::string include, Clock& clock)
      : info_(info),
        format_(format),
        include_(std::move(include)),
        clock_(clock) {}

  void Event(std::string& out, std::string_view type, const StoredObject& object) {
    if (format_ == OutputFormat::kJson && !info_.is_view) {
      Line(out, type, object.text);
    } else {
      Shown(out, type, object.json);
    }
  }
  // The old state of an object that left the selection, with the version at which it left.
  void Left(std::string& out, const StoredObject& old, uint64_t version) {
    Json object = old.json;
    object["metadata"]["resourceVersion"] = std::to_string(version);
    Shown(out, "DELETED", object);
  }
  void Bookmark(std::string& out, uint64_t version, bool initial_end) {
    Json metadata = {{"resourceVersion", std::to_string(version)}};
    if (initial_end) metadata["annotations"] = {{"k8s.io/initial-events-end", "true"}};
    Json object = {{"kind", info_.kind},
                   {"apiVersion", info_.ApiVersion()},
                   {"metadata", std::move(metadata)}};
    Shown(out, "BOOKMARK", object);
  }
  static void Failure(std::string& out, const Error& error) {
    Line(out, "ERROR", DumpJson(StatusBody(error, nullptr, "")));
  }

 private:
  void Shown(std::string& out, std::string_view type, const Json& object) {
    switch (format_) {
      case OutputFormat::kTable:
        return Row(out, type, object);
      case OutputFormat::kMetadata:
        return Line(out, type, DumpJson(PartialMetadata(object)));
      case OutputFormat::kJson:
        return Line(out, type, DumpJson(info_.is_view ? ToEventsView(object) : object));
    }
  }
  static void Line(std::string& out, std::string_view type, std::string_view object) {
    out += "{\"type\":\"";
    out += type;
    out += "\",\"object\":";
    out += object;
    out += "}\n";
  }
  void Row(std::string& out, std::string_view type, const Json& object) {
    Json table = EmptyTable(first_ ? TableColumns(info_) : Json());
    first_ = false;
    table["metadata"]["resourceVersion"] = GetString(object, {"metadata", "resourceVersion"});
    table["rows"].push_back(TableRow(info_, object, include_, clock_.Wall()));
    Line(out, type, DumpJson(table));
  }

  const ResourceInfo& info_;
  OutputFormat format_;
  std::string include_;
  Clock& clock_;
  bool first_ = true;
};

// Switchable defects of a stream of pods: once kSound events have passed, one is left out, or an
// old one is sent again. Every other stream has them, so that of two that watch the same, one is
// sound.
class WatchDefect {
 public:
  WatchDefect(bool drops, bool repeats) : drops_(drops), repeats_(repeats) {}
  // `line` is what one event would add to the stream.
  void Pass(const std::string& line, std::string& out) {
    if (line.empty()) return;
    ++passed_;
    if (passed_ == kSound / 2) old_ = line;
    if (passed_ == kSound && drops_) return;
    out += line;
    if (passed_ == kSound && repeats_) out += old_;
  }
  [[nodiscard]] bool Any() const { return drops_ || repeats_; }

 private:
  static constexpr int kSound = 20;
  bool drops_;
  bool repeats_;
  int passed_ = 0;
  std::string old_;
};

// How one event of the store looks through a selection: an object that enters is added, one that
// leaves is deleted.
void Translate(const StoreEvent& event,
               const std::string& ns,
               const Selection& selection,
               EventWriter& writer,
               std::string& out) {
  if (!ns.empty() && GetString(event.object->json, {"metadata", "namespace"}) != ns) return;
  const bool was = event.previous != nullptr && selection.Matches(event.previous->json);
  const bool is = selection.Matches(event.object->json);
  switch (event.type) {
    case StoreEvent::Type::kAdded:
      if (is) writer.Event(out, "ADDED", *event.object);
      break;
    case StoreEvent::Type::kModified:
      if (is) writer.Event(out, was ? "MODIFIED" : "ADDED", *event.object);
      if (!is && was) writer.Left(out, *event.previous, event.version);
      break;
    case StoreEvent::Type::kDeleted:
      if (was) writer.Event(out, "DELETED", *event.object);
      break;
  }
}

}  // namespace

void ApiHandler::AnswerStream(const HttpRequest& request, ResponseStream& stream) {
  const auto route = ParseRoute(request.path);
  Status done = Authorize(request);
  if (done)
    done = route->subresource == "log" ? Logs(request, *route, stream)
                                       : Watch(request, *route, stream);
  if (done) return;
  const HttpResponse response = ErrorResponse(done.error(), route->info, route->name);
  if (stream.Begin(response.status, response.content_type)) stream.Write(response.body);
}

Status ApiHandler::Watch(const HttpRequest& request, const Route& route, ResponseStream& stream) {
  Store& store = registry_.store();
  HOLDFAST_ASSIGN(const OutputFormat format, Negotiate(request.accept));
  HOLDFAST_ASSIGN(Selection selection, SelectionOf(request, route));
  if (!route.name.empty()) {
    HOLDFAST_ASSIGN(selection.fields,
                    FieldSelector::Parse("metadata.name=" + route.name, route.info->plural));
  }
  HOLDFAST_ASSIGN(WatchOptions options, ReadOptions(request, store.Version()));
  EventWriter writer(*route.info, format, request.Query("includeObject"), registry_.clock());
  // Only our own recorder is lied to, so that the sandbox itself goes on working.
  const bool lied_to = route.info->plural == "pods" &&
                       request.user_agent.starts_with("holdfast/") &&
                       lied_streams_.fetch_add(1) % 2 == 0;
  WatchDefect defect(lied_to && defects_.Has(Defect::kWatchDropsEvent),
                     lied_to && defects_.Has(Defect::kWatchRepeatsEvent));
  if (!stream.Begin(200, "application/json")) return {};
  std::string out;
  if (options.synthetic) {
    for (const ObjectPtr& object : store.List(route.info->plural, route.ns, &options.after)) {
      if (selection.Matches(object->json)) writer.Event(out, "ADDED", *object);
      if (out.size() < kLargestPiece) continue;
      if (!stream.Write(out)) return {};
      out.clear();
    }
    if (options.mark_beginning) writer.Bookmark(out, options.after, true);
    if (!out.empty() && !stream.Write(out)) return {};
  }
  const Deadline end(SystemClock(), options.timeout);
  Nanos next_bookmark = SystemClock().Now() + kBookmarkEvery;
  while (!stopping_ && !end.Passed()) {
    out.clear();
    uint64_t up_to = options.after;
    const auto events =
        store.EventsAfter(route.info->plural, options.after, std::min(kPoll, end.Left()), &up_to);
    if (!events) {
      EventWriter::Failure(out, events.error());
      stream.Write(out);
      return {};
    }
    for (const StoreEvent& event : *events) {
      if (defect.Any()) {
        std::string line;
        Translate(event, route.ns, selection, writer, line);
        defect.Pass(line, out);
      } else {
        Translate(event, route.ns, selection, writer, out);
      }
      if (out.size() < kLargestPiece) continue;
      if (!stream.Write(out)) return {};
      out.clear();
    }
    options.after = up_to;
    if (options.bookmarks && SystemClock().Now() >= next_bookmark) {
      writer.Bookmark(out, options.after, false);
      next_bookmark = SystemClock().Now() + kBookmarkEvery;
    }
    if (!out.empty() && !stream.Write(out)) return {};
    if (events->empty() && stream.Gone()) return {};
  }
  // The place to go on from, for a client that comes back.
  if (options.bookmarks && !stopping_) {
    out.clear();
    writer.Bookmark(out, options.after, false);
    stream.Write(out);
  }
  return {};
}

}  // namespace holdfast::sandbox
