// The client side of the workload: one member, through etcd's JSON gateway (API v3).
#ifndef HOLDFAST_WORKLOADS_ETCD_SESSION_H_
#define HOLDFAST_WORKLOADS_ETCD_SESSION_H_

#include <memory>

#include "workloads/http.h"
#include "workloads/workload.h"

namespace holdfast::workloads::etcd {

// What a client knows after an answer that is not status 200. A write fails only when etcd refused
// it before it was proposed (gRPC codes InvalidArgument, PermissionDenied, ResourceExhausted,
// FailedPrecondition, OutOfRange, Unimplemented, Unauthenticated); a timeout, a lost leader or a lost
// connection may have left a proposal behind. A read that did not succeed is a fail.
Outcome FailedOutcome(const HttpAnswer& answer, bool write);

// A number that the gateway may write as a string; 0 when it is left out.
int64_t Number(const Json& value, std::initializer_list<std::string_view> path);

// The key of one value of a set: fixed width, so that the order of keys is the order of values.
std::string SetKey(const std::string& set, int64_t value);
// Its value, or nullopt for a key of another set.
std::optional<int64_t> ValueOfSetKey(const std::string& set, std::string_view key);

// One request of the JSON gateway; its answer in `result` when the outcome is ok. `session` must come
// from OpenSession.
Outcome CallGateway(
    Session& session, const char* path, const Json& request, bool write, Json& result);

// Connects at the first request.
std::unique_ptr<Session> OpenSession(const Endpoint& endpoint, Nanos timeout);

}  // namespace holdfast::workloads::etcd

#endif  // HOLDFAST_WORKLOADS_ETCD_SESSION_H_
