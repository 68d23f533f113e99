// See watch.h.
#include "harness/kube/watch.h"

#include "harness/kube/query.h"

namespace holdfast::kube {
namespace {

// A page must come within this time; large lists of a busy server take seconds.
constexpr Nanos kPageTimeout = std::chrono::seconds(60);
constexpr int kMostStuck = 3;

}  // namespace

Watcher::Watcher(std::shared_ptr<Transport> transport,
                 Resource resource,
                 std::string ns,
                 WatchHandler& handler,
                 const ClientOptions& options)
    : transport_(std::move(transport)),
      resource_(std::move(resource)),
      ns_(std::move(ns)),
      handler_(&handler),
      options_(options),
      backoff_(Random(options.seed).Fork("backoff " + resource_.plural + "/" + ns_),
               options.first_backoff,
               options.most_backoff),
      random_(Random(options.seed).Fork("timeout " + resource_.plural + "/" + ns_)),
      splitter_(options.max_event_bytes) {}

void Watcher::Close() {
  closed_ = true;
  EndStream();
}

void Watcher::EndStream() { transport_->Abort(std::exchange(exchange_, 0)); }

void Watcher::ForgetList() {
  continue_.clear();
  list_version_.clear();
  items_.clear();
}

void Watcher::ListPage() {
  HttpRequest request;
  request.target = resource_.Path(ns_) + Query({{"limit", std::to_string(options_.watch_page_size)},
                                                {"continue", continue_}});
  request.timeout = kPageTimeout;
  exchange_ = transport_->BeginRequest(std::move(request),
                                       [weak = weak_from_this()](const HttpAnswer& answer) {
                                         if (const auto self = weak.lock(); self && !self->closed_)
                                           self->OnPage(answer);
                                       });
}

void Watcher::OnPage(const HttpAnswer& answer) {
  exchange_ = 0;
  const Operation operation{"list " + resource_.plural, false};
  Result<Json> page = InterpretAnswer(operation, answer);
  if (!page) {
    const bool expired_page = IsExpired(page.error()) && !continue_.empty();
    ForgetList();
    if (expired_page && ++restarts_ == 1) return ListPage();
    const Nanos least = RetryDelay(operation, answer).value_or(Nanos{0});
    return RetryAfter(page.error(), least);
  }
  list_version_ = GetString(*page, {"metadata", "resourceVersion"});
  if (const auto items = page->find("items"); items != page->end() && items->is_array()) {
    for (Json& item : *items)
      items_.push_back(std::move(item));
  }
  continue_ = GetString(*page, {"metadata", "continue"});
  if (!continue_.empty()) return ListPage();
  if (list_version_.empty()) {
    ForgetList();
    return RetryAfter(Error{ErrorCode::kUnavailable,
                            "the list of " + resource_.plural + " has no resourceVersion",
                            0,
                            {}});
  }
  TellList();
}

void Watcher::TellList() {
  const std::vector<Json> items = std::exchange(items_, {});
  version_ = list_version_;
  ForgetList();
  listed_ = true;
  told_once_ = true;
  restarts_ = 0;
  stuck_ = 0;
  backoff_.Reset();
  handler_->OnList(version_, items.size());
  for (const Json& item : items) {
    if (closed_) return;
    Json object = item;
    FillKind(object);
    handler_->OnEvent("LIST", std::move(object));
  }
  if (!closed_) OpenStream();
}

void Watcher::FillKind(Json& object) const {
  if (!object.is_object()) return;
  if (!object.contains("kind")) object["kind"] = resource_.kind;
  if (!object.contains("apiVersion")) object["apiVersion"] = resource_.ApiVersion();
}

void Watcher::OpenStream() {
  progress_ = false;
  splitter_ = LineSplitter(options_.max_event_bytes);
  HttpRequest request;
  // A server-side end after five to ten minutes, as client-go asks for, spreads the load.
  request.target =
      resource_.Path(ns_) + Query({{"watch", "1"},
                                   {"allowWatchBookmarks", "true"},
                                   {"resourceVersion", version_},
                                   {"timeoutSeconds", std::to_string(300 + random_.Below(300))}});
  exchange_ = transport_->BeginStream(
      std::move(request),
      [weak = weak_from_this()](std::string_view bytes) {
        if (const auto self = weak.lock(); self && !self->closed_) self->OnBytes(bytes);
      },
      [weak = weak_from_this()](const HttpAnswer& answer) {
        if (const auto self = weak.lock(); self && !self->closed_) self->OnStreamEnd(answer);
      });
}

void Watcher::OnBytes(std::string_view bytes) {
  const bool fits = splitter_.Feed(bytes, [this](std::string_view line) { return OnLine(line); });
  if (fits || closed_) return;
  EndStream();
  Stuck(Error{ErrorCode::kUnavailable,
              fmt::format("an event of the watch of {} is longer than {} bytes", resource_.plural,
                          options_.max_event_bytes),
              0,
              {}});
}

bool Watcher::OnLine(std::string_view line) {
  Result<Json> event = ParseJson(line);
  const std::string type = event ? GetString(*event, {"type"}) : "";
  if (type.empty() || !event->contains("object") || !(*event)["object"].is_object()) {
    EndStream();
    Stuck(Error{ErrorCode::kUnavailable,
                "the watch of " + resource_.plural + " brought a line that is not an event",
                0,
                {}});
    return false;
  }
  Json& object = (*event)["object"];
  if (type == "ERROR") {
    EndStream();
    OnErrorEvent(object);
    return false;
  }
  progress_ = true;
  stuck_ = 0;
  backoff_.Reset();
  if (const std::string version = GetString(object, {"metadata", "resourceVersion"});
      !version.empty())
    version_ = version;
  if (type == "ADDED" || type == "MODIFIED" || type == "DELETED") {
    FillKind(object);
    handler_->OnEvent(type, std::move(object));
  } else if (type == "BOOKMARK") {
    handler_->OnBookmark();
  }
  return !closed_;
}

void Watcher::OnErrorEvent(const Json& status) {
  const Error error = ErrorFromStatus({"watch " + resource_.plural, false}, status, 500);
  if (IsExpired(error)) return LosePlace(error.message);
  if (IsVersionTooLarge(status)) return Stuck(error);
  const int64_t seconds =
      std::clamp<int64_t>(GetInt(status, {"details", "retryAfterSeconds"}), 0, 60);
  RetryAfter(error, std::chrono::seconds(seconds));
}

void Watcher::OnStreamEnd(const HttpAnswer& answer) {
  exchange_ = 0;
  const Operation operation{"watch " + resource_.plural, false};
  if (!answer.failure && answer.status == 200) {
    // The normal end. A stream that brought nothing at all must not become a busy loop.
    if (progress_) return OpenStream();
    transport_->CallAfter(backoff_.Next(), [weak = weak_from_this()] {
      if (const auto self = weak.lock(); self && !self->closed_) self->Continue();
    });
    return;
  }
  const Error error =
      ErrorOfAnswer(operation, answer)
          .value_or(Error{ErrorCode::kUnavailable,
                          fmt::format("cannot {}: HTTP status {}", operation.what, answer.status),
                          answer.status,
                          {}});
  if (IsExpired(error)) return LosePlace(error.message);
  if (const Result<Json> status = ParseJson(answer.body); status && IsVersionTooLarge(*status))
    return Stuck(error);
  RetryAfter(error, RetryDelay(operation, answer).value_or(Nanos{0}));
}

void Watcher::Stuck(Error error) {
  if (++stuck_ < kMostStuck) return RetryAfter(error);
  LosePlace(error.message);
}

void Watcher::LosePlace(const std::string& reason) {
  listed_ = false;
  stuck_ = 0;
  if (told_once_) handler_->OnGap(reason);
  if (closed_) return;
  // A server that answers each fresh list with 410 on the watch must not be asked in a busy loop.
  if (progress_) return ListPage();
  transport_->CallAfter(backoff_.Next(), [weak = weak_from_this()] {
    if (const auto self = weak.lock(); self && !self->closed_) self->Continue();
  });
}

void Watcher::RetryAfter(const Error& error, Nanos least) {
  handler_->OnTrouble(error);
  if (closed_) return;
  transport_->CallAfter(std::max(backoff_.Next(), least), [weak = weak_from_this()] {
    if (const auto self = weak.lock(); self && !self->closed_) self->Continue();
  });
}

void Watcher::Continue() {
  if (listed_)
    OpenStream();
  else
    ListPage();
}

}  // namespace holdfast::kube
