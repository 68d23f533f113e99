// Starts a program, if asked in namespaces of its own. One step between fork and exec for all the
// processes of a world, so that none inherits what it must not.
#ifndef HOLDFAST_HARNESS_SANDBOX_WORLD_LAUNCH_H_
#define HOLDFAST_HARNESS_SANDBOX_WORLD_LAUNCH_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/result.h"

namespace holdfast::sandbox {

struct LaunchOptions {
  std::vector<std::string> argv;   // Executed by this very program; argv[0] is only a name.
  int namespaces = 0;              // CLONE_NEW* flags.
  std::vector<int> descriptors{};  // Become 3, 4, ... of the child; it gets no others.
  int input = -1;                  // Standard streams; -1: the caller's.
  int output = -1;
  int error = -1;
  int gate = -1;                // The child waits for one byte on it and ends without one.
  int gate_writer = -1;         // The caller's end of the gate: closed in the child.
  bool die_with_caller = true;  // Killed when the calling thread ends.
  bool block_signals = false;   // Starts with the caller's signal mask; else with none blocked.
  bool root_directory = false;  // Starts in "/", else where the caller is.
};

// Returns the child's id as the caller sees it. Errors name the namespace that is forbidden as far
// as the kernel tells.
Result<pid_t> Launch(const LaunchOptions& options);

// Sends by descriptor, so that a reused process id is never hit. -1 and errno as kill(2).
int SignalByDescriptor(int pidfd, int signal);
// Refers to process `pid`, readable when it has ended.
Result<FileDescriptor> OpenProcess(pid_t pid);
struct PipeEnds {
  FileDescriptor read;
  FileDescriptor write;
};
Result<PipeEnds> MakePipe();

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_WORLD_LAUNCH_H_
