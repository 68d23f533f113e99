// The scale subresource: autoscaling/v1 Scale.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_SCALE_H_
#define HOLDFAST_HARNESS_SANDBOX_API_SCALE_H_

#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::sandbox {

Json ScaleOf(const Json& object);
// Writes the replicas of `scale` into `object`; 409 when it carries another resourceVersion or uid,
// 422 when they are negative.
Status ApplyScale(Json& object, const Json& scale);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_SCALE_H_
