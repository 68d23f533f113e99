// Writes Events about objects, counting repeats instead of writing them again.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_EVENT_RECORDER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_EVENT_RECORDER_H_

#include <map>
#include <string>
#include <string_view>

#include "harness/base/json.h"
#include "harness/sandbox/api/registry.h"

namespace holdfast::sandbox {

// What an Event is about.
struct EventSubject {
  std::string api_version;
  std::string kind;
  const Json& object;
};

// Belongs to one thread. Best effort, as in Kubernetes: an event that cannot be written (its
// namespace is going away) is dropped.
class EventRecorder {
 public:
  // `component` such as "statefulset-controller".
  EventRecorder(Registry& registry, std::string component)
      : registry_(registry),
        component_(std::move(component)) {}
  void Normal(const EventSubject& subject, std::string_view reason, const std::string& message);
  void Warning(const EventSubject& subject, std::string_view reason, const std::string& message);

 private:
  void Record(const EventSubject& subject,
              std::string_view type,
              std::string_view reason,
              const std::string& message);
  bool CountAgain(const std::string& ns, const std::string& name, const std::string& now);

  Registry& registry_;
  std::string component_;
  std::map<std::string, std::string> written_;  // What was said -> name of the Event.
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_EVENT_RECORDER_H_
