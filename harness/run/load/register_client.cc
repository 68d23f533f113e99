#include "harness/run/load/register_client.h"

namespace holdfast::run {

using workloads::Function;
using workloads::Operation;
using workloads::Outcome;
using workloads::OutcomeType;

RegisterClient::RegisterClient(const LoadContext& context,
                               int writer,
                               std::string pod,
                               std::vector<std::string> registers,
                               Random random,
                               int64_t process,
                               int64_t stride)
    : client_(context, process, stride),
      pod_(std::move(pod)),
      registers_(std::move(registers)),
      random_(random),
      run_(context.deployment->run_number),
      writer_(writer) {}

// Half reads, a third writes, the rest compare-and-set.
Operation RegisterClient::Next(const std::string& name) {
  const auto seen = seen_.find(name);
  const uint64_t choice = seen == seen_.end() ? 6 : random_.Below(12);
  Operation operation{.function = Function::kGet, .key = name};
  if (choice < 6) return operation;
  const int64_t value = OperationValue(run_, writer_, ++sequence_);
  operation.function = choice < 10 ? Function::kPut : Function::kCas;
  if (choice < 10)
    operation.value = value;
  else
    operation.value = Json::array({seen->second, value});
  return operation;
}

Outcome RegisterClient::Step() {
  const std::string& name = registers_[random_.Below(registers_.size())];
  const Operation operation = Next(name);
  Outcome outcome = client_.Perform(pod_, operation);
  const Json* seen = nullptr;
  if (outcome.type == OutcomeType::kOk) {
    seen = operation.function == Function::kGet   ? &outcome.value
           : operation.function == Function::kPut ? &operation.value
                                                  : &operation.value.at(1);
  } else if (outcome.extra.is_object() && outcome.extra.contains("seen")) {
    seen = &outcome.extra["seen"];  // A refused compare-and-set tells what stood there.
  }
  if (seen != nullptr && seen->is_number_integer()) seen_[name] = seen->get<int64_t>();
  return outcome;
}

}  // namespace holdfast::run
