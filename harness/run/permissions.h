// What a run may need to do, as the roles that let it: in its own namespace, in that of the journals,
// and in the whole cluster.
#ifndef HOLDFAST_HARNESS_RUN_PERMISSIONS_H_
#define HOLDFAST_HARNESS_RUN_PERMISSIONS_H_

#include <string>
#include <vector>

#include "faults/fault.h"

namespace holdfast::run {

// A rule for each resource, with the verbs of all that were added for it.
using PolicyRules = std::vector<faults::PolicyRule>;
void AddRule(PolicyRules& rules, const faults::PolicyRule& more);

struct Permissions {
  std::string given_namespace;  // Empty: the run makes its own.
  PolicyRules in_namespace;     // In the run's namespace.
  PolicyRules in_journal;       // In the namespace of the journals.
  PolicyRules in_cluster;

  // To where the rule says that it is needed.
  void Add(const faults::PolicyRule& rule);
  // Everything of `other`, of a run in the same namespace.
  void Add(const Permissions& other);
};

// What every run needs, whatever it deploys and does.
Permissions BasePermissions(const std::string& given_namespace);

// As YAML for `kubectl apply`: the namespace of the journals with a ServiceAccount "holdfast" there,
// the roles, and their bindings to it. A namespace that is made so stays when runs end.
std::string RenderPermissions(const Permissions& permissions);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_PERMISSIONS_H_
