// The client side of the workload: HTTP requests to one pod, each sent once.
#ifndef HOLDFAST_WORKLOADS_VOLUME_SESSION_H_
#define HOLDFAST_WORKLOADS_VOLUME_SESSION_H_

#include <memory>

#include "workloads/http.h"
#include "workloads/workload.h"

namespace holdfast::workloads::volume {

// What a client knows about a write after `answer`: refused connections and statuses below 500 are
// a fail, a whole answer of status 200 is ok, anything else is info. Reads: see ReadOutcome.
Outcome WriteOutcome(const HttpAnswer& answer);
// Ok or fail: a read has no effect.
Outcome ReadOutcome(const HttpAnswer& answer);

// Connects at the first request. `names` are the host names that a probe resolves; `pod` is "-" when
// any pod may answer.
std::unique_ptr<Session> OpenSession(const Endpoint& endpoint,
                                     const std::string& pod,
                                     std::vector<std::string> names,
                                     Nanos timeout);

}  // namespace holdfast::workloads::volume

#endif  // HOLDFAST_WORKLOADS_VOLUME_SESSION_H_
