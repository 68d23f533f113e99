#include "harness/trace/watch_model.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "harness/trace/trace_reader.h"
#include "harness/trace/watch_model_objects.h"

namespace holdfast::trace {
namespace {

// Resources whose lists must be complete; of the others a recorder may keep only some.
bool IsCounted(std::string_view resource) {
  return resource == "pods" || resource == "statefulsets" || resource == "persistentvolumeclaims" ||
         resource == "controllerrevisions";
}

// Resources of which every object must be seen from its beginning. A recorder that keeps only the volumes
// of its claims tells what such a volume was before.
bool IsWhole(std::string_view resource) {
  return IsCounted(resource) || resource == "poddisruptionbudgets" ||
         resource == "endpointslices" || resource == "services" || resource == "nodes" ||
         resource == "persistentvolumes";
}

// Resources whose opening line tells how many objects its list has. Of volumes some are listed later.
bool IsListed(std::string_view resource) {
  return IsWhole(resource) && resource != "persistentvolumes";
}

// What is doubtful about nodes may concern any guarantee: few say that they need them.
std::string Concerned(const std::string& resource) {
  return resource == "nodes" ? "" : resource;
}

// 0 when it is no decimal number; versions are opaque before Kubernetes 1.35, but always were one.
uint64_t VersionNumber(std::string_view text) {
  uint64_t number = 0;
  if (text.starts_with('0')) return 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  return end.ec == std::errc() && end.ptr == text.data() + text.size() ? number : 0;
}

template <typename L>
void EndLives(std::vector<L>& lives, const At& gap) {
  for (L& life : lives) {
    if (life.gone || life.seen >= gap.line) continue;
    if (!life.term) life.term = gap;
    life.gone = gap;
  }
}

}  // namespace

void WatchModel::Damaged(const At& at, const std::string& resource, std::string sentence) {
  model_.Damaged(at, resource, std::move(sentence));
}

WatchModel::Kind WatchModel::KindOf(const std::string& resource) const {
  static const std::map<std::string_view, Kind> kKinds = {
      {"pods", Kind::kPod},
      {"replicasets", Kind::kReplicaSet},
      {"persistentvolumeclaims", Kind::kClaim},
      {"persistentvolumes", Kind::kVolume},
      {"controllerrevisions", Kind::kRevision},
      {"endpointslices", Kind::kSlice},
      {"poddisruptionbudgets", Kind::kBudget},
      {"nodes", Kind::kNode},
      {"volumeattachments", Kind::kAttachment},
      {"services", Kind::kService},
      {"events", Kind::kNote},
  };
  const bool wants_deployment = model_.target_kind == "Deployment";
  if (resource == "statefulsets") return wants_deployment ? Kind::kOther : Kind::kTarget;
  if (resource == "deployments") return wants_deployment ? Kind::kTarget : Kind::kOther;
  const auto found = kKinds.find(resource);
  return found == kKinds.end() ? Kind::kOther : found->second;
}

WatchModel::Stream& WatchModel::StreamOf(const std::string& resource) {
  const auto [found, is_new] = streams_.try_emplace(resource);
  if (is_new) found->second.kind = KindOf(resource);
  return found->second;
}

void WatchModel::Open(const At& at, JsonView event) {
  const std::string resource(event["resource"].Text());
  if (resource.empty()) return Damaged(at, "", "a watch-open names no resource");
  const std::string version(event["resourceVersion"].Text());
  model_.opened.try_emplace(resource, Opened{.at = at, .resource_version = version});
  Stream& stream = StreamOf(resource);
  stream.opened = true;
  stream.expected = event["items"].Int(-1);
  stream.listed = 0;
  stream.told = at.t;
  stream.resumed = at.t;
  if (!stream.last_version.empty()) return;
  stream.last_version = version;
  stream.last_number = VersionNumber(version);
}

void WatchModel::Lost(const At& at, const std::string& resource) {
  Stream& stream = StreamOf(resource);
  CheckList(at, resource, stream);
  stream.expected = -1;
  stream.listed = 0;
  stream.gap_line = at.line;
}

void WatchModel::Hole(const At& at,
                      const std::string& resource,
                      const std::string& after,
                      const std::string& reason) {
  At from = at;
  const uint64_t known = VersionNumber(after);
  for (const At& place : StreamOf(resource).recent) {
    if (known == 0 || place.version <= known) continue;
    from = place;
    break;
  }
  Damaged(from, resource, "the watch of " + resource + " is not whole: " + reason);
}

void WatchModel::CheckList(const At& at, const std::string& resource, Stream& stream) {
  if (stream.expected < 0) return;
  if (IsListed(resource) && stream.listed != stream.expected) {
    Damaged(at, Concerned(resource),
            fmt::format("the first list of {} had {} objects, the record holds {}", resource,
                        stream.expected, stream.listed));
  }
  stream.expected = -1;
}

void WatchModel::EndOfList(const std::string& resource, Stream& stream) {
  // A gap without a new list: the watch itself went on, nobody is known to be gone.
  if (stream.gap_line == 0 || stream.listed == 0) return;
  At gap{.line = stream.gap_line, .t = 0};
  for (const Gap& known : model_.gaps)
    if (known.at.line == gap.line) gap.t = known.at.t;
  stream.gap_line = 0;
  if (resource == "pods") EndLives(model_.pods, gap);
  if (resource == "persistentvolumeclaims") EndLives(model_.claims, gap);
  if (resource == "endpointslices") EndLives(model_.slices, gap);
  if (resource == "poddisruptionbudgets") EndLives(model_.budgets, gap);
  if (resource == "nodes") EndLives(model_.nodes, gap);
  if (resource == "volumeattachments") EndLives(model_.attachments, gap);
  if (resource == "services") EndLives(model_.services, gap);
  stream.holders.clear();
}

// Line order and resource versions must agree: each write is seen once, in order.
void WatchModel::CheckOrder(const At& at,
                            const std::string& resource,
                            Stream& stream,
                            std::string_view type,
                            JsonView meta) {
  if (!stream.opened) {
    stream.opened = true;
    Damaged(at, Concerned(resource),
            fmt::format("an event of {} whose watch was never opened", resource));
    return;
  }
  if (type == "LIST") {
    ++stream.listed;
    return;
  }
  CheckList(at, resource, stream);
  EndOfList(resource, stream);
  const std::string_view version = meta["resourceVersion"].Text();
  std::optional<int> order;
  if (at.version != 0 && stream.last_number != 0) {
    order = at.version < stream.last_number ? -1 : at.version > stream.last_number ? 1 : 0;
  } else {
    order = CompareResourceVersions(version, stream.last_version);
  }
  if (order && (*order < 0 || (*order == 0 && type != "BOOKMARK"))) {
    Damaged(at, resource,
            fmt::format("the resource version of {} goes back from {} to {}", resource,
                        stream.last_version, version));
  }
  if (version.empty()) Damaged(at, resource, "an object without a resource version");
  if (!order || *order > 0) {
    stream.last_version = version;
    stream.last_number = at.version;
  }
  if (const auto watch = model_.opened.find(resource); watch != model_.opened.end())
    watch->second.told = std::max(watch->second.told, at.version);
  constexpr size_t kRecent = 256;
  stream.recent.push_back(at);
  if (stream.recent.size() > kRecent) stream.recent.pop_front();
  // A bookmark tells an old version; events may have a store of their own.
  if (type != "BOOKMARK" && stream.kind != Kind::kNote) CompareAcross(at, stream);
}

void WatchModel::CompareAcross(const At& at, Stream& stream) {
  constexpr double kAWhile = 2.0;
  // Longer than a watch may lie behind the others, also after the API server was away.
  constexpr double kLongAgo = 30.0;
  constexpr double kAtOnce = 0.5;
  if (at.version == 0) return;
  for (; !young_.empty() && young_.front().t < at.t - kAWhile; young_.pop_front()) {
    known_ = young_.front().version;
    old_.push_back(young_.front());
  }
  for (; !old_.empty() && old_.front().t < at.t - kLongAgo; old_.pop_front())
    long_known_ = old_.front().version;
  if (known_ != 0) ++stream.compared;
  if (at.version < known_) ++stream.older;
  // What a watch that was held back tells at once counts once.
  if (known_ != 0 && at.t - stream.compared_at > kAtOnce) ++stream.moments;
  if (known_ != 0) stream.compared_at = at.t;
  if (at.version < known_ && at.t - stream.older_at > kAtOnce) ++stream.older_moments;
  if (at.version < known_) stream.older_at = at.t;
  if (model_.told.empty() || at.version > model_.told.back().version)
    model_.told.push_back({.version = at.version, .t = at.t});
  if (at.version < long_known_ && stream.than == 0) {
    stream.first_older = at;
    stream.than = long_known_;
  }
  if (at.version > known_ && (young_.empty() || at.version > young_.back().version))
    young_.push_back(at);
}

// A resource with a store of its own counts by itself, so that it is always behind or ahead; a
// record in which only a few lines are behind contradicts itself, and a watch that was held back tells
// many of them at one moment.
void WatchModel::JudgeAcross() {
  constexpr int64_t kMost = 2;  // At least one in so many.
  constexpr int64_t kFew = 3;
  for (const auto& [resource, stream] : streams_) {
    const bool always = stream.older == stream.compared && stream.older >= kFew;
    const bool often =
        stream.older_moments * kMost >= stream.moments && stream.older_moments >= kFew;
    if (always || often) model_.one_counter = false;
  }
  if (!model_.one_counter) return;
  for (const auto& [resource, stream] : streams_) {
    if (stream.than == 0) continue;
    Damaged(stream.first_older, resource,
            fmt::format("version {} of {} is told long after version {} of another resource",
                        stream.first_older.version, resource, stream.than));
  }
}

void WatchModel::Add(const At& place, JsonView event) {
  const std::string_view name = event["resource"].Text();
  const JsonView body = event["event"];
  const std::string_view type = body["type"].Text();
  const JsonView object = body["object"];
  const JsonView meta = object["metadata"];
  At at = place;
  at.version = VersionNumber(meta["resourceVersion"].Text());
  if (name.empty() || type.empty() || !object.IsObject()) {
    return Damaged(at, std::string(name), "a watch event without resource, type or object");
  }
  if (newest_ == streams_.end() || newest_->first != name) {
    newest_ = streams_.find(name);
    if (newest_ == streams_.end()) {
      StreamOf(std::string(name));
      newest_ = streams_.find(name);
    }
  }
  const std::string& resource = newest_->first;
  Stream& stream = newest_->second;
  if (type != "LIST" && type != "ADDED" && type != "MODIFIED" && type != "DELETED" &&
      type != "BOOKMARK")
    return Damaged(at, resource, fmt::format("a watch event of the unknown type '{}'", type));
  ++model_.watch_events;
  constexpr double kSilence = 15;
  if (at.t - stream.told > kSilence) stream.resumed = at.t;
  stream.told = at.t;
  CheckOrder(at, resource, stream, type, meta);
  if (type == "BOOKMARK") return;
  if (stream.kind == Kind::kNote) {
    // Times that are wrong here are wrong everywhere.
    if (type == "ADDED")
      CheckLate(at, "", stream, ToStamp(meta["creationTimestamp"].Text()), "an event");
    return AddNote(at, object);
  }
  Event one{.at = at,
            .resource = &resource,
            .type = type,
            .object = object,
            .meta = meta,
            .name = meta["name"].Text(),
            .uid = meta["uid"].Text(),
            .known = nullptr,
            .is_new = false};
  if (one.name.empty() || one.uid.empty())
    return Damaged(at, resource, fmt::format("an object of {} without name or uid", resource));
  if (!CheckObject(stream, one)) return;
  switch (stream.kind) {
    case Kind::kPod:
      return AddPod(one);
    case Kind::kTarget:
      return AddTarget(one);
    case Kind::kReplicaSet:
      meta["ownerReferences"].ForEach([&](JsonView owner) {
        if (owner["controller"].Bool())
          model_.replica_sets[std::string(one.uid)] = owner["uid"].Text();
      });
      return;
    case Kind::kClaim:
      return AddClaim(one);
    case Kind::kVolume:
      return AddVolume(one);
    case Kind::kRevision:
      return AddRevision(one);
    case Kind::kSlice:
      return AddSlice(one);
    case Kind::kBudget:
      return AddBudget(one);
    case Kind::kNode:
      return AddNode(one);
    case Kind::kAttachment:
      return AddAttachment(one);
    case Kind::kService:
      return AddService(one);
    case Kind::kNote:
    case Kind::kOther:
      return;
  }
}

// What holds for an object of every kind: one name and one creation per uid, a beginning, no
// second one, nothing after the end, and generations that count.
bool WatchModel::CheckObject(Stream& stream, Event& event) {
  const std::string& resource = *event.resource;
  const std::string_view created = event.meta["creationTimestamp"].Text();
  auto found = stream.objects.find(event.uid);
  event.is_new = found == stream.objects.end();
  if (event.is_new) {
    found = stream.objects.try_emplace(std::string(event.uid)).first;
    event.known = &found->second;
    event.known->name = event.name;
    event.known->created = created;
    event.known->generation = event.meta["generation"].Int();
    if (IsWhole(resource) && (event.Is("MODIFIED") || event.Is("DELETED"))) {
      Damaged(event.at, Concerned(resource),
              fmt::format("{} (uid {}) is {} but its beginning is not in the record", event.name,
                          event.uid, event.type));
    }
    CheckName(stream, event);
    if (event.Is("ADDED") && IsCounted(resource)) CheckCreation(event);
  } else {
    event.known = &found->second;
    Known& known = *event.known;
    if (known.name != event.name) {
      Damaged(event.at, resource,
              fmt::format("uid {} is both {} and {}", event.uid, known.name, event.name));
      return false;
    }
    if (known.created != created) {
      Damaged(event.at, resource,
              fmt::format("{} (uid {}) has two creation times, {} and {}", event.name, event.uid,
                          known.created, created));
    }
    if (event.Is("ADDED")) {
      Damaged(event.at, resource,
              fmt::format("{} (uid {}) is added a second time", event.name, event.uid));
    }
    if (known.gone_line > 0) {
      Damaged(event.at, resource,
              fmt::format("{} (uid {}) is seen after its deletion at line {}", event.name,
                          event.uid, known.gone_line));
    }
    CheckGeneration(event);
  }
  if (event.Is("DELETED")) {
    event.known->gone_line = event.at.line;
    const auto holder = stream.holders.find(event.name);
    if (holder != stream.holders.end() && holder->second == event.uid) stream.holders.erase(holder);
  }
  return true;
}

// Two objects of one name at one time. For pods and claims that is a guarantee of its own.
void WatchModel::CheckName(Stream& stream, const Event& event) {
  if (stream.kind == Kind::kPod || stream.kind == Kind::kClaim) return;
  std::string& holder = stream.holders[std::string(event.name)];
  if (!holder.empty() && event.Is("ADDED")) {
    Damaged(event.at, *event.resource,
            fmt::format("{} is added with uid {} while uid {} still has the name", event.name,
                        event.uid, holder));
  }
  holder = event.uid;
}

// An object that was not in the first list was made after it, and before its line. Stamps are
// compared with that of the line that came soonest after its own.
void WatchModel::CheckCreation(const Event& event) {
  constexpr double kTolerance = 5;  // Whole seconds, and API servers of which each has a clock.
  // A line that came somewhat too soon is for the rules of order to judge.
  constexpr double kTooSoon = 30;
  const Stamp stamp = ToStamp(event.meta["creationTimestamp"].Text());
  const auto opened = model_.opened.find(*event.resource);
  if (stamp == kNoStamp || opened == model_.opened.end()) return;
  const double lag = event.at.t - static_cast<double>(stamp);
  const double age = event.at.t - opened->second.at.t;
  if (model_.server_offset_ns) {
    const double began =
        static_cast<double>(model_.wall_ns + *model_.server_offset_ns) / 1'000'000'000.0;
    const double apart = std::abs(event.at.t + began - static_cast<double>(stamp));
    closest_ = stamped_++ == 0 ? apart : std::min(closest_, apart);
  }
  if (!soonest_) soonest_ = Soonest{.lag = lag, .age = age};
  if (lag - soonest_->lag > age + kTolerance) {
    Damaged(event.at, *event.resource,
            fmt::format("the creation of {} (uid {}) is stamped {:.0f} s before its line, but it was "
                        "not in the list {:.0f} s before",
                        event.name, event.uid, lag - soonest_->lag, age));
  } else if (soonest_->lag - lag > soonest_->age + kTooSoon) {
    Damaged(event.at, *event.resource,
            fmt::format("the creation of {} (uid {}) is stamped {:.0f} s after its line", event.name,
                        event.uid, soonest_->lag - lag));
  }
  if (lag < soonest_->lag) soonest_ = Soonest{.lag = lag, .age = age};
  CheckLate(event.at, *event.resource, newest_->second, stamp, event.name);
}

// After a silence, of the network or of the run itself, what happened in it comes late; that is over
// soon.
void WatchModel::CheckLate(const At& at,
                           const std::string& resource,
                           const Stream& stream,
                           Stamp stamp,
                           std::string_view what) {
  constexpr double kLate = 30;
  constexpr double kCatchUp = 5;
  if (!soonest_ || stamp == kNoStamp) return;
  const double late = at.t - static_cast<double>(stamp) - soonest_->lag;
  if (late <= kLate || at.t - stream.resumed <= kCatchUp) return;
  Damaged(at, resource,
          fmt::format("what is told of {} is stamped {:.0f} s before its line, though its watch was not "
                      "silent",
                      what, late));
}

// Each write counts at most one up.
void WatchModel::CheckGeneration(const Event& event) {
  const int64_t generation = event.meta["generation"].Int();
  int64_t& newest = event.known->generation;
  if (event.Is("MODIFIED") && newest > 0 && (generation < newest || generation > newest + 1)) {
    Damaged(event.at, *event.resource,
            fmt::format("the generation of {} (uid {}) goes from {} to {}: a line is missing",
                        event.name, event.uid, newest, generation));
  }
  newest = generation;
}

void WatchModel::CheckStart() {
  constexpr double kApart = 5;
  constexpr int64_t kFew = 3;  // Fewer may all have come late.
  if (!model_.server_offset_ns || stamped_ < kFew) return;
  const double offset = std::abs(static_cast<double>(*model_.server_offset_ns)) / 1'000'000'000.0;
  if (closest_ <= kApart + offset) return;
  Damaged({.line = 1, .t = 0}, "",
          fmt::format("the record says when it began, but all objects are stamped {:.0f} s or more away "
                      "from their lines",
                      closest_));
}

void WatchModel::Finish(const At& at) {
  for (auto& [resource, stream] : streams_) {
    CheckList(at, resource, stream);
    EndOfList(resource, stream);
  }
  JudgeAcross();
  CheckStart();
}

}  // namespace holdfast::trace
