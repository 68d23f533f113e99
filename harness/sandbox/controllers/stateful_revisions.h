// The history of a StatefulSet's template: ControllerRevisions, their names, and how many are kept.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_REVISIONS_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_REVISIONS_H_

#include <set>
#include <string>
#include <vector>

#include "harness/base/result.h"
#include "harness/sandbox/api/registry.h"

namespace holdfast::sandbox {

// What the pods of one sync are made from.
struct StatefulRevisions {
  ObjectPtr current;
  ObjectPtr update;
  int64_t collision_count = 0;
};

// The name of a revision is "<set>-<this>": FNV-1 of the data as Go's encoding/json writes it,
// followed by the decimal collision count, in the API machinery's safe alphabet. The same template
// gets the same name as on a real cluster.
std::string RevisionHash(const Json& data, int64_t collision_count);

// Revisions of the set in ascending order: its own, and orphans that match its selector.
std::vector<ObjectPtr> ListRevisions(const Store& store, const Json& set);
// Makes orphans among `revisions` the set's own.
Status AdoptRevisions(Registry& registry, const Json& set, const std::vector<ObjectPtr>& revisions);
// Finds or creates the revision of the present template (an equal older one is reused, its number
// raised), and finds the one that status.currentRevision names.
Result<StatefulRevisions> ResolveRevisions(Registry& registry,
                                           const Json& set,
                                           const std::vector<ObjectPtr>& revisions);
// Deletes the oldest revisions that are not in `live` beyond spec.revisionHistoryLimit.
Status TruncateHistory(Registry& registry, const Json& set, const std::set<std::string>& live);
// `set` with the template of the revision.
Json ApplyRevision(const Json& set, const Json& revision);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_STATEFUL_REVISIONS_H_
