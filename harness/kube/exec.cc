// One command over one WebSocket, on the caller's thread.
#include "harness/kube/exec.h"

#include <algorithm>
#include <utility>  // Asio 1.74 needs it before its own headers.

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "harness/base/json.h"
#include "harness/base/strings.h"
#include "harness/kube/query.h"
#include "harness/kube/resource.h"
#include "harness/kube/websocket.h"

namespace holdfast::kube {
namespace {

namespace asio = boost::asio;

constexpr size_t kPiece = 32768;  // What intermediaries surely take in one message.
constexpr char kStdin = 0;
constexpr char kStdout = 1;
constexpr char kStderr = 2;
constexpr char kStatus = 3;

// Built by hand: Query leaves empty values out, but an empty word of a command counts.
std::string Target(const ExecRequest& request) {
  std::string target = resources::kPods.Path(request.ns, request.pod, "exec") + "?";
  if (!request.container.empty()) target += "container=" + Escape(request.container) + "&";
  for (const std::string& word : request.command)
    target += "command=" + Escape(word) + "&";
  if (!request.input.empty()) target += "stdin=true&";
  return target + "stdout=true&stderr=true";
}

// The Status of the error channel; nullopt: it tells no exit code.
std::optional<int> ExitCodeOf(const Json& status) {
  if (GetString(status, {"status"}) == "Success") return 0;
  if (GetString(status, {"reason"}) != "NonZeroExitCode") return std::nullopt;
  for (const Json& cause : GetArray(status, {"details", "causes"}))
    if (GetString(cause, {"reason"}) == "ExitCode")
      if (const auto code = ParseInt(GetString(cause, {"message"}))) return static_cast<int>(*code);
  return std::nullopt;
}

class Session {
 public:
  Session(const ExecRequest& request, std::string what)
      : request_(request),
        what_(std::move(what)),
        deadline_(context_) {}

  Result<ExecResult> Run(std::shared_ptr<StreamAccess> access, const std::stop_token& stop) {
    socket_ = WebSocket::Open(
        context_, std::move(access), Target(request_),
        request_.input.empty() ? "v5.channel.k8s.io, v4.channel.k8s.io" : "v5.channel.k8s.io", what_,
        request_.timeout,
        {.opened = [this](const std::string& protocol) { Opened(protocol); },
         .message = [this](std::string_view message) { Take(message); },
         .sent = [this] { SendInput(); },
         .ended = [this](std::optional<Error> error) { Ended(std::move(error)); }});
    deadline_.expires_after(request_.timeout);
    deadline_.async_wait([this](const boost::system::error_code& cancelled) {
      if (cancelled) return;
      Finish(Error{opened_ ? ErrorCode::kIndeterminate : ErrorCode::kUnavailable,
                   fmt::format("{}: {} within {}", what_,
                               opened_ ? "the command did not end" : "the command did not start",
                               FormatDuration(request_.timeout)),
                   0,
                   {}});
    });
    const std::stop_callback on_stop(stop, [this] {
      asio::post(context_,
                 [this] { Finish(Error{ErrorCode::kCancelled, what_ + ": stopped", 0, {}}); });
    });
    context_.run();
    if (failure_) return Fail(*failure_);
    return result_;
  }

 private:
  void Opened(const std::string& protocol) {
    opened_ = true;
    if (request_.input.empty()) return;
    if (protocol != "v5.channel.k8s.io")
      return Finish(Error{ErrorCode::kInvalidArgument,
                          what_ + ": the API server cannot end a command's input (it lacks "
                                  "v5.channel.k8s.io): give no input, or use Kubernetes 1.30 or "
                                  "newer",
                          0,
                          {}});
    SendInput();
  }
  void SendInput() {
    if (request_.input.empty() || input_ended_) return;
    if (sent_ == request_.input.size()) {
      input_ended_ = true;
      return socket_->Send(std::string("\xff\0", 2));
    }
    const std::string piece = request_.input.substr(sent_, kPiece);
    sent_ += piece.size();
    socket_->Send(kStdin + piece);
  }
  void Take(std::string_view message) {
    if (message.empty()) return;
    const char channel = message.front();
    message.remove_prefix(1);
    if (channel == kStatus) status_ += message;
    if (channel != kStdout && channel != kStderr) return;
    std::string& stream = channel == kStdout ? result_.out : result_.err;
    if (stream.size() + message.size() > request_.most_output)
      return Finish(Error{ErrorCode::kIndeterminate,
                          fmt::format("{}: the command wrote more than {} bytes", what_,
                                      request_.most_output),
                          0,
                          {}});
    stream += message;
  }
  // The end without a Status is no end of the command: never taken for exit code 0.
  void Ended(std::optional<Error> error) {
    if (status_.empty()) {
      if (!error)
        error = Error{ErrorCode::kUnavailable, what_ + ": the stream ended without a status", 0, {}};
      if (opened_) error->code = ErrorCode::kIndeterminate;
      return Finish(std::move(error));
    }
    const auto status = ParseJson(status_);
    const auto code = status ? ExitCodeOf(*status) : std::nullopt;
    if (!code)
      return Finish(Error{ErrorCode::kInvalidArgument,
                          fmt::format("{}: the command could not be run: {}", what_,
                                      status ? GetString(*status, {"message"}, status_) : status_),
                          0,
                          status ? GetString(*status, {"reason"}) : ""});
    result_.exit_code = *code;
    Finish(std::nullopt);
  }
  void Finish(std::optional<Error> error) {
    if (std::exchange(finished_, true)) return;
    failure_ = std::move(error);
    socket_->Abort();
    context_.stop();  // Timers of the socket would hold it up.
  }

  const ExecRequest& request_;
  std::string what_;
  asio::io_context context_{1};
  asio::steady_timer deadline_;
  std::shared_ptr<WebSocket> socket_;
  ExecResult result_;
  std::string status_;
  std::optional<Error> failure_;
  size_t sent_ = 0;
  bool opened_ = false;
  bool input_ended_ = false;
  bool finished_ = false;
};

}  // namespace

Result<ExecResult> Exec(const ClusterAccess& access,
                        const ExecRequest& request,
                        std::stop_token stop) {
  const std::string what =
      fmt::format("exec in pods {}/{} ({})", request.ns, request.pod,
                  request.command.empty() ? "no command" : request.command.front());
  if (request.command.empty())
    return Fail(ErrorCode::kInvalidArgument, "{}: name the command to run", what);
  if (stop.stop_requested()) return Fail(ErrorCode::kCancelled, "{}: stopped", what);
  HOLDFAST_ASSIGN(auto shared, StreamAccess::Make(access));
  return Session(request, what).Run(std::move(shared), stop);
}

}  // namespace holdfast::kube
