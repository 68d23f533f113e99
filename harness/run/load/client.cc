#include "harness/run/load/client.h"

#include <algorithm>
#include <utility>

namespace holdfast::run {

using workloads::Operation;
using workloads::Outcome;
using workloads::OutcomeType;
using workloads::Session;

Result<std::unique_ptr<Session>> ConnectTo(const LoadContext& context, const std::string& pod) {
  const auto endpoint = context.addresses->Lookup(pod);
  if (!endpoint) {
    return Fail(Error{.code = ErrorCode::kUnavailable,
                      .message = "pod " + pod + " has no address",
                      .http_status = 0,
                      .reason = "no-address"});
  }
  return context.workload->Connect(*context.deployment, *endpoint, context.connect_timeout);
}

Json CompletionFields(const Outcome& outcome) {
  Json fields = outcome.extra.is_object() ? outcome.extra : Json();
  if (outcome.type != OutcomeType::kOk) fields["error"] = {outcome.error_class, outcome.error};
  return fields;
}

Nanos Client::BackoffLeft(const std::string& pod) const {
  const auto node = nodes_.find(pod);
  if (node == nodes_.end()) return Nanos{0};
  return std::max(node->second.not_before - context_.clock->Now(), Nanos{0});
}

Outcome Client::Perform(const std::string& pod, const Operation& operation) {
  const Json process = process_;
  const char* const function = workloads::FunctionName(operation.function);
  Node& node = nodes_[pod];
  Json fields;
  if (due_) fields["due"] = context_.history->SinceStart(*due_).count();
  const Nanos begin = due_ ? *std::exchange(due_, std::nullopt) : context_.clock->Now();
  context_.history->Invoke(process, function, operation.key, pod, operation.value, fields);
  Outcome outcome = Try(pod, node, operation);
  if (context_.latency != nullptr && outcome.type == OutcomeType::kOk)
    context_.latency->Add(context_.clock->Now() - begin);
  const Json& result = outcome.value.is_null() ? operation.value : outcome.value;
  context_.history->Complete(process, function, operation.key, pod, outcome.type, result,
                             CompletionFields(outcome));
  if (outcome.type == OutcomeType::kInfo) process_ += stride_;
  Settle(node, outcome);
  return outcome;
}

Outcome Client::Try(const std::string& pod, Node& node, const Operation& operation) {
  if (!node.session) {
    auto connected = ConnectTo(context_, pod);
    if (!connected) {
      Outcome refused;
      refused.type = OutcomeType::kFail;
      refused.error_class =
          connected.error().reason.empty() ? "connect-failed" : connected.error().reason;
      refused.error = connected.error().message;
      return refused;
    }
    node.session = *std::move(connected);
  }
  const Watchdog::Guard guard(*context_.watchdog, *node.session, context_.deadline);
  return node.session->Execute(operation);
}

void Client::Settle(Node& node, const Outcome& outcome) {
  if (outcome.connection_lost) node.session.reset();
  if (outcome.type == OutcomeType::kOk) {
    node.backoff = Nanos{0};
    node.not_before = Nanos{0};
    return;
  }
  node.backoff = std::clamp(node.backoff * 2, context_.backoff_min, context_.backoff_max);
  node.not_before = context_.clock->Now() + node.backoff;
}

}  // namespace holdfast::run
