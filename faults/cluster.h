// What a fault may see and do. The runner implements it over its recorder and its journal, so that
// every write of a fault is in the trace before and after it happens.
#ifndef HOLDFAST_FAULTS_CLUSTER_H_
#define HOLDFAST_FAULTS_CLUSTER_H_

#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::faults {

struct Pod {
  std::string name;
  std::string uid;
  std::string node;
  int ordinal = 0;
  bool ready = false;        // Running, and condition Ready is True.
  bool terminating = false;  // Has a deletionTimestamp.
};

// The newest state that the watches have shown.
struct Snapshot {
  std::vector<Pod> pods;  // Of the target set, by ordinal; a pod leaves with its DELETED event.
  int replicas = 0;       // spec.replicas of the target.
  int start = 0;          // spec.ordinals.start.
  bool observed = false;  // status.observedGeneration is current.
  [[nodiscard]] const Pod* Find(const std::string& name) const;
  [[nodiscard]] const Pod* FindUid(const std::string& uid) const;
};

// Thread-safe. Calls that write return once the server has answered, with the error codes of
// kube::Client.
class Cluster {
 public:
  Cluster() = default;
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;
  virtual ~Cluster() = default;
  [[nodiscard]] virtual Snapshot Look() const = 0;
  // Name of the pod that takes writes.
  [[nodiscard]] virtual std::string Primary() const = 0;
  // Returns once `condition` holds. kTimedOut with what was still missing, kCancelled on a stop.
  virtual Status WaitUntil(const std::string& what,
                           const std::function<bool(const Snapshot&)>& condition,
                           Nanos within) = 0;
  // Deletes the pod with this uid and no other. `grace` empty: the pod's own.
  virtual Status DeletePod(const Pod& pod, std::optional<Nanos> grace) = 0;
  // Sets spec.replicas of the target through its scale subresource.
  virtual Status Scale(int replicas) = 0;
};

}  // namespace holdfast::faults

#endif  // HOLDFAST_FAULTS_CLUSTER_H_
