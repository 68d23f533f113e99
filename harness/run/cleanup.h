// Takes a run's namespace away and waits until it and its volumes are gone.
#ifndef HOLDFAST_HARNESS_RUN_CLEANUP_H_
#define HOLDFAST_HARNESS_RUN_CLEANUP_H_

#include <string>

#include "harness/base/clock.h"
#include "harness/base/result.h"
#include "harness/kube/client.h"

namespace holdfast::run {

// kTimedOut names what is still there and what holds it. A namespace that is not there is fine.
// Volumes whose class retains them are named in the error, not deleted: they may hold evidence.
Status RemoveNamespace(kube::Client& client, const std::string& ns, Clock& clock, Nanos timeout);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_CLEANUP_H_
