// Who runs: enough to tell on the same machine at once whether that process still lives.
#ifndef HOLDFAST_HARNESS_RUN_RUNNER_IDENTITY_H_
#define HOLDFAST_HARNESS_RUN_RUNNER_IDENTITY_H_

#include <string>

namespace holdfast::run {

// "HOST_BOOT_PIDNS_PID_START" of this process.
std::string RunnerIdentity();

enum class Liveness { kAlive, kDead, kUnknown };
// Of the process with this identity. kUnknown when it is of another machine or another process
// namespace: then only its heartbeat can tell.
Liveness LivenessOf(const std::string& identity);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_RUNNER_IDENTITY_H_
