// Watches a namespace, the nodes and the volumes; writes every event to the trace and keeps the
// newest state of every object so that a run can wait on it.
#ifndef HOLDFAST_HARNESS_OBSERVE_RECORDER_H_
#define HOLDFAST_HARNESS_OBSERVE_RECORDER_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/kube/client.h"
#include "harness/trace/trace_writer.h"

namespace holdfast::observe {

// The newest state, consistent within one resource. Valid only inside the call that handed it out.
class ClusterView {
 public:
  using Objects = std::map<std::string, std::shared_ptr<const Json>>;  // By metadata.name.
  [[nodiscard]] const Objects& All(const std::string& plural) const;
  // nullptr when there is no such object.
  [[nodiscard]] std::shared_ptr<const Json> Find(const std::string& plural,
                                                 const std::string& name) const;
  std::map<std::string, Objects> by_resource;
};

struct RecorderOptions {
  std::string ns;
  // Cluster-wide resources are recorded in full, but of persistentvolumes only those claimed from
  // `ns`. Secrets are refused.
  std::vector<kube::Resource> resources;
};

// The resources that a run records: pods, statefulsets, controllerrevisions,
// persistentvolumeclaims, services, endpointslices, poddisruptionbudgets, events of the namespace;
// nodes, persistentvolumes, volumeattachments; deployments, replicasets.
std::vector<kube::Resource> DefaultResources();

// When the event was received that ended the calling thread's last wait; each is given once.
// nullopt when that wait was not ended by an event.
std::optional<Nanos> TakeWakeTime();

// Thread-safe.
class Recorder {
 public:
  // Blocks until every resource has been listed once, or `deadline`. A resource that the server
  // does not serve (404) or that we may not read (403) is an error naming it, except events,
  // volumeattachments, deployments, replicasets, poddisruptionbudgets and endpointslices, which are
  // then left unopened and named by `NotWatched`.
  static Result<std::unique_ptr<Recorder>> Start(kube::Client& client,
                                                 trace::TraceWriter& trace,
                                                 const RecorderOptions& options,
                                                 const Deadline& deadline);
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;
  virtual ~Recorder() = default;

  // Calls `look` with the current state, under the recorder's lock.
  virtual void Look(const std::function<void(const ClusterView&)>& look) const = 0;
  // Returns once `condition` holds; it is evaluated at once and after every event. kTimedOut after
  // `deadline` (the message is
  // "<what>: <explain(view)>"), kCancelled on stop.
  virtual Status WaitUntil(std::string_view what,
                           const std::function<bool(const ClusterView&)>& condition,
                           const std::function<std::string(const ClusterView&)>& explain,
                           const Deadline& deadline,
                           std::stop_token stop) = 0;
  // Called from the watch thread after each event with the plural and the object; set before the
  // first wait. Must not block.
  virtual void OnChange(
      std::function<void(const std::string& plural, const std::string& type, const Json& object)>
          callback) = 0;
  [[nodiscard]] virtual std::vector<std::string> NotWatched() const = 0;
  // Writes a gap for every resource whose watch was cut and has not shown a sign of life since:
  // what it has missed is not in the trace. To be called where something is about to be judged.
  virtual void MarkTroubles() = 0;
  // Ends all watches; nothing is written to the trace afterwards.
  virtual void Stop() = 0;

 protected:
  Recorder() = default;
};

}  // namespace holdfast::observe

#endif  // HOLDFAST_HARNESS_OBSERVE_RECORDER_H_
