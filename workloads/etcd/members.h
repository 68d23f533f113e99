// Membership of the quorum, as an operator changes it: one member at a time, before its pod comes or
// goes (etcd manual, "Runtime reconfiguration").
#ifndef HOLDFAST_WORKLOADS_ETCD_MEMBERS_H_
#define HOLDFAST_WORKLOADS_ETCD_MEMBERS_H_

#include <string>

#include "workloads/workload.h"

namespace holdfast::workloads::etcd {

// Where the other members reach this one.
std::string PeerUrl(const std::string& pod, const Deployment& deployment, int64_t peer_port);

// Makes `pod` a member unless it is one. The members that there are then, as --initial-cluster of a
// pod that joins wants them. kUnavailable when the members did not agree, or may not have.
Result<std::string> AddMember(Session& session, const std::string& pod, const std::string& peer_url);
// Takes `pod` out unless it is out; the members that are left.
Result<std::string> RemoveMember(Session& session, const std::string& pod);

// The members in an answer of the gateway, "name=url,...". One that has not started has no name yet:
// it is called `newcomer`.
std::string MembersText(const Json& answer, const std::string& newcomer);

}  // namespace holdfast::workloads::etcd

#endif  // HOLDFAST_WORKLOADS_ETCD_MEMBERS_H_
