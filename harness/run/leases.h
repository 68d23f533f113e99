// Leases by which a run keeps a node or a namespace for itself. Whoever comes second is told who was
// first; the API server decides which one that is.
#ifndef HOLDFAST_HARNESS_RUN_LEASES_H_
#define HOLDFAST_HARNESS_RUN_LEASES_H_

#include <string>

#include "harness/kube/client.h"
#include "harness/run/actions.h"
#include "harness/run/journal.h"

namespace holdfast::run {

// The lease on a node: "node-<name>".
kube::ObjectRef NodeLeaseRef(const std::string& node);
// The lease on a namespace that a run was given: "namespace-<name>".
kube::ObjectRef NamespaceLeaseRef(const std::string& ns);
// The node of such a lease's name; empty when it is of another kind.
std::string NodeOfLease(const std::string& name);
// The manifest of a lease of `run`, held by `holder` (of its heartbeat: whose process it is).
Json MakeLease(const std::string& name, const std::string& run, const std::string& holder);

// Makes the lease, journalled before, and returns the change that undoes it. When another run holds
// it, an error that says what (`what`: "node a") is held by whom, and nothing is left to undo.
Result<Change> TakeLease(Actions& actions,
                         Journal& journal,
                         const kube::ObjectRef& ref,
                         const std::string& run,
                         const std::string& what);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LEASES_H_
