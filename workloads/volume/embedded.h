// The texts of the files beside this one, compiled in by embed.cmake.
#ifndef HOLDFAST_WORKLOADS_VOLUME_EMBEDDED_H_
#define HOLDFAST_WORKLOADS_VOLUME_EMBEDDED_H_

namespace holdfast::workloads::volume::embedded {

extern const char* const claim_yaml;
extern const char* const configmap_yaml;
extern const char* const deployment_yaml;
extern const char* const pod_yaml;
extern const char* const service_yaml;
extern const char* const statefulset_yaml;
extern const char* const op_sh;
extern const char* const ready_sh;
extern const char* const start_sh;

}  // namespace holdfast::workloads::volume::embedded

#endif  // HOLDFAST_WORKLOADS_VOLUME_EMBEDDED_H_
