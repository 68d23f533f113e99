#include "harness/trace/watch_model.h"

#include <charconv>

#include <fmt/format.h>

#include "harness/trace/trace_reader.h"

namespace holdfast::trace {
namespace {

// Resources whose lists must be complete; of the others a recorder may keep only some.
bool IsCounted(std::string_view resource) {
  return resource == "pods" || resource == "statefulsets" || resource == "persistentvolumeclaims" ||
         resource == "controllerrevisions";
}

// Resources of which every object must be seen from its beginning.
bool IsWhole(std::string_view resource) {
  return IsCounted(resource) || resource == "poddisruptionbudgets" || resource == "endpointslices";
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
  if (stream.last_version.empty()) stream.last_version = version;
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
  for (const auto& [version, place] : StreamOf(resource).recent) {
    const std::optional<int> order = CompareResourceVersions(version, after);
    if (!order || *order <= 0) continue;
    from = place;
    break;
  }
  Damaged(from, resource, "the watch of " + resource + " is not whole: " + reason);
}

void WatchModel::CheckList(const At& at, const std::string& resource, Stream& stream) {
  if (stream.expected < 0) return;
  if (IsCounted(resource) && stream.listed != stream.expected) {
    Damaged(at, resource,
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
    Damaged(at, resource, fmt::format("an event of {} whose watch was never opened", resource));
    return;
  }
  if (type == "LIST") {
    ++stream.listed;
    return;
  }
  CheckList(at, resource, stream);
  EndOfList(resource, stream);
  const std::string_view version = meta["resourceVersion"].Text();
  const std::optional<int> order = CompareResourceVersions(version, stream.last_version);
  if (order && (*order < 0 || (*order == 0 && type != "BOOKMARK"))) {
    Damaged(at, resource,
            fmt::format("the resource version of {} goes back from {} to {}", resource,
                        stream.last_version, version));
  }
  if (version.empty()) Damaged(at, resource, "an object without a resource version");
  if (!order || *order > 0) stream.last_version = version;
  constexpr size_t kRecent = 256;
  stream.recent.emplace_back(version, at);
  if (stream.recent.size() > kRecent) stream.recent.pop_front();
}

namespace {

// 0 when it is no decimal number; versions are opaque before Kubernetes 1.35, but always were one.
uint64_t VersionNumber(std::string_view text) {
  uint64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  return end.ec == std::errc() && end.ptr == text.data() + text.size() ? number : 0;
}

}  // namespace

void WatchModel::Add(const At& place, JsonView event) {
  At at = place;
  at.version = VersionNumber(event["event"]["object"]["metadata"]["resourceVersion"].Text());
  const std::string_view name = event["resource"].Text();
  const JsonView body = event["event"];
  const std::string_view type = body["type"].Text();
  const JsonView object = body["object"];
  if (name.empty() || type.empty() || !object.IsObject()) {
    return Damaged(at, std::string(name), "a watch event without resource, type or object");
  }
  auto found = streams_.find(name);
  if (found == streams_.end()) {
    StreamOf(std::string(name));
    found = streams_.find(name);
  }
  const std::string& resource = found->first;
  Stream& stream = found->second;
  if (type != "LIST" && type != "ADDED" && type != "MODIFIED" && type != "DELETED" &&
      type != "BOOKMARK")
    return Damaged(at, resource, fmt::format("a watch event of the unknown type '{}'", type));
  ++model_.watch_events;
  const JsonView meta = object["metadata"];
  CheckOrder(at, resource, stream, type, meta);
  if (type == "BOOKMARK") return;
  if (stream.kind == Kind::kNote) return AddNote(at, object);
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
      Damaged(event.at, resource,
              fmt::format("{} (uid {}) is {} but its beginning is not in the record", event.name,
                          event.uid, event.type));
    }
    CheckName(stream, event);
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

void WatchModel::Finish(const At& at) {
  for (auto& [resource, stream] : streams_) {
    CheckList(at, resource, stream);
    EndOfList(resource, stream);
  }
}

}  // namespace holdfast::trace
