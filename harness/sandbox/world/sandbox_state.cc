#include "harness/sandbox/world/sandbox_state.h"

#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/base/strings.h"

namespace holdfast::sandbox {

std::optional<uint64_t> ParseStartTime(std::string_view stat) {
  // The second field is the program's name in parentheses and may hold anything.
  const size_t name_end = stat.rfind(") ");
  if (name_end == std::string_view::npos) return std::nullopt;
  const std::vector<std::string> fields = Split(Trim(stat.substr(name_end + 2)), ' ');
  constexpr size_t kStartTime = 22 - 3;
  if (fields.size() <= kStartTime || fields[0] == "Z" || fields[0] == "X") return std::nullopt;
  const std::optional<int64_t> ticks = ParseInt(fields[kStartTime]);
  if (!ticks || *ticks < 0) return std::nullopt;
  return static_cast<uint64_t>(*ticks);
}

std::optional<uint64_t> StartTimeOf(pid_t pid) {
  const Result<std::string> stat = ReadFile(fmt::format("/proc/{}/stat", pid));
  return stat ? ParseStartTime(*stat) : std::nullopt;
}

Status WriteState(const std::filesystem::path& file, const SandboxState& state) {
  const Json json = {{"format", "holdfast-sandbox/1"},          {"pid", state.pid},
                     {"startTime", state.start_time},           {"server", state.server},
                     {"kubeconfig", state.kubeconfig.string()}, {"nodes", state.nodes}};
  return WriteFileAtomic(file, DumpJson(json, 1) + "\n", 0600);
}

Result<SandboxState> ReadState(const std::filesystem::path& file) {
  HOLDFAST_ASSIGN(const std::string text, ReadFile(file));
  const Result<Json> json = ParseJson(text);
  SandboxState state;
  if (json) {
    state.pid = static_cast<pid_t>(GetInt(*json, {"pid"}));
    state.start_time = static_cast<uint64_t>(GetInt(*json, {"startTime"}));
    state.server = GetString(*json, {"server"});
    state.kubeconfig = GetString(*json, {"kubeconfig"});
    state.nodes = static_cast<int>(GetInt(*json, {"nodes"}));
  }
  if (!json || state.pid <= 1 || state.start_time == 0)
    return Fail(ErrorCode::kInternal, "{} is damaged; remove it", file.string());
  return state;
}

bool IsAlive(const SandboxState& state) {
  const std::optional<uint64_t> started = StartTimeOf(state.pid);
  return started && *started == state.start_time;
}

}  // namespace holdfast::sandbox
