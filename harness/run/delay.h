// Why a wait is not over, for people: which pod is in which phase of its life, for how long, and
// the known cause when one fits.
#ifndef HOLDFAST_HARNESS_RUN_DELAY_H_
#define HOLDFAST_HARNESS_RUN_DELAY_H_

#include <string>

#include "harness/base/clock.h"
#include "harness/observe/recorder.h"
#include "harness/run/snapshot.h"

namespace holdfast::run {

enum class Phase { kCreate, kSchedule, kDetach, kAttach, kPull, kStart, kReady, kTerminate, kNone };
// "terminate", "attach", ...: the words of the sentence.
const char* PhaseName(Phase phase);

struct Delay {
  Phase phase = Phase::kNone;  // kNone: the pod is ready.
  Nanos since{0};              // Wall time at which the phase began, as the server says; 0 unknown.
  std::string detail;          // What the API says.
  std::string cause;           // A known cause with its remedy, or empty.
};

// Where the pod stands. `view` gives its node, claims and attachments.
Delay DelayOf(const observe::ClusterView& view, const Json& pod);

// "1 of 3 replicas ready: pg-0 Ready, pg-1 Terminating (terminate for 62 s: its node b is not
// ready; ...), pg-2 is missing (create: exceeded quota)". `wall` is the server's time now.
std::string Explain(const observe::ClusterView& view, const faults::Snapshot& now, Nanos wall);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_DELAY_H_
