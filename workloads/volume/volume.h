// The workload "volume": every pod serves the files on its own volume over HTTP, with nothing but
// busybox. And its negative control "deployment-control": the same pods as a Deployment that shares
// one claim, which must break what a StatefulSet promises.
#ifndef HOLDFAST_WORKLOADS_VOLUME_VOLUME_H_
#define HOLDFAST_WORKLOADS_VOLUME_VOLUME_H_

#include "workloads/workload.h"

namespace holdfast::workloads::volume {

class VolumeWorkload : public Workload {
 public:
  enum class Kind { kStatefulSet, kDeployment };
  explicit VolumeWorkload(Kind kind) : kind_(kind) {}

  [[nodiscard]] std::string Name() const override;
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
  // Nothing to make; asks whether the pod answers.
  [[nodiscard]] Status Prepare(Session& session) const override;

 private:
  [[nodiscard]] bool IsSet() const { return kind_ == Kind::kStatefulSet; }
  [[nodiscard]] Result<Json> Values(const Deployment& deployment) const;
  Kind kind_;
};

}  // namespace holdfast::workloads::volume

#endif  // HOLDFAST_WORKLOADS_VOLUME_VOLUME_H_
