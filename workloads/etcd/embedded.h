// The texts of the files beside this one, compiled in by embed.cmake.
#ifndef HOLDFAST_WORKLOADS_ETCD_EMBEDDED_H_
#define HOLDFAST_WORKLOADS_ETCD_EMBEDDED_H_

namespace holdfast::workloads::etcd::embedded {

extern const char* const configmap_yaml;
extern const char* const service_yaml;
extern const char* const statefulset_yaml;

}  // namespace holdfast::workloads::etcd::embedded

#endif  // HOLDFAST_WORKLOADS_ETCD_EMBEDDED_H_
