// Questions asked of the cluster and of this machine before anything is deployed.
#ifndef HOLDFAST_HARNESS_RUN_PREFLIGHT_H_
#define HOLDFAST_HARNESS_RUN_PREFLIGHT_H_

#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/kube/client.h"
#include "harness/run/permissions.h"
#include "harness/suite/suite.h"
#include "workloads/workload.h"

namespace holdfast::run {

// What the cluster is: {"context","server","version","uid","nodes","readyNodes"}; "uid" is
// kube-system's, empty when we may not read it.
Result<Json> Fingerprint(kube::Client& client);
// The class must exist; without a name there must be a default one. The error lists the classes.
Status CheckStorageClass(kube::Client& client, const std::string& name);
// Refused on any cluster but the sandbox (`cluster` is its fingerprint): images by names that only the
// sandbox has. The error says which parameter of the workload names others.
Status CheckImages(const Json& cluster,
                   const suite::Suite& suite,
                   const workloads::Workload& workload);
// What is in no namespace before it is made: pull secrets and service accounts want a given one.
Status CheckNamespaceParameters(const suite::Suite& suite);
// Every rule is asked of the API (SelfSubjectAccessReview); the error names all that are missing. `ns`
// is the run's namespace, which need not be there yet. A server that does not answer such reviews is
// taken at its word later.
Status CheckPermissions(kube::Client& client,
                        const std::string& ns,
                        const Permissions& permissions);
// Room for evidence where the run directory will be.
Status CheckDisk(const std::filesystem::path& directory);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_PREFLIGHT_H_
