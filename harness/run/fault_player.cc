#include "harness/run/fault_player.h"

namespace holdfast::run {
namespace {

Json TargetsJson(const faults::FaultTargets& targets) {
  Json list = Json::array();
  const auto add = [&](const char* kind, const std::string& name, const std::string& uid) {
    list.push_back({{"kind", kind}, {"name", name}, {"uid", uid}});
  };
  for (const faults::Pod& pod : targets.pods)
    add("Pod", pod.name, pod.uid);
  for (const faults::Node& node : targets.nodes)
    add("Node", node.name, node.uid);
  for (const faults::Claim& claim : targets.claims)
    add("PersistentVolumeClaim", claim.name, claim.uid);
  return list;
}

void RecordEnd(trace::TraceWriter& trace, int id, bool proven, const std::string& sentence) {
  trace.Append("fault",
               {{"id", id}, {"phase", proven ? "proof" : "unproven"}, {"sentence", sentence}});
  trace.Append("fault", {{"id", id}, {"phase", "end"}});
}

}  // namespace

Result<ChosenFault> ChooseFault(faults::Cluster& cluster,
                                trace::TraceWriter& trace,
                                const std::string& scenario,
                                const suite::Step& step,
                                Random random) {
  ChosenFault chosen;
  chosen.fault = faults::FindFault(step.name);
  if (chosen.fault == nullptr)
    return Fail(ErrorCode::kInternal, "no fault is named {}", step.name);
  chosen.id = trace.NextFaultId();
  chosen.parameters = step.parameters;
  auto targets =
      chosen.fault->Choose(cluster.Look(), cluster.Primary(), step.parameters, random);
  if (targets) chosen.targets = *targets;
  trace.Append("fault", {{"id", chosen.id},
                         {"fault", step.name},
                         {"scenario", scenario},
                         {"phase", "begin"},
                         {"parameters", step.parameters},
                         {"proof-needed", chosen.fault->Text().proof},
                         {"targets", TargetsJson(chosen.targets)},
                         {"gives-up", chosen.targets.gives_up}});
  if (targets) return chosen;
  RecordEnd(trace, chosen.id, false, targets.error().message);
  return Fail(targets.error());
}

Status InjectFault(faults::Cluster& cluster, trace::TraceWriter& trace, const ChosenFault& chosen) {
  const Result<faults::Proof> proof =
      chosen.fault->Inject(cluster, chosen.targets, chosen.parameters);
  const bool proven = proof && proof->proven;
  const std::string sentence = proof ? proof->sentence : proof.error().message;
  RecordEnd(trace, chosen.id, proven, sentence);
  if (!proof) return Fail(proof.error());
  if (!proven) return Fail(ErrorCode::kTimedOut, "the fault is not proven: {}", sentence);
  return {};
}

}  // namespace holdfast::run
