#include "tests/integration/sandbox_nodes/running_sandbox.h"

#include <cstdio>
#include <cstdlib>

#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "harness/sandbox/image/image.h"
#include "harness/sandbox/world/world.h"

namespace holdfast {
namespace {

void Must(const Status& status) {
  if (status) return;
  std::fprintf(stderr, "%s\n", status.error().message.c_str());
  std::abort();
}

template <typename T>
T Must(Result<T> result) {
  if (!result) Must(Status(Fail(result.error())));
  return *std::move(result);
}

}  // namespace

bool Eventually(const std::function<bool()>& condition) {
  const Deadline deadline(SystemClock(), std::chrono::seconds(90));
  while (!condition()) {
    if (deadline.Passed()) return false;
    SystemClock().SleepFor(std::chrono::milliseconds(50), {});
  }
  return true;
}

bool IsReady(const Json& object) {
  for (const Json& condition : GetArray(object, {"status", "conditions"}))
    if (GetString(condition, {"type"}) == "Ready")
      return GetString(condition, {"status"}) == "True";
  return false;
}

RunningSandbox::RunningSandbox(const std::vector<std::string>& images, sandbox::Defects defects) {
  ::setenv("HOLDFAST_STATE", (directory_.path() / "state").c_str(), 1);
  sandbox::WorldOptions options;
  options.image_cache = CacheDirectory() / "images";
  options.log_directory = directory_.path() / "logs";
  options.defects = defects;
  for (const std::string& image : images)
    Must(sandbox::EnsureImage(options.image_cache, image, [](const std::string& line) {
      std::printf("%s\n", line.c_str());
    }));
  Must(sandbox::SandboxUp(options, kubeconfig()));
  access_ = Must(kube::LoadKubeconfig(kubeconfig(), ""));
  client_ = Must(kube::Client::Create(access_));
  transport_ = Must(kube::Transport::Start(access_, {}));
}

RunningSandbox::~RunningSandbox() {
  transport_->Stop();
  client_.reset();
  const Status down = sandbox::SandboxDown();
  EXPECT_TRUE(down) << down.error().message;
  ::unsetenv("HOLDFAST_STATE");
}

int RunningSandbox::Operate(const std::string& node,
                            const std::string& operation,
                            const std::string& from) {
  kube::HttpRequest request;
  request.method = "POST";
  request.target = fmt::format("/holdfast/v1/nodes/{}/{}", node, operation);
  request.content_type = "application/json";
  request.body = from.empty() ? "{}" : DumpJson({{"from", from}});
  request.timeout = std::chrono::seconds(60);
  const kube::HttpAnswer answer = transport_->Perform(std::move(request));
  if (answer.status != 200) std::printf("%s: %s\n", operation.c_str(), answer.body.c_str());
  return answer.status;
}

std::string RunningSandbox::StateOf(const std::string& node) {
  const auto text = client_->GetRaw("/holdfast/v1/nodes");
  const auto list = text ? ParseJson(*text) : Result<Json>(Fail(text.error()));
  if (!list) return list.error().message;
  for (const Json& item : GetArray(*list, {"items"}))
    if (GetString(item, {"name"}) == node) return GetString(item, {"state"});
  return "not listed";
}

void RunningSandbox::Create(const kube::Resource& resource, const Json& object) const {
  const auto made = client_->Create(resource, "default", object);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
}

void RunningSandbox::RunPod(const std::string& name,
                            const std::string& node,
                            const std::string& script,
                            const std::string& image,
                            const std::string& claim) const {
  const Json volume = claim.empty()
                          ? Json{{"name", "data"}, {"emptyDir", Json::object()}}
                          : Json{{"name", "data"}, {"persistentVolumeClaim", {{"claimName", claim}}}};
  Create(kube::resources::kPods,
         {{"metadata", {{"name", name}, {"labels", {{"app", "test"}}}}},
          {"spec",
           {{"nodeName", node},
            {"hostname", name},
            {"subdomain", "test"},
            {"terminationGracePeriodSeconds", 1},
            {"volumes", Json::array({volume})},
            {"containers",
             Json::array({{{"name", "main"},
                           {"image", image},
                           {"command", {"sh", "-c", script}},
                           {"volumeMounts",
                            Json::array({{{"name", "data"}, {"mountPath", "/data"}}})}}})}}}});
}

void RunningSandbox::DeletePod(const std::string& name) const {
  const kube::ObjectRef ref{kube::resources::kPods, "default", name};
  static_cast<void>(client_->Delete(ref, {}));
  EXPECT_TRUE(Eventually([&] { return !client_->Get(ref); })) << name << " is still there";
}

Json RunningSandbox::Pod(const std::string& name) const {
  return client_->Get({kube::resources::kPods, "default", name}).value_or(Json());
}

bool RunningSandbox::AwaitReady(const std::string& name) const {
  return Eventually([&] { return IsReady(Pod(name)); });
}

bool RunningSandbox::AwaitNode(const std::string& name, const std::string& ready) const {
  return Eventually([&] {
    const Json node = client_->Get({kube::resources::kNodes, "", name}).value_or(Json());
    for (const Json& condition : GetArray(node, {"status", "conditions"}))
      if (GetString(condition, {"type"}) == "Ready")
        return GetString(condition, {"status"}) == ready;
    return false;
  });
}

std::string RunningSandbox::Sh(const std::string& pod, const std::string& script) const {
  kube::ExecRequest request;
  request.ns = "default";
  request.pod = pod;
  request.command = {"sh", "-c", script};
  const auto result = kube::Exec(access_, request);
  if (!result) return "failed: " + result.error().message;
  if (result->exit_code != 0)
    return fmt::format("failed with {}: {}{}", result->exit_code, result->out, result->err);
  return std::string(Trim(result->out));
}

}  // namespace holdfast
