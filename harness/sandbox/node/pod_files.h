// The files about its network that every pod gets: /etc/hosts, /etc/resolv.conf, /etc/hostname.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_POD_FILES_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_POD_FILES_H_

#include <string>

#include "harness/base/json.h"

namespace holdfast::sandbox::node {

// spec.hostname, or the pod's name.
std::string PodHostname(const Json& pod);
// With subdomain and namespace, when it has a subdomain.
std::string PodFullName(const Json& pod, const std::string& cluster_domain);
// As the kubelet writes it: loopback, then the pod's address with its fully qualified name (when it
// has a subdomain) and its host name, then spec.hostAliases.
std::string HostsFile(const Json& pod,
                      const std::string& pod_ip,
                      const std::string& cluster_domain);
// dnsPolicy ClusterFirst (and Default without its search list, since the node knows no other
// server), with spec.dnsConfig added; dnsPolicy None: spec.dnsConfig alone.
std::string ResolvConf(const Json& pod,
                       const std::string& dns_server,
                       const std::string& cluster_domain);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_POD_FILES_H_
