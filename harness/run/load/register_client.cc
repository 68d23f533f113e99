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
                               RegisterMix mix,
                               double skew,
                               Random random,
                               int64_t process,
                               int64_t stride)
    : Worker(context, process, stride),
      pod_(std::move(pod)),
      registers_(std::move(registers)),
      mix_(mix),
      choice_(registers_.size(), skew),
      random_(random),
      run_(context.deployment->run_number),
      writer_(writer) {}

Operation RegisterClient::Next(const std::string& name) {
  const auto seen = seen_.find(name);
  const auto all = static_cast<uint64_t>(mix_.reads + mix_.writes + mix_.cas);
  // The first operation on a register is a write.
  const int choice =
      seen == seen_.end() ? mix_.reads : static_cast<int>(random_.Below(all));
  Operation operation{.function = Function::kGet, .key = name};
  if (seen != seen_.end() && choice < mix_.reads) return operation;
  const bool put = seen == seen_.end() || choice < mix_.reads + mix_.writes;
  const int64_t value = OperationValue(run_, writer_, ++sequence_);
  operation.function = put ? Function::kPut : Function::kCas;
  if (put)
    operation.value = value;
  else
    operation.value = Json::array({seen->second, value});
  return operation;
}

Outcome RegisterClient::Step() {
  const std::string& name = registers_[choice_.Draw(random_)];
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
