// Places where a test may end the runner as if by kill -9, to show that nothing is ever left behind
// that `holdfast recover` cannot find.
#ifndef HOLDFAST_HARNESS_RUN_CRASH_POINT_H_
#define HOLDFAST_HARNESS_RUN_CRASH_POINT_H_

namespace holdfast::run {

// Called before and after each durable write: a line of the journal, a request to the API. Counts
// its calls; when the environment variable HOLDFAST_KILL_AT is that number, the process kills
// itself with SIGKILL. Thread-safe; without the variable it does nothing.
void CrashPoint();

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_CRASH_POINT_H_
