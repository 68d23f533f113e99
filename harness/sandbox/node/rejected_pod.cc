#include "harness/sandbox/node/rejected_pod.h"

#include "harness/base/time_format.h"

namespace holdfast::sandbox::node {

std::set<std::string> HostPorts(const Json& pod) {
  std::set<std::string> ports;
  for (const Json& container : GetArray(pod, {"spec", "containers"})) {
    for (const Json& port : GetArray(container, {"ports"})) {
      const int64_t number = GetInt(port, {"hostPort"});
      if (number > 0)
        ports.insert(fmt::format("{} {}", GetString(port, {"protocol"}, "TCP"), number));
    }
  }
  return ports;
}

RejectedPod::RejectedPod(NodeServices& services,
                         Json pod,
                         const std::string& reason,
                         const std::string& why)
    : services_(services),
      key_(KeyOf(pod)),
      pod_(std::move(pod)),
      status_(GetObject(pod_, {"status"})) {
  const std::string message = fmt::format("Predicate {} failed: {}", reason, why);
  status_["phase"] = "Failed";
  status_["reason"] = reason;
  status_["message"] = "Pod was rejected: " + message;
  status_["startTime"] = FormatRfc3339(services_.clock.Wall());
  services_.events.Record(pod_, "", true, reason, message);
  services_.statuses.Publish(key_, status_);
  if (IsDeleting(pod_)) Update(pod_);
}

void RejectedPod::Update(Json pod) {
  const std::scoped_lock lock(mutex_);
  pod_ = std::move(pod);
  if (done_ || !IsDeleting(pod_)) return;
  services_.statuses.Delete(key_);
  done_ = true;
}

void RejectedPod::Vanish() {
  services_.statuses.Forget(key_);
  vanished_ = true;
  done_ = true;
}

void RejectedPod::Republish() {
  const std::scoped_lock lock(mutex_);
  if (!done_) services_.statuses.Publish(key_, status_);
}

Json RejectedPod::pod() const {
  const std::scoped_lock lock(mutex_);
  return pod_;
}

Result<ContainerView> RejectedPod::View(const std::string& /*container*/) const {
  return Fail(ErrorCode::kNotFound, "pod {}/{} was rejected by the node; it has no containers",
              key_.ns, key_.name);
}

Result<pid_t> RejectedPod::Network() const {
  return Fail(ErrorCode::kNotFound, "pod {}/{} was rejected by the node; it has no network",
              key_.ns, key_.name);
}

}  // namespace holdfast::sandbox::node
