// The client side of the workload: one connection, no retries, no silent reconnection.
#ifndef HOLDFAST_WORKLOADS_POSTGRES_SESSION_H_
#define HOLDFAST_WORKLOADS_POSTGRES_SESSION_H_

#include <memory>
#include <string>

#include "workloads/workload.h"

namespace holdfast::workloads::postgres {

// Connects as the superuser to the database "postgres". `timeout` is rounded up to whole seconds,
// at least two (libpq's connect_timeout). The error is kUnavailable, its `reason` the class from
// ConnectErrorClass; its message never holds the password. `independent` servers have nothing in
// common, which their probes say.
Result<std::unique_ptr<Session>> OpenSession(const Endpoint& endpoint,
                                             const std::string& password,
                                             Nanos timeout,
                                             bool independent = false);

// Makes the table holdfast(key, value) and the function that reads it; what exists is kept.
// `session` must come from OpenSession and be connected to the primary.
Status PrepareTables(Session& session);

}  // namespace holdfast::workloads::postgres

#endif  // HOLDFAST_WORKLOADS_POSTGRES_SESSION_H_
