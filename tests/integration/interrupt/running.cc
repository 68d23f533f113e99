// See running.h.
#include "tests/integration/interrupt/running.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include <gtest/gtest.h>

#include "harness/base/clock.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"

namespace holdfast {
namespace fs = std::filesystem;
namespace {

constexpr Nanos kPatience = std::chrono::minutes(1);
constexpr Nanos kEndPatience = std::chrono::minutes(2);
constexpr Nanos kPoll = std::chrono::milliseconds(20);

// Parent and start time, by /proc/<pid>/stat; nullopt for a zombie too.
struct Stat {
  pid_t parent = 0;
  std::string start;
};
std::optional<Stat> StatOf(pid_t pid) {
  const auto text = ReadFile(fmt::format("/proc/{}/stat", pid));
  if (!text) return std::nullopt;
  const std::vector<std::string> fields = Split(text->substr(text->rfind(')') + 2), ' ');
  if (fields.size() < 20 || fields[0] == "Z" || fields[0] == "X") return std::nullopt;
  return Stat{static_cast<pid_t>(ParseInt(fields[1]).value_or(0)), fields[19]};
}

}  // namespace

Place::Place(const std::string& image) {
  for (const fs::path& path : {temporary, state})
    EXPECT_TRUE(MakeDirectories(path));
  const std::string with = image.empty() ? "" : ", image: \"" + image + "\"";
  EXPECT_TRUE(WriteFileAtomic(suite,
                              "suite: small\n"
                              "workload: {postgres: {replicas: 1" +
                                  with +
                                  "}}\n"
                                  "load: {writers: 2, readers: 1, rate: 100/s, minimum-acks: 50}\n"
                                  "scenarios:\n"
                                  "  - name: first\n"
                                  "    steps: [pod-delete: {role: primary}]\n"
                                  "  - name: second\n"
                                  "    steps: [pod-delete: {role: primary, grace: 0s}]\n"));
}

std::vector<std::string> Place::Command() const {
  return {HOLDFAST_PROGRAM, "run",     suite.string(),
          "--scenario",     "first",   "--out",
          out.string(),     "--junit", (folder.path() / "asked.xml").string()};
}

std::vector<std::string> Place::Environment() const {
  return {"TMPDIR=" + temporary.string(), "HOLDFAST_STATE=" + state.string()};
}

Family FamilyOf(pid_t pid) {
  std::map<pid_t, Stat> all;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc", error)) {
    const auto id = ParseInt(entry.path().filename().string());
    if (!id) continue;
    if (const auto stat = StatOf(static_cast<pid_t>(*id))) all[static_cast<pid_t>(*id)] = *stat;
  }
  Family family;
  const auto belongs = [&](pid_t candidate) {
    for (auto at = all.find(candidate); at != all.end(); at = all.find(at->second.parent))
      if (at->first == pid) return true;
    return false;
  };
  for (const auto& [candidate, stat] : all)
    if (belongs(candidate)) family[candidate] = stat.start;
  return family;
}

std::vector<std::string> LeftOf(const Family& family) {
  const Deadline deadline(SystemClock(), std::chrono::seconds(10));
  std::vector<std::string> left;
  do {
    left.clear();
    for (const auto& [pid, start] : family) {
      const auto stat = StatOf(pid);
      if (stat && stat->start == start)
        left.push_back(ReadFile(fmt::format("/proc/{}/cmdline", pid)).value_or("?").substr(0, 100));
    }
  } while (!left.empty() && !deadline.Passed() && SystemClock().SleepFor(kPoll, {}));
  return left;
}

std::string DevicesAndMounts() {
  std::string text;
  for (const std::string& line : Split(RunChecked({"ip", "-o", "link"}).value_or("no ip"), '\n')) {
    const std::vector<std::string> fields = Split(line, ' ');
    if (fields.size() > 1) text += fields[1] + "\n";
  }
  for (const std::string& line : Split(ReadFile("/proc/self/mountinfo").value_or(""), '\n')) {
    const std::vector<std::string> fields = Split(line, ' ');
    if (fields.size() > 4) text += fields[4] + "\n";
  }
  return text;
}

Running::Running(const std::vector<std::string>& argv,
                 const std::vector<std::string>& environment) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  pipe_ = FileDescriptor(ends[0]);
  const FileDescriptor write(ends[1]);
  ::fcntl(pipe_.get(), F_SETFL, O_NONBLOCK);
  posix_spawn_file_actions_t actions{};
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, write.get(), 1);
  posix_spawn_file_actions_adddup2(&actions, write.get(), 2);
  std::vector<std::string> words = {"env"};
  words.insert(words.end(), environment.begin(), environment.end());
  words.insert(words.end(), argv.begin(), argv.end());
  std::vector<char*> pointers;
  for (std::string& word : words)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const std::string program = FindProgram("env").value_or("/usr/bin/env");
  EXPECT_EQ(posix_spawn(&pid_, program.c_str(), &actions, nullptr, pointers.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
}

Running::~Running() {
  if (exit_code_) return;
  Signal(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

bool Running::Fill() {
  pollfd ready{pipe_.get(), POLLIN, 0};
  if (::poll(&ready, 1, 5) <= 0) return true;
  std::array<char, 4096> bytes{};
  const ssize_t count = ::read(pipe_.get(), bytes.data(), bytes.size());
  if (count > 0) output_.append(bytes.data(), static_cast<size_t>(count));
  return count != 0;
}

bool Running::Await(const std::function<bool()>& condition) {
  const Deadline deadline(SystemClock(), kPatience);
  while (!condition()) {
    if (deadline.Passed() || !Fill()) return condition();
  }
  return true;
}

bool Running::AwaitText(const std::string& text) {
  return Await([&] { return output_.find(text) != std::string::npos; });
}

void Running::Signal(int signal) const { ::kill(pid_, signal); }

int Running::Wait() {
  const Deadline deadline(SystemClock(), kEndPatience);
  while (!exit_code_) {
    const bool open = Fill();
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    } else if (deadline.Passed()) {
      return -1;
    } else if (!open) {
      SystemClock().SleepFor(kPoll, {});
    }
  }
  // What it wrote last; descendants may hold the pipe open.
  size_t before = 0;
  do {
    before = output_.size();
  } while (Fill() && output_.size() > before);
  return *exit_code_;
}

std::string LastLine(const std::string& text) {
  std::string last;
  for (const std::string& line : Split(text, '\n'))
    if (!line.empty()) last = line;
  return last;
}

}  // namespace holdfast
