#include "harness/base/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "harness/base/files.h"
#include "harness/base/strings.h"

namespace holdfast {
namespace {

struct Pipe {
  FileDescriptor read;
  FileDescriptor write;
};

Result<Pipe> MakePipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot make a pipe: {}", ErrnoText(errno));
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

// Environment of the child: ours, with `add` replacing or joining.
std::vector<std::string> ChildEnvironment(const std::vector<std::string>& add) {
  std::vector<std::string> result;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('=') + 1);
    const bool replaced = std::any_of(add.begin(), add.end(),
                                      [&](const std::string& a) { return a.starts_with(name); });
    if (!replaced) result.emplace_back(text);
  }
  result.insert(result.end(), add.begin(), add.end());
  return result;
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Moves bytes between the child's pipes and the strings until all are closed. False: timed out or
// stopped.
bool Pump(Pipe& in,
          Pipe& out,
          Pipe& err,
          std::string_view input,
          ProcessResult& result,
          const Deadline& deadline,
          std::stop_token stop) {
  if (input.empty()) in.write.Close();
  while (out.read.valid() || err.read.valid() || in.write.valid()) {
    std::array<pollfd, 3> polls{pollfd{out.read.get(), POLLIN, 0},
                                pollfd{err.read.get(), POLLIN, 0},
                                pollfd{in.write.get(), POLLOUT, 0}};
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline.Left()).count();
    ::poll(polls.data(), polls.size(), static_cast<int>(std::min<int64_t>(left + 1, 100)));
    if (deadline.Passed() || stop.stop_requested()) return false;
    const auto drain = [](FileDescriptor& fd, short events, std::string& into) {
      if (events == 0) return;
      std::array<char, 65536> buffer{};
      const ssize_t size = ::read(fd.get(), buffer.data(), buffer.size());
      if (size > 0) into.append(buffer.data(), static_cast<size_t>(size));
      if (size == 0 || (size < 0 && errno != EINTR && errno != EAGAIN)) fd.Close();
    };
    if (out.read.valid()) drain(out.read, polls[0].revents, result.out);
    if (err.read.valid()) drain(err.read, polls[1].revents, result.err);
    if (in.write.valid() && polls[2].revents != 0) {
      const ssize_t size = ::write(in.write.get(), input.data(), input.size());
      if (size > 0) input.remove_prefix(static_cast<size_t>(size));
      if (input.empty() || (size < 0 && errno != EINTR && errno != EAGAIN)) in.write.Close();
    }
  }
  return true;
}

// Waits for `pid`; kills its group when the deadline passes. Returns the exit code, or nullopt when
// killed by us.
std::optional<int> Await(pid_t pid, const Deadline& deadline, std::stop_token stop) {
  bool killed = false;
  while (true) {
    int status = 0;
    const pid_t done = ::waitpid(pid, &status, killed ? 0 : WNOHANG);
    if (done == pid) {
      if (killed) return std::nullopt;
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    if (done < 0 && errno != EINTR) return 255;
    if (done == 0 && (deadline.Passed() || stop.stop_requested())) {
      ::kill(-pid, SIGKILL);
      ::kill(pid, SIGKILL);
      killed = true;
    } else if (done == 0) {
      ::poll(nullptr, 0, 2);
    }
  }
}

}  // namespace

std::optional<std::string> FindProgram(const std::string& name) {
  if (name.find('/') != std::string::npos)
    return ::access(name.c_str(), X_OK) == 0 ? std::optional(name) : std::nullopt;
  const char* path =
      std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): the environment is never changed.
  for (const std::string& folder :
       Split(std::string(path != nullptr ? path : "/usr/bin:/bin") + ":/usr/sbin:/sbin", ':')) {
    std::string candidate = folder + "/" + name;
    if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

Result<ProcessResult> RunProcess(const ProcessOptions& options, std::stop_token stop) {
  const auto program = FindProgram(options.argv.at(0));
  if (!program)
    return Fail(ErrorCode::kNotFound, "program '{}' is not installed or not on PATH",
                options.argv[0]);
  HOLDFAST_ASSIGN(Pipe in, MakePipe());
  HOLDFAST_ASSIGN(Pipe out, MakePipe());
  HOLDFAST_ASSIGN(Pipe err, MakePipe());
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.read.get(), 0);
  if (!options.inherit_output) {
    posix_spawn_file_actions_adddup2(&actions, out.write.get(), 1);
    posix_spawn_file_actions_adddup2(&actions, err.write.get(), 2);
  }
  posix_spawnattr_t attributes{};
  posix_spawnattr_init(&attributes);
  sigset_t none{};
  sigemptyset(&none);
  sigset_t defaults{};
  sigemptyset(&defaults);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE, SIGHUP})
    sigaddset(&defaults, signal);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> argv = options.argv;
  std::vector<std::string> environment = ChildEnvironment(options.add_environment);
  pid_t pid = 0;
  const int failed = posix_spawn(&pid, program->c_str(), &actions, &attributes,
                                 Pointers(argv).data(), Pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed != 0)
    return Fail(ErrorCode::kUnavailable, "cannot start {}: {}", *program, ErrnoText(failed));
  // A child that does not read must not block us: the rest of the input waits for poll.
  ::fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
  in.read.Close();
  out.write.Close();
  err.write.Close();
  ProcessResult result;
  const Deadline deadline(SystemClock(), options.timeout);
  ::signal(SIGPIPE, SIG_IGN);
  const bool pumped = Pump(in, out, err, options.input, result, deadline, stop);
  if (!pumped) {
    ::kill(-pid, SIGKILL);
    ::kill(pid, SIGKILL);
  }
  const auto exit_code = Await(pid, deadline, stop);
  if (stop.stop_requested()) return Fail(ErrorCode::kCancelled, "{} was stopped", options.argv[0]);
  if (!pumped || !exit_code)
    return Fail(ErrorCode::kTimedOut, "{} did not end within {}", options.argv[0],
                FormatDuration(options.timeout));
  result.exit_code = *exit_code;
  return result;
}

Result<std::string> RunChecked(const std::vector<std::string>& argv, Nanos timeout) {
  ProcessOptions options;
  options.argv = argv;
  options.timeout = timeout;
  HOLDFAST_ASSIGN(ProcessResult result, RunProcess(options));
  if (result.exit_code != 0) {
    std::string_view tail = Trim(result.err.empty() ? result.out : result.err);
    if (tail.size() > 800) tail.remove_prefix(tail.size() - 800);
    return Fail(ErrorCode::kInternal, "'{}' ended with exit code {}: {}", Join(argv, " "),
                result.exit_code, tail);
  }
  return std::move(result.out);
}

}  // namespace holdfast
