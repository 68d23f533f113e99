// Starting, watching and ending the processes of one container.
#include "harness/sandbox/node/container.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "harness/base/log.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"
#include "harness/sandbox/node/spawn.h"

namespace holdfast::sandbox::node {
namespace {

constexpr int kInfoDescriptor = 3;  // Where bubblewrap tells the pid of the first process.
constexpr Nanos kStartTimeout = std::chrono::seconds(20);
constexpr std::string_view kStartErrorPrefix = "bwrap: ";

// Reads until the other side closes, a closing brace, or the deadline.
std::string ReadInfo(int fd, const Deadline& deadline) {
  std::string text;
  while (!deadline.Passed() && text.find('}') == std::string::npos) {
    pollfd one{fd, POLLIN, 0};
    if (::poll(&one, 1, 50) <= 0) continue;
    std::array<char, 4096> block{};
    const ssize_t size = ::read(fd, block.data(), block.size());
    if (size == 0 || (size < 0 && errno != EINTR)) break;
    if (size > 0) text.append(block.data(), static_cast<size_t>(size));
  }
  return text;
}

}  // namespace

Json EncodeContainerSpec(const ContainerSpec& spec) {
  Json mounts = Json::array();
  for (const BindMount& mount : spec.mounts)
    mounts.push_back({{"source", mount.source.string()},
                      {"target", mount.target},
                      {"readOnly", mount.read_only}});
  return {{"imageRoot", spec.image_root.string()},
          {"layer", spec.layer_directory.string()},
          {"argv", spec.argv},
          {"workingDirectory", spec.working_directory},
          {"uid", spec.uid},
          {"gid", spec.gid},
          {"hostname", spec.hostname},
          {"readOnlyRoot", spec.read_only_root},
          {"terminal", spec.terminal},
          {"networkPid", spec.network_pid},
          {"mounts", mounts}};
}

ContainerSpec DecodeContainerSpec(const Json& json) {
  ContainerSpec spec;
  spec.image_root = GetString(json, {"imageRoot"});
  spec.layer_directory = GetString(json, {"layer"});
  for (const Json& word : GetArray(json, {"argv"}))
    if (word.is_string()) spec.argv.push_back(word.get<std::string>());
  spec.working_directory = GetString(json, {"workingDirectory"}, "/");
  spec.uid = static_cast<int>(GetInt(json, {"uid"}));
  spec.gid = static_cast<int>(GetInt(json, {"gid"}));
  spec.hostname = GetString(json, {"hostname"});
  spec.read_only_root = GetBool(json, {"readOnlyRoot"});
  spec.terminal = GetBool(json, {"terminal"});
  spec.network_pid = static_cast<pid_t>(GetInt(json, {"networkPid"}));
  for (const Json& mount : GetArray(json, {"mounts"}))
    spec.mounts.push_back(
        {GetString(mount, {"source"}), GetString(mount, {"target"}), GetBool(mount, {"readOnly"})});
  return spec;
}

Container::Container(ContainerSpec spec, Clock& clock, std::function<void()> on_exit)
    : spec_(std::move(spec)),
      clock_(clock),
      on_exit_(std::move(on_exit)) {}

Result<std::shared_ptr<Container>> Container::Start(ContainerSpec spec,
                                                    Clock& clock,
                                                    std::function<void()> on_exit) {
  std::shared_ptr<Container> container(new Container(std::move(spec), clock, std::move(on_exit)));
  HOLDFAST_RETURN_IF_ERROR(container->Launch());
  return container;
}

Container::~Container() {
  Signal(SIGKILL);
  if (pump_.joinable()) pump_.join();
  if (const Status removed = RemoveTree(spec_.layer_directory); !removed)
    Log(LogLevel::kWarning, "cannot remove the layer of container {}: {}", spec_.id,
        removed.error().message);
}

Status Container::Launch() {
  HOLDFAST_RETURN_IF_ERROR(RemoveTree(spec_.layer_directory));
  for (const char* folder : {"upper", "work", "merged"})
    HOLDFAST_RETURN_IF_ERROR(MakeDirectories(spec_.layer_directory / folder));
  HOLDFAST_ASSIGN(ContainerLogWriter log, ContainerLogWriter::Open(spec_.log_file, clock_));
  PipeEnds out;
  PipeEnds err;
  PipeEnds in;
  if (spec_.terminal) {
    HOLDFAST_ASSIGN(out, OpenTerminal());
    in.write = FileDescriptor(::fcntl(out.read.get(), F_DUPFD_CLOEXEC, 3));
    in.read = FileDescriptor(::fcntl(out.write.get(), F_DUPFD_CLOEXEC, 3));
    err.write = FileDescriptor(::fcntl(out.write.get(), F_DUPFD_CLOEXEC, 3));
  } else {
    HOLDFAST_ASSIGN(out, MakePipe());
    HOLDFAST_ASSIGN(err, MakePipe());
    if (spec_.keep_input) {
      HOLDFAST_ASSIGN(in, MakePipe());
    } else {
      in.read = FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
  }
  HOLDFAST_ASSIGN(PipeEnds info, MakePipe());
  HOLDFAST_ASSIGN(
      outer_pid_,
      Spawn({.argv = {SelfProgram(), "__container", DumpJson(EncodeContainerSpec(spec_))},
             .environment = spec_.environment,
             .descriptors = {{in.read.get(), 0},
                             {out.write.get(), 1},
                             {err.write.get(), 2},
                             {info.write.get(), kInfoDescriptor}}}));
  for (PipeEnds* ends : {&out, &err, &info})
    ends->write.Close();
  in.read.Close();
  input_ = std::move(in.write);
  started_wall_ = clock_.Wall();
  HOLDFAST_ASSIGN(outer_pidfd_, OpenPidfd(outer_pid_));
  const Status first = AwaitFirstProcess(std::move(info.read));
  pump_ = std::jthread(
      [this, o = std::move(out.read), e = std::move(err.read), l = std::move(log)]() mutable {
        Pump(std::move(o), std::move(e), std::move(l));
      });
  if (!first) {
    ::kill(outer_pid_, SIGKILL);
    pump_.join();
    if (exit_ && !exit_->start_error.empty())
      return Fail(ErrorCode::kUnavailable, "{}", exit_->start_error);
    return Fail(first.error());
  }
  AwaitCommand();
  return {};
}

Status Container::AwaitFirstProcess(FileDescriptor info) {
  const Deadline deadline(clock_, kStartTimeout);
  const std::string text = ReadInfo(info.get(), deadline);
  const auto told = ParseJson(text);
  if (told && FindPath(*told, {"error"}) != nullptr)
    return Fail(ErrorCode::kUnavailable, "{}", GetString(*told, {"error"}));
  if (!told || FindPath(*told, {"child-pid"}) == nullptr)
    return Fail(ErrorCode::kUnavailable,
                "bubblewrap did not start the container (is bwrap installed, and are nested user "
                "namespaces allowed?)");
  init_pid_ = static_cast<pid_t>(GetInt(*told, {"child-pid"}));
  // An error means that it has ended already: the pump will tell.
  if (auto pidfd = OpenPidfd(init_pid_)) init_pidfd_ = *std::move(pidfd);
  return {};
}

// bubblewrap's child becomes the command when its executable changes; before that it cannot be
// entered.
void Container::AwaitCommand() {
  const Deadline deadline(clock_, kStartTimeout);
  const std::string outer = fmt::format("/proc/{}/exe", outer_pid_);
  const std::string inner = fmt::format("/proc/{}/exe", init_pid_);
  std::error_code error;
  while (!deadline.Passed() && !exit()) {
    const auto ours = std::filesystem::read_symlink(outer, error);
    if (error) return;
    const auto theirs = std::filesystem::read_symlink(inner, error);
    if (error || ours != theirs) return;
    clock_.SleepFor(std::chrono::milliseconds(1), {});
  }
}

void Container::Pump(FileDescriptor out, FileDescriptor err, ContainerLogWriter log) {
  std::string first_errors;  // Tells a start that failed inside bubblewrap.
  const auto drain = [&](FileDescriptor& fd, bool standard_error) {
    std::array<char, 65536> block{};
    const ssize_t size = ::read(fd.get(), block.data(), block.size());
    if (size > 0) {
      const std::string_view bytes(block.data(), static_cast<size_t>(size));
      if (standard_error && first_errors.size() < 1024) first_errors.append(bytes);
      log.Append(standard_error, bytes);
      for (const auto& tap : LiveTaps())
        tap->Write(standard_error, bytes);
    } else if (size == 0 || errno != EINTR) {
      fd.Close();
    }
  };
  bool ended = false;
  while (out.valid() || err.valid()) {
    std::array<pollfd, 3> polls{pollfd{out.get(), POLLIN, 0}, pollfd{err.get(), POLLIN, 0},
                                pollfd{ended ? -1 : outer_pidfd_.get(), POLLIN, 0}};
    // After the end only what is in the pipes is taken: nobody is left to write more.
    const int ready = ::poll(polls.data(), polls.size(), ended ? 0 : -1);
    if (ready == 0 && ended) break;
    if (polls[0].revents != 0) drain(out, false);
    if (polls[1].revents != 0) drain(err, true);
    if (polls[2].revents != 0) ended = true;
  }
  log.Finish();
  ContainerExit result{WaitForExit(outer_pid_), {}};
  if (result.exit_code == 1 && first_errors.starts_with(kStartErrorPrefix)) {
    const size_t end = first_errors.find('\n');
    result.start_error = first_errors.substr(
        kStartErrorPrefix.size(), end == std::string::npos ? end : end - kStartErrorPrefix.size());
    result.exit_code = 128;  // As container runtimes report a command that could not be started.
  }
  {
    const std::scoped_lock lock(mutex_);
    exit_ = result;
    finished_wall_ = clock_.Wall();
    input_.Close();
  }
  for (const auto& tap : LiveTaps())
    tap->Finish();
  ended_.notify_all();
  if (on_exit_) on_exit_();
}

void Container::Signal(int signal) {
  const std::scoped_lock lock(mutex_);
  if (exit_ || outer_pid_ == 0) return;
  if (init_pidfd_.valid())
    ::syscall(SYS_pidfd_send_signal, init_pidfd_.get(), signal, nullptr, 0);
  else if (signal == SIGKILL)
    ::kill(outer_pid_, SIGKILL);
}

std::vector<std::shared_ptr<OutputTap>> Container::LiveTaps() {
  const std::scoped_lock lock(mutex_);
  std::vector<std::shared_ptr<OutputTap>> live;
  std::erase_if(taps_, [](const auto& tap) { return tap.expired(); });
  for (const auto& tap : taps_)
    if (auto held = tap.lock()) live.push_back(std::move(held));
  return live;
}

std::shared_ptr<OutputTap> Container::Tap() {
  auto tap = std::make_shared<OutputTap>();
  const std::scoped_lock lock(mutex_);
  if (exit_)
    tap->Finish();
  else
    taps_.push_back(tap);
  return tap;
}

FileDescriptor Container::OpenInput() {
  const std::scoped_lock lock(mutex_);
  return input_.valid() ? FileDescriptor(::fcntl(input_.get(), F_DUPFD_CLOEXEC, 3))
                        : FileDescriptor();
}

void Container::EndInput() {
  const std::scoped_lock lock(mutex_);
  input_.Close();
}

std::optional<ContainerExit> Container::exit() const {
  const std::scoped_lock lock(mutex_);
  return exit_;
}

Nanos Container::finished_wall() const {
  const std::scoped_lock lock(mutex_);
  return finished_wall_;
}

std::optional<ContainerExit> Container::Wait(Nanos timeout) {
  std::unique_lock lock(mutex_);
  ended_.wait_for(lock, timeout, [&] { return exit_.has_value(); });
  return exit_;
}

}  // namespace holdfast::sandbox::node
