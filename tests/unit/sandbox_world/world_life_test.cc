// Real worlds around a small command: what is inside, and that nothing is left outside however it
// ends. This program is its own command and its own parts.
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>

#include <gtest/gtest.h>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"
#include "harness/sandbox/world/world.h"

namespace holdfast::sandbox {
namespace {
namespace fs = std::filesystem;

WorldOptions Options() {
  WorldOptions options;
  options.image_cache = CacheDirectory();
  return options;
}

// Everything that a world could leave behind.
struct Traces {
  std::set<std::string> namespaces;
  std::set<std::string> processes;  // Of this program, by their arguments.
  std::string mounts;
  std::set<std::string> devices;
  bool operator==(const Traces&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Traces& traces) {
  for (const std::string& line : traces.processes)
    out << line << "\n";
  for (const std::string& line : traces.namespaces)
    out << line << "\n";
  return out << traces.mounts;
}

Traces Look() {
  Traces traces;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const std::string pid = entry.path().filename().string();
    if (!ParseInt(pid)) continue;
    // Other programs come and go meanwhile; ours are known by their first argument.
    const std::string arguments =
        ReplaceAll(ReadFile(entry.path() / "cmdline").value_or(""), std::string(1, '\0'), " ");
    if (!arguments.starts_with("holdfast __") && !arguments.starts_with("world-inner")) continue;
    traces.processes.insert(pid + " " + arguments);
    for (const char* kind : {"net", "mnt", "pid", "user"}) {
      const fs::path link = fs::read_symlink(entry.path() / "ns" / kind, error);
      if (!error) traces.namespaces.insert(link.string());
    }
  }
  traces.mounts = ReadFile("/proc/self/mounts").value_or("");
  for (const auto& entry : fs::directory_iterator("/sys/class/net", error))
    traces.devices.insert(entry.path().filename().string());
  return traces;
}

// Waits until `condition`, at most ten seconds.
bool Eventually(const std::function<bool()>& condition) {
  const Deadline deadline(SystemClock(), std::chrono::seconds(10));
  while (!condition()) {
    if (deadline.Passed()) return false;
    ::poll(nullptr, 0, 20);
  }
  return true;
}

// Runs a world in a child process; the command is this program with `role` and `file`.
pid_t StartOuter(const std::string& role, const fs::path& file) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  const Result<int> code = RunInSandbox(Options(), {"world-inner", role, file.string()});
  if (!code) std::cerr << code.error().message << "\n";
  ::_exit(code ? *code : 99);
}

int Await(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

class WorldLife : public testing::Test {
 protected:
  const TemporaryDirectory directory_;
  const fs::path file_ = directory_.path() / "told";
  const Traces before_ = Look();
};

TEST_F(WorldLife, NothingIsMissingHere) {
  const std::vector<std::string> missing = MissingForSandbox();
  EXPECT_TRUE(missing.empty()) << Join(missing, "\n");
  EXPECT_EQ(Look(), before_);
}

TEST_F(WorldLife, CommandRunsInsideAndItsExitCodeComesOut) {
  const Deadline deadline(SystemClock(), std::chrono::seconds(10));
  const pid_t outer = StartOuter("look", file_);
  EXPECT_EQ(Await(outer), 7);
  EXPECT_EQ(Look(), before_);
  const std::string told = ReadFile(file_).value_or("");
  EXPECT_NE(told.find("hf0"), std::string::npos) << told;
  EXPECT_NE(told.find("node-c"), std::string::npos) << told;
  EXPECT_NE(told.find("--kubeconfig"), std::string::npos) << told;
  EXPECT_NE(told.find("cwd=" + fs::current_path().string()), std::string::npos) << told;
  EXPECT_FALSE(deadline.Passed());
}

TEST_F(WorldLife, SigtermReachesTheCommandOnce) {
  const pid_t outer = StartOuter("count-signals", file_);
  ASSERT_TRUE(Eventually([&] { return fs::exists(file_); }));
  ::kill(outer, SIGTERM);
  EXPECT_EQ(Await(outer), 143);
  EXPECT_EQ(ReadFile(file_).value_or(""), "1 of 15\n");
  EXPECT_EQ(Look(), before_);
}

TEST_F(WorldLife, NothingIsLeftAfterKillOfTheOuterProcess) {
  for (const bool early : {false, true}) {
    fs::remove(file_);
    const pid_t outer = StartOuter("count-signals", file_);
    // Early: somewhere in the middle of setting up.
    ASSERT_TRUE(Eventually([&] { return early ? Look() != before_ : fs::exists(file_); }));
    ::kill(outer, SIGKILL);
    EXPECT_EQ(Await(outer), 128 + SIGKILL);
    EXPECT_TRUE(Eventually([&] { return Look() == before_; })) << Look();
  }
}

TEST_F(WorldLife, UpStatusDown) {
  ::setenv("HOLDFAST_STATE", directory_.path().c_str(), 1);
  EXPECT_FALSE(GetSandboxStatus().running);
  EXPECT_EQ(SandboxDown().error().code, ErrorCode::kNotFound);
  const Result<SandboxStatus> up = SandboxUp(Options(), "");
  ASSERT_TRUE(up) << up.error().message;
  EXPECT_TRUE(up->running);
  EXPECT_TRUE(GetSandboxStatus().running);
  EXPECT_EQ(fs::status(up->kubeconfig).permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
  const Result<SandboxStatus> second = SandboxUp(Options(), "");
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  const Status down = SandboxDown();
  EXPECT_TRUE(down) << down.error().message;
  EXPECT_FALSE(GetSandboxStatus().running);
  EXPECT_FALSE(fs::exists(up->kubeconfig));
  EXPECT_TRUE(Eventually([&] { return Look() == before_; })) << Look();
  ::unsetenv("HOLDFAST_STATE");
}

// What the command inside does.
int InnerMain(int argc, char** argv) {
  const std::string role = argc > 1 ? argv[1] : "";
  const fs::path file = argc > 2 ? argv[2] : "";
  if (role == "look") {
    std::string told = "cwd=" + fs::current_path().string() + "\n";
    for (int i = 0; i < argc; ++i)
      told += std::string(argv[i]) + "\n";
    told += RunChecked({"ip", "-o", "link"}).value_or("no devices");
    return WriteFileAtomic(file, told) ? 7 : 8;
  }
  sigset_t wanted{};
  sigemptyset(&wanted);
  sigaddset(&wanted, SIGTERM);
  sigaddset(&wanted, SIGINT);
  sigprocmask(SIG_BLOCK, &wanted, nullptr);
  if (!WriteFileAtomic(file, "waiting\n")) return 8;
  int signal = 0;
  sigwait(&wanted, &signal);
  int count = 1;
  const timespec patience{0, 300'000'000};
  while (sigtimedwait(&wanted, nullptr, &patience) > 0)
    ++count;
  return WriteFileAtomic(file, fmt::format("{} of {}\n", count, signal)) ? 128 + signal : 8;
}

}  // namespace
}  // namespace holdfast::sandbox

int main(int argc, char** argv) {
  int exit_code = 0;
  if (holdfast::sandbox::RunSandboxPart(argc, argv, exit_code)) return exit_code;
  if (std::strcmp(argv[0], "world-inner") == 0) return holdfast::sandbox::InnerMain(argc, argv);
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
