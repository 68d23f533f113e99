// See kept_sandbox.h.
#include "tests/integration/recover/kept_sandbox.h"

#include <algorithm>
#include <cstdlib>

#include <gtest/gtest.h>

#include "harness/base/strings.h"

namespace holdfast {
namespace fs = std::filesystem;

namespace {

// Taints that the system takes off some heartbeats after the node is well again.
bool GoesByItself(const Json& node) {
  const bool schedulable = !GetBool(node, {"spec", "unschedulable"});
  const Json& taints = GetArray(node, {"spec", "taints"});
  return std::any_of(taints.begin(), taints.end(), [&](const Json& taint) {
    const std::string key = GetString(taint, {"key"});
    return key == "node.kubernetes.io/not-ready" || key == "node.kubernetes.io/unreachable" ||
           (schedulable && key == "node.kubernetes.io/unschedulable");
  });
}

}  // namespace

std::string Program() {
  const char* other = std::getenv("HOLDFAST_PROGRAM");
  return other == nullptr ? HOLDFAST_PROGRAM : other;
}

KeptSandbox& KeptSandbox::Get() {
  static KeptSandbox sandbox;
  return sandbox;
}

KeptSandbox::KeptSandbox() {
  ProcessOptions options;
  options.argv = {Program(), "sandbox", "up", "--kubeconfig-out", Kubeconfig()};
  options.add_environment = {"HOLDFAST_STATE=" + (folder_.path() / "world").string()};
  const auto up = RunProcess(options);
  if (!up || up->exit_code != 0) {
    ADD_FAILURE() << "no sandbox: " << (up ? up->out + up->err : up.error().message);
    std::abort();
  }
  client_ = kube::Client::Create(kube::LoadKubeconfig(Kubeconfig(), "").value()).value();
}

KeptSandbox::~KeptSandbox() {
  client_.reset();
  ProcessOptions options;
  options.argv = {Program(), "sandbox", "down"};
  options.add_environment = {"HOLDFAST_STATE=" + (folder_.path() / "world").string()};
  const auto down = RunProcess(options);
  if (!down || down->exit_code != 0) std::fputs("the sandbox did not stop\n", stderr);
}

fs::path KeptSandbox::NewFolder() {
  fs::path folder = folder_.path() / std::to_string(++folders_);
  EXPECT_TRUE(MakeDirectories(folder));
  return folder;
}

ProcessResult KeptSandbox::Holdfast(const std::vector<std::string>& arguments,
                                    const std::vector<std::string>& environment) const {
  ProcessOptions options;
  // From another directory than the tests': nothing may depend on it.
  options.argv = {"/bin/sh", "-c", "cd / && exec \"$0\" \"$@\"", Program()};
  options.argv.insert(options.argv.end(), arguments.begin(), arguments.end());
  options.add_environment = environment;
  options.timeout = std::chrono::minutes(5);
  const auto result = RunProcess(options);
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  return result.value_or(ProcessResult{-1, "", ""});
}

std::vector<std::string> KeptSandbox::RunCommand(const fs::path& suite, const fs::path& out) const {
  const std::string context = client_->access().context;
  return {"run",       suite.string(), "--kubeconfig", Kubeconfig(), "--cluster", context,
          "--out",     out.string(),   "--seed",       "5"};
}

ProcessResult KeptSandbox::Recover(const fs::path& state) const {
  return Holdfast({"recover", "--kubeconfig", Kubeconfig()}, {"HOLDFAST_STATE=" + state.string()});
}

KeptSandbox::Inventory KeptSandbox::FoundNow() {
  std::vector<std::string> lines;
  bool passing = false;
  const auto add = [&](const kube::Resource& resource, const auto& describe) {
    const auto list = client_->List(resource, "", {});
    if (!list) {
      lines.push_back(list.error().message);
      return;
    }
    for (const Json& object : list->items)
      lines.push_back(resource.kind + " " + GetString(object, {"metadata", "name"}) + " " +
                      describe(object));
  };
  add(kube::resources::kNodes, [&](const Json& node) {
    passing = passing || GoesByItself(node);
    return DumpJson({GetBool(node, {"spec", "unschedulable"}), GetArray(node, {"spec", "taints"}),
                     GetObject(node, {"metadata", "labels"}),
                     GetArray(node, {"metadata", "finalizers"})});
  });
  const auto name_only = [](const Json& /*object*/) { return std::string(); };
  add(kube::resources::kNamespaces, name_only);
  add(kube::resources::kPersistentVolumes, name_only);
  add(kube::resources::kVolumeAttachments, name_only);
  add(kube::resources::kPods, name_only);
  std::sort(lines.begin(), lines.end());
  return {Join(lines, "\n"), passing};
}

std::string KeptSandbox::Found() {
  const Deadline deadline(SystemClock(), std::chrono::seconds(60));
  Inventory found = FoundNow();
  while (found.passing && !deadline.Passed()) {
    SystemClock().SleepFor(std::chrono::milliseconds(200), {});
    found = FoundNow();
  }
  return found.text;
}

pid_t KeptSandbox::ApiServer() const {
  const auto state = ReadFile(folder_.path() / "world" / "sandbox.json");
  const int64_t world = state ? GetInt(ParseJson(*state).value_or(Json()), {"pid"}) : 0;
  const auto children = ReadFile(fmt::format("/proc/{0}/task/{0}/children", world));
  for (const std::string& child : Split(children.value_or(""), ' ')) {
    const auto command = ReadFile("/proc/" + child + "/cmdline");
    if (command && command->find("__control-plane") != std::string::npos)
      return static_cast<pid_t>(ParseInt(child).value_or(0));
  }
  return 0;
}

}  // namespace holdfast
