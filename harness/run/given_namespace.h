// A run in a namespace that was there before it: what the run may take for its own there, and how
// just that goes again.
#ifndef HOLDFAST_HARNESS_RUN_GIVEN_NAMESPACE_H_
#define HOLDFAST_HARNESS_RUN_GIVEN_NAMESPACE_H_

#include <string>
#include <vector>

#include "faults/fault.h"
#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/kube/client.h"

namespace holdfast::run {

// Puts the run's label on every manifest, on the pods of its template and on the claims of its claim
// templates: by it alone a run knows its objects among others.
void MarkAsOfRun(const std::string& run, std::vector<Json>& manifests);

// Refused by the fence when the namespace is not there, is being deleted, or holds workloads, pods or
// claims already: they would be judged as the run's.
Status CheckGivenNamespace(kube::Client& client, const std::string& ns);

// "Kind name" of every object of the run in the namespace.
Result<std::vector<std::string>> ContentOf(kube::Client& client,
                                           const std::string& ns,
                                           const std::string& run);

// Deletes what has the run's label, owners before what they own and claims last, and waits until it
// and the volumes of its claims are gone. kTimedOut names what is left. A namespace that is not there
// is fine.
Status RemoveContent(kube::Client& client,
                     const std::string& ns,
                     const std::string& run,
                     Clock& clock,
                     Nanos timeout);

// Beside what every run needs in its namespace.
std::vector<faults::PolicyRule> GivenNamespaceRules();

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_GIVEN_NAMESPACE_H_
