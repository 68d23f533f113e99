#include "workloads/etcd/session.h"

#include <algorithm>
#include <array>

#include "harness/base/strings.h"

namespace holdfast::workloads::etcd {
namespace {

constexpr const char* kSets = "holdfast/s/";
constexpr const char* kRegisters = "holdfast/r/";

// The end of a range that covers every key with this prefix: etcd's own rule.
std::string PrefixEnd(std::string prefix) {
  ++prefix.back();
  return prefix;
}

Json Position(const Json& header) {
  return {{"rev", Number(header, {"revision"})}, {"term", Number(header, {"raft_term"})}};
}

class EtcdSession : public Session {
 public:
  EtcdSession(const Endpoint& endpoint, Nanos timeout)
      : http_(endpoint.host, endpoint.port, timeout),
        pod_(endpoint.pod) {}

  Outcome Execute(const Operation& operation) override {
    switch (operation.function) {
      case Function::kAdd:
        return Put(SetKey(operation.key, operation.value.get<int64_t>()),
                   std::string(static_cast<size_t>(std::max(operation.padding, 0)), 'x'));
      case Function::kRead:
        return ReadSet(operation.key, operation.window, false);
      case Function::kReadAll:
        return ReadSet(operation.key, 0, true);
      case Function::kPut:
        return Put(kRegisters + operation.key, DumpJson(operation.value));
      case Function::kGet:
        return GetRegister(operation);
      case Function::kCas:
        return CompareAndSet(operation);
      case Function::kTransact:
        break;
    }
    return Unsupported(operation.function);
  }

  Outcome CaughtUp(const Json& position) override {
    Json status;
    Outcome outcome = MemberStatus(status);
    if (outcome.type == OutcomeType::kOk)
      outcome.value = Number(status, {"header", "revision"}) >= GetInt(position, {"rev"});
    return outcome;
  }

  Outcome Position() override {
    Json status;
    Outcome outcome = MemberStatus(status);
    if (outcome.type == OutcomeType::kOk) outcome.value = etcd::Position(status["header"]);
    return outcome;
  }

  // The image has no shell and etcd reads no files for us: only the database's identity is seen.
  Result<Json> Probe() override {
    Json status;
    const Outcome outcome = MemberStatus(status);
    if (outcome.type != OutcomeType::kOk)
      return Fail(ErrorCode::kUnavailable, "the member {} did not answer the probe: {}", pod_,
                  outcome.error);
    const auto text = [&](std::initializer_list<std::string_view> path) {
      return std::to_string(Unsigned(status, path));
    };
    return Json{{"database",
                 {{"system", "etcd"},
                  {"systemIdentifier", text({"header", "cluster_id"})},
                  {"memberId", text({"header", "member_id"})},
                  {"leader", text({"leader"})},
                  {"term", Number(status, {"header", "raft_term"})},
                  {"revision", Number(status, {"header", "revision"})},
                  {"appliedIndex", Number(status, {"raftIndex"})},
                  {"version", GetString(status, {"version"})},
                  {"role", GetString(outcome.extra, {"role"})}}}};
  }

  void Interrupt() override { http_.Interrupt(); }

  // The answer's JSON in `result` when the outcome is ok.
  Outcome Call(const char* path, const Json& request, bool write, Json& result) {
    const HttpAnswer answer = http_.Send({.post = true,
                                          .path = path,
                                          .body = DumpJson(request),
                                          .content_type = "application/json"});
    if (answer.end != HttpAnswer::End::kAnswered || answer.status != 200)
      return FailedOutcome(answer, write);
    Outcome outcome;
    auto parsed = ParseJson(answer.body);
    if (!parsed || !parsed->is_object()) {
      outcome.type = write ? OutcomeType::kInfo : OutcomeType::kFail;
      outcome.error_class = "bad-answer";
      outcome.error = "the answer is not a JSON object";
      return outcome;
    }
    result = *std::move(parsed);
    outcome.type = OutcomeType::kOk;
    outcome.extra = {{"pos", etcd::Position(GetObject(result, {"header"}))}};
    if (leader_known_) outcome.extra["role"] = leads_ ? "primary" : "replica";
    return outcome;
  }

 private:
  // Member ids use all 64 bits.
  static uint64_t Unsigned(const Json& value, std::initializer_list<std::string_view> path) {
    const Json* found = FindPath(value, path);
    if (found == nullptr) return 0;
    if (found->is_number()) return found->get<uint64_t>();
    return found->is_string() ? std::strtoull(found->get<std::string>().c_str(), nullptr, 10) : 0;
  }

  Outcome MemberStatus(Json& status) {
    Outcome outcome = Call("/v3/maintenance/status", Json::object(), false, status);
    if (outcome.type != OutcomeType::kOk) return outcome;
    const uint64_t leader = Unsigned(status, {"leader"});
    leader_known_ = leader != 0;
    leads_ = leader == Unsigned(status, {"header", "member_id"});
    if (leader_known_) outcome.extra["role"] = leads_ ? "primary" : "replica";
    return outcome;
  }

  Outcome Put(const std::string& key, const std::string& value) {
    Json answer;
    return Call("/v3/kv/put", {{"key", Base64Encode(key)}, {"value", Base64Encode(value)}}, true,
                answer);
  }

  // Keys hold the values; `local` reads what this member has applied by itself.
  Outcome ReadSet(const std::string& set, int window, bool local) {
    Json answer;
    if (local) {
      const Outcome asked = MemberStatus(answer);
      if (asked.type != OutcomeType::kOk) return asked;
    }
    const std::string prefix = kSets + set + "/";
    Json request = {{"key", Base64Encode(prefix)},
                    {"range_end", Base64Encode(PrefixEnd(prefix))},
                    {"sort_order", "DESCEND"},
                    {"sort_target", "KEY"},
                    {"keys_only", true}};
    if (window > 0) request["limit"] = window;
    if (local) request["serializable"] = true;
    Outcome outcome = Call("/v3/kv/range", request, false, answer);
    if (outcome.type != OutcomeType::kOk) return outcome;
    outcome.value = Json::array();
    for (const Json& row : GetArray(answer, {"kvs"})) {
      const auto key = Base64Decode(GetString(row, {"key"}));
      const auto value = key ? ValueOfSetKey(set, *key) : std::nullopt;
      if (value) outcome.value.push_back(*value);
    }
    return outcome;
  }

  // Fills in what a range says about one register.
  static void TakeRegister(const Json& range, Outcome& outcome) {
    const Json& row = GetObject(range, {"kvs", "0"});
    outcome.value = nullptr;
    if (row.empty()) return;
    const auto text = Base64Decode(GetString(row, {"value"}));
    const auto value = text ? ParseInt(*text) : std::nullopt;
    if (value) outcome.value = *value;
    outcome.extra["pos"]["mod"] = Number(row, {"mod_revision"});
    outcome.extra["pos"]["ver"] = Number(row, {"version"});
  }

  Outcome GetRegister(const Operation& operation) {
    Json request = {{"key", Base64Encode(kRegisters + operation.key)}};
    if (operation.stale) request["serializable"] = true;
    Json answer;
    Outcome outcome = Call("/v3/kv/range", request, false, answer);
    if (outcome.type != OutcomeType::kOk) return outcome;
    TakeRegister(answer, outcome);
    // What the member itself has, as a replica does; any other read asks the quorum first.
    if (operation.stale)
      outcome.extra["role"] = "replica";
    else
      outcome.extra.erase("role");
    return outcome;
  }

  // The branch not taken reads the register, so that a refusal tells what stood there.
  Outcome CompareAndSet(const Operation& operation) {
    const std::string key = Base64Encode(kRegisters + operation.key);
    const Json& expected = operation.value.at(0);
    Json compare = {{"key", key}, {"result", "EQUAL"}};
    if (expected.is_null()) {
      compare["target"] = "VERSION";
      compare["version"] = "0";
    } else {
      compare["target"] = "VALUE";
      compare["value"] = Base64Encode(DumpJson(expected));
    }
    const Json put = {{"key", key}, {"value", Base64Encode(DumpJson(operation.value.at(1)))}};
    const Json request = {{"compare", Json::array({compare})},
                          {"success", Json::array({{{"request_put", put}}})},
                          {"failure", Json::array({{{"request_range", {{"key", key}}}}})}};
    Json answer;
    Outcome outcome = Call("/v3/kv/txn", request, true, answer);
    if (outcome.type != OutcomeType::kOk || GetBool(answer, {"succeeded"})) return outcome;
    outcome.type = OutcomeType::kFail;
    outcome.error_class = "mismatch";
    TakeRegister(GetObject(answer, {"responses", "0", "response_range"}), outcome);
    outcome.extra["seen"] = outcome.value;
    outcome.error = "the register holds " + DumpJson(outcome.value);
    outcome.value = nullptr;
    return outcome;
  }

  HttpClient http_;
  std::string pod_;
  bool leader_known_ = false;
  bool leads_ = false;
};

}  // namespace

Outcome FailedOutcome(const HttpAnswer& answer, bool write) {
  // Codes of gRPC (google.rpc.Code) with which etcd refuses a request before proposing it.
  constexpr std::array<int64_t, 7> kRefused = {3, 7, 8, 9, 11, 12, 16};
  Outcome outcome;
  outcome.type = write ? OutcomeType::kInfo : OutcomeType::kFail;
  outcome.error_class = answer.error_class;
  outcome.error = answer.error;
  outcome.connection_lost = answer.end != HttpAnswer::End::kAnswered;
  if (answer.end == HttpAnswer::End::kNotSent) outcome.type = OutcomeType::kFail;
  if (outcome.connection_lost) return outcome;
  const Json body = ParseJson(answer.body).value_or(Json::object());
  const int64_t code = GetInt(body, {"code"}, -1);
  outcome.error_class =
      code >= 0 ? fmt::format("grpc-{}", code) : fmt::format("http-{}", answer.status);
  outcome.error = GetString(body, {"message"}, GetString(body, {"error"}, "no explanation"));
  if (std::find(kRefused.begin(), kRefused.end(), code) != kRefused.end())
    outcome.type = OutcomeType::kFail;
  return outcome;
}

int64_t Number(const Json& value, std::initializer_list<std::string_view> path) {
  const Json* found = FindPath(value, path);
  if (found == nullptr) return 0;
  if (found->is_number_integer()) return found->get<int64_t>();
  return found->is_string() ? ParseInt(found->get<std::string>()).value_or(0) : 0;
}

std::string SetKey(const std::string& set, int64_t value) {
  return fmt::format("{}{}/{:016}", kSets, set, value);
}

std::optional<int64_t> ValueOfSetKey(const std::string& set, std::string_view key) {
  const std::string prefix = kSets + set + "/";
  if (!key.starts_with(prefix)) return std::nullopt;
  std::string_view digits = key.substr(prefix.size());
  while (digits.size() > 1 && digits.front() == '0')
    digits.remove_prefix(1);
  return ParseInt(digits);
}

Outcome CallGateway(
    Session& session, const char* path, const Json& request, bool write, Json& result) {
  auto* const ours = dynamic_cast<EtcdSession*>(&session);
  if (ours != nullptr) return ours->Call(path, request, write, result);
  Outcome outcome;
  outcome.type = OutcomeType::kFail;
  outcome.error_class = "client-error";
  outcome.error = "the session belongs to another workload than etcd";
  return outcome;
}

std::unique_ptr<Session> OpenSession(const Endpoint& endpoint, Nanos timeout) {
  return std::make_unique<EtcdSession>(endpoint, timeout);
}

}  // namespace holdfast::workloads::etcd
