// The cells of a pod in table output.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_POD_CELLS_H_
#define HOLDFAST_HARNESS_SANDBOX_API_POD_CELLS_H_

#include <string>

#include "harness/base/clock.h"
#include "harness/base/json.h"

namespace holdfast::sandbox {

// "2/3", with restartable init containers counted.
std::string PodReadyCell(const Json& pod);
// "Running", "Init:0/1", "CrashLoopBackOff", "Terminating", ...
std::string PodStatusCell(const Json& pod);
// "3 (5m ago)".
std::string PodRestartsCell(const Json& pod, Nanos now);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_POD_CELLS_H_
