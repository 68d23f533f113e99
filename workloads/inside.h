// Reads what a pod's own files say about it: pure functions over their texts.
#ifndef HOLDFAST_WORKLOADS_INSIDE_H_
#define HOLDFAST_WORKLOADS_INSIDE_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"

namespace holdfast::workloads {

// The words of the line of /etc/hosts that has `hostname` among its names; empty without one.
std::vector<std::string> HostsLine(std::string_view hosts, std::string_view hostname);

// The mount that holds `path`, from /proc/self/mountinfo (proc(5)): {"device":"maj:min","path":
// mount point,"root": path inside the file system,"readOnly"}, or null. Of mounts on one point the
// last wins; readOnly when either the mount or its file system is.
Json MountOf(std::string_view mountinfo, std::string_view path);
// The mounts that hold "/" and `path`; one when they are the same.
Json RootAndMountOf(std::string_view mountinfo, std::string_view path);

// "<pod> <nonce>" as {"pod","nonce"}, or null for anything else.
Json ParseMarker(std::string_view text);

}  // namespace holdfast::workloads

#endif  // HOLDFAST_WORKLOADS_INSIDE_H_
