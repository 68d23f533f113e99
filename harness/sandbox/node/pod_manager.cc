// Routes what the API says to the workers.
#include "harness/sandbox/node/pod_manager.h"

#include <filesystem>
#include <set>

#include "harness/base/files.h"

namespace holdfast::sandbox::node {
namespace {

std::string UidOf(const Json& pod) { return GetString(pod, {"metadata", "uid"}); }

}  // namespace

void PodManager::Replace(const std::vector<Json>& pods) {
  std::set<std::string> seen;
  for (const Json& pod : pods) {
    seen.insert(UidOf(pod));
    Changed(pod);
  }
  const std::scoped_lock lock(mutex_);
  for (const auto& [uid, worker] : workers_)
    if (!seen.contains(uid)) worker->Vanish();
  // Directories of pods that went while no agent was here.
  std::error_code error;
  for (const auto& entry :
       std::filesystem::directory_iterator(services_.options.state_directory / "pods", error))
    if (!workers_.contains(entry.path().filename().string()))
      static_cast<void>(RemoveTree(entry.path()));
}

void PodManager::Changed(Json pod) {
  Sweep();
  const std::string uid = UidOf(pod);
  const std::scoped_lock lock(mutex_);
  const auto found = workers_.find(uid);
  if (found != workers_.end())
    found->second->Update(std::move(pod));
  else
    workers_[uid] = std::make_unique<PodWorker>(services_, std::move(pod));
}

void PodManager::Deleted(const Json& pod) {
  const std::scoped_lock lock(mutex_);
  const auto found = workers_.find(UidOf(pod));
  if (found != workers_.end()) found->second->Vanish();
}

void PodManager::RepublishAll() {
  const std::scoped_lock lock(mutex_);
  for (const auto& [uid, worker] : workers_)
    worker->Republish();
}

void PodManager::Sweep() {
  std::vector<std::unique_ptr<PodWorker>> finished;
  const std::scoped_lock lock(mutex_);
  for (auto at = workers_.begin(); at != workers_.end();) {
    // A worker whose pod is still in the API (a finalizer holds it) is kept, or it would be started
    // again.
    if (at->second->done() && at->second->vanished()) {
      finished.push_back(std::move(at->second));
      at = workers_.erase(at);
    } else {
      ++at;
    }
  }
}

Result<PodWorker::ContainerView> PodManager::View(const std::string& ns,
                                                  const std::string& name,
                                                  const std::string& container) const {
  const std::scoped_lock lock(mutex_);
  const PodWorker* best = nullptr;
  for (const auto& [uid, worker] : workers_) {
    const Json pod = worker->pod();
    if (GetString(pod, {"metadata", "namespace"}) != ns ||
        GetString(pod, {"metadata", "name"}) != name)
      continue;
    if (best == nullptr || FindPath(pod, {"metadata", "deletionTimestamp"}) == nullptr)
      best = worker.get();
  }
  if (best == nullptr)
    return Fail(ErrorCode::kNotFound, "pod {}/{} is not on node {}", ns, name,
                services_.options.node_name);
  return best->View(container);
}

}  // namespace holdfast::sandbox::node
