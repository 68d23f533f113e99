// Parameter schemas: what a workload, a fault or a step accepts. They are declared where they are
// used and handed to the suite reader, so that it can name a wrong key without knowing anyone.
#ifndef HOLDFAST_HARNESS_BASE_PARAMETERS_H_
#define HOLDFAST_HARNESS_BASE_PARAMETERS_H_

#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace holdfast {

enum class ParameterType {
  kString,
  kInteger,
  kBoolean,
  kDuration,  // "30s"; stored as a string, valid for ParseDuration.
  kQuantity,  // "1Gi"; stored as a string in Kubernetes' notation.
  kRate,      // "200/s"; stored as a number of operations per second. "0/s" is as fast as possible.
};

struct Parameter {
  std::string name;
  ParameterType type = ParameterType::kString;
  Json fallback;  // The default; null means that it must be given, unless `optional`.
  std::string description;
  std::vector<std::string> allowed = {};  // For strings: the only values; empty means any.
  std::optional<int64_t> min = std::nullopt;
  std::optional<int64_t> max = std::nullopt;
  bool optional = false;  // Left out of the values when it is not given.
};

using ParameterSchema = std::vector<Parameter>;

}  // namespace holdfast

#endif  // HOLDFAST_HARNESS_BASE_PARAMETERS_H_
