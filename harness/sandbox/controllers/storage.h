// Names and questions that the storage controllers and the scheduler share.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STORAGE_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STORAGE_H_

#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/sandbox/store/store.h"

namespace holdfast::sandbox {

// The CSI driver and provisioner of the sandbox.
inline constexpr char kDriver[] = "sandbox.holdfast.dev";
// The provisioner of volumes that live on one node and are not attached.
inline constexpr char kLocalProvisioner[] = "local.sandbox.holdfast.dev";

inline constexpr char kSelectedNode[] = "volume.kubernetes.io/selected-node";
inline constexpr char kProvisioner[] = "volume.kubernetes.io/storage-provisioner";
inline constexpr char kProvisionerBeta[] = "volume.beta.kubernetes.io/storage-provisioner";
inline constexpr char kProvisionedBy[] = "pv.kubernetes.io/provisioned-by";
inline constexpr char kBindCompleted[] = "pv.kubernetes.io/bind-completed";
inline constexpr char kBoundByController[] = "pv.kubernetes.io/bound-by-controller";
inline constexpr char kDefaultClass[] = "storageclass.kubernetes.io/is-default-class";
inline constexpr char kClaimProtection[] = "kubernetes.io/pvc-protection";
inline constexpr char kVolumeProtection[] = "kubernetes.io/pv-protection";
inline constexpr char kProvisionerFinalizer[] =
    "external-provisioner.volume.kubernetes.io/finalizer";

// The claims that the pod's volumes name.
std::vector<std::string> ClaimsUsedBy(const Json& pod);
bool UsesClaim(const Json& pod, const std::string& claim);
bool IsOurProvisioner(const std::string& name);
// spec.resources.requests.storage of a claim, spec.capacity.storage of a volume; in thousandths of a
// byte.
int64_t RequestedStorage(const Json& claim);
int64_t CapacityOf(const Json& volume);
std::string AnnotationOf(const Json& object, const std::string& key);
// The StorageClass of the claim, or nullptr.
ObjectPtr ClassOf(const Store& store, const Json& claim);
// Is the claim unbound, and its class one of WaitForFirstConsumer?
bool WaitsForConsumer(const Store& store, const Json& claim);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STORAGE_H_
