// See kept_sandbox.h.
#include "tests/integration/recover/kept_sandbox.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "harness/base/strings.h"

namespace holdfast {
namespace fs = std::filesystem;

KeptSandbox& KeptSandbox::Get() {
  static KeptSandbox sandbox;
  return sandbox;
}

KeptSandbox::KeptSandbox() {
  ProcessOptions options;
  options.argv = {HOLDFAST_PROGRAM, "sandbox", "up", "--kubeconfig-out", Kubeconfig()};
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
  options.argv = {HOLDFAST_PROGRAM, "sandbox", "down"};
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
  options.argv = {"/bin/sh", "-c", "cd / && exec \"$0\" \"$@\"", HOLDFAST_PROGRAM};
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

std::string KeptSandbox::FoundNow() {
  std::vector<std::string> lines;
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
  add(kube::resources::kNodes, [](const Json& node) {
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
  return Join(lines, "\n");
}

std::string KeptSandbox::Found() {
  const Deadline deadline(SystemClock(), std::chrono::seconds(60));
  std::string found = FoundNow();
  // A node that came back is Ready, and its system taints gone, after some heartbeats.
  const auto passing = [&] {
    return found.find("node.kubernetes.io/not-ready") != std::string::npos ||
           found.find("node.kubernetes.io/unreachable") != std::string::npos;
  };
  while (passing() && !deadline.Passed()) {
    SystemClock().SleepFor(std::chrono::milliseconds(200), {});
    found = FoundNow();
  }
  return found;
}

}  // namespace holdfast
