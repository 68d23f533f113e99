#include "tests/unit/run_load/fake_workload.h"

#include <algorithm>

#include "harness/base/strings.h"

namespace holdfast::run {
namespace {

using workloads::Outcome;
using workloads::OutcomeType;

class FakeSession : public workloads::Session {
 public:
  FakeSession(FakeCluster& cluster, std::string pod) : cluster_(cluster), pod_(std::move(pod)) {}

  Outcome Execute(const workloads::Operation& operation) override {
    switch (operation.function) {
      case workloads::Function::kAdd:
        return Insert(operation.key, operation.value.get<int64_t>());
      case workloads::Function::kRead:
        return Newest(operation.key, operation.window);
      case workloads::Function::kReadAll:
        return All(operation.key);
      case workloads::Function::kPut:
      case workloads::Function::kGet:
      case workloads::Function::kCas:
        return Register(operation);
      default:
        return workloads::Unsupported(operation.function);
    }
  }
  Outcome Register(const workloads::Operation& operation) {
    const std::lock_guard lock(cluster_.mutex);
    auto& registers = cluster_.registers;
    Outcome outcome = Ended(OutcomeType::kOk, "", false);
    const auto found = registers.find(operation.key);
    const Json now = found == registers.end() ? Json(nullptr) : Json(found->second);
    if (operation.function == workloads::Function::kGet) {
      outcome.value = now;
    } else if (operation.function == workloads::Function::kPut) {
      registers[operation.key] = operation.value.get<int64_t>();
    } else if (now == operation.value.at(0)) {
      registers[operation.key] = operation.value.at(1).get<int64_t>();
    } else {
      outcome = Ended(OutcomeType::kFail, "mismatch", false);
      outcome.extra = {{"seen", now}};
    }
    return outcome;
  }
  Outcome Insert(const std::string& key, int64_t value) {
    std::unique_lock lock(cluster_.mutex);
    if (cluster_.frozen) return Hang(lock);
    if (!cluster_.script.empty()) {
      Outcome next = cluster_.script.front();
      cluster_.script.erase(cluster_.script.begin());
      if (next.type == OutcomeType::kOk) cluster_.rows.emplace(key, value);
      return next;
    }
    cluster_.rows.emplace(key, value);
    return Ended(OutcomeType::kOk, "", false);
  }
  Outcome Newest(const std::string& key, int window) {
    Outcome outcome = All(key);
    if (outcome.value.size() > static_cast<size_t>(window))
      outcome.value.erase(outcome.value.begin() + window, outcome.value.end());
    return outcome;
  }
  Outcome All(const std::string& key) {
    const std::lock_guard lock(cluster_.mutex);
    ++cluster_.reads;
    std::vector<int64_t> values;
    const auto [first, last] = cluster_.rows.equal_range(key);
    for (auto row = first; row != last; ++row)
      values.push_back(row->second);
    std::sort(values.rbegin(), values.rend());
    Outcome outcome = Ended(OutcomeType::kOk, "", false);
    outcome.value = values;
    outcome.extra = {{"role", pod_ == "n-0" ? "primary" : "replica"}};
    return outcome;
  }
  Outcome CaughtUp(const Json&) override {
    const std::lock_guard lock(cluster_.mutex);
    Outcome outcome = Ended(OutcomeType::kOk, "", false);
    outcome.value = !cluster_.lagging.contains(pod_);
    return outcome;
  }
  Outcome Position() override {
    Outcome outcome = Ended(OutcomeType::kOk, "", false);
    outcome.value = {{"lsn", "0/1"}};
    return outcome;
  }
  Result<Json> Probe() override { return Json{{"hostname", pod_}}; }
  void Interrupt() override {
    const std::lock_guard lock(cluster_.mutex);
    interrupted_ = true;
    cluster_.changed.notify_all();
  }

 private:
  Outcome Hang(std::unique_lock<std::mutex>& lock) {
    ++cluster_.hanging;
    cluster_.changed.notify_all();
    cluster_.changed.wait(lock, [this] { return interrupted_; });
    --cluster_.hanging;
    return Ended(OutcomeType::kInfo, "deadline", true);
  }

  FakeCluster& cluster_;
  std::string pod_;
  bool interrupted_ = false;
};

}  // namespace

Outcome Ended(OutcomeType type, const char* error_class, bool lost) {
  Outcome outcome;
  outcome.type = type;
  outcome.error_class = error_class;
  outcome.error = "text";
  outcome.connection_lost = lost;
  return outcome;
}

std::optional<workloads::Endpoint> FakeCluster::Lookup(const std::string& pod) {
  const std::lock_guard lock(mutex);
  if (no_address.contains(pod)) return std::nullopt;
  return workloads::Endpoint{pod, "127.0.0.1", 1};
}

void FakeCluster::Script(std::vector<Outcome> outcomes) {
  const std::lock_guard lock(mutex);
  script = std::move(outcomes);
}

void FakeCluster::SetAddress(const std::string& pod, bool has) {
  const std::lock_guard lock(mutex);
  has ? static_cast<void>(no_address.erase(pod)) : static_cast<void>(no_address.insert(pod));
}

void FakeCluster::SetRefusing(const std::string& pod, bool refuses) {
  const std::lock_guard lock(mutex);
  refuses ? static_cast<void>(refusing.insert(pod)) : static_cast<void>(refusing.erase(pod));
}

void FakeCluster::SetFrozen(bool is_frozen) {
  const std::lock_guard lock(mutex);
  frozen = is_frozen;
}

void FakeCluster::WaitForHanging() {
  std::unique_lock lock(mutex);
  changed.wait(lock, [this] { return hanging > 0; });
}

Result<std::unique_ptr<workloads::Session>> FakeWorkload::Connect(
    const workloads::Deployment&, const workloads::Endpoint& endpoint, Nanos) const {
  const std::lock_guard lock(cluster_.mutex);
  if (cluster_.refusing.contains(endpoint.pod)) {
    Error error;
    error.code = ErrorCode::kUnavailable;
    error.reason = "connection-refused";
    error.message = "refused";
    return Fail(std::move(error));
  }
  ++cluster_.connections;
  return std::make_unique<FakeSession>(cluster_, endpoint.pod);
}

FakeLoad::FakeLoad(Clock& the_clock) : workload(cluster), watchdog(the_clock) {
  deployment.name = "n";
  deployment.run_number = 5;
  auto opened = trace::HistoryWriter::Open(directory.path() / "history.jsonl",
                                           {&the_clock, Nanos{0}}, Json::object());
  if (opened) history = *std::move(opened);
  context.workload = &workload;
  context.deployment = &deployment;
  context.addresses = &cluster;
  context.history = history.get();
  context.watchdog = &watchdog;
  context.clock = &the_clock;
}

std::vector<Json> FakeLoad::Lines() const {
  std::vector<Json> lines;
  history->Flush();
  const std::string text = ReadFile(directory.path() / "history.jsonl").value_or("");
  for (const std::string& line : Split(text, '\n')) {
    if (!line.empty()) lines.push_back(ParseJson(line).value_or(Json("not JSON")));
  }
  if (!lines.empty()) lines.erase(lines.begin());
  return lines;
}

}  // namespace holdfast::run
