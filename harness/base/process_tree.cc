#include "harness/base/process_tree.h"

#include <signal.h>

#include <filesystem>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/strings.h"

namespace holdfast {
namespace {

constexpr int kMostRounds = 500;
constexpr Nanos kBetweenRounds = std::chrono::milliseconds(2);

// A zombie can do nothing, and a signal to a stopped process changes nothing.
bool Runs(char state) { return state != 'T' && state != 't' && state != 'Z' && state != 'X'; }

// Of a process that is gone, none does.
bool AnyThreadRuns(pid_t process) {
  std::error_code error;
  const std::string threads = fmt::format("/proc/{}/task", process);
  for (const auto& entry : std::filesystem::directory_iterator(threads, error)) {
    const auto stat = ReadFile(entry.path() / "stat");
    if (stat && Runs(ParseProcessState(*stat).state)) return true;
  }
  return false;
}

}  // namespace

ProcessState ParseProcessState(std::string_view stat) {
  // The name may hold anything, also blanks and brackets; the last bracket ends it.
  const size_t end = stat.rfind(')');
  if (end == std::string_view::npos) return {};
  const std::vector<std::string> fields = Split(Trim(stat.substr(end + 1)), ' ');
  if (fields.size() < 2 || fields[0].size() != 1) return {};
  return {static_cast<pid_t>(ParseInt(fields[1]).value_or(0)), fields[0][0]};
}

std::map<pid_t, ProcessState> AllProcesses() {
  std::map<pid_t, ProcessState> all;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const auto pid = ParseInt(entry.path().filename().string());
    if (!pid) continue;
    const auto stat = ReadFile(entry.path() / "stat");
    if (stat) all[static_cast<pid_t>(*pid)] = ParseProcessState(*stat);
  }
  return all;
}

std::vector<pid_t> TreeOf(const std::map<pid_t, ProcessState>& all, pid_t root) {
  std::multimap<pid_t, pid_t> children;
  for (const auto& [pid, process] : all)
    children.emplace(process.parent, pid);
  std::vector<pid_t> tree;
  if (all.contains(root)) tree.push_back(root);
  for (size_t i = 0; i < tree.size(); ++i) {
    const auto [first, last] = children.equal_range(tree[i]);
    for (auto at = first; at != last; ++at)
      if (at->second != tree[i]) tree.push_back(at->second);
  }
  return tree;
}

Status StopTree(pid_t root) {
  for (int round = 0; round < kMostRounds; ++round) {
    const auto all = AllProcesses();
    bool running = false;
    for (const pid_t pid : TreeOf(all, root)) {
      if (!AnyThreadRuns(pid)) continue;
      running = true;
      ::kill(pid, SIGSTOP);
    }
    if (!running) return {};
    SystemClock().SleepFor(kBetweenRounds, {});
  }
  return Fail(ErrorCode::kInternal, "the processes below {} cannot be stopped", root);
}

Status ContinueTree(pid_t root) {
  // Children first: whoever goes on finds what it works with going on already.
  const auto all = AllProcesses();
  std::vector<pid_t> tree = TreeOf(all, root);
  for (auto at = tree.rbegin(); at != tree.rend(); ++at)
    ::kill(*at, SIGCONT);
  return {};
}

}  // namespace holdfast
