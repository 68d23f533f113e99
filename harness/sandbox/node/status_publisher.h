// Sends pod statuses to the API in the background, so that a pod never waits for the API: in order
// for each pod, several pods at once; a pod that is finished is deleted after its last status.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_STATUS_PUBLISHER_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_STATUS_PUBLISHER_H_

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/sandbox/node/api_client.h"

namespace holdfast::sandbox::node {

struct PodKey {
  std::string ns;
  std::string name;
  std::string uid;
};

// Thread-safe. Retries while the API cannot be reached.
class StatusPublisher {
 public:
  StatusPublisher(ApiClient& api, Clock& clock);
  void Publish(const PodKey& pod, Json status);
  // The pod's containers are gone and its volumes unmounted: after its last status it is deleted
  // with grace 0, if it is still the same pod.
  void Delete(const PodKey& pod);
  // Nothing more is sent about this pod.
  void Forget(const PodKey& pod);

 private:
  struct Entry {
    PodKey pod;
    std::deque<Json> statuses;  // Oldest first; never more than a few.
    bool remove = false;
    bool busy = false;  // One of the threads is sending for it.
    [[nodiscard]] bool wanting() const { return !busy && (remove || !statuses.empty()); }
  };
  // REQUIRES mutex_.
  void Enqueue(const Entry& entry);
  void Run(const std::stop_token& stop);
  // False: the API could not be reached.
  bool Send(const PodKey& pod, const Json& status, const std::stop_token& stop);
  bool SendDelete(const PodKey& pod, const std::stop_token& stop);

  ApiClient& api_;
  Clock& clock_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::map<std::string, Entry> entries_;  // By uid.
  std::deque<std::string> ready_;         // Of entries that want to be sent, each once or more.
  std::vector<std::jthread> threads_;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_STATUS_PUBLISHER_H_
