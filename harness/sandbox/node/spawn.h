// Starts long-lived child processes: the parts of this program that become pods and containers.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_SPAWN_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_SPAWN_H_

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/result.h"

namespace holdfast::sandbox::node {

struct SpawnOptions {
  std::vector<std::string> argv;  // argv[0] is a path; SelfProgram() for a part of this program.
  std::vector<std::string> environment;            // All of it: nothing of ours is inherited.
  std::vector<std::pair<int, int>> descriptors{};  // (ours, the child's), by the child's number.
};

// Starts a child with default signal handling; the caller waits for it. The calling thread must
// outlive the child when the child asked for PR_SET_PDEATHSIG (the kernel ties that to the thread).
Result<pid_t> Spawn(const SpawnOptions& options);
// The path that executes this very program again.
std::string SelfProgram();
// The environment of this process as "NAME=value".
std::vector<std::string> OwnEnvironment();

struct PipeEnds {
  FileDescriptor read;
  FileDescriptor write;
};
// Both ends are closed on exec.
Result<PipeEnds> MakePipe();
// A new pseudo-terminal: `read` is its master (both ways), `write` the side for the program.
Result<PipeEnds> OpenTerminal();
// A pidfd of `pid`, or an error when it is gone.
Result<FileDescriptor> OpenPidfd(pid_t pid);
// Waits for the child and returns its exit code, 128 + signal when it was killed by one.
int WaitForExit(pid_t pid);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_SPAWN_H_
