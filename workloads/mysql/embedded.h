// The texts of the files beside this one, compiled in by embed.cmake.
#ifndef HOLDFAST_WORKLOADS_MYSQL_EMBEDDED_H_
#define HOLDFAST_WORKLOADS_MYSQL_EMBEDDED_H_

namespace holdfast::workloads::mysql::embedded {

extern const char* const configmap_yaml;
extern const char* const secret_yaml;
extern const char* const service_yaml;
extern const char* const statefulset_yaml;
extern const char* const own_volume_sh;
extern const char* const ready_sh;
extern const char* const setup_sh;
extern const char* const start_sh;
extern const char* const mysql_common_cnf;

}  // namespace holdfast::workloads::mysql::embedded

#endif  // HOLDFAST_WORKLOADS_MYSQL_EMBEDDED_H_
