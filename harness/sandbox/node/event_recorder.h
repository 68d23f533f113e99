// Kubernetes Events of the agent, sent in the background; repeated ones count up.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_EVENT_RECORDER_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_EVENT_RECORDER_H_

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/sandbox/node/api_client.h"

namespace holdfast::sandbox::node {

// Thread-safe. Events are a courtesy: when the API cannot be reached they are dropped.
class EventRecorder {
 public:
  EventRecorder(ApiClient& api, Clock& clock, std::string node_name);
  // `container` may be empty (the event is about the whole pod). `warning` false: type Normal.
  void Record(const Json& pod,
              const std::string& container,
              bool warning,
              const std::string& reason,
              const std::string& message);
  // A normal one that is left out when there is much to send already.
  void RecordIfQuiet(const Json& pod,
                     const std::string& container,
                     const std::string& reason,
                     const std::string& message);

 private:
  void Run(const std::stop_token& stop);
  void Send(const Json& event, const std::stop_token& stop);

  struct Known {
    std::string name;
    int count = 0;
  };
  ApiClient& api_;
  Clock& clock_;
  std::string node_name_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<Json> queue_;
  std::map<std::string, Known> known_;  // Only the sending thread.
  std::jthread thread_;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_EVENT_RECORDER_H_
