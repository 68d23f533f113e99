// Events in the shape of client-go's recorder (core/v1, count and two timestamps).
#include "harness/sandbox/controllers/event_recorder.h"

#include <algorithm>
#include <atomic>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/object.h"

namespace holdfast::sandbox {
namespace {

// Forgetting what was written costs one more Event, so a bound is enough.
constexpr size_t kRemembered = 4096;
constexpr size_t kMostSimilar = 10;
constexpr Nanos kSimilarFor = std::chrono::minutes(10);
constexpr double kBurst = 25;
constexpr double kPerSecond = 1.0 / 300;
// Makes names differ when the clock does not.
std::atomic<uint64_t> event_serial{0};

}  // namespace

bool EventRecorder::CountAgain(const std::string& ns,
                               const std::string& name,
                               const std::string& message,
                               const std::string& now) {
  return registry_
      .Edit("events", ns, name, "",
            [&](Json& event) -> Status {
              event["count"] = GetInt(event, {"count"}, 1) + 1;
              event["message"] = message;
              event["lastTimestamp"] = now;
              return {};
            })
      .has_value();
}

std::string EventRecorder::Combine(const std::string& kind_of_event,
                                   const std::string& message,
                                   bool* combined) {
  const Nanos now = registry_.clock().Now();
  if (similar_.size() >= kRemembered) similar_.clear();
  Similar& similar = similar_[kind_of_event];
  if (now - similar.last > kSimilarFor) similar.messages.clear();
  similar.last = now;
  similar.messages.insert(message);
  *combined = similar.messages.size() >= kMostSimilar;
  if (!*combined) return message;
  similar.messages.erase(similar.messages.begin());
  return "(combined from similar events)";
}

bool EventRecorder::MayWrite(const std::string& uid) {
  const Nanos now = registry_.clock().Now();
  if (allowance_.size() >= kRemembered) allowance_.clear();
  Allowance& allowance = allowance_.try_emplace(uid, Allowance{kBurst, now}).first->second;
  const double seconds = static_cast<double>((now - allowance.at).count()) / 1e9;
  allowance.left = std::min(kBurst, allowance.left + seconds * kPerSecond);
  allowance.at = now;
  if (allowance.left < 1) return false;
  allowance.left -= 1;
  return true;
}

void EventRecorder::Record(const EventSubject& subject,
                           std::string_view type,
                           std::string_view reason,
                           const std::string& message) {
  const Json& object = subject.object;
  const std::string ns = NamespaceOf(object).empty() ? "default" : NamespaceOf(object);
  const Nanos wall = registry_.clock().Wall();
  const std::string now = FormatRfc3339(wall);
  bool combined = false;
  const std::string kind_of_event =
      fmt::format("{}|{}|{}|{}", UidOf(object), NameOf(object), type, reason);
  const std::string said = kind_of_event + "|" + Combine(kind_of_event, message, &combined);
  if (!MayWrite(UidOf(object))) return;
  const std::string text =
      combined ? "(combined from similar events): " + message : message;
  if (const auto known = written_.find(said); known != written_.end()) {
    if (CountAgain(ns, known->second, text, now)) return;
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
                {"message", text},
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
