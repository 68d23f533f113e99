// The client side of the workload: one connection, no retries, no silent reconnection.
#ifndef HOLDFAST_WORKLOADS_MYSQL_SESSION_H_
#define HOLDFAST_WORKLOADS_MYSQL_SESSION_H_

#include <memory>
#include <string>

#include "workloads/mysql/flavor.h"
#include "workloads/workload.h"

namespace holdfast::workloads::mysql {

// Connects as the user holdfast, who may not write where the server is read-only. `timeout` is
// rounded up to whole seconds. The error is kUnavailable, its `reason` the class from
// ConnectErrorClass; its message never holds the password.
Result<std::unique_ptr<Session>> OpenSession(Flavor flavor,
                                             const Endpoint& endpoint,
                                             const std::string& password,
                                             Nanos timeout);

// Makes the database and the tables; what exists is kept. `session` must come from OpenSession and
// be connected to the source.
Status PrepareTables(Session& session);

}  // namespace holdfast::workloads::mysql

#endif  // HOLDFAST_WORKLOADS_MYSQL_SESSION_H_
