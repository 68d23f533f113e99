// The Kubernetes API over libcurl's multi interface: one loop thread for all requests and watches.
#ifndef HOLDFAST_HARNESS_KUBE_CLIENT_H_
#define HOLDFAST_HARNESS_KUBE_CLIENT_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/kube/client_options.h"
#include "harness/kube/kubeconfig.h"
#include "harness/kube/resource.h"

namespace holdfast::kube {

enum class PatchType { kJson, kMerge, kStrategicMerge, kApply };

struct ListOptions {
  std::string label_selector;
  std::string field_selector;
  int page_size = 500;  // `limit`; pages are followed until the list is complete.
};

struct ObjectList {
  std::string resource_version;
  std::vector<Json> items;  // Each with its kind and apiVersion filled in.
};

struct DeleteOptions {
  std::optional<int> grace_seconds;
  std::string uid_precondition;  // The server refuses (409) when the object has another uid.
  std::string resource_version_precondition;  // Or has changed since this version.
  std::string propagation = "Background";
};

// Told about one watched resource, always from the client's loop thread, in the server's order.
// Must not block.
class WatchHandler {
 public:
  WatchHandler() = default;
  WatchHandler(const WatchHandler&) = delete;
  WatchHandler& operator=(const WatchHandler&) = delete;
  virtual ~WatchHandler() = default;
  // A list of `items` objects was read at `resource_version`; they follow as OnEvent("LIST", ...).
  virtual void OnList(const std::string& resource_version, size_t items) = 0;
  // type is LIST, ADDED, MODIFIED or DELETED.
  virtual void OnEvent(const std::string& type, Json object) = 0;
  // A bookmark moved the resume point: the watch is alive and nothing was missed.
  virtual void OnBookmark() {}
  // The place in the stream was lost (410); a new OnList follows. What happened between is unknown.
  virtual void OnGap(const std::string& reason) = 0;
  // The server cannot be reached or answers with errors; the client goes on trying with back-off.
  // For display.
  virtual void OnTrouble(const Error& error) = 0;
};

// A running watch. Destruction ends it; no handler call is made afterwards.
class WatchHandle {
 public:
  WatchHandle() = default;
  WatchHandle(const WatchHandle&) = delete;
  WatchHandle& operator=(const WatchHandle&) = delete;
  virtual ~WatchHandle() = default;
};

// Thread-safe. Every call blocks until its answer or `timeout`; the error's code says whether a
// write may have happened (kIndeterminate: sent, no answer) or surely not (kUnavailable). A Status
// answer becomes an Error with http_status and reason: 404 kNotFound, 409 kConflict,
// 401/403/422/429 kRefused, 410 kConflict, 400/405/415 kInvalidArgument, 5xx kUnavailable for reads
// and kIndeterminate for writes. A body of kind Status with status Failure is an error whatever the
// HTTP status. 429 with Retry-After and 503 on reads are retried within `timeout`. TLS verification
// is always on.
class Client {
 public:
  // Starts the loop thread; makes no request.
  static Result<std::unique_ptr<Client>> Create(ClusterAccess access);
  // The same with other limits and a seed, for tests.
  static Result<std::unique_ptr<Client>> Create(ClusterAccess access, const ClientOptions& options);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  virtual ~Client() = default;

  virtual Result<Json> Get(const ObjectRef& ref) = 0;
  virtual Result<ObjectList> List(const Resource& resource,
                                  const std::string& ns,
                                  const ListOptions& options) = 0;
  virtual Result<Json> Create(const Resource& resource,
                              const std::string& ns,
                              const Json& object) = 0;
  virtual Result<Json> Replace(const ObjectRef& ref, const Json& object) = 0;
  // `subresource` may be "scale", "status" or empty. kApply needs `field_manager`.
  virtual Result<Json> Patch(const ObjectRef& ref,
                             PatchType type,
                             const Json& patch,
                             const std::string& subresource,
                             const std::string& field_manager) = 0;
  virtual Result<Json> Delete(const ObjectRef& ref, const DeleteOptions& options) = 0;
  // POST of `body` to any path that answers JSON: subresources such as a pod's "eviction", and
  // paths outside of the API groups. Never repeated when a budget says no (429).
  virtual Result<Json> Post(const std::string& path, const Json& body) = 0;
  // GET of any path that answers JSON or text, such as "/version" or "/readyz".
  virtual Result<std::string> GetRaw(const std::string& path) = 0;
  // LIST, then WATCH from its version with bookmarks: resumes after an end or a cut, re-lists after
  // 410, backs off with jitter on errors. `handler` must outlive the returned handle.
  virtual std::unique_ptr<WatchHandle> Watch(const Resource& resource,
                                             const std::string& ns,
                                             WatchHandler& handler) = 0;

  // Time limit of each call from now on; 30 s at first.
  virtual void SetTimeout(Nanos timeout) = 0;
  [[nodiscard]] virtual const ClusterAccess& access() const = 0;
  // Server's clock minus ours, from the Date header of the last answer (whole seconds), or nullopt
  // before any.
  [[nodiscard]] virtual std::optional<Nanos> ServerClockOffset() const = 0;

 protected:
  Client() = default;
};

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_CLIENT_H_
