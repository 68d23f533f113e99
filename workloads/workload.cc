#include "workloads/workload.h"

#include "workloads/common.h"

namespace holdfast::workloads {

const char* FunctionName(Function function) {
  switch (function) {
    case Function::kAdd:
      return "add";
    case Function::kRead:
    case Function::kReadAll:
    case Function::kGet:
      return "read";
    case Function::kPut:
      return "write";
    case Function::kCas:
      return "cas";
    case Function::kTransact:
      return "txn";
  }
  return "";
}

Outcome Unsupported(Function function) {
  Outcome outcome;
  outcome.type = OutcomeType::kFail;
  outcome.error_class = "unsupported";
  outcome.error = fmt::format("this workload has no {}", FunctionName(function));
  return outcome;
}

Capabilities Workload::GetCapabilities(const Json& /*parameters*/) const { return {}; }

std::string Workload::NextImage(const Json& parameters) const {
  return GetString(parameters, {"nextImage"});
}

Result<std::vector<Json>> Workload::BeforeResize(Session& /*session*/,
                                                 const Deployment& /*deployment*/,
                                                 const Resize& /*resize*/) const {
  return std::vector<Json>{};
}

std::string Workload::Primary(const Deployment& deployment) const {
  return PodNames(*this, deployment).front();
}

std::vector<std::string> PodNames(const Workload& workload, const Deployment& deployment) {
  if (workload.GetTarget(deployment.parameters).kind != "StatefulSet") return {deployment.name};
  const int64_t start = OrdinalsStart(deployment.parameters);
  std::vector<std::string> names;
  for (int64_t ordinal = start; ordinal < start + std::max(deployment.replicas, 1); ++ordinal)
    names.push_back(fmt::format("{}-{}", deployment.name, ordinal));
  return names;
}

}  // namespace holdfast::workloads
