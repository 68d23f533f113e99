// The part "__exec": joins a container's namespaces and runs a command there.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "harness/base/files.h"
#include "harness/sandbox/node/part_main.h"
#include "harness/sandbox/node/spawn.h"

namespace holdfast::sandbox::node {
namespace {

constexpr int kCannotRun = 126;
constexpr int kNotFound = 127;

int Complain(const std::string& what, int error, int exit_code) {
  static_cast<void>(
      WriteAll(STDERR_FILENO, fmt::format("{}: {}\n", what, ErrnoText(error)), "standard error"));
  return exit_code;
}

pid_t command_pid = 0;  // For the signal handler; written while SIGTERM is blocked.

// Kills the command but stays to reap it: a zombie that nobody reaps would keep the container's pid
// namespace from ending.
void KillCommand(int /*signal*/) { ::kill(command_pid, SIGKILL); }

void ChangeTermination(int how) {
  sigset_t termination{};
  sigemptyset(&termination);
  sigaddset(&termination, SIGTERM);
  ::sigprocmask(how, &termination, nullptr);
}

// In the container: becomes the command.
[[noreturn]] void RunCommand(const Json& request, std::vector<std::string> argv) {
  if (GetBool(request, {"tty"})) {
    ::setsid();
    ::ioctl(STDIN_FILENO, TIOCSCTTY, 0);
  }
  // The world's root is the container's user already; this only drops what comes with it.
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::chdir(GetString(request, {"workingDirectory"}, "/").c_str()) != 0 && ::chdir("/") != 0)
    ::_exit(Complain("cannot enter the working directory", errno, kCannotRun));
  std::vector<char*> pointers;
  for (std::string& word : argv)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  ::execvp(pointers[0], pointers.data());
  const int error = errno;
  ::_exit(Complain(fmt::format("exec: '{}'", argv[0]), error,
                   error == ENOENT ? kNotFound : kCannotRun));
}

}  // namespace

int ExecMain(const Json& request) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::vector<std::string> argv;
  for (const Json& word : GetArray(request, {"argv"}))
    if (word.is_string()) argv.push_back(word.get<std::string>());
  if (argv.empty()) return Complain("exec: no command", EINVAL, kCannotRun);
  const auto pid = static_cast<pid_t>(GetInt(request, {"pid"}));
  const int64_t pidfd = ::syscall(SYS_pidfd_open, pid, 0);
  if (pidfd < 0) return Complain("the container has ended", errno, kCannotRun);
  const int fd = static_cast<int>(pidfd);
  // The user namespace last: until then this process has its rights over all the others.
  if (::setns(fd, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC) != 0 ||
      ::setns(fd, CLONE_NEWUSER) != 0)
    return Complain("cannot enter the container", errno, kCannotRun);
  ::close(fd);
  ChangeTermination(SIG_BLOCK);
  command_pid = ::fork();
  if (command_pid < 0) return Complain("cannot start a process", errno, kCannotRun);
  if (command_pid == 0) {
    ChangeTermination(SIG_UNBLOCK);
    RunCommand(request, std::move(argv));
  }
  ::signal(SIGTERM, KillCommand);
  ChangeTermination(SIG_UNBLOCK);
  // Only the command holds the streams, so that their end is its end.
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    ::close(stream);
  ::_exit(WaitForExit(command_pid));
}

}  // namespace holdfast::sandbox::node
