// posix_spawn, pidfds and waitpid behind Result.
#include "harness/sandbox/node/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace holdfast::sandbox::node {
namespace {

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Result<pid_t> Spawn(const SpawnOptions& options) {
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  for (const auto& [ours, theirs] : options.descriptors)
    posix_spawn_file_actions_adddup2(&actions, ours, theirs);
  posix_spawnattr_t attributes{};
  posix_spawnattr_init(&attributes);
  sigset_t none{};
  sigemptyset(&none);
  sigset_t all{};
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> argv = options.argv;
  std::vector<std::string> environment = options.environment;
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, options.argv.at(0).c_str(), &actions, &attributes,
                                 Pointers(argv).data(), Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0)
    return Fail(ErrorCode::kUnavailable, "cannot start {}: {}", options.argv[0], ErrnoText(failed));
  return pid;
}

std::string SelfProgram() { return "/proc/self/exe"; }

std::vector<std::string> OwnEnvironment() {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry)
    result.emplace_back(*entry);
  return result;
}

Result<PipeEnds> MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot make a pipe: {}", ErrnoText(errno));
  return PipeEnds{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

Result<PipeEnds> OpenTerminal() {
  FileDescriptor master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  std::array<char, 128> name{};
  if (!master.valid() || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0 ||
      ::ptsname_r(master.get(), name.data(), name.size()) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot make a terminal: {}", ErrnoText(errno));
  FileDescriptor slave(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!slave.valid())
    return Fail(ErrorCode::kUnavailable, "cannot open a terminal: {}", ErrnoText(errno));
  return PipeEnds{std::move(master), std::move(slave)};
}

Result<FileDescriptor> OpenPidfd(pid_t pid) {
  const int64_t fd = ::syscall(SYS_pidfd_open, pid, 0);
  if (fd < 0)
    return Fail(ErrorCode::kNotFound, "cannot open process {}: {}", pid, ErrnoText(errno));
  return FileDescriptor(static_cast<int>(fd));
}

int WaitForExit(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0)
    if (errno != EINTR) return 255;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace holdfast::sandbox::node
