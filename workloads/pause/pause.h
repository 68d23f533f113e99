// The workload "pause": pods without clients, for what only the API shows.
#ifndef HOLDFAST_WORKLOADS_PAUSE_PAUSE_H_
#define HOLDFAST_WORKLOADS_PAUSE_PAUSE_H_

#include "workloads/workload.h"

namespace holdfast::workloads::pause {

class PauseWorkload : public Workload {
 public:
  [[nodiscard]] std::string Name() const override { return "pause"; }
  [[nodiscard]] std::string Description() const override;
  [[nodiscard]] ParameterSchema Parameters() const override;
  [[nodiscard]] Capabilities GetCapabilities(const Json& parameters) const override;
  [[nodiscard]] Target GetTarget(const Json& parameters) const override;
  [[nodiscard]] std::vector<std::string> Images(const Json& parameters) const override;
  [[nodiscard]] Result<std::vector<Json>> Manifests(const Deployment& deployment) const override;
  [[nodiscard]] int Port(const Json& parameters) const override;
  // Always kUnavailable: nothing listens.
  [[nodiscard]] Result<std::unique_ptr<Session>> Connect(const Deployment& deployment,
                                                         const Endpoint& endpoint,
                                                         Nanos timeout) const override;
  [[nodiscard]] Status Prepare(Session& session) const override;
};

}  // namespace holdfast::workloads::pause

#endif  // HOLDFAST_WORKLOADS_PAUSE_PAUSE_H_
