// The list of workloads; a new one is added here and nowhere else.
#include "workloads/etcd/etcd.h"
#include "workloads/mysql/mysql.h"
#include "workloads/pause/pause.h"
#include "workloads/postgres/postgres.h"
#include "workloads/volume/volume.h"
#include "workloads/workload.h"

namespace holdfast::workloads {

const std::vector<const Workload*>& AllWorkloads() {
  static const etcd::EtcdWorkload etcd;
  static const mysql::MySqlWorkload mariadb(mysql::Flavor::kMariaDb);
  static const mysql::MySqlWorkload mysql(mysql::Flavor::kMySql);
  static const pause::PauseWorkload pause;
  static const postgres::PostgresWorkload postgres;
  static const volume::VolumeWorkload volume(volume::VolumeWorkload::Kind::kStatefulSet);
  static const volume::VolumeWorkload control(volume::VolumeWorkload::Kind::kDeployment);
  static const std::vector<const Workload*> all = {&control,  &etcd,     &mariadb, &mysql,
                                                   &pause, &postgres, &volume};
  return all;
}

const Workload* FindWorkload(const std::string& name) {
  for (const Workload* workload : AllWorkloads()) {
    if (workload->Name() == name) return workload;
  }
  return nullptr;
}

}  // namespace holdfast::workloads
