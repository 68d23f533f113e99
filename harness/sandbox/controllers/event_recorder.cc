// Events in the shape of client-go's recorder (core/v1, count and two timestamps).
#include "harness/sandbox/controllers/event_recorder.h"

#include <atomic>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

// Forgetting what was written costs one more Event, so a bound is enough.
constexpr size_t kRemembered = 1000;
// Makes names differ when the clock does not.
std::atomic<uint64_t> event_serial{0};

}  // namespace

bool EventRecorder::CountAgain(const std::string& ns,
                               const std::string& name,
                               const std::string& now) {
  return registry_
      .Edit("events", ns, name, "",
            [&](Json& event) -> Status {
              event["count"] = GetInt(event, {"count"}, 1) + 1;
              event["lastTimestamp"] = now;
              return {};
            })
      .has_value();
}

void EventRecorder::Record(const EventSubject& subject,
                           std::string_view type,
                           std::string_view reason,
                           const std::string& message) {
  const Json& object = subject.object;
  const std::string ns = NamespaceOf(object).empty() ? "default" : NamespaceOf(object);
  const Nanos wall = registry_.clock().Wall();
  const std::string now = FormatRfc3339(wall);
  const std::string said = fmt::format("{}|{}|{}|{}", UidOf(object), type, reason, message);
  if (const auto known = written_.find(said); known != written_.end()) {
    if (CountAgain(ns, known->second, now)) return;
    written_.erase(known);
  }
  const auto stamp = static_cast<uint64_t>(wall.count()) + event_serial.fetch_add(1);
  const std::string name = fmt::format("{}.{:x}", NameOf(object), stamp);
  Json event = {{"apiVersion", "v1"},
                {"kind", "Event"},
                {"metadata", {{"name", name}, {"namespace", ns}}},
                {"involvedObject",
                 {{"apiVersion", subject.api_version},
                  {"kind", subject.kind},
                  {"name", NameOf(object)},
                  {"uid", UidOf(object)},
                  {"resourceVersion", GetString(object, {"metadata", "resourceVersion"})}}},
                {"reason", reason},
                {"message", message},
                {"source", {{"component", component_}}},
                {"firstTimestamp", now},
                {"lastTimestamp", now},
                {"count", 1},
                {"type", type},
                {"eventTime", nullptr},
                {"reportingComponent", component_},
                {"reportingInstance", ""}};
  if (!NamespaceOf(object).empty()) event["involvedObject"]["namespace"] = ns;
  if (!registry_.Create("events", ns, std::move(event))) return;
  if (written_.size() >= kRemembered) written_.clear();
  written_[said] = name;
}

void EventRecorder::Normal(const EventSubject& subject,
                           std::string_view reason,
                           const std::string& message) {
  Record(subject, "Normal", reason, message);
}

void EventRecorder::Warning(const EventSubject& subject,
                            std::string_view reason,
                            const std::string& message) {
  Record(subject, "Warning", reason, message);
}

}  // namespace holdfast::sandbox
