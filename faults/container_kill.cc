// container-kill: the main container's processes get a signal from inside; the pod stays.
#include "faults/all_faults.h"
#include "faults/pod_fault.h"

namespace holdfast::faults {
namespace {

// The first process of a container cannot be killed from inside with SIGKILL: KILL takes all others
// with it instead, TERM goes to the first one.
std::vector<std::string> Command(const Json& parameters) {
  if (const std::string own = GetString(parameters, {"command"}); !own.empty())
    return {"/bin/sh", "-c", own};
  const std::string signal = GetString(parameters, {"signal"}, "TERM");
  return {"/bin/sh", "-c", signal == "KILL" ? "kill -KILL -1" : "kill -" + signal + " 1"};
}

class ContainerKill : public PodFault {
 public:
  [[nodiscard]] const FaultText& Text() const override {
    static const FaultText kText{
        .name = "container-kill",
        .summary = "Kills the processes of a pod's main container from inside of it.",
        .proof = "the restart count of the main container rose while the pod kept its uid",
        .undo = "nothing to take back: the kubelet starts the container again",
        .parameters = WithPodChoice(
            {{.name = "signal",
              .type = ParameterType::kString,
              .fallback = "TERM",
              .description = "TERM, INT or QUIT to the first process; KILL to all others",
              .allowed = {"TERM", "INT", "QUIT", "KILL"}},
             {.name = "command",
              .type = ParameterType::kString,
              .fallback = nullptr,
              .description = "another shell command that ends the container",
              .optional = true},
             WithinParameter("2m", "how long the restart may take to be seen")}),
        .permissions = {{"", "pods/exec", {"get", "create"}}}};
    return kText;
  }

  [[nodiscard]] std::vector<std::string> Writes(const FaultTargets& targets,
                                                const Json& parameters) const override {
    return {fmt::format("exec in {}: {}", PodText(targets, parameters),
                        Join(Command(parameters), " "))};
  }

  [[nodiscard]] Result<Proof> Inject(Cluster& cluster,
                                     const FaultTargets& targets,
                                     const Json& parameters) const override {
    std::string said;
    for (const Pod& pod : targets.pods) {
      // The stream may be cut by the very death that it causes: the proof tells, not the answer.
      const auto output = cluster.Execute(pod, Command(parameters), std::chrono::seconds(10));
      if (!output && output.error().code != ErrorCode::kIndeterminate &&
          output.error().code != ErrorCode::kUnavailable &&
          output.error().code != ErrorCode::kTimedOut)
        return Fail(output.error());
      said = output ? std::string(Trim(output->text)) : output.error().message;
    }
    const auto restarted = [&](const Snapshot& now) {
      for (const Pod& pod : targets.pods) {
        const Pod* same = now.FindUid(pod.uid);
        if (same == nullptr || same->restarts <= pod.restarts) return false;
      }
      return true;
    };
    return Await(cluster, "the restart of " + Names(targets.pods), restarted,
                 Duration(parameters, "within", std::chrono::minutes(2)),
                 fmt::format("the restart count of {} rose under the same uid",
                             Names(targets.pods)),
                 fmt::format("no restart of {} was seen{}", Names(targets.pods),
                             said.empty() ? "" : " (the command said: " + said + ")"));
  }
};

}  // namespace

const Fault& ContainerKillFault() {
  static const ContainerKill kFault;
  return kFault;
}

}  // namespace holdfast::faults
