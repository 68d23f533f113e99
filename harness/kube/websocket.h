// One WebSocket to the API server: TCP, TLS with the kubeconfig's certificates, the upgrade, and
// messages both ways. Everything happens on the thread that runs the io_context. Internal to
// harness/kube; Boost.Beast itself is only in websocket.cc and tunnel.cc.
#ifndef HOLDFAST_HARNESS_KUBE_WEBSOCKET_H_
#define HOLDFAST_HARNESS_KUBE_WEBSOCKET_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "harness/base/clock.h"
#include "harness/base/result.h"
#include "harness/kube/kubeconfig.h"

namespace boost::asio {
class io_context;
}

namespace holdfast::kube {

// What is the same for all connections to one cluster: where, whom to trust, who we are.
// Thread-safe.
class StreamAccess {
 public:
  // kInvalidArgument when a certificate or key cannot be loaded, the server is not https, or the
  // environment names a proxy that streams cannot go through (see ClusterAccess).
  static Result<std::shared_ptr<StreamAccess>> Make(const ClusterAccess& access);
  StreamAccess(const StreamAccess&) = delete;
  StreamAccess& operator=(const StreamAccess&) = delete;
  ~StreamAccess();
  struct Impl;
  [[nodiscard]] Impl& impl() const { return *impl_; }

 private:
  explicit StreamAccess(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class WebSocket {
 public:
  struct Handlers {
    std::function<void(const std::string& protocol)> opened;
    std::function<void(std::string_view message)> message;
    std::function<void()> sent;  // All that was queued has been written.
    // Once, and nothing after it. nullopt: the server closed the WebSocket in order.
    std::function<void(std::optional<Error>)> ended;
  };

  // `target` is put behind the path of the server's URL. `what` names the operation in errors.
  // `protocols` as "v5.channel.k8s.io, v4.channel.k8s.io". Handlers are called from the context's
  // thread, never from inside a call of this class.
  static std::shared_ptr<WebSocket> Open(boost::asio::io_context& context,
                                         std::shared_ptr<StreamAccess> access,
                                         const std::string& target,
                                         const std::string& protocols,
                                         const std::string& what,
                                         Nanos connect_timeout,
                                         Handlers handlers);
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;
  virtual ~WebSocket() = default;
  // Queues one binary message; ignored after the end.
  virtual void Send(std::string message) = 0;
  // Stops and starts asking for messages: how a slow reader slows the server down.
  virtual void Pause() = 0;
  virtual void Resume() = 0;
  // A closing handshake after what is queued; no handler is called any more.
  virtual void Close() = 0;
  // Cuts the connection; no handler is called any more.
  virtual void Abort() = 0;

 protected:
  WebSocket() = default;
};

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_WEBSOCKET_H_
