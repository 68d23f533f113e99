// The workload "postgres": a StatefulSet whose lowest ordinal is the primary and whose other pods
// stream from it, or whose pods are servers of their own.
#ifndef HOLDFAST_WORKLOADS_POSTGRES_POSTGRES_H_
#define HOLDFAST_WORKLOADS_POSTGRES_POSTGRES_H_

#include "workloads/workload.h"

namespace holdfast::workloads::postgres {

class PostgresWorkload : public Workload {
 public:
  [[nodiscard]] std::string Name() const override { return "postgres"; }
  [[nodiscard]] std::string Description() const override;
  [[nodiscard]] ParameterSchema Parameters() const override;
  [[nodiscard]] Capabilities GetCapabilities(const Json& parameters) const override;
  [[nodiscard]] Target GetTarget(const Json& parameters) const override;
  [[nodiscard]] std::vector<std::string> Images(const Json& parameters) const override;
  [[nodiscard]] Result<std::vector<Json>> Manifests(const Deployment& deployment) const override;
  [[nodiscard]] int Port(const Json& parameters) const override;
  [[nodiscard]] Result<std::unique_ptr<Session>> Connect(const Deployment& deployment,
                                                         const Endpoint& endpoint,
                                                         Nanos timeout) const override;
  [[nodiscard]] Status Prepare(Session& session) const override;
};

}  // namespace holdfast::workloads::postgres

#endif  // HOLDFAST_WORKLOADS_POSTGRES_POSTGRES_H_
