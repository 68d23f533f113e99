#include "harness/sandbox/api/events_view.h"

#include <array>
#include <utility>

namespace holdfast::sandbox {
namespace {

struct Pair {
  const char* core;
  const char* view;
};
constexpr std::array<Pair, 7> kRenamed{{{"involvedObject", "regarding"},
                                        {"message", "note"},
                                        {"reportingComponent", "reportingController"},
                                        {"source", "deprecatedSource"},
                                        {"firstTimestamp", "deprecatedFirstTimestamp"},
                                        {"lastTimestamp", "deprecatedLastTimestamp"},
                                        {"count", "deprecatedCount"}}};

void Rename(Json& object, const char* from, const char* to) {
  const auto found = object.find(from);
  if (found == object.end()) return;
  Json value = std::move(*found);
  object.erase(found);
  object[to] = std::move(value);
}

}  // namespace

Json ToEventsView(Json core) {
  if (!core.is_object()) return core;
  for (const Pair& pair : kRenamed)
    Rename(core, pair.core, pair.view);
  core["apiVersion"] = "events.k8s.io/v1";
  core["kind"] = "Event";
  return core;
}

Json FromEventsView(Json view) {
  if (!view.is_object()) return view;
  for (const Pair& pair : kRenamed)
    Rename(view, pair.view, pair.core);
  if (GetString(view, {"apiVersion"}) == "events.k8s.io/v1") view["apiVersion"] = "v1";
  return view;
}

Json ServedJson(const ResourceInfo& info, const StoredObject& object) {
  return info.is_view ? ToEventsView(object.json) : object.json;
}

std::string ServedText(const ResourceInfo& info, const StoredObject& object) {
  return info.is_view ? DumpJson(ToEventsView(object.json)) : object.text;
}

}  // namespace holdfast::sandbox
