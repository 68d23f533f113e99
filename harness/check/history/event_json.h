// One parsed object of a history into an event, for the formats that are read as a whole.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_EVENT_JSON_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_EVENT_JSON_H_

#include <deque>
#include <string>

#include "harness/base/json.h"
#include "harness/check/history/event.h"

namespace holdfast::check::history {

// `event` points into `object` and `texts`; both must outlive it. False when it is no event.
bool EventOf(const Json& object, HistoryEvent& event, std::deque<std::string>& texts);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_EVENT_JSON_H_
