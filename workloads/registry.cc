// The list of workloads; a new one is added here and nowhere else.
#include "workloads/postgres/postgres.h"
#include "workloads/workload.h"

namespace holdfast::workloads {

const std::vector<const Workload*>& AllWorkloads() {
  static const postgres::PostgresWorkload postgres;
  static const std::vector<const Workload*> all = {&postgres};
  return all;
}

const Workload* FindWorkload(const std::string& name) {
  for (const Workload* workload : AllWorkloads()) {
    if (workload->Name() == name) return workload;
  }
  return nullptr;
}

}  // namespace holdfast::workloads
