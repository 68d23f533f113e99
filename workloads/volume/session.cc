#include "workloads/volume/session.h"

#include <algorithm>

#include "harness/base/strings.h"
#include "workloads/volume/blocks.h"
#include "workloads/volume/reply.h"

namespace holdfast::workloads::volume {
namespace {

Outcome Judge(const HttpAnswer& answer, bool write) {
  Outcome outcome;
  outcome.connection_lost = answer.end != HttpAnswer::End::kAnswered;
  if (outcome.connection_lost) {
    const bool unsent = answer.end == HttpAnswer::End::kNotSent;
    outcome.type = write && !unsent ? OutcomeType::kInfo : OutcomeType::kFail;
    outcome.error_class = answer.error_class;
    outcome.error = answer.error;
    return outcome;
  }
  if (answer.status == 200 && ParseReply(answer.body)) {
    outcome.type = OutcomeType::kOk;
    return outcome;
  }
  // The server closes after each answer: without its last line it was cut.
  const bool refused = answer.status >= 400 && answer.status < 500;
  outcome.type = write && !refused ? OutcomeType::kInfo : OutcomeType::kFail;
  outcome.error_class =
      answer.status == 200 ? "connection-lost" : fmt::format("http-{}", answer.status);
  outcome.error = answer.status == 200
                      ? "the answer was cut"
                      : std::string(Trim(answer.body.substr(0, answer.body.find('\n'))));
  return outcome;
}

class VolumeSession : public Session {
 public:
  VolumeSession(const Endpoint& endpoint,
                std::string pod,
                std::vector<std::string> names,
                Nanos timeout)
      : http_(endpoint.host, endpoint.port, timeout),
        pod_(std::move(pod)),
        names_(std::move(names)) {}

  Outcome Execute(const Operation& operation) override {
    switch (operation.function) {
      case Function::kAdd:
        return Append(operation);
      case Function::kRead:
        return ReadBlocks(operation.key, operation.window);
      case Function::kReadAll:
        return ReadBlocks(operation.key, 0);
      case Function::kPut:
      case Function::kGet:
      case Function::kCas:
      case Function::kTransact:
        break;
    }
    return Unsupported(operation.function);
  }

  // Every pod is the only source of its keys.
  Outcome CaughtUp(const Json& /*position*/) override {
    Outcome outcome = Position();
    if (outcome.type == OutcomeType::kOk) outcome.value = true;
    return outcome;
  }

  Outcome Position() override {
    const HttpAnswer answer = Get("position");
    Outcome outcome = ReadOutcome(answer);
    if (outcome.type == OutcomeType::kOk)
      outcome.value = {{"bytes", ParseInt(Trim(ParseReply(answer.body)->content)).value_or(0)}};
    return outcome;
  }

  Result<Json> Probe() override {
    HOLDFAST_ASSIGN(const Reply inside, Ask("probe"));
    Json probe = ParseProbe(inside);
    if (probe.is_null())
      return Fail(ErrorCode::kUnavailable, "pod {} answered the probe incompletely", inside.pod);
    // What the pod's resolver does must not hide what the pod is.
    if (const auto names = Ask("names", Join(names_, "&")))
      probe["dns"] = ParseNames(names->content);
    else
      probe["dns-error"] = names.error().message;
    HOLDFAST_ASSIGN(const Reply witness, Ask("witness"));
    probe["witness"] = {{"path", GetString(probe, {"mounts", "1", "path"}, "/data") + "/witness"},
                        {"lines", WitnessLines(witness.content)}};
    return probe;
  }

  void Interrupt() override { http_.Interrupt(); }

 private:
  HttpAnswer Get(const char* operation, const std::string& rest = "") {
    return http_.Send({.path = fmt::format("/cgi-bin/op?{}&{}&{}", operation, pod_, rest)});
  }

  Result<Reply> Ask(const char* operation, const std::string& rest = "") {
    const HttpAnswer answer = Get(operation, rest);
    const Outcome outcome = ReadOutcome(answer);
    if (outcome.type == OutcomeType::kOk) return *ParseReply(answer.body);
    return Fail(ErrorCode::kUnavailable, "pod {} did not answer '{}': {}", pod_, operation,
                outcome.error);
  }

  Outcome Append(const Operation& operation) {
    const HttpAnswer answer = http_.Send(
        {.post = true,
         .path = fmt::format("/cgi-bin/op?add&{}&{}", pod_, operation.key),
         .body = MakeBlock(operation.key, operation.value.get<int64_t>(), operation.padding) + "\n"});
    Outcome outcome = WriteOutcome(answer);
    if (outcome.type == OutcomeType::kOk)
      outcome.extra = {{"role", "primary"}, {"uid", ParseReply(answer.body)->uid}};
    return outcome;
  }

  Outcome ReadBlocks(const std::string& key, int window) {
    const HttpAnswer answer = Get("read", fmt::format("{}&{}", key, window));
    Outcome outcome = ReadOutcome(answer);
    if (outcome.type != OutcomeType::kOk) return outcome;
    const Reply reply = *ParseReply(answer.body);
    Blocks blocks = ParseBlocks(key, reply.content, window > 0);
    std::reverse(blocks.values.begin(), blocks.values.end());
    outcome.value = blocks.values;
    outcome.extra = {{"role", "primary"}, {"uid", reply.uid}};
    if (blocks.torn > 0) outcome.extra["torn"] = blocks.torn;
    return outcome;
  }

  HttpClient http_;
  std::string pod_;
  std::vector<std::string> names_;
};

}  // namespace

Outcome WriteOutcome(const HttpAnswer& answer) { return Judge(answer, true); }
Outcome ReadOutcome(const HttpAnswer& answer) { return Judge(answer, false); }

std::unique_ptr<Session> OpenSession(const Endpoint& endpoint,
                                     const std::string& pod,
                                     std::vector<std::string> names,
                                     Nanos timeout) {
  return std::make_unique<VolumeSession>(endpoint, pod, std::move(names), timeout);
}

}  // namespace holdfast::workloads::volume
