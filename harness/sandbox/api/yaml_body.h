// YAML bodies as JSON.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_YAML_BODY_H_
#define HOLDFAST_HARNESS_SANDBOX_API_YAML_BODY_H_

#include <string>

#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::sandbox {

// Plain scalars become null, booleans and numbers as in YAML 1.2's core schema. 400 when malformed,
// nested too deeply, or larger once its aliases are written out than a body may be.
Result<Json> ParseYamlBody(const std::string& text);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_YAML_BODY_H_
