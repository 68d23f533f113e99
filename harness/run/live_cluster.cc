#include "harness/run/live_cluster.h"

#include <algorithm>
#include <set>

#include "harness/kube/exec.h"
#include "harness/run/delay.h"
#include "harness/run/placement.h"

namespace holdfast::run {
namespace {

constexpr Nanos kMemberWithin = std::chrono::minutes(2);

std::optional<int> Seconds(std::optional<Nanos> grace) {
  if (!grace) return std::nullopt;
  return static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(*grace).count());
}

}  // namespace

faults::Snapshot LiveCluster::Look() const {
  faults::Snapshot now;
  parts_.recorder->Look([&](const observe::ClusterView& view) { now = reader_.Read(view); });
  return now;
}

Status LiveCluster::WaitUntil(const std::string& what,
                              const faults::Condition& condition,
                              Nanos within) {
  return parts_.recorder->WaitUntil(
      what, [&](const observe::ClusterView& view) { return condition(reader_.Read(view)); },
      [&](const observe::ClusterView& view) {
        const Nanos offset = parts_.actions->client().ServerClockOffset().value_or(Nanos{0});
        return Explain(view, reader_.Read(view), SystemClock().Wall() + offset);
      },
      Deadline(SystemClock(), within), parts_.stop);
}

std::string LiveCluster::ClaimUid(const std::string& name) const {
  std::string uid;
  parts_.recorder->Look([&](const observe::ClusterView& view) {
    if (const auto claim = view.Find("persistentvolumeclaims", name))
      uid = GetString(*claim, {"metadata", "uid"});
  });
  return uid;
}

kube::ObjectRef LiveCluster::Target() const {
  const bool deployment = parts_.subject.kind == "Deployment";
  return {deployment ? kube::resources::kDeployments : kube::resources::kStatefulSets,
          parts_.subject.ns, parts_.subject.name};
}

Status LiveCluster::DeletePod(const faults::Pod& pod, std::optional<Nanos> grace) {
  return parts_.actions->DeletePod(parts_.subject.ns, pod.name, pod.uid, Seconds(grace));
}

Status LiveCluster::EvictPod(const faults::Pod& pod, std::optional<Nanos> grace) {
  return parts_.actions->EvictPod(parts_.subject.ns, pod.name, pod.uid, Seconds(grace));
}

Result<faults::CommandOutput> LiveCluster::Execute(const faults::Pod& pod,
                                                   const std::vector<std::string>& argv,
                                                   Nanos within) {
  faults::CommandOutput output;
  Json fields{{"verb", "exec"},       {"action", "exec in pod " + pod.name},
              {"resource", "pods"},   {"name", pod.name},
              {"uid", pod.uid},       {"command", argv}};
  const auto done = parts_.actions->Send(std::move(fields), [&]() -> Result<Json> {
    kube::ExecRequest request{.ns = parts_.subject.ns,
                              .pod = pod.name,
                              .container = parts_.subject.container,
                              .command = argv,
                              .input = {}};
    request.timeout = within;
    HOLDFAST_ASSIGN(const kube::ExecResult result,
                    kube::Exec(parts_.actions->client().access(), request, parts_.stop));
    output = {result.exit_code, result.out + result.err};
    return Json::object();
  });
  if (!done) return Fail(done.error());
  return output;
}

Status LiveCluster::Scale(int replicas) {
  if (!parts_.before_resize) return parts_.actions->Scale(Target(), replicas);
  // Members come and go one by one, each in a cluster that is whole.
  int now = Look().replicas;
  while (now != replicas) {
    const int next = now < replicas ? now + 1 : now - 1;
    HOLDFAST_RETURN_IF_ERROR(parts_.before_resize(now, next));
    HOLDFAST_RETURN_IF_ERROR(parts_.actions->Scale(Target(), next));
    now = next;
    const auto arrived = [now](const faults::Snapshot& seen) {
      return seen.replicas == now && Settled(seen);
    };
    if (now != replicas)
      HOLDFAST_RETURN_IF_ERROR(
          WaitUntil(fmt::format("the set to settle with {} members", now), arrived, kMemberWithin));
  }
  return {};
}

Status LiveCluster::PatchSet(const std::string& what, const Json& patch) {
  const auto patched =
      parts_.actions->Patch(Target(), what, kube::PatchType::kStrategicMerge, patch);
  if (!patched) return Fail(patched.error());
  return {};
}

Status LiveCluster::DeleteSet(const std::string& uid, const std::string& propagation) {
  return parts_.actions->Delete(Target(), uid, propagation);
}

Status LiveCluster::CreateSet(const Json& manifest) {
  return parts_.actions->Apply(parts_.subject.ns, {manifest});
}

Status LiveCluster::DeleteClaim(const faults::Claim& claim) {
  return parts_.actions->Delete(
      {kube::resources::kPersistentVolumeClaims, parts_.subject.ns, claim.name}, claim.uid,
      "Background");
}

Result<std::string> LiveCluster::NextImage() {
  const std::string image = parts_.next_image ? parts_.next_image() : "";
  if (!image.empty()) return image;
  return Fail(ErrorCode::kInvalidArgument,
              "the workload names no next image; say which one with 'to: IMAGE'");
}

Status LiveCluster::MayLeave(const faults::Node& node, const std::vector<faults::Pod>& pods) {
  kube::Client& client = parts_.actions->client();
  PlacementFacts facts;
  HOLDFAST_ASSIGN(kube::ObjectList nodes, client.List(kube::resources::kNodes, "", {}));
  HOLDFAST_ASSIGN(kube::ObjectList all, client.List(kube::resources::kPods, "", {}));
  facts.nodes = std::move(nodes.items);
  facts.pods = std::move(all.items);
  std::vector<Json> budgets;
  parts_.recorder->Look([&](const observe::ClusterView& view) {
    for (const auto& [name, claim] : view.All("persistentvolumeclaims"))
      facts.claims.push_back(*claim);
    for (const auto& [name, volume] : view.All("persistentvolumes"))
      facts.volumes.push_back(*volume);
    for (const auto& [name, budget] : view.All("poddisruptionbudgets"))
      budgets.push_back(*budget);
  });
  std::set<std::string> uids;
  for (const faults::Pod& pod : pods)
    uids.insert(pod.uid);
  std::vector<Json> leaving;
  std::copy_if(facts.pods.begin(), facts.pods.end(), std::back_inserter(leaving),
               [&](const Json& pod) { return uids.contains(GetString(pod, {"metadata", "uid"})); });
  if (!leaving.empty()) {
    HOLDFAST_RETURN_IF_ERROR(CheckBudgets(
        budgets, GetObject(leaving[0], {"metadata", "labels"}), Look().replicas));
  }
  return CheckRoom(facts, node.name, leaving);
}

void LiveCluster::AtHeal(const std::string& what, std::function<Status(faults::Cluster&)> undo) {
  const std::lock_guard lock(mutex_);
  healing_.push_back({what, std::move(undo)});
}

Status LiveCluster::Heal() {
  std::vector<Healing> healing;
  {
    const std::lock_guard lock(mutex_);
    healing.swap(healing_);
  }
  std::reverse(healing.begin(), healing.end());
  Status first;
  for (const Healing& one : healing) {
    const Status undone = one.undo(*this);
    if (!undone && first) first = Fail(undone.error().In("healing " + one.what));
  }
  return first;
}

}  // namespace holdfast::run
