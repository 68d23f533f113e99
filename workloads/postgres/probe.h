// Reads what a pod's own files say about it: pure functions over their texts.
#ifndef HOLDFAST_WORKLOADS_POSTGRES_PROBE_H_
#define HOLDFAST_WORKLOADS_POSTGRES_PROBE_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"

namespace holdfast::workloads::postgres {

// The words of the line of /etc/hosts that has `hostname` among its names; empty without one.
std::vector<std::string> HostsLine(std::string_view hosts, std::string_view hostname);

// The mount that holds `path`, from /proc/self/mountinfo (proc(5)): {"device":"maj:min","path":
// mount point,"root": path inside the file system}, or null. Of mounts on one point the last wins.
Json MountOf(std::string_view mountinfo, std::string_view path);

// "<pod> <nonce>" as {"pod","nonce"}, or null for anything else.
Json ParseMarker(std::string_view text);

}  // namespace holdfast::workloads::postgres

#endif  // HOLDFAST_WORKLOADS_POSTGRES_PROBE_H_
