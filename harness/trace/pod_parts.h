// What a pod and the template of a revision say about containers, small enough to keep of every one.
#ifndef HOLDFAST_HARNESS_TRACE_POD_PARTS_H_
#define HOLDFAST_HARNESS_TRACE_POD_PARTS_H_

#include <memory>
#include <unordered_map>

#include "harness/trace/trace_json.h"
#include "harness/trace/trace_model.h"

namespace holdfast::trace {

// Keeps one copy of the parts that pods repeat. Not thread-safe.
class PodPartsPool {
 public:
  // Never nullptr. The names are kept in `texts`, which must outlive the result.
  std::shared_ptr<const PodParts> Of(JsonView pod_spec, TextPool& texts);

 private:
  std::unordered_map<uint64_t, std::shared_ptr<const PodParts>> known_;
};

// Of a pod template: its labels, and of its containers images, commands, arguments and values of env.
// A controller older than the API server writes these into a revision as the server has them. 0 when
// it has no containers.
uint64_t TemplatePrint(JsonView pod_template);

}  // namespace holdfast::trace

#endif  // HOLDFAST_HARNESS_TRACE_POD_PARTS_H_
