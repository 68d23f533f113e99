#include "tests/integration/pods/recorded.h"

#include "harness/check/client_history.h"
#include "harness/run/load/final_reads.h"
#include "harness/run/load/load_generator.h"

namespace holdfast::workloads {

Recorded::Recorded(const Workload& workload, const Deployment& deployment, std::string pod)
    : pod_(std::move(pod)),
      watchdog_(SystemClock()) {
  run::LoadOptions options;
  options.writers = 1;
  options.pods = {pod_};
  auto history = trace::HistoryWriter::Open(
      directory_.path() / "history.jsonl", {&SystemClock(), SystemClock().Now()},
      run::HistoryHeader("test", workload.Name(), options));
  if (history) history_ = *std::move(history);
  watchdog_.Start();
  context_.workload = &workload;
  context_.deployment = &deployment;
  context_.addresses = this;
  context_.history = history_.get();
  context_.watchdog = &watchdog_;
  context_.clock = &SystemClock();
  context_.deadline = std::chrono::seconds(20);
  client_ = std::make_unique<run::Client>(context_, 0, 2);
}

Recorded::~Recorded() = default;

void Recorded::MoveTo(const Endpoint& endpoint) {
  endpoint_ = endpoint;
  client_ = std::make_unique<run::Client>(context_, client_->process() + 2, 2);
}

std::optional<Endpoint> Recorded::Lookup(const std::string& pod) {
  if (pod != pod_) return std::nullopt;
  return endpoint_;
}

bool Recorded::Add(int count) {
  bool all = true;
  for (int i = 0; i < count; ++i) {
    const int64_t value = run::OperationValue(context_.deployment->run_number, 0, ++sequence_);
    all = client_->Add(pod_, run::WriterKey(0), value).type == OutcomeType::kOk && all;
  }
  return all;
}

Status Recorded::FinalRead() {
  run::FinalReadOptions options;
  options.scenario = "s";
  options.pods = {pod_};
  options.keys = {{run::WriterKey(0), pod_}};
  options.own_keys = true;  // There is nobody else to catch up with.
  return run::FinalReads(context_, options, [](const std::string&, const Result<Json>&) {}, {});
}

check::CheckResult Recorded::Judge(const std::string& id) const {
  check::CheckResult none;
  none.reason = "the history was not judged";
  history_->Flush();
  const auto verdicts = check::CheckHistoryFile(directory_.path() / "history.jsonl",
                                                check::history::Format::kAuto, {});
  if (!verdicts) {
    none.reason = verdicts.error().message;
    return none;
  }
  for (const check::CheckResult& result : verdicts->checks)
    if (result.id == id) return result;
  return none;
}

}  // namespace holdfast::workloads
