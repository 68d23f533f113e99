// Local connections and their WebSockets on one io_context and one thread.
#include "harness/kube/port_forward.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <utility>  // Asio 1.74 needs it before its own headers.

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include "harness/kube/resource.h"
#include "harness/kube/websocket.h"

namespace holdfast::kube {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr char kData = 0;
constexpr char kError = 1;
constexpr char kClose = '\xff';
constexpr size_t kPiece = 32768;
constexpr size_t kMostPending = size_t{256} << 10U;  // Then the pod has to wait.

class Forwarder;

// One local connection and its WebSocket. Lives as long as one of the two has something to do.
class Carried : public std::enable_shared_from_this<Carried> {
 public:
  Carried(Forwarder& forwarder, asio::io_context& context, tcp::socket local)
      : forwarder_(forwarder),
        local_(std::move(local)),
        linger_(context) {}
  void Start();
  // No counter is touched any more.
  void Abandon() {
    over_ = true;
    linger_.cancel();
    if (socket_) socket_->Abort();
    Reset();
  }

 private:
  void Opened(const std::string& protocol) {
    half_close_ = protocol == "v5.channel.k8s.io";
    ReadLocal();
  }
  void Take(std::string_view message);
  void ReadLocal();
  void LocalEnded();
  void RestartLinger();
  void WriteLocal();
  void FinishLocal();
  void Ended(std::optional<Error> error);
  void Over(std::optional<std::string> failure);
  void Reset() {
    error_code ignored;
    local_.set_option(asio::socket_base::linger(true, 0), ignored);
    local_.close(ignored);
  }

  Forwarder& forwarder_;
  tcp::socket local_;
  asio::steady_timer linger_;
  std::shared_ptr<WebSocket> socket_;
  std::array<char, kPiece> piece_{};
  std::deque<std::string> to_local_;
  size_t pending_ = 0;
  bool writing_ = false;
  bool half_close_ = false;
  bool local_ended_ = false;   // It sends no more.
  bool pod_ended_ = false;     // The pod sends no more.
  bool socket_ended_ = false;  // The WebSocket is over, in order.
  bool over_ = false;
  size_t data_header_ = 2;  // Bytes of the port number that are still to come on each channel.
  size_t error_header_ = 2;
  std::string error_text_;
};

class Forwarder : public PortForward {
 public:
  Forwarder(std::shared_ptr<StreamAccess> access,
            PortForwardTarget target,
            const PortForwardOptions& options)
      : access_(std::move(access)),
        target_(std::move(target)),
        options_(options),
        acceptor_(context_) {}
  ~Forwarder() override {
    asio::post(context_, [this] {
      error_code ignored;
      acceptor_.close(ignored);
      const auto carried = std::exchange(carried_, {});
      for (const auto& one : carried)
        one->Abandon();
      context_.stop();  // Closing handshakes that are still under way are not waited for.
    });
    work_.reset();
    if (thread_.joinable()) thread_.join();
  }

  Status Listen() {
    error_code error;
    const tcp::endpoint place(asio::ip::address_v4::loopback(),
                              static_cast<uint16_t>(options_.local_port));
    acceptor_.open(place.protocol(), error);
    if (!error) acceptor_.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor_.bind(place, error);
    if (!error) acceptor_.listen(128, error);
    if (error)
      return Fail(ErrorCode::kUnavailable, "cannot listen on 127.0.0.1:{} for pods {}/{}: {}",
                  options_.local_port, target_.ns, target_.pod, error.message());
    local_port_ = acceptor_.local_endpoint().port();
    Accept();
    // Signals belong to the program's own threads.
    sigset_t all{};
    sigset_t before{};
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { context_.run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return {};
  }
  [[nodiscard]] int local_port() const override { return local_port_; }
  [[nodiscard]] PortForwardCounters counters() const override {
    const std::scoped_lock lock(mutex_);
    return counters_;
  }

  // The loop thread only.
  [[nodiscard]] const PortForwardOptions& options() const { return options_; }
  std::shared_ptr<WebSocket> OpenSocket(WebSocket::Handlers handlers) {
    const std::string path =
        resources::kPods.Path(target_.ns, target_.pod, "portforward") +
        fmt::format("?ports={}", target_.port);
    return WebSocket::Open(
        context_, access_, path,
        options_.half_close ? "v5.channel.k8s.io, v4.channel.k8s.io" : "v4.channel.k8s.io",
        fmt::format("port-forward to pods {}/{}:{}", target_.ns, target_.pod, target_.port),
        options_.connect_timeout, std::move(handlers));
  }
  void Count(int64_t to_pod, int64_t from_pod) {
    const std::scoped_lock lock(mutex_);
    counters_.bytes_to_pod += to_pod;
    counters_.bytes_from_pod += from_pod;
  }
  void Remove(const std::shared_ptr<Carried>& carried, const std::optional<std::string>& failure) {
    carried_.erase(carried);
    const std::scoped_lock lock(mutex_);
    --counters_.open;
    if (!failure) return;
    ++counters_.failed;
    counters_.last_error = *failure;
  }

 private:
  void Accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket local) {
      if (error == asio::error::operation_aborted) return;
      if (!error) {
        local.set_option(tcp::no_delay(true), error);
        auto carried = std::make_shared<Carried>(*this, context_, std::move(local));
        carried_.insert(carried);
        {
          const std::scoped_lock lock(mutex_);
          ++counters_.accepted;
          ++counters_.open;
        }
        carried->Start();
      }
      Accept();
    });
  }

  std::shared_ptr<StreamAccess> access_;
  PortForwardTarget target_;
  PortForwardOptions options_;
  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_ =
      asio::make_work_guard(context_);
  tcp::acceptor acceptor_;
  int local_port_ = 0;
  std::set<std::shared_ptr<Carried>> carried_;
  mutable std::mutex mutex_;
  PortForwardCounters counters_;
  std::thread thread_;
};

void Carried::Start() {
  const auto self = shared_from_this();
  socket_ = forwarder_.OpenSocket(
      {.opened = [self](const std::string& protocol) { self->Opened(protocol); },
       .message = [self](std::string_view message) { self->Take(message); },
       .sent =
           [self] {
             if (!self->local_ended_ && !self->over_) self->ReadLocal();
           },
       .ended = [self](std::optional<Error> error) { self->Ended(std::move(error)); }});
}

void Carried::Take(std::string_view message) {
  if (message.empty() || over_) return;
  const char channel = message.front();
  message.remove_prefix(1);
  if (channel == kClose) {
    if (message == std::string_view("\0", 1)) pod_ended_ = true;
    return FinishLocal();
  }
  if (channel != kData && channel != kError) return;
  // Each channel begins with the port's number, two bytes.
  size_t& header = channel == kData ? data_header_ : error_header_;
  const size_t skipped = std::min(header, message.size());
  header -= skipped;
  message.remove_prefix(skipped);
  if (message.empty()) return;
  if (channel == kError) {
    error_text_ += message;
    return;
  }
  forwarder_.Count(0, static_cast<int64_t>(message.size()));
  if (local_ended_ && !half_close_) RestartLinger();
  pending_ += message.size();
  to_local_.emplace_back(message);
  if (pending_ > kMostPending) socket_->Pause();
  WriteLocal();
}

// The next piece is read when the one before has been written: the pod's pace is the client's.
void Carried::ReadLocal() {
  local_.async_read_some(asio::buffer(piece_), [self = shared_from_this()](error_code error,
                                                                           size_t size) {
    if (self->over_) return;
    if (error == asio::error::eof) return self->LocalEnded();
    if (error) {
      self->socket_->Close();
      return self->Over(std::nullopt);  // The client reset it: its own decision.
    }
    self->forwarder_.Count(static_cast<int64_t>(size), 0);
    self->socket_->Send(kData + std::string(self->piece_.data(), size));
  });
}

void Carried::LocalEnded() {
  local_ended_ = true;
  if (half_close_)
    socket_->Send(std::string{kClose, kData});
  else
    RestartLinger();
}

// Without a half-close the pod cannot be told that nothing more comes: it gets some time to finish
// its answer or to end by itself.
void Carried::RestartLinger() {
  linger_.expires_after(forwarder_.options().linger);
  linger_.async_wait([self = shared_from_this()](error_code cancelled) {
    if (cancelled || self->over_) return;
    self->socket_->Close();
    self->Over(std::nullopt);
  });
}

void Carried::WriteLocal() {
  if (writing_ || over_) return;
  if (to_local_.empty()) return FinishLocal();
  writing_ = true;
  asio::async_write(
      local_, asio::buffer(to_local_.front()), [self = shared_from_this()](error_code error, size_t) {
        self->writing_ = false;
        if (self->over_) return;
        if (error) {
          self->socket_->Close();
          return self->Over(std::nullopt);  // The client is gone.
        }
        self->pending_ -= self->to_local_.front().size();
        self->to_local_.pop_front();
        if (self->pending_ <= kMostPending / 2) self->socket_->Resume();
        self->WriteLocal();
      });
}

// Once all is written: hands the pod's end on.
void Carried::FinishLocal() {
  if (writing_ || !to_local_.empty() || over_) return;
  error_code ignored;
  if (pod_ended_) local_.shutdown(tcp::socket::shutdown_send, ignored);
  if (socket_ended_) {
    local_.close(ignored);
    Over(std::nullopt);
  } else if (pod_ended_ && local_ended_) {
    socket_->Close();
    local_.close(ignored);
    Over(std::nullopt);
  }
}

void Carried::Ended(std::optional<Error> error) {
  if (over_) return;
  if (!error_text_.empty()) return Over(error_text_);
  if (error) return Over(error->message);
  socket_ended_ = true;
  pod_ended_ = true;
  FinishLocal();
}

void Carried::Over(std::optional<std::string> failure) {
  if (std::exchange(over_, true)) return;
  linger_.cancel();
  if (failure) Reset();
  error_code ignored;
  local_.close(ignored);
  forwarder_.Remove(shared_from_this(), failure);
}

}  // namespace

Result<std::unique_ptr<PortForward>> PortForward::Start(const ClusterAccess& access,
                                                        const PortForwardTarget& target,
                                                        const PortForwardOptions& options) {
  if (target.port < 1 || target.port > 65535 || options.local_port < 0 ||
      options.local_port > 65535)
    return Fail(ErrorCode::kInvalidArgument, "port-forward to pods {}/{}: {} is no port",
                target.ns, target.pod, target.port);
  HOLDFAST_ASSIGN(auto shared, StreamAccess::Make(access));
  auto forwarder = std::make_unique<Forwarder>(std::move(shared), target, options);
  HOLDFAST_RETURN_IF_ERROR(forwarder->Listen());
  return std::unique_ptr<PortForward>(std::move(forwarder));
}

}  // namespace holdfast::kube
