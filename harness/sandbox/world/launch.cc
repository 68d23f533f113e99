#include "harness/sandbox/world/launch.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace holdfast::sandbox {
namespace {

constexpr int kFirstSpare = 200;  // Above every number that a child is given.

// All that the child needs, made before it exists: after a fork out of a process with threads only
// calls that are safe in signal handlers are allowed.
struct Prepared {
  const LaunchOptions* options = nullptr;
  int program = -1;
  std::vector<char*> argv;
};

[[noreturn]] void GiveUp(const char* what) {
  const char* const reason = ::strerrordesc_np(errno);
  for (const char* part : {"holdfast: ", what, ": ", reason, "\n"})
    if (::write(2, part, std::strlen(part)) < 0) break;
  ::_exit(127);
}

void PlaceDescriptors(const LaunchOptions& options) {
  std::array<int, 3> streams = {options.input, options.output, options.error};
  for (int& fd : streams)
    if (fd >= 0) fd = ::fcntl(fd, F_DUPFD, kFirstSpare);
  const int count = static_cast<int>(options.descriptors.size());
  for (int i = 0; i < count; ++i)
    ::dup2(options.descriptors[static_cast<size_t>(i)], kFirstSpare + 50 + i);
  for (int i = 0; i < 3; ++i)
    if (streams.at(static_cast<size_t>(i)) >= 0) ::dup2(streams.at(static_cast<size_t>(i)), i);
  for (int i = 0; i < count; ++i)
    ::dup2(kFirstSpare + 50 + i, 3 + i);
}

[[noreturn]] void RunChild(const Prepared& prepared) {
  const LaunchOptions& options = *prepared.options;
  if (options.gate_writer >= 0) ::close(options.gate_writer);
  if (options.die_with_caller && ::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) GiveUp("prctl");
  if (options.gate >= 0) {
    // The caller may have died before the line above: then nobody holds the other end any more.
    char go = 0;
    ssize_t count = 0;
    do {
      count = ::read(options.gate, &go, 1);
    } while (count < 0 && errno == EINTR);
    if (count != 1) ::_exit(127);
  }
  const int program = ::fcntl(prepared.program, F_DUPFD_CLOEXEC, kFirstSpare + 100);
  PlaceDescriptors(options);
  ::close_range(3 + static_cast<unsigned>(options.descriptors.size()), ~0U, CLOSE_RANGE_CLOEXEC);
  if (options.root_directory && ::chdir("/") != 0) GiveUp("chdir");
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGCHLD, SIGWINCH})
    ::signal(signal, SIG_DFL);
  if (!options.block_signals) {
    sigset_t none{};
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
  }
  ::execveat(program, "", prepared.argv.data(), environ, AT_EMPTY_PATH);
  GiveUp("cannot execute this program again");
}

}  // namespace

Result<pid_t> Launch(const LaunchOptions& options) {
  const FileDescriptor program(::open("/proc/self/exe", O_PATH | O_CLOEXEC));
  if (!program.valid())
    return Fail(ErrorCode::kUnavailable, "cannot open /proc/self/exe: {}", ErrnoText(errno));
  std::vector<std::string> words = options.argv;
  Prepared prepared;
  prepared.options = &options;
  prepared.program = program.get();
  for (std::string& word : words)
    prepared.argv.push_back(word.data());
  prepared.argv.push_back(nullptr);
  const auto flags = static_cast<unsigned long>(options.namespaces | SIGCHLD);
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, 0UL));
  if (pid == 0) RunChild(prepared);
  if (pid < 0)
    return Fail(ErrorCode::kUnavailable, "cannot start '{}': {}", options.argv.at(0),
                ErrnoText(errno));
  return pid;
}

int SignalByDescriptor(int pidfd, int signal) {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0));
}

Result<FileDescriptor> OpenProcess(pid_t pid) {
  FileDescriptor fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!fd.valid())
    return Fail(ErrorCode::kNotFound, "cannot watch process {}: {}", pid, ErrnoText(errno));
  return fd;
}

Result<PipeEnds> MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot make a pipe: {}", ErrnoText(errno));
  return PipeEnds{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

}  // namespace holdfast::sandbox
