// Events in the shape of events.k8s.io/v1; they are stored in that of the core group.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_EVENTS_VIEW_H_
#define HOLDFAST_HARNESS_SANDBOX_API_EVENTS_VIEW_H_

#include <string>

#include "harness/base/json.h"
#include "harness/sandbox/api/resources.h"
#include "harness/sandbox/store/store.h"

namespace holdfast::sandbox {

// Both keep the members that have the same name in both shapes, also unknown ones.
Json ToEventsView(Json core);
Json FromEventsView(Json view);

// The stored object as `info` shows it.
Json ServedJson(const ResourceInfo& info, const StoredObject& object);
std::string ServedText(const ResourceInfo& info, const StoredObject& object);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_EVENTS_VIEW_H_
