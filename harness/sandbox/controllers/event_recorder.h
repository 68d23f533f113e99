// Writes Events about objects: repeats are counted, many similar ones combined, and an object that is
// talked about too much is passed over.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_EVENT_RECORDER_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_EVENT_RECORDER_H_

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "harness/base/clock.h"
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
// namespace is going away) is dropped. From the tenth event on that differs in its message alone
// within ten minutes they become one, "(combined from similar events): ..."; and of each object 25
// are written, then one every five minutes. Source: events_cache.go of client-go.
class EventRecorder {
 public:
  // `component` such as "statefulset-controller".
  EventRecorder(Registry& registry, std::string component)
      : registry_(registry),
        component_(std::move(component)) {}
  void Normal(const EventSubject& subject, std::string_view reason, const std::string& message);
  void Warning(const EventSubject& subject, std::string_view reason, const std::string& message);

 private:
  struct Similar {
    std::set<std::string> messages;
    Nanos last{0};
  };
  struct Allowance {
    double left = 0;
    Nanos at{0};
  };
  void Record(const EventSubject& subject,
              std::string_view type,
              std::string_view reason,
              const std::string& message);
  // The message under which the event is known: its own, or that of the combined one.
  std::string Combine(const std::string& kind_of_event, const std::string& message, bool* combined);
  bool MayWrite(const std::string& uid);
  bool CountAgain(const std::string& ns,
                  const std::string& name,
                  const std::string& message,
                  const std::string& now);

  Registry& registry_;
  std::string component_;
  std::map<std::string, std::string> written_;  // What was said -> name of the Event.
  std::map<std::string, Similar> similar_;      // By everything but the message.
  std::map<std::string, Allowance> allowance_;  // By uid of the subject.
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_EVENT_RECORDER_H_
