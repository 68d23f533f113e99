// exec: bytes both ways until the command ends; attach: the same with the container's own command;
// logs: bytes one way.
#include "harness/sandbox/node/stream_session.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

#include "harness/base/time_format.h"
#include "harness/sandbox/node/exec_session.h"
#include "harness/sandbox/node/port_forward_session.h"
#include "harness/sandbox/node/stream_peer.h"

namespace holdfast::sandbox::node {
namespace {

constexpr size_t kMostPendingInput = 1 << 20;  // Beyond it the peer has to wait.

// What a client sends to a command: bytes, the terminal's size, the end.
class InputWriter {
 public:
  InputWriter(StreamPeer& peer, FileDescriptor& in, bool tty) : peer_(peer), in_(in), tty_(tty) {
    if (in_.valid()) ::fcntl(in_.get(), F_SETFL, ::fcntl(in_.get(), F_GETFL) | O_NONBLOCK);
  }
  [[nodiscard]] pollfd PollPeer() const {
    return {peer_.fd(), static_cast<short>(input_.size() < kMostPendingInput ? POLLIN : 0), 0};
  }
  [[nodiscard]] pollfd PollInput() const { return {input_.empty() ? -1 : in_.get(), POLLOUT, 0}; }
  // The peer has ended the input and all of it is written.
  [[nodiscard]] bool ended() const { return closing_ && input_.empty(); }

  void TakeFrames() {
    while (auto frame = TakeFrame(peer_.buffer)) {
      if (frame->channel == kStdinChannel && in_.valid() && !closing_) {
        input_ += frame->payload;
      } else if (frame->channel == kResizeChannel && tty_) {
        if (const auto size = ParseJson(frame->payload))
          ResizeTerminal(in_.get(), static_cast<int>(GetInt(*size, {"Width"})),
                         static_cast<int>(GetInt(*size, {"Height"})));
      } else if (frame->channel == kCloseChannel && frame->payload == std::string(1, '\0')) {
        closing_ = true;
        if (tty_) input_ += '\x04';  // End of file, as a terminal says it.
      }
    }
    Write();
  }
  void Write() {
    while (!input_.empty() && in_.valid()) {
      const ssize_t size = ::write(in_.get(), input_.data(), input_.size());
      if (size > 0) {
        input_.erase(0, static_cast<size_t>(size));
      } else {
        if (errno == EAGAIN || errno == EINTR) return;
        in_.Close();  // The command reads no more.
        input_.clear();
      }
    }
    if (input_.empty() && closing_ && !tty_) in_.Close();
  }

 private:
  StreamPeer& peer_;
  FileDescriptor& in_;
  bool tty_;
  bool closing_ = false;
  std::string input_;
};

bool Forward(StreamPeer& peer, FileDescriptor& from, uint8_t channel) {
  std::array<char, 32768> block{};
  const ssize_t size = ::read(from.get(), block.data(), block.size());
  if (size > 0)
    return peer.SendFrame(channel, std::string_view(block.data(), static_cast<size_t>(size)));
  // A terminal whose last user went answers with EIO.
  if (size == 0 || errno != EINTR) from.Close();
  return true;
}

// Until the command closed its output; false: the peer went or it is time to stop.
bool PumpExec(StreamPeer& peer, ExecSession& session, const Json& request) {
  const bool tty = GetBool(request, {"tty"});
  if (!GetBool(request, {"stdin"}) && !tty) session.in.Close();
  InputWriter input(peer, session.in, tty);
  input.TakeFrames();
  while (session.out.valid() || session.err.valid()) {
    if (peer.stop().stop_requested()) return false;
    std::array<pollfd, 4> polls{pollfd{session.out.get(), POLLIN, 0},
                                pollfd{session.err.get(), POLLIN, 0}, input.PollPeer(),
                                input.PollInput()};
    ::poll(polls.data(), polls.size(), 100);
    if (polls[0].revents != 0 && !Forward(peer, session.out, kStdoutChannel)) return false;
    if (polls[1].revents != 0 && !Forward(peer, session.err, kStderrChannel)) return false;
    if (polls[2].revents != 0) {
      if (!peer.Receive()) return false;
      input.TakeFrames();
    }
    if (polls[3].revents != 0) input.Write();
  }
  return true;
}

void ServeExec(StreamPeer& peer, const Json& request, const ContainerView& view) {
  std::vector<std::string> argv;
  for (const Json& word : GetArray(request, {"command"}))
    if (word.is_string()) argv.push_back(word.get<std::string>());
  if (argv.empty()) return peer.Refuse(400, "BadRequest", "no command was given");
  if (!view.container || view.container->exit())
    return peer.Refuse(500, "InternalError", "the container is not running");
  auto session = ExecSession::Start(*view.container, argv, GetBool(request, {"tty"}));
  if (!session) return peer.Refuse(500, "InternalError", session.error().message);
  if (!peer.Accept()) return;
  if (!PumpExec(peer, *session, request)) return;  // The session's destructor kills the command.
  peer.SendFrame(kStatusChannel, DumpJson(ExitStatus(session->Wait())));
}

// The container's output from now on, and its input when it keeps one.
void ServeAttach(StreamPeer& peer, const Json& request, const ContainerView& view) {
  if (!view.container || view.container->exit())
    return peer.Refuse(500, "InternalError", "the container is not running");
  Container& container = *view.container;
  const bool tty = container.spec().terminal;
  if (GetBool(request, {"tty"}) && !tty)
    return peer.Refuse(400, "BadRequest", "the container has no terminal: set tty in its spec");
  FileDescriptor in = GetBool(request, {"stdin"}) ? container.OpenInput() : FileDescriptor();
  if (GetBool(request, {"stdin"}) && !in.valid())
    return peer.Refuse(400, "BadRequest", "the container takes no input: set stdin in its spec");
  const auto tap = container.Tap();
  if (!peer.Accept()) return;
  InputWriter input(peer, in, tty);
  input.TakeFrames();
  while (!peer.stop().stop_requested()) {
    std::array<pollfd, 3> polls{pollfd{tap->fd(), POLLIN, 0}, input.PollPeer(),
                                input.PollInput()};
    ::poll(polls.data(), polls.size(), 200);
    if (polls[1].revents != 0) {
      if (!peer.Receive()) break;
      input.TakeFrames();
    }
    if (polls[2].revents != 0) input.Write();
    if (input.ended() && view.input_once) container.EndInput();
    const OutputTap::Taken taken = tap->Take();
    if (!taken.out.empty() && GetBool(request, {"stdout"}, true) &&
        !peer.SendFrame(kStdoutChannel, taken.out))
      break;
    if (!taken.err.empty() && GetBool(request, {"stderr"}, true) &&
        !peer.SendFrame(kStderrChannel, taken.err))
      break;
    if (taken.finished) {
      const auto exit = container.Wait(std::chrono::seconds(5));
      peer.SendFrame(kStatusChannel, DumpJson(ExitStatus(exit ? exit->exit_code : 0)));
      return;
    }
  }
  if (view.input_once && GetBool(request, {"stdin"})) container.EndInput();
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
  if (const auto since = ParseRfc3339(GetString(request, {"sinceTime"})))
    options.since_wall = *since;
  return options;
}

void ServeLogs(StreamPeer& peer, const Json& request, const ContainerView& view, Clock& clock) {
  const bool previous = GetBool(request, {"previous"});
  const std::filesystem::path path = previous ? view.previous_log : view.log;
  if (path.empty())
    return peer.Refuse(
        400, "BadRequest",
        previous ? fmt::format("previous terminated container \"{}\" in pod \"{}\" not found",
                               view.name, GetString(request, {"pod"}))
                 : fmt::format("container \"{}\" in pod \"{}\" is waiting to start: {}", view.name,
                               GetString(request, {"pod"}),
                               view.waiting.empty() ? "ContainerCreating" : view.waiting));
  LogReadOptions options = ParseLogOptions(request);
  options.follow = options.follow && !previous;
  if (!peer.Accept()) return;
  const auto sink = [&](std::string_view text) { return peer.SendFrame(kStdoutChannel, text); };
  const auto finished = [&] {
    return !view.container || view.container->exit() || !peer.Receive();
  };
  const Status read = ReadContainerLog(path, options, clock, sink, finished, peer.stop());
  peer.SendFrame(kStatusChannel, read ? DumpJson(ExitStatus(0))
                                      : DumpJson({{"metadata", Json::object()},
                                                  {"status", "Failure"},
                                                  {"reason", "InternalError"},
                                                  {"message", read.error().message}}));
}

}  // namespace

void ServeStream(FileDescriptor connection,
                 const PodDirectory& pods,
                 Clock& clock,
                 const std::stop_token& stop) {
  StreamPeer peer(std::move(connection), stop);
  const auto line = peer.ReadLine();
  if (!line) return;
  const auto request = ParseJson(*line);
  if (!request) return peer.Refuse(400, "BadRequest", request.error().message);
  const std::string op = GetString(*request, {"op"});
  const std::string ns = GetString(*request, {"namespace"});
  const std::string pod = GetString(*request, {"pod"});
  if (op == "portforward") {
    const auto network = pods.Network(ns, pod);
    if (!network) return peer.Refuse(404, "NotFound", network.error().message);
    return ServePortForward(peer, *request, *network);
  }
  const auto view = pods.View(ns, pod, GetString(*request, {"container"}));
  if (!view) return peer.Refuse(404, "NotFound", view.error().message);
  if (op == "exec") return ServeExec(peer, *request, *view);
  if (op == "attach") return ServeAttach(peer, *request, *view);
  if (op == "logs") return ServeLogs(peer, *request, *view, clock);
  peer.Refuse(400, "BadRequest", "op must be exec, attach, logs or portforward");
}

}  // namespace holdfast::sandbox::node
