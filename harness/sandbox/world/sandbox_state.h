// The record of a sandbox that stays: which process it is, so that a reused process id is never
// taken for it.
#ifndef HOLDFAST_HARNESS_SANDBOX_WORLD_SANDBOX_STATE_H_
#define HOLDFAST_HARNESS_SANDBOX_WORLD_SANDBOX_STATE_H_

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "harness/base/result.h"

namespace holdfast::sandbox {

struct SandboxState {
  pid_t pid = 0;
  uint64_t start_time = 0;  // In the kernel's clock ticks since boot.
  std::string server;
  std::filesystem::path kubeconfig;
  int nodes = 0;
};

// When the process began, by /proc; nullopt when it is not there (or only a zombie).
std::optional<uint64_t> StartTimeOf(pid_t pid);
// Of the text of /proc/<pid>/stat.
std::optional<uint64_t> ParseStartTime(std::string_view stat);

Status WriteState(const std::filesystem::path& file, const SandboxState& state);
// kNotFound when there is no file; a damaged one is kInternal.
Result<SandboxState> ReadState(const std::filesystem::path& file);
// The process is there and is the one that was recorded.
bool IsAlive(const SandboxState& state);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_WORLD_SANDBOX_STATE_H_
