// What the parts of one sync of a StatefulSet share.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_CONTEXT_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_CONTEXT_H_

#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/event_recorder.h"
#include "harness/sandbox/controllers/stateful_rules.h"

namespace holdfast::sandbox {

// Lives as long as the controller, which owns what it refers to.
struct StatefulContext {
  Registry& registry;
  const ClusterIndex& index;
  EventRecorder& recorder;
  const StatefulRules& rules;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_CONTEXT_H_
