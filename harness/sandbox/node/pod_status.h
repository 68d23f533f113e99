// The status of a pod as the kubelet would report it, from what the agent knows. Pure.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_POD_STATUS_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_POD_STATUS_H_

#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/json.h"

namespace holdfast::sandbox::node {

// One container as its status tells it.
struct ContainerRecord {
  std::string name;
  std::string image;
  std::string image_id;
  std::string container_id;  // Without the "containerd://" prefix; empty before the first start.
  // Exactly one of {"waiting": ...}, {"running": ...}, {"terminated": ...}.
  Json state = {{"waiting", {{"reason", "ContainerCreating"}}}};
  Json last_state = Json::object();
  bool ready = false;
  bool started = false;
  int restart_count = 0;
  bool sidecar = false;  // An init container with restartPolicy Always.
  // What a status repeats of the spec: resources, volumeMounts, user; taken over as it is.
  Json details = Json::object();
};
// From a container's spec; `uid` and `gid` are those it runs as.
Json StatusDetails(const Json& container, int uid, int gid);

struct PodRecord {
  Json pod;  // As last seen; of its status only conditions and addresses are used.
  std::vector<ContainerRecord> init_containers;
  std::vector<ContainerRecord> containers;
  bool network_ready = false;
  bool finished = false;  // No container runs and none will.
  std::string pod_ip;
  std::string host_ip;
  std::string start_time;  // RFC 3339.
};

// `conditions` are those this function built before (or the pod's at first): transition times are
// kept while a status stays. The result is meant for a strategic merge patch: a reason or message
// that went away is null.
Json BuildPodStatus(const PodRecord& record, const Json& conditions, Nanos wall);
// "Pending", "Running", "Succeeded" or "Failed".
// Whether somebody else wrote Ready False over a pod whose containers are ready: the node controller
// does so for a silent node, maybe a moment after the node has spoken again, and then only the node
// can give it back.
bool ReadinessTakenByOthers(const Json& pod);
std::string PodPhase(const PodRecord& record);
// Init containers are done: exited with 0, or started when they are sidecars.
bool PodInitialized(const PodRecord& record);

Json WaitingState(const std::string& reason, const std::string& message = "");
Json RunningState(Nanos started_wall);
Json TerminatedState(int exit_code,
                     const std::string& reason,
                     const std::string& message,
                     Nanos started_wall,
                     Nanos finished_wall,
                     const std::string& container_id);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_POD_STATUS_H_
