// Starts the part "__exec" and moves its bytes.
#include "harness/sandbox/node/exec_session.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "harness/sandbox/node/spawn.h"

namespace holdfast::sandbox::node {
namespace {

constexpr size_t kMostOutput = 10240;

}  // namespace

ExecSession::ExecSession(ExecSession&& other) noexcept
    : in(std::move(other.in)),
      out(std::move(other.out)),
      err(std::move(other.err)),
      pid_(std::exchange(other.pid_, 0)) {}

ExecSession::~ExecSession() {
  if (pid_ == 0) return;
  Kill();
  WaitForExit(pid_);
}

Result<ExecSession> ExecSession::Start(const Container& container,
                                       const std::vector<std::string>& argv,
                                       bool tty) {
  if (container.exit() || container.init_pid() == 0)
    return Fail(ErrorCode::kUnavailable, "the container is not running");
  ExecSession session;
  const Json request = {{"pid", container.init_pid()},
                        {"argv", argv},
                        {"workingDirectory", container.spec().working_directory},
                        {"tty", tty}};
  SpawnOptions options{.argv = {SelfProgram(), "__exec", DumpJson(request)},
                       .environment = container.spec().environment};
  PipeEnds in;
  PipeEnds out;
  PipeEnds err;
  if (tty) {
    HOLDFAST_ASSIGN(in, OpenTerminal());
    const int slave = in.write.get();
    options.descriptors = {{slave, 0}, {slave, 1}, {slave, 2}};
    options.environment.emplace_back("TERM=xterm");
    session.in = std::move(in.read);
    session.out = FileDescriptor(::fcntl(session.in.get(), F_DUPFD_CLOEXEC, 3));
  } else {
    HOLDFAST_ASSIGN(in, MakePipe());
    HOLDFAST_ASSIGN(out, MakePipe());
    HOLDFAST_ASSIGN(err, MakePipe());
    options.descriptors = {{in.read.get(), 0}, {out.write.get(), 1}, {err.write.get(), 2}};
    session.in = std::move(in.write);
    session.out = std::move(out.read);
    session.err = std::move(err.read);
  }
  HOLDFAST_ASSIGN(session.pid_, Spawn(options));
  return session;
}

int ExecSession::Wait() { return WaitForExit(std::exchange(pid_, 0)); }

// The part kills its command and reaps it.
void ExecSession::Kill() {
  if (pid_ != 0) ::kill(pid_, SIGTERM);
}

void ResizeTerminal(int master, int columns, int rows) {
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = static_cast<unsigned short>(rows);
  ::ioctl(master, TIOCSWINSZ, &size);
}

Result<ExecResult> RunInContainer(const Container& container,
                                  const std::vector<std::string>& argv,
                                  Nanos timeout,
                                  std::stop_token stop) {
  HOLDFAST_ASSIGN(ExecSession session, ExecSession::Start(container, argv, false));
  session.in.Close();
  ExecResult result;
  const Deadline deadline(SystemClock(), timeout);
  const auto drain = [&](FileDescriptor& fd) {
    std::array<char, 4096> block{};
    const ssize_t size = ::read(fd.get(), block.data(), block.size());
    if (size > 0 && result.output.size() < kMostOutput)
      result.output.append(block.data(),
                           std::min(static_cast<size_t>(size), kMostOutput - result.output.size()));
    if (size == 0 || (size < 0 && errno != EINTR)) fd.Close();
  };
  while (session.out.valid() || session.err.valid()) {
    std::array<pollfd, 2> polls{pollfd{session.out.get(), POLLIN, 0},
                                pollfd{session.err.get(), POLLIN, 0}};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline.Left()).count();
    ::poll(polls.data(), polls.size(), static_cast<int>(std::clamp<int64_t>(left, 1, 100)));
    if (polls[0].revents != 0) drain(session.out);
    if (polls[1].revents != 0) drain(session.err);
    if (deadline.Passed() || stop.stop_requested()) {
      session.Kill();
      session.Wait();
      result.timed_out = true;
      return result;
    }
  }
  result.exit_code = session.Wait();
  return result;
}

}  // namespace holdfast::sandbox::node
