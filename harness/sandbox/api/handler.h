// Requests to answers: everything of the API server that is not HTTP itself.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_HANDLER_H_
#define HOLDFAST_HARNESS_SANDBOX_API_HANDLER_H_

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/base/files.h"
#include "harness/sandbox/api/http_message.h"
#include "harness/sandbox/api/node_control.h"
#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/api/route.h"
#include "harness/sandbox/api/selectors.h"
#include "harness/sandbox/api/service_tokens.h"
#include "harness/sandbox/defects/defects.h"

namespace holdfast::sandbox {

// Connects to the agent of a node; the descriptor is a stream socket in blocking mode.
using NodeDialer = std::function<Result<FileDescriptor>(
    const std::string& node_name, const std::string& internal_ip, int port)>;

// What a list or watch asks for, read once.
struct Selection {
  LabelSelector labels;
  FieldSelector fields;
  [[nodiscard]] bool Matches(const Json& object) const {
    return (labels.empty() || labels.Matches(GetObject(object, {"metadata", "labels"}))) &&
           fields.Matches(object);
  }
};

// A stream to a node agent that has said yes; `rest` was read already and comes first.
struct AgentStream {
  FileDescriptor fd;
  std::string rest;
};

// Subresources of a pod that are served after an upgrade of the connection.
inline bool IsStreams(std::string_view subresource) {
  return subresource == "exec" || subresource == "attach" || subresource == "portforward";
}

// Thread-safe: one call per connection at a time, many connections.
class ApiHandler {
 public:
  ApiHandler(Registry& registry, std::string token, NodeDialer dial, Defects defects = {});

  // How a request is answered.
  enum class Manner { kWhole, kStream, kUpgrade };
  [[nodiscard]] static Manner MannerOf(const HttpRequest& request);
  HttpResponse Answer(const HttpRequest& request);
  // Watches and logs. Errors are written as whole answers through the stream.
  void AnswerStream(const HttpRequest& request, ResponseStream& stream);
  // A connection to the node agent that has begun to serve exec, attach or portforward; `protocol`
  // is the WebSocket's.
  Result<AgentStream> OpenStreams(const HttpRequest& request, const std::string& protocol);
  // For port-forward over SPDY, where the ports come later and one at a time: whether the pod can be
  // reached at all, and a connection for one of its ports.
  [[nodiscard]] Status MayForward(const HttpRequest& request) const;
  Result<AgentStream> OpenPort(const HttpRequest& request, int port);
  // 401 unless the request carries a token we know or needs none; 403 unless its sender may do that.
  [[nodiscard]] Status Authorize(const HttpRequest& request) const;
  // Before the first request.
  void SetNodeControl(NodeControl* control) { node_control_ = control; }
  // Ends all streams soon.
  void Stop() { stopping_ = true; }

 private:
  // A limited list is continued from the state it began with.
  struct Snapshot {
    std::string id;
    uint64_t version = 0;
    std::vector<ObjectPtr> objects;
  };

  Result<HttpResponse> Dispatch(const HttpRequest& request, const Route& route);
  Result<HttpResponse> Get(const HttpRequest& request, const Route& route);
  Result<HttpResponse> List(const HttpRequest& request, const Route& route);
  Result<HttpResponse> Create(const HttpRequest& request, const Route& route);
  // Creations below an object: binding, eviction, token.
  Result<HttpResponse> CreateBelow(const HttpRequest& request, const Route& route);
  HttpResponse Review(const HttpRequest& request);
  Result<HttpResponse> Replace(const HttpRequest& request, const Route& route);
  Result<HttpResponse> Patch(const HttpRequest& request, const Route& route);
  Result<HttpResponse> Delete(const HttpRequest& request, const Route& route);
  Result<HttpResponse> DeleteCollection(const HttpRequest& request, const Route& route);
  Status Watch(const HttpRequest& request, const Route& route, ResponseStream& stream);
  Status Logs(const HttpRequest& request, const Route& route, ResponseStream& stream);
  // Why exec and the like without an upgrade are refused.
  [[nodiscard]] Error RefuseStreams(const Route& route) const;
  // Dials the node that runs the pod, sends `call` and reads the agent's verdict.
  Result<AgentStream> CallAgent(const HttpRequest& request, const Route& route, Json call);

  // Who sent the token of a request; nullopt when nobody we know.
  [[nodiscard]] std::optional<Identity> SenderOf(std::string_view authorization) const;
  Result<Selection> SelectionOf(const HttpRequest& request, const Route& route) const;
  Result<Snapshot> TakeSnapshot(const std::string& id);
  void KeepSnapshot(Snapshot snapshot);

  Registry& registry_;
  std::string token_;
  NodeDialer dial_;
  Defects defects_;
  ServiceTokens service_tokens_;
  NodeControl* node_control_ = nullptr;
  std::atomic<bool> stopping_{false};
  std::atomic<unsigned> lied_streams_{0};  // Watches of pods that defects can concern.
  std::mutex snapshots_mutex_;
  std::deque<Snapshot> snapshots_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_HANDLER_H_
