#include "harness/cli/node_controls.h"

#include "harness/base/process.h"
#include "harness/base/strings.h"

namespace holdfast::cli {
namespace {

constexpr Nanos kCommandTimeout = std::chrono::minutes(5);

class Sandbox : public faults::NodeControl {
 public:
  explicit Sandbox(kube::Client& client) : client_(client) {}
  [[nodiscard]] bool Can(faults::NodeAction /*action*/) const override { return true; }
  Status Do(const std::string& node,
            faults::NodeAction action,
            const std::string& from,
            const std::stop_token& /*stop*/) override {
    Json body = Json::object();
    if (action == faults::NodeAction::kPartition) body["from"] = from.empty() ? "all" : from;
    return Post(node, faults::NodeActionName(action), body);
  }
  Status Return(const std::string& node) override {
    const Status done = Post(node, "return", Json::object());
    if (done || done.error().code != ErrorCode::kConflict) return done;
    // 409: nothing is done to it.
    const auto state = State(node);
    return state && *state == "running" ? Status{} : done;
  }
  Result<std::string> State(const std::string& node) override {
    HOLDFAST_ASSIGN(const std::string text, client_.GetRaw("/holdfast/v1/nodes"));
    HOLDFAST_ASSIGN(const Json list, ParseJson(text));
    for (const Json& item : GetArray(list, {"items"})) {
      if (GetString(item, {"name"}) == node) return GetString(item, {"state"});
    }
    return std::string();
  }
  [[nodiscard]] Json Recipe() const override { return {{"kind", "sandbox"}}; }

 private:
  Status Post(const std::string& node, const std::string& operation, const Json& body) {
    const auto done = client_.Post("/holdfast/v1/nodes/" + node + "/" + operation, body);
    if (done) return {};
    return Fail(done.error().In(operation + " of node " + node));
  }
  kube::Client& client_;
};

// A word that the shell takes as it is, whatever is in it.
std::string Quoted(const std::string& word) { return "'" + ReplaceAll(word, "'", "'\\''") + "'"; }

class Commands : public faults::NodeControl {
 public:
  explicit Commands(suite::NodeCommands commands) : commands_(std::move(commands)) {}
  [[nodiscard]] bool Can(faults::NodeAction action) const override {
    return !CommandOf(action).empty();
  }
  Status Do(const std::string& node,
            faults::NodeAction action,
            const std::string& from,
            const std::stop_token& stop) override {
    const auto done = Run(CommandOf(action), node, from, stop);
    if (!done) return Fail(done.error());
    return {};
  }
  // Not to be stopped: a node that was taken down must come back.
  Status Return(const std::string& node) override {
    const auto done = Run(commands_.start, node, "", {});
    if (!done) return Fail(done.error());
    return {};
  }
  Result<std::string> State(const std::string& node) override {
    if (commands_.state.empty()) return std::string();
    HOLDFAST_ASSIGN(const std::string text, Run(commands_.state, node, "", {}));
    return std::string(Trim(text));
  }
  [[nodiscard]] Json Recipe() const override {
    return {{"kind", "commands"},
            {"stop", commands_.stop},
            {"start", commands_.start},
            {"freeze", commands_.freeze},
            {"partition", commands_.partition},
            {"state", commands_.state}};
  }

 private:
  [[nodiscard]] const std::string& CommandOf(faults::NodeAction action) const {
    switch (action) {
      case faults::NodeAction::kCrash:
        return commands_.stop;
      case faults::NodeAction::kFreeze:
        return commands_.freeze;
      case faults::NodeAction::kPartition:
        break;
    }
    return commands_.partition;
  }

  static Result<std::string> Run(std::string command,
                                 const std::string& node,
                                 const std::string& from,
                                 const std::stop_token& stop) {
    command = ReplaceAll(ReplaceAll(command, "{node}", Quoted(node)), "{from}", Quoted(from));
    ProcessOptions options;
    options.argv = {"/bin/sh", "-c", command};
    options.timeout = kCommandTimeout;
    HOLDFAST_ASSIGN(const ProcessResult result, RunProcess(options, stop));
    if (result.exit_code == 0) return result.out;
    return Fail(ErrorCode::kIndeterminate, "node-control: `{}` ended with {}: {}", command,
                result.exit_code, Trim(result.err));
  }

  const suite::NodeCommands commands_;
};

}  // namespace

std::unique_ptr<faults::NodeControl> SandboxNodeControl(kube::Client& client) {
  return std::make_unique<Sandbox>(client);
}

std::unique_ptr<faults::NodeControl> CommandNodeControl(const suite::NodeCommands& commands) {
  return std::make_unique<Commands>(commands);
}

std::unique_ptr<faults::NodeControl> MakeNodeControl(kube::Client& client,
                                                     const suite::NodeCommands& commands) {
  if (!commands.start.empty()) return CommandNodeControl(commands);
  const auto version = client.GetRaw("/version");
  if (version && version->find("+holdfast") != std::string::npos) return SandboxNodeControl(client);
  return nullptr;
}

std::unique_ptr<faults::NodeControl> NodeControlFromRecipe(kube::Client& client,
                                                           const Json& recipe) {
  const std::string kind = GetString(recipe, {"kind"});
  if (kind == "sandbox") return SandboxNodeControl(client);
  if (kind != "commands") return nullptr;
  return CommandNodeControl({GetString(recipe, {"stop"}), GetString(recipe, {"start"}),
                             GetString(recipe, {"freeze"}), GetString(recipe, {"partition"}),
                             GetString(recipe, {"state"})});
}

}  // namespace holdfast::cli
