// See recorder.h. One lock covers the view and the trace, so that both tell the same order.
#include "harness/observe/recorder.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>

#include "harness/base/log.h"
#include "harness/base/strings.h"
#include "harness/observe/heartbeat.h"
#include "harness/observe/twin.h"
#include "harness/observe/volume_filter.h"

namespace holdfast::observe {
namespace {

bool IsOptional(const std::string& plural) {
  static constexpr std::array<std::string_view, 6> kOptional{
      "events",      "volumeattachments",    "deployments",
      "replicasets", "poddisruptionbudgets", "endpointslices"};
  return std::find(kOptional.begin(), kOptional.end(), plural) != kOptional.end();
}

// What the order of everything else rests on is watched twice.
bool IsTwinned(const std::string& plural) {
  static constexpr std::array<std::string_view, 3> kTwinned{"pods", "statefulsets",
                                                            "persistentvolumeclaims"};
  return std::find(kTwinned.begin(), kTwinned.end(), plural) != kTwinned.end();
}

// An event that one watch lacks for so long will not come any more.
constexpr Nanos kTwinPatience = std::chrono::seconds(2);

class RecorderImpl;

class Feed;

// The second watch of a resource: only versions are kept of it.
class SecondWatch : public kube::WatchHandler {
 public:
  SecondWatch(RecorderImpl& recorder, Feed& feed) : recorder_(recorder), feed_(feed) {}
  void OnList(const std::string& resource_version, size_t items) override;
  void OnEvent(const std::string& type, Json object) override;
  void OnGap(const std::string& reason) override;
  void OnTrouble(const Error& error) override;

 private:
  RecorderImpl& recorder_;
  Feed& feed_;
};

// One watched resource. Its fields are guarded by the recorder's lock.
class Feed : public kube::WatchHandler {
 public:
  Feed(RecorderImpl& recorder, std::string plural)
      : recorder_(recorder),
        plural_(std::move(plural)) {}
  void OnList(const std::string& resource_version, size_t items) override;
  void OnEvent(const std::string& type, Json object) override;
  void OnBookmark() override;
  void OnGap(const std::string& reason) override;
  void OnTrouble(const Error& error) override;

 private:
  friend class RecorderImpl;
  RecorderImpl& recorder_;
  const std::string plural_;
  std::unique_ptr<kube::WatchHandle> handle_;
  std::optional<SecondWatch> second_;
  std::unique_ptr<kube::WatchHandle> second_handle_;
  Twin twin_;
  bool listed_ = false;               // The first list is in the trace.
  std::optional<Error> first_error_;  // 404, 403 or 401 before that.
  std::optional<Error> trouble_;      // Since the last good news.
  std::string list_version_;
  size_t list_size_ = 0;
  std::vector<std::shared_ptr<const Json>> batch_;  // Of the list that is being told.
};

// A server that sends an event twice must not make us wait for a state that has passed.
bool IsOlder(const Json& object, const Json& known) {
  const auto text = [](const Json& one, const char* field) {
    return GetString(one, {"metadata", field});
  };
  const auto version = ParseInt(text(object, "resourceVersion"));
  const auto newest = ParseInt(text(known, "resourceVersion"));
  return version && newest && *version < *newest && text(object, "uid") == text(known, "uid");
}

struct Waiter {
  const std::function<bool(const ClusterView&)>* condition;
  bool holds = false;
  Nanos received{0};  // The event that made it hold.
};

std::optional<Nanos>& WakeTime() {
  thread_local std::optional<Nanos> woken;
  return woken;
}

struct Change {
  std::string type;
  std::shared_ptr<const Json> object;
};

class RecorderImpl : public Recorder {
 public:
  using Callback = std::function<void(const std::string&, const std::string&, const Json&)>;

  RecorderImpl(trace::TraceWriter& trace, const std::string& ns) : trace_(trace), filter_(ns) {}
  RecorderImpl(const RecorderImpl&) = delete;
  RecorderImpl& operator=(const RecorderImpl&) = delete;
  ~RecorderImpl() override { Stop(); }

  void Open(kube::Client& client, const RecorderOptions& options);
  Status WaitForLists(const Deadline& deadline);

  void Look(const std::function<void(const ClusterView&)>& look) const override {
    const std::lock_guard lock(mutex_);
    look(view_);
  }
  Status WaitUntil(std::string_view what,
                   const std::function<bool(const ClusterView&)>& condition,
                   const std::function<std::string(const ClusterView&)>& explain,
                   const Deadline& deadline,
                   std::stop_token stop) override;
  void OnChange(Callback callback) override {
    const std::lock_guard lock(mutex_);
    callback_ = std::make_shared<const Callback>(std::move(callback));
  }
  [[nodiscard]] std::vector<std::string> NotWatched() const override {
    const std::lock_guard lock(mutex_);
    return not_watched_;
  }
  void MarkTroubles() override;
  void Stop() override;

 private:
  friend class Feed;
  friend class SecondWatch;
  // From the watch thread.
  void BeginList(Feed& feed, const std::string& version, size_t items);
  void Apply(Feed& feed, const std::string& type, Json object);
  void Bookmark(Feed& feed);
  void Gap(Feed& feed, const std::string& reason);
  void Trouble(Feed& feed, const Error& error);
  void SecondListed(Feed& feed, const std::string& version);
  void SecondEvent(Feed& feed, const std::string& version);

  // With the lock held.
  void Hole(const Feed& feed, const std::string& reason);
  std::vector<Change> EndList(Feed& feed);
  std::vector<Change> ApplyOne(Feed& feed,
                               const std::string& type,
                               std::shared_ptr<const Json> object);
  bool IsOurs(Feed& feed,
              const std::string& type,
              const std::shared_ptr<const Json>& object,
              std::vector<Change>* before);
  void Write(const Feed& feed, const Change& change);
  void WakeWaiters(Nanos received);
  // Without it.
  void Tell(const Feed& feed, const std::vector<Change>& changes);

  trace::TraceWriter& trace_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  ClusterView view_;
  VolumeFilter filter_;
  std::vector<std::unique_ptr<Feed>> feeds_;  // Filled before the first watch, then constant.
  std::vector<std::string> not_watched_;
  std::list<Waiter*> waiters_;
  std::shared_ptr<const Callback> callback_;
  bool stopped_ = false;
};

void Feed::OnList(const std::string& resource_version, size_t items) {
  recorder_.BeginList(*this, resource_version, items);
}
void Feed::OnEvent(const std::string& type, Json object) {
  recorder_.Apply(*this, type, std::move(object));
}
void Feed::OnBookmark() { recorder_.Bookmark(*this); }
void Feed::OnGap(const std::string& reason) { recorder_.Gap(*this, reason); }
void Feed::OnTrouble(const Error& error) { recorder_.Trouble(*this, error); }

void SecondWatch::OnList(const std::string& resource_version, size_t /*items*/) {
  recorder_.SecondListed(feed_, resource_version);
}
void SecondWatch::OnEvent(const std::string& type, Json object) {
  if (type != "LIST")
    recorder_.SecondEvent(feed_, GetString(object, {"metadata", "resourceVersion"}));
}
// Its next list starts the comparison anew; the record itself has lost nothing.
void SecondWatch::OnGap(const std::string& /*reason*/) {}
void SecondWatch::OnTrouble(const Error& /*error*/) {}

void RecorderImpl::Open(kube::Client& client, const RecorderOptions& options) {
  for (const kube::Resource& resource : options.resources)
    feeds_.push_back(std::make_unique<Feed>(*this, resource.plural));
  for (size_t i = 0; i < feeds_.size(); ++i) {
    const kube::Resource& resource = options.resources[i];
    feeds_[i]->handle_ =
        client.Watch(resource, resource.namespaced ? options.ns : std::string(), *feeds_[i]);
    if (!IsTwinned(resource.plural)) continue;
    feeds_[i]->second_.emplace(*this, *feeds_[i]);
    feeds_[i]->second_handle_ = client.Watch(
        resource, resource.namespaced ? options.ns : std::string(), *feeds_[i]->second_);
  }
}

Status RecorderImpl::WaitForLists(const Deadline& deadline) {
  std::vector<std::unique_ptr<kube::WatchHandle>> unwanted;
  std::unique_lock lock(mutex_);
  const auto settled = [&] {
    return std::all_of(feeds_.begin(), feeds_.end(), [](const auto& feed) {
      return feed->listed_ || feed->first_error_.has_value();
    });
  };
  const auto hopeless = [&] {
    return std::any_of(feeds_.begin(), feeds_.end(), [](const auto& feed) {
      return feed->first_error_ &&
             (!IsOptional(feed->plural_) || feed->first_error_->http_status == 401);
    });
  };
  while (!settled() && !hopeless() && !deadline.Passed())
    changed_.wait_for(lock, std::min<Nanos>(deadline.Left(), std::chrono::milliseconds(200)));
  std::vector<std::string> missing;
  std::optional<Error> last;
  for (const auto& feed : feeds_) {
    if (feed->listed_) continue;
    if (feed->first_error_ && hopeless()) {
      if (IsOptional(feed->plural_) && feed->first_error_->http_status != 401) continue;
      return Fail(feed->first_error_->In("cannot record " + feed->plural_));
    }
    if (feed->first_error_) {
      not_watched_.push_back(feed->plural_);
      unwanted.push_back(std::move(feed->handle_));
      continue;
    }
    missing.push_back(feed->plural_);
    if (feed->trouble_) last = feed->trouble_;
  }
  // The handles go after the lock: their end waits for handler calls, which want it.
  lock.unlock();
  unwanted.clear();
  if (missing.empty()) return {};
  const std::string which = "cannot record " + Join(missing, ", ");
  if (last) return Fail(last->In(which));
  return Fail(ErrorCode::kTimedOut,
              "{}: the API server did not list them in time; is it overloaded?", which);
}

Status RecorderImpl::WaitUntil(std::string_view what,
                               const std::function<bool(const ClusterView&)>& condition,
                               const std::function<std::string(const ClusterView&)>& explain,
                               const Deadline& deadline,
                               std::stop_token stop) {
  WakeTime().reset();
  std::unique_lock lock(mutex_);
  if (condition(view_)) return {};
  Waiter waiter{&condition};
  const auto place = waiters_.insert(waiters_.end(), &waiter);
  const auto over = [&] { return waiter.holds || stopped_; };
  // In slices, because the deadline's clock may be a test's.
  while (!over() && !stop.stop_requested() && !deadline.Passed()) {
    const Nanos slice = std::min<Nanos>(deadline.Left(), std::chrono::milliseconds(200));
    changed_.wait_for(lock, stop, slice, over);
  }
  waiters_.erase(place);
  if (waiter.holds) {
    WakeTime() = waiter.received;
    return {};
  }
  if (stop.stop_requested()) return Fail(ErrorCode::kCancelled, "{}: a stop was asked for", what);
  if (stopped_) return Fail(ErrorCode::kCancelled, "{}: the recorder was stopped", what);
  return Fail(ErrorCode::kTimedOut, "{}: {}", what, explain(view_));
}

void RecorderImpl::Stop() {
  std::vector<std::unique_ptr<kube::WatchHandle>> handles;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    for (const auto& feed : feeds_) {
      handles.push_back(std::move(feed->handle_));
      handles.push_back(std::move(feed->second_handle_));
    }
  }
  changed_.notify_all();
  handles.clear();
}

void RecorderImpl::BeginList(Feed& feed, const std::string& version, size_t items) {
  std::vector<Change> changes;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    feed.list_version_ = version;
    feed.twin_.Listed(Twin::kRecorded, version);
    feed.list_size_ = items;
    feed.batch_.clear();
    if (items > 0) return;
    changes = EndList(feed);
  }
  changed_.notify_all();
  Tell(feed, changes);
}

void RecorderImpl::Apply(Feed& feed, const std::string& type, Json object) {
  const Nanos received = SystemClock().Now();
  if (const auto metadata = object.find("metadata");
      metadata != object.end() && metadata->is_object())
    metadata->erase("managedFields");
  auto shared = std::make_shared<const Json>(std::move(object));
  std::vector<Change> changes;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    if (type == "LIST") {
      feed.batch_.push_back(std::move(shared));
      if (feed.batch_.size() < feed.list_size_) return;
      changes = EndList(feed);
    } else {
      feed.trouble_.reset();
      const auto wrong =
          feed.second_
              ? feed.twin_.Event(Twin::kRecorded,
                                 GetString(*shared, {"metadata", "resourceVersion"}), received)
              : std::nullopt;
      if (wrong) Hole(feed, *wrong);
      changes = ApplyOne(feed, type, std::move(shared));
      WakeWaiters(received);
    }
  }
  changed_.notify_all();
  Tell(feed, changes);
}

// The whole list at once: waiters never see half of it, and the opening line tells how many of its
// objects follow.
std::vector<Change> RecorderImpl::EndList(Feed& feed) {
  if (feed.plural_ == "persistentvolumes") filter_.BeginList();
  std::vector<Change> changes;
  ClusterView::Objects objects;
  for (std::shared_ptr<const Json>& object : std::exchange(feed.batch_, {})) {
    if (!IsOurs(feed, "LIST", object, nullptr)) continue;
    objects[GetString(*object, {"metadata", "name"})] = object;
    changes.push_back({"LIST", std::move(object)});
  }
  trace_.Append("watch-open", Json{{"resource", feed.plural_},
                                   {"resourceVersion", feed.list_version_},
                                   {"items", changes.size()}});
  for (const Change& change : changes)
    Write(feed, change);
  view_.by_resource[feed.plural_] = std::move(objects);
  feed.listed_ = true;
  feed.trouble_.reset();
  WakeWaiters(SystemClock().Now());
  return changes;
}

std::vector<Change> RecorderImpl::ApplyOne(Feed& feed,
                                           const std::string& type,
                                           std::shared_ptr<const Json> object) {
  std::vector<Change> changes;
  if (!IsOurs(feed, type, object, &changes)) return {};
  const std::string name = GetString(*object, {"metadata", "name"});
  ClusterView::Objects& objects = view_.by_resource[feed.plural_];
  const auto known = objects.find(name);
  const bool heartbeat = feed.plural_ == "nodes" && type == "MODIFIED" && known != objects.end() &&
                         OnlyHeartbeatDiffers(*known->second, *object);
  changes.push_back({type, object});
  if (!heartbeat) {
    for (const Change& change : changes)
      Write(feed, change);
  }
  if (known != objects.end() && IsOlder(*object, *known->second)) return changes;
  if (type == "DELETED")
    objects.erase(name);
  else
    objects[name] = std::move(object);
  return changes;
}

bool RecorderImpl::IsOurs(Feed& feed,
                          const std::string& type,
                          const std::shared_ptr<const Json>& object,
                          std::vector<Change>* before) {
  if (feed.plural_ == "volumeattachments") return filter_.Attachment(*object);
  if (feed.plural_ != "persistentvolumes") return true;
  const VolumeFilter::Decision decision = filter_.Volume(type, object);
  if (decision.before && before != nullptr) before->push_back({"LIST", decision.before});
  return decision.ours;
}

void RecorderImpl::Write(const Feed& feed, const Change& change) {
  trace_.Append("watch", Json{{"resource", feed.plural_},
                              {"event", {{"type", change.type}, {"object", *change.object}}}});
}

// Here and not in the waiting threads, so that a condition that holds only between two events is
// seen too.
void RecorderImpl::WakeWaiters(Nanos received) {
  for (Waiter* waiter : waiters_) {
    if (waiter->holds || !(*waiter->condition)(view_)) continue;
    waiter->holds = true;
    waiter->received = received;
  }
}

void RecorderImpl::Tell(const Feed& feed, const std::vector<Change>& changes) {
  std::shared_ptr<const Callback> callback;
  {
    const std::lock_guard lock(mutex_);
    callback = callback_;
  }
  if (!callback || !*callback) return;
  for (const Change& change : changes)
    (*callback)(feed.plural_, change.type, *change.object);
}

void RecorderImpl::Bookmark(Feed& feed) {
  const std::lock_guard lock(mutex_);
  feed.trouble_.reset();
}

void RecorderImpl::SecondListed(Feed& feed, const std::string& version) {
  const std::lock_guard lock(mutex_);
  feed.twin_.Listed(Twin::kSecond, version);
}

void RecorderImpl::SecondEvent(Feed& feed, const std::string& version) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  const auto wrong = feed.twin_.Event(Twin::kSecond, version, SystemClock().Now());
  if (wrong) Hole(feed, *wrong);
}

void RecorderImpl::Hole(const Feed& feed, const std::string& reason) {
  trace_.Append("hole", Json{{"resource", feed.plural_},
                             {"after", std::to_string(feed.twin_.agreed())},
                             {"reason", reason}});
}

void RecorderImpl::MarkTroubles() {
  const std::lock_guard lock(mutex_);
  for (const auto& feed : feeds_) {
    const auto overdue = feed->twin_.Overdue(SystemClock().Now(), kTwinPatience);
    if (overdue) Hole(*feed, *overdue);
  }
  for (const auto& feed : feeds_) {
    if (!feed->listed_ || !feed->trouble_) continue;
    trace_.Append(
        "gap", Json{{"resource", feed->plural_},
                    {"reason", "the watch is not known to be alive: " + feed->trouble_->message}});
  }
}

void RecorderImpl::Gap(Feed& feed, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  trace_.Append("gap", Json{{"resource", feed.plural_}, {"reason", reason}});
}

void RecorderImpl::Trouble(Feed& feed, const Error& error) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    first = !feed.trouble_ && feed.listed_;
    feed.trouble_ = error;
    const bool final_answer =
        error.http_status == 404 || error.http_status == 403 || error.http_status == 401;
    if (!feed.listed_ && final_answer) feed.first_error_ = error;
  }
  changed_.notify_all();
  if (first) Log(LogLevel::kWarning, "recording of {}: {}", feed.plural_, error.message);
}

}  // namespace

std::optional<Nanos> TakeWakeTime() { return std::exchange(WakeTime(), std::nullopt); }

Result<std::unique_ptr<Recorder>> Recorder::Start(kube::Client& client,
                                                  trace::TraceWriter& trace,
                                                  const RecorderOptions& options,
                                                  const Deadline& deadline) {
  for (const kube::Resource& resource : options.resources) {
    if (resource.plural == "secrets")
      return Fail(ErrorCode::kInvalidArgument,
                  "secrets are never recorded; take them out of the recorder's resources");
  }
  auto recorder = std::make_unique<RecorderImpl>(trace, options.ns);
  recorder->Open(client, options);
  HOLDFAST_RETURN_IF_ERROR(recorder->WaitForLists(deadline));
  return std::unique_ptr<Recorder>(std::move(recorder));
}

}  // namespace holdfast::observe
