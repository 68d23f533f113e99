// The workload "etcd": a quorum of members with stable names, every one of which takes writes.
#ifndef HOLDFAST_WORKLOADS_ETCD_ETCD_H_
#define HOLDFAST_WORKLOADS_ETCD_ETCD_H_

#include "workloads/workload.h"

namespace holdfast::workloads::etcd {

class EtcdWorkload : public Workload {
 public:
  [[nodiscard]] std::string Name() const override { return "etcd"; }
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
  // `member add` before a pod comes, `member remove` before one goes, and the list that a member
  // without data starts from.
  [[nodiscard]] Result<std::vector<Json>> BeforeResize(Session& session,
                                                       const Deployment& deployment,
                                                       const Resize& resize) const override;
  // Nothing to make; asks whether the member answers.
  [[nodiscard]] Status Prepare(Session& session) const override;
};

}  // namespace holdfast::workloads::etcd

#endif  // HOLDFAST_WORKLOADS_ETCD_ETCD_H_
