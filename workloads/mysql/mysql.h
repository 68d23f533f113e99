// The workloads "mysql" and "mariadb": a StatefulSet whose lowest ordinal is the source and whose
// other pods replicate from it by GTID.
#ifndef HOLDFAST_WORKLOADS_MYSQL_MYSQL_H_
#define HOLDFAST_WORKLOADS_MYSQL_MYSQL_H_

#include "workloads/mysql/flavor.h"
#include "workloads/workload.h"

namespace holdfast::workloads::mysql {

class MySqlWorkload : public Workload {
 public:
  explicit MySqlWorkload(Flavor flavor) : flavor_(flavor) {}

  [[nodiscard]] std::string Name() const override;
  [[nodiscard]] std::string Description() const override;
  [[nodiscard]] ParameterSchema Parameters() const override;
  [[nodiscard]] Target GetTarget(const Json& parameters) const override;
  [[nodiscard]] std::vector<std::string> Images(const Json& parameters) const override;
  [[nodiscard]] Result<std::vector<Json>> Manifests(const Deployment& deployment) const override;
  [[nodiscard]] int Port(const Json& parameters) const override;
  [[nodiscard]] Result<std::unique_ptr<Session>> Connect(const Deployment& deployment,
                                                         const Endpoint& endpoint,
                                                         Nanos timeout) const override;
  [[nodiscard]] Status Prepare(Session& session) const override;

 private:
  Flavor flavor_;
};

}  // namespace holdfast::workloads::mysql

#endif  // HOLDFAST_WORKLOADS_MYSQL_MYSQL_H_
