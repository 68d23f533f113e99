// The texts of the files beside this one, compiled in by embed.cmake.
#ifndef HOLDFAST_WORKLOADS_PAUSE_EMBEDDED_H_
#define HOLDFAST_WORKLOADS_PAUSE_EMBEDDED_H_

namespace holdfast::workloads::pause::embedded {

extern const char* const service_yaml;
extern const char* const statefulset_yaml;

}  // namespace holdfast::workloads::pause::embedded

#endif  // HOLDFAST_WORKLOADS_PAUSE_EMBEDDED_H_
