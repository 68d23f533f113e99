// exec: bytes both ways until the command ends; logs: bytes one way.
#include "harness/sandbox/node/stream_session.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "harness/sandbox/node/exec_session.h"
#include "harness/sandbox/node/stream_protocol.h"
#include "harness/sandbox/node/tcp_socket.h"

namespace holdfast::sandbox::node {
namespace {

constexpr uint8_t kStdin = 0;
constexpr uint8_t kStdout = 1;
constexpr uint8_t kStderr = 2;
constexpr uint8_t kStatus = 3;
constexpr uint8_t kResize = 4;
constexpr uint8_t kClose = 255;
constexpr size_t kLongestRequest = 1 << 20;
constexpr size_t kMostPendingInput = 1 << 20;  // Beyond it the peer has to wait.

class Peer {
 public:
  Peer(FileDescriptor connection, const std::stop_token& stop)
      : connection_(std::move(connection)),
        stop_(stop) {}
  [[nodiscard]] int fd() const { return connection_.get(); }
  std::string buffer;  // What came and was not yet taken.

  // False: the peer is gone.
  bool Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t size = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (size > 0) {
        bytes.remove_prefix(static_cast<size_t>(size));
      } else if (errno == EAGAIN || errno == EINTR) {
        const Deadline deadline(SystemClock(), std::chrono::minutes(5));
        if (!AwaitSocket(fd(), POLLOUT, deadline, stop_)) return false;
      } else {
        return false;
      }
    }
    return true;
  }
  bool SendFrame(uint8_t channel, std::string_view payload) {
    return Send(EncodeFrame(channel, payload));
  }
  // Takes what is there; false: the peer closed.
  bool Receive() {
    std::array<char, 65536> block{};
    const ssize_t size = ::recv(fd(), block.data(), block.size(), MSG_DONTWAIT);
    if (size > 0) buffer.append(block.data(), static_cast<size_t>(size));
    return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
  }
  std::optional<std::string> ReadLine() {
    const Deadline deadline(SystemClock(), std::chrono::seconds(30));
    while (buffer.size() < kLongestRequest) {
      if (auto line = TakeLine(buffer)) return line;
      if (!AwaitSocket(fd(), POLLIN, deadline, stop_) || !Receive()) return std::nullopt;
    }
    return std::nullopt;
  }
  void Refuse(int status, const std::string& reason, const std::string& message) {
    Send(DumpJson({{"ok", false}, {"status", status}, {"reason", reason}, {"message", message}}) +
         "\n");
  }
  bool Accept() { return Send("{\"ok\":true}\n"); }

 private:
  FileDescriptor connection_;
  const std::stop_token& stop_;
};

// The middle of an exec session.
class ExecPump {
 public:
  ExecPump(Peer& peer, ExecSession& session, const Json& request)
      : peer_(peer),
        session_(session),
        tty_(GetBool(request, {"tty"})) {
    if (!GetBool(request, {"stdin"}) && !tty_) session_.in.Close();
    ::fcntl(session_.in.get(), F_SETFL, ::fcntl(session_.in.get(), F_GETFL) | O_NONBLOCK);
  }

  // Until the command closed its output; false: the peer went or it is time to stop.
  bool Run(const std::stop_token& stop) {
    TakeFrames();
    while (session_.out.valid() || session_.err.valid()) {
      if (stop.stop_requested()) return false;
      const bool room = input_.size() < kMostPendingInput;
      std::array<pollfd, 4> polls{pollfd{session_.out.get(), POLLIN, 0},
                                  pollfd{session_.err.get(), POLLIN, 0},
                                  pollfd{peer_.fd(), static_cast<short>(room ? POLLIN : 0), 0},
                                  pollfd{input_.empty() ? -1 : session_.in.get(), POLLOUT, 0}};
      ::poll(polls.data(), polls.size(), 100);
      if (polls[0].revents != 0 && !Forward(session_.out, kStdout)) return false;
      if (polls[1].revents != 0 && !Forward(session_.err, kStderr)) return false;
      if (polls[2].revents != 0) {
        if (!peer_.Receive()) return false;
        TakeFrames();
      }
      if (polls[3].revents != 0) WriteInput();
    }
    return true;
  }

 private:
  bool Forward(FileDescriptor& from, uint8_t channel) {
    std::array<char, 32768> block{};
    const ssize_t size = ::read(from.get(), block.data(), block.size());
    if (size > 0)
      return peer_.SendFrame(channel, std::string_view(block.data(), static_cast<size_t>(size)));
    // A terminal whose last user went answers with EIO.
    if (size == 0 || errno != EINTR) from.Close();
    return true;
  }
  void TakeFrames() {
    while (auto frame = TakeFrame(peer_.buffer)) {
      if (frame->channel == kStdin && session_.in.valid() && !closing_) {
        input_ += frame->payload;
      } else if (frame->channel == kResize && tty_) {
        if (const auto size = ParseJson(frame->payload))
          session_.Resize(static_cast<int>(GetInt(*size, {"Width"})),
                          static_cast<int>(GetInt(*size, {"Height"})));
      } else if (frame->channel == kClose && frame->payload == std::string(1, '\0')) {
        closing_ = true;
        if (tty_) input_ += '\x04';  // End of file, as a terminal says it.
      }
    }
    WriteInput();
  }
  void WriteInput() {
    while (!input_.empty() && session_.in.valid()) {
      const ssize_t size = ::write(session_.in.get(), input_.data(), input_.size());
      if (size > 0) {
        input_.erase(0, static_cast<size_t>(size));
      } else {
        if (errno == EAGAIN || errno == EINTR) return;
        session_.in.Close();  // The command reads no more.
        input_.clear();
      }
    }
    if (input_.empty() && closing_ && !tty_) session_.in.Close();
  }

  Peer& peer_;
  ExecSession& session_;
  bool tty_;
  bool closing_ = false;
  std::string input_;
};

void ServeExec(Peer& peer,
               const Json& request,
               const PodWorker::ContainerView& view,
               const std::stop_token& stop) {
  std::vector<std::string> argv;
  for (const Json& word : GetArray(request, {"command"}))
    if (word.is_string()) argv.push_back(word.get<std::string>());
  if (argv.empty()) return peer.Refuse(400, "BadRequest", "no command was given");
  if (!view.container || view.container->exit())
    return peer.Refuse(500, "InternalError", "the container is not running");
  auto session = ExecSession::Start(*view.container, argv, GetBool(request, {"tty"}));
  if (!session) return peer.Refuse(500, "InternalError", session.error().message);
  if (!peer.Accept()) return;
  ExecPump pump(peer, *session, request);
  if (!pump.Run(stop)) return;  // The session's destructor kills the command.
  peer.SendFrame(kStatus, DumpJson(ExitStatus(session->Wait())));
}

LogReadOptions ParseLogOptions(const Json& request) {
  LogReadOptions options;
  options.follow = GetBool(request, {"follow"});
  options.timestamps = GetBool(request, {"timestamps"});
  const auto number = [&](const char* key) -> std::optional<int64_t> {
    const Json* found = FindPath(request, {key});
    if (found == nullptr || !found->is_number_integer()) return std::nullopt;
    return found->get<int64_t>();
  };
  options.tail_lines = number("tailLines");
  options.since_seconds = number("sinceSeconds");
  options.limit_bytes = number("limitBytes");
  return options;
}

void ServeLogs(Peer& peer,
               const Json& request,
               const PodWorker::ContainerView& view,
               Clock& clock,
               const std::stop_token& stop) {
  const bool previous = GetBool(request, {"previous"});
  const std::filesystem::path path = previous ? view.previous_log : view.log;
  if (path.empty())
    return peer.Refuse(400, "BadRequest",
                       previous ? "previous terminated container not found"
                                : "container is waiting to start: ContainerCreating");
  LogReadOptions options = ParseLogOptions(request);
  options.follow = options.follow && !previous;
  if (!peer.Accept()) return;
  const auto sink = [&](std::string_view text) { return peer.SendFrame(kStdout, text); };
  const auto finished = [&] {
    return !view.container || view.container->exit() || !peer.Receive();
  };
  const Status read = ReadContainerLog(path, options, clock, sink, finished, stop);
  peer.SendFrame(kStatus, read ? DumpJson(ExitStatus(0))
                               : DumpJson({{"metadata", Json::object()},
                                           {"status", "Failure"},
                                           {"reason", "InternalError"},
                                           {"message", read.error().message}}));
}

}  // namespace

void ServeStream(FileDescriptor connection,
                 const ContainerFinder& find,
                 Clock& clock,
                 const std::stop_token& stop) {
  Peer peer(std::move(connection), stop);
  const auto line = peer.ReadLine();
  if (!line) return;
  const auto request = ParseJson(*line);
  if (!request) return peer.Refuse(400, "BadRequest", request.error().message);
  const std::string op = GetString(*request, {"op"});
  if (op != "exec" && op != "logs")
    return peer.Refuse(400, "BadRequest", "op must be exec or logs");
  const auto view = find(GetString(*request, {"namespace"}), GetString(*request, {"pod"}),
                         GetString(*request, {"container"}));
  if (!view) return peer.Refuse(404, "NotFound", view.error().message);
  if (op == "exec")
    ServeExec(peer, *request, *view, stop);
  else
    ServeLogs(peer, *request, *view, clock, stop);
}

}  // namespace holdfast::sandbox::node
