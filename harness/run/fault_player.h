// Plays one fault: chooses its victims, records what will be done, does it, and records the proof.
#ifndef HOLDFAST_HARNESS_RUN_FAULT_PLAYER_H_
#define HOLDFAST_HARNESS_RUN_FAULT_PLAYER_H_

#include <string>

#include "faults/fault.h"
#include "harness/suite/suite.h"
#include "harness/trace/trace_writer.h"

namespace holdfast::run {

struct ChosenFault {
  const faults::Fault* fault = nullptr;
  int id = 0;  // In the trace.
  faults::FaultTargets targets;
  Json parameters;
};

// Chooses and writes the fault's "begin" into the trace; when there is nothing to do it to, the
// fault is recorded as unproven and the error says why.
Result<ChosenFault> ChooseFault(faults::Cluster& cluster,
                                trace::TraceWriter& trace,
                                const std::string& scenario,
                                const suite::Step& step,
                                Random random);
// Does it, and writes proof and end. kTimedOut when it is not proven. Thread-safe for different
// faults.
Status InjectFault(faults::Cluster& cluster, trace::TraceWriter& trace, const ChosenFault& chosen);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_FAULT_PLAYER_H_
