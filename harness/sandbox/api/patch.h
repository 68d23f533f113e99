// The patch formats: RFC 6902, RFC 7386, and Kubernetes' strategic merge with its directives.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_PATCH_H_
#define HOLDFAST_HARNESS_SANDBOX_API_PATCH_H_

#include <string>

#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::sandbox {

// 422 when an operation (also a failing "test") does not apply, 400 when the patch is malformed,
// 413 above 10,000 operations.
Result<Json> ApplyJsonPatch(const Json& object, const Json& patch);
// 400 when the patch is not an object.
Result<Json> ApplyMergePatch(const Json& object, const Json& patch);
// Lists with a merge key are merged element by element, new elements before those only the server
// has (as k8s.io/apimachinery's strategicpatch orders them); other lists are replaced. Directives:
// $patch (delete, replace, merge), $retainKeys, $setElementOrder/LIST,
// $deleteFromPrimitiveList/LIST. `resource` is the plural: some lists have their key only in some
// kinds. 400 when malformed.
Result<Json> ApplyStrategicMergePatch(const Json& object,
                                      const Json& patch,
                                      const std::string& resource);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_PATCH_H_
