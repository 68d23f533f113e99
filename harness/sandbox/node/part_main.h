// Entry points of the parts; each runs in a process of its own with a single thread.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_PART_MAIN_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_PART_MAIN_H_

#include "harness/base/json.h"

namespace holdfast::sandbox::node {

// Mounts the writable layer and becomes bubblewrap. Descriptor 3 takes bubblewrap's answer, or
// {"error": "..."}.
int ContainerMain(const Json& spec);
// Enters the container of process {"pid"} and runs {"argv"} there in {"workingDirectory"}; with
// {"tty"} standard input becomes the controlling terminal. Exit code of the command; 126 or 127 as
// a shell would when it cannot be run.
int ExecMain(const Json& request);
// Keeps a network namespace (loopback up) alive until it is killed; says "ready" on standard
// output.
int PodHolderMain();

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_PART_MAIN_H_
