// The life of a pod as facts.
#include <algorithm>

#include "harness/base/strings.h"

#include "tests/integration/sandbox_recordings/facts.h"

namespace holdfast::recordings {
namespace {

bool IsReady(const Json& pod) {
  for (const Json& condition : GetArray(pod, {"status", "conditions"}))
    if (GetString(condition, {"type"}) == "Ready")
      return GetString(condition, {"status"}) == "True";
  return false;
}

const Json* Controller(const Json& object) {
  for (const Json& owner : GetArray(object, {"metadata", "ownerReferences"}))
    if (GetBool(owner, {"controller"})) return &owner;
  return nullptr;
}

int64_t Ordinal(const Json& pod) {
  const std::string name = GetString(pod, {"metadata", "name"});
  return ParseInt(name.substr(name.rfind('-') + 1)).value_or(-1);
}

}  // namespace

std::string FactReader::PodText(const Json& pod, const PodState& state) const {
  const std::string symbol = SymbolOf(GetString(pod, {"metadata", "uid"}));
  return state.anonymous ? "a pod of " + Split(symbol, '/').front() : "pod " + symbol;
}

void FactReader::OnPod(const std::string& type, const Json& pod) {
  const std::string uid = GetString(pod, {"metadata", "uid"});
  const bool known = pods_.contains(uid);
  PodState& state = pods_[uid];
  if (!known) OnPodCreated(pod, state);
  OnPodStatus(pod, state);
  OnPodEnd(pod, state, type == "DELETED");
}

void FactReader::OnPodCreated(const Json& pod, PodState& state) {
  const Json* controller = Controller(pod);
  const std::string kind = controller == nullptr ? "" : GetString(*controller, {"kind"});
  state.anonymous = kind == "ReplicaSet";
  const std::string symbol = Symbol(pod);
  state.owner = Owners(pod);
  std::vector<std::string> claims;
  std::vector<std::string> chains;
  if (!state.anonymous) chains.push_back("pod " + symbol);
  for (const Json& volume : GetArray(pod, {"spec", "volumes"})) {
    const std::string claim = GetString(volume, {"persistentVolumeClaim", "claimName"});
    if (claim.empty()) continue;
    claims.push_back(GetString(volume, {"name"}) + " is " + claim);
    if (!state.anonymous) state.claim_chains.push_back("claim " + claim);
  }
  chains.insert(chains.end(), state.claim_chains.begin(), state.claim_chains.end());
  const auto label = [&](const char* name) {
    return GetString(pod, {"metadata", "labels", name}, "none");
  };
  std::string text = fmt::format("{} is created for {}, volumes: {}", PodText(pod, state),
                                 state.owner, claims.empty() ? "none" : Join(claims, ", "));
  if (kind == "StatefulSet")
    text += fmt::format(
        ", revision {}, index {}, name label {}, generateName {}, host {}.{}",
        Revision(GetString(pod, {"metadata", "labels", "controller-revision-hash"})),
        label("apps.kubernetes.io/pod-index"), label("statefulset.kubernetes.io/pod-name"),
        GetString(pod, {"metadata", "generateName"}), GetString(pod, {"spec", "hostname"}),
        GetString(pod, {"spec", "subdomain"}));
  Fact& fact = Say("SS-ID", text, chains);
  fact.kind = FactKind::kCreated;
  if (kind != "StatefulSet") return;
  fact.ordinal = Ordinal(pod);
  const Json* set = Find("statefulsets", GetString(*controller, {"name"}));
  // Parallel promises no order of creation: several pods are in the making at once.
  fact.decision =
      set != nullptr && GetString(*set, {"spec", "podManagementPolicy"}) != "Parallel";
}

void FactReader::OnPodStatus(const Json& pod, PodState& state) {
  const std::string text = PodText(pod, state);
  std::vector<std::string> chains;
  if (!state.anonymous) chains.push_back("pod " + Symbol(pod));
  if (const std::string owner = Owners(pod); owner != state.owner) {
    state.owner = owner;
    Say("SS-ADOPT", fmt::format("{} now belongs to {}", text, owner), chains);
  }
  if (!state.scheduled && !GetString(pod, {"spec", "nodeName"}).empty()) {
    state.scheduled = true;
    Say("SS-ORD", text + " has a node", chains);
  }
  for (const Json& condition : GetArray(pod, {"status", "conditions"})) {
    if (GetString(condition, {"type"}) != "DisruptionTarget" || state.disrupted) continue;
    state.disrupted = true;
    Say("SS-PDB",
        fmt::format("{} is a disruption target: {}", text, GetString(condition, {"reason"})),
        chains);
  }
  const std::string phase = GetString(pod, {"status", "phase"});
  if (!state.running && phase == "Running") {
    state.running = true;
    Say("SS-ORD", text + " is running", chains);
  }
  int64_t restarts = 0;
  for (const Json& container : GetArray(pod, {"status", "containerStatuses"})) {
    restarts += GetInt(container, {"restartCount"});
    const std::string waiting = GetString(container, {"state", "waiting", "reason"});
    if (waiting == "CrashLoopBackOff" && !state.crash_loop) {
      state.crash_loop = true;
      Say("SS-REC", text + " is in CrashLoopBackOff", chains);
    }
    if ((waiting == "ErrImagePull" || waiting == "ImagePullBackOff") && !state.no_image) {
      state.no_image = true;
      Say("SS-REC", text + " cannot have its image", chains);
    }
  }
  if (restarts > state.restarts) {
    state.restarts = restarts;
    state.crash_loop = false;
    std::string why;
    for (const Json& container : GetArray(pod, {"status", "containerStatuses"})) {
      const Json& last = GetObject(container, {"lastState", "terminated"});
      if (!last.empty())
        why += fmt::format(" {} ended with {} {}", GetString(container, {"name"}),
                           GetInt(last, {"exitCode"}), GetString(last, {"reason"}));
    }
    Say("SS-REC", fmt::format("{} was restarted {} time(s):{}", text, restarts, why), chains);
  }
  // What a dying pod's readiness does on its way is the kubelet's own affair; that it ended is told.
  const bool dying = pod.at("metadata").contains("deletionTimestamp");
  if (const bool ready = IsReady(pod); ready != state.ready && !dying) {
    state.ready = ready;
    Fact& fact = Say("SS-ORD", text + (ready ? " is ready" : " is no longer ready"), chains);
    if (ready) fact.kind = FactKind::kReady;
    fact.ordinal = Ordinal(pod);
  }
}

bool FactReader::IsDecision(const Json& pod) const {
  const Json* controller = Controller(pod);
  if (controller == nullptr || GetString(*controller, {"kind"}) != "StatefulSet" ||
      asked_to_go_.contains(GetString(pod, {"metadata", "uid"})))
    return false;
  const Json* set = Find("statefulsets", GetString(*controller, {"name"}));
  // The garbage collector follows no order.
  if (set == nullptr || set->at("metadata").contains("deletionTimestamp")) return false;
  if (GetString(*set, {"spec", "podManagementPolicy"}) != "Parallel") return true;
  // With Parallel a scale-down takes all at once; only a rollout goes one by one.
  const int64_t start = GetInt(*set, {"spec", "ordinals", "start"});
  const int64_t ordinal = Ordinal(pod);
  return ordinal >= start && ordinal < start + GetInt(*set, {"spec", "replicas"}) &&
         GetString(pod, {"metadata", "labels", "controller-revision-hash"}) !=
             GetString(*set, {"status", "updateRevision"});
}

void FactReader::OnPodEnd(const Json& pod, PodState& state, bool deleted) {
  const std::string text = PodText(pod, state);
  std::vector<std::string> own;
  if (!state.anonymous) own.push_back("pod " + Symbol(pod));
  std::vector<std::string> with_claims = own;
  with_claims.insert(with_claims.end(), state.claim_chains.begin(), state.claim_chains.end());
  if (!state.terminating && pod.at("metadata").contains("deletionTimestamp")) {
    state.terminating = true;
    const bool decision = IsDecision(pod);
    Fact& fact = Say("SS-ORD",
                     fmt::format("{} is terminating, grace {} s", text,
                                 GetInt(pod, {"metadata", "deletionGracePeriodSeconds"})),
                     decision ? with_claims : own);
    fact.kind = FactKind::kTerminating;
    fact.decision = decision;
    fact.ordinal = Ordinal(pod);
  }
  const std::string phase = GetString(pod, {"status", "phase"});
  if (!state.over && (phase == "Succeeded" || phase == "Failed")) {
    state.over = true;
    Say("SS-ORD", text + " has ended as " + phase, own);
  }
  if (!deleted) return;
  Fact& fact = Say("SS-ORD", text + " is gone", with_claims);
  fact.kind = FactKind::kGone;
  fact.ordinal = Ordinal(pod);
}

}  // namespace holdfast::recordings
