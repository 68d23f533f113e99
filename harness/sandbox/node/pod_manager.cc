// Routes what the API says to the workers.
#include "harness/sandbox/node/pod_manager.h"

#include <filesystem>
#include <set>

#include "harness/base/files.h"
#include "harness/sandbox/node/light_pod.h"
#include "harness/sandbox/node/pod_worker.h"
#include "harness/sandbox/node/rejected_pod.h"

namespace holdfast::sandbox::node {
namespace {

std::string UidOf(const Json& pod) { return GetString(pod, {"metadata", "uid"}); }

std::unique_ptr<PodLife> MakeLife(NodeServices& services, Json pod) {
  if (IsLight(pod)) return std::make_unique<LightPod>(services, std::move(pod));
  return std::make_unique<PodWorker>(services, std::move(pod));
}

}  // namespace

void PodManager::Replace(const std::vector<Json>& pods) {
  std::set<std::string> seen;
  for (const Json& pod : pods) {
    seen.insert(UidOf(pod));
    Changed(pod);
  }
  const std::scoped_lock lock(mutex_);
  for (const auto& [uid, life] : lives_)
    if (!seen.contains(uid)) life->Vanish();
  // Directories of pods that went while no agent was here.
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(services_.options.state_directory / "pods", error))
    if (!lives_.contains(entry.path().filename().string()))
      static_cast<void>(RemoveTree(entry.path()));
}

void PodManager::Changed(Json pod) {
  const std::string uid = UidOf(pod);
  const std::scoped_lock lock(mutex_);
  const auto found = lives_.find(uid);
  if (found != lives_.end())
    found->second->Update(std::move(pod));
  else if (!IsTerminal(pod) && !PortsAreFree(pod))
    lives_[uid] = std::make_unique<RejectedPod>(
        services_, std::move(pod), "NodePorts",
        "node(s) didn't have free ports for the requested pod ports");
  else
    lives_[uid] = MakeLife(services_, std::move(pod));
}

bool PodManager::PortsAreFree(const Json& pod) const {
  const std::set<std::string> wanted = HostPorts(pod);
  if (wanted.empty()) return true;
  for (const auto& [uid, life] : lives_) {
    const Json other = life->pod();
    if (life->done() || IsTerminal(other)) continue;
    for (const std::string& port : HostPorts(other))
      if (wanted.contains(port)) return false;
  }
  return true;
}

void PodManager::Deleted(const Json& pod) {
  const std::scoped_lock lock(mutex_);
  const auto found = lives_.find(UidOf(pod));
  if (found != lives_.end()) found->second->Vanish();
}

void PodManager::RepublishAll() {
  const std::scoped_lock lock(mutex_);
  for (const auto& [uid, life] : lives_)
    life->Republish();
}

void PodManager::Sweep() {
  std::vector<std::unique_ptr<PodLife>> finished;
  const std::scoped_lock lock(mutex_);
  for (auto at = lives_.begin(); at != lives_.end();) {
    // A worker whose pod is still in the API (a finalizer holds it) is kept, or it would be started
    // again.
    if (at->second->done() && at->second->vanished()) {
      finished.push_back(std::move(at->second));
      at = lives_.erase(at);
    } else {
      ++at;
    }
  }
}

void PodManager::Tick() {
  const std::scoped_lock lock(mutex_);
  for (const auto& [uid, life] : lives_)
    life->Tick();
}

Result<const PodLife*> PodManager::Find(const std::string& ns, const std::string& name) const {
  const PodLife* best = nullptr;
  for (const auto& [uid, life] : lives_) {
    if (life->key().ns != ns || life->key().name != name) continue;
    if (best == nullptr || FindPath(life->pod(), {"metadata", "deletionTimestamp"}) == nullptr)
      best = life.get();
  }
  if (best == nullptr)
    return Fail(ErrorCode::kNotFound, "pod {}/{} is not on node {}", ns, name,
                services_.options.node_name);
  return best;
}

Result<ContainerView> PodManager::View(const std::string& ns,
                                       const std::string& name,
                                       const std::string& container) const {
  const std::scoped_lock lock(mutex_);
  HOLDFAST_ASSIGN(const PodLife* life, Find(ns, name));
  return life->View(container);
}

Result<pid_t> PodManager::Network(const std::string& ns, const std::string& name) const {
  const std::scoped_lock lock(mutex_);
  HOLDFAST_ASSIGN(const PodLife* life, Find(ns, name));
  return life->Network();
}

}  // namespace holdfast::sandbox::node
