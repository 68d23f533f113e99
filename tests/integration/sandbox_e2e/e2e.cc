#include "tests/integration/sandbox_e2e/e2e.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "harness/base/process.h"
#include "harness/base/strings.h"
#include "harness/kube/kubeconfig.h"

#include "tests/integration/sandbox_recordings/kept_sandbox.h"

namespace holdfast {
namespace {

namespace resources = kube::resources;
using recordings::KeptSandbox;

struct Cluster {
  std::unique_ptr<KeptSandbox> sandbox;
  std::unique_ptr<kube::Client> client;
};
Cluster& Kept() {
  static Cluster kept;
  return kept;
}

class EndOfSandbox : public ::testing::Environment {
 public:
  void TearDown() override { Kept() = {}; }
};
[[maybe_unused]] const ::testing::Environment* const kEnd =
    ::testing::AddGlobalTestEnvironment(std::make_unique<EndOfSandbox>().release());

std::string Program() {
  const char* named = std::getenv("HOLDFAST_TEST_PROGRAM");
  return named != nullptr ? named : HOLDFAST_PROGRAM;
}

Json Labels() { return {{"foo", "bar"}, {"baz", "blah"}}; }

int64_t OrdinalOf(const Json& pod) {
  const std::string name = GetString(pod, {"metadata", "name"});
  return ParseInt(name.substr(name.rfind('-') + 1)).value_or(-1);
}

}  // namespace

bool IsReady(const Json& pod) {
  for (const Json& condition : GetArray(pod, {"status", "conditions"}))
    if (GetString(condition, {"type"}) == "Ready")
      return GetString(condition, {"status"}) == "True";
  return false;
}
std::string RevisionOf(const Json& pod) {
  return GetString(pod, {"metadata", "labels", "controller-revision-hash"});
}
std::string ImageOf(const Json& pod) {
  const Json& containers = GetArray(pod, {"spec", "containers"});
  return containers.empty() ? "" : GetString(containers.front(), {"image"});
}
Json ControllerOf(const Json& object) {
  for (const Json& owner : GetArray(object, {"metadata", "ownerReferences"}))
    if (GetBool(owner, {"controller"})) return owner;
  return {};
}

kube::Client& E2e::client() const { return *Kept().client; }

void E2e::SetUp() {
  if (!Kept().sandbox) {
    auto up = KeptSandbox::Up(Program());
    ASSERT_TRUE(up) << up.error().message;
    Kept().sandbox = *std::move(up);
    auto access = kube::LoadKubeconfig(Kept().sandbox->Kubeconfig(), "");
    ASSERT_TRUE(access) << access.error().message;
    Kept().client = kube::Client::Create(*std::move(access)).value();
  }
  static int count = 0;
  ns_ = fmt::format("statefulset-{}", ++count);
  const auto made = client().Create(
      resources::kNamespaces, "",
      {{"metadata",
        {{"name", ns_},
         {"labels",
          {{"e2e-framework", "statefulset"},
           {"e2e-run", "0"},
           {"pod-security.kubernetes.io/enforce", "privileged"}}}}}});
  ASSERT_TRUE(made) << made.error().message;
  Await("the default service account", [&] {
    return client().Get({resources::kServiceAccounts, ns_, "default"}).has_value();
  });
  Await("the root certificate", [&] {
    return client().Get({resources::kConfigMaps, ns_, "kube-root-ca.crt"}).has_value();
  });
}

void E2e::TearDown() {
  if (!Kept().client || ns_.empty()) return;
  // On failure the framework dumps what is there; so do we, in short.
  if (HasFailure())
    if (const auto events = client().List(resources::kEvents, ns_, {}); events)
      for (const Json& event : events->items)
        std::fprintf(stderr, "  %s %s: %s\n",
                     GetString(event, {"involvedObject", "name"}).c_str(),
                     GetString(event, {"reason"}).c_str(), GetString(event, {"message"}).c_str());
  EXPECT_TRUE(client().Delete({resources::kNamespaces, "", ns_}, {}));
}

void E2e::Await(const std::string& what, const std::function<bool()>& condition) const {
  const Deadline deadline(SystemClock(), std::chrono::minutes(2));
  while (!condition()) {
    if (deadline.Passed()) {
      ADD_FAILURE() << "waited two minutes for " << what;
      return;
    }
    SystemClock().SleepFor(std::chrono::milliseconds(50), {});
  }
}

Json E2e::NewSet(const SetOptions& options) const {
  Json mounts = Json::array();
  Json volumes = Json::array();
  Json claims = Json::array();
  if (options.claims) {
    mounts = {{{"name", "datadir"}, {"mountPath", "/data/"}},
              {{"name", "home"}, {"mountPath", "/home"}}};
    volumes = {{{"name", "home"}, {"hostPath", {{"path", "/tmp/home"}}}}};
    claims = {{{"metadata", {{"name", "datadir"}}},
               {"spec",
                {{"accessModes", {"ReadWriteOnce"}},
                 {"resources", {{"requests", {{"storage", "1"}}}}}}}}};
  }
  Json container{{"name", "webserver"}, {"image", kWebserver}, {"volumeMounts", mounts}};
  if (options.http_probe)
    container["readinessProbe"] = {{"httpGet", {{"path", "/index.html"}, {"port", 80}}},
                                   {"periodSeconds", 1},
                                   {"successThreshold", 1},
                                   {"failureThreshold", 1}};
  if (options.pause_probe)
    container["readinessProbe"] = {
        {"exec", {{"command", {"test", "-f", "/data/statefulset-continue"}}}},
        {"periodSeconds", 1},
        {"successThreshold", 1},
        {"failureThreshold", 1}};
  return {{"apiVersion", "apps/v1"},
          {"kind", "StatefulSet"},
          {"metadata", {{"name", options.name}, {"namespace", ns_}}},
          {"spec",
           {{"selector", {{"matchLabels", Labels()}}},
            {"replicas", options.replicas},
            {"template",
             {{"metadata", {{"labels", Labels()}, {"annotations", Json::object()}}},
              {"spec", {{"containers", Json::array({container})}, {"volumes", volumes}}}}},
            {"updateStrategy", {{"type", "RollingUpdate"}}},
            {"volumeClaimTemplates", claims},
            {"serviceName", "test"}}}};
}

Json E2e::Create(const kube::Resource& resource, const Json& object) const {
  const auto made = client().Create(resource, resource.namespaced ? ns_ : "", object);
  EXPECT_TRUE(made) << (made ? "" : made.error().message);
  return made.value_or(Json::object());
}
Json E2e::CreateSet(const Json& set) const { return Create(resources::kStatefulSets, set); }

void E2e::CreateHeadlessService() const {
  Create(resources::kServices,
         {{"metadata", {{"name", "test"}, {"labels", Labels()}}},
          {"spec",
           {{"selector", Labels()},
            {"type", "ClusterIP"},
            {"clusterIP", "None"},
            {"ports", {{{"port", 80}, {"name", "http"}, {"protocol", "TCP"}}}}}}});
}

Json E2e::Get(const kube::Resource& resource, const std::string& name) const {
  const auto found = client().Get({resource, resource.namespaced ? ns_ : "", name});
  EXPECT_TRUE(found) << (found ? "" : found.error().message);
  return found.value_or(Json::object());
}
Json E2e::Set(const std::string& name) const { return Get(resources::kStatefulSets, name); }

Json E2e::Update(const kube::Resource& resource,
                 const std::string& name,
                 const std::function<void(Json&)>& change) const {
  for (int i = 0; i < 20; ++i) {
    Json object = Get(resource, name);
    change(object);
    const auto written = client().Replace({resource, resource.namespaced ? ns_ : "", name}, object);
    if (written) return *written;
    if (written.error().http_status != 409) {
      ADD_FAILURE() << written.error().message;
      return {};
    }
  }
  ADD_FAILURE() << name << " changed under us twenty times";
  return {};
}
Json E2e::UpdateSet(const std::function<void(Json&)>& change, const std::string& name) const {
  return Update(resources::kStatefulSets, name, change);
}

void E2e::Delete(const kube::Resource& resource, const std::string& name, int grace) const {
  kube::DeleteOptions options;
  if (grace >= 0) options.grace_seconds = grace;
  const auto deleted = client().Delete({resource, resource.namespaced ? ns_ : "", name}, options);
  EXPECT_TRUE(deleted) << (deleted ? "" : deleted.error().message);
}

std::vector<Json> E2e::Pods() const {
  kube::ListOptions options;
  options.label_selector = "baz=blah,foo=bar";
  const auto pods = client().List(resources::kPods, ns_, options);
  EXPECT_TRUE(pods) << (pods ? "" : pods.error().message);
  std::vector<Json> sorted = pods ? pods->items : std::vector<Json>{};
  std::sort(sorted.begin(), sorted.end(),
            [](const Json& a, const Json& b) { return OrdinalOf(a) < OrdinalOf(b); });
  return sorted;
}

std::set<std::string> E2e::PodNames() const {
  std::set<std::string> names;
  for (const Json& pod : Pods())
    names.insert(GetString(pod, {"metadata", "name"}));
  return names;
}

std::set<std::string> E2e::ClaimNames() const {
  std::set<std::string> names;
  const auto claims = client().List(resources::kPersistentVolumeClaims, ns_, {});
  EXPECT_TRUE(claims);
  if (claims)
    for (const Json& claim : claims->items)
      names.insert(GetString(claim, {"metadata", "name"}));
  return names;
}

void E2e::AwaitRunning(int running, int ready) const {
  Await(fmt::format("{} running pods, the first {} ready", running, ready), [&] {
    const std::vector<Json> pods = Pods();
    if (pods.size() != static_cast<size_t>(running)) return false;
    for (size_t i = 0; i < pods.size(); ++i)
      if (GetString(pods[i], {"status", "phase"}) != "Running" ||
          IsReady(pods[i]) != (i < static_cast<size_t>(ready)))
        return false;
    return true;
  });
}

Json E2e::AwaitObserved(const std::string& name) const {
  Json set;
  Await("the controller to see the newest spec", [&] {
    set = Set(name);
    return GetInt(set, {"status", "observedGeneration"}) >= GetInt(set, {"metadata", "generation"});
  });
  return set;
}

void E2e::AwaitStatus(const std::string& counter, int value, const std::string& name) const {
  Await(fmt::format("{} {}", counter, value), [&] {
    const Json set = Set(name);
    return GetInt(set, {"status", "observedGeneration"}) >=
               GetInt(set, {"metadata", "generation"}) &&
           GetInt(set, {"status", counter}) == value;
  });
}

void E2e::Scale(int replicas, const std::string& name) const {
  UpdateSet([&](Json& set) { set["spec"]["replicas"] = replicas; }, name);
  Await(fmt::format("{} pods", replicas),
        [&] { return Pods().size() == static_cast<size_t>(replicas); });
}

std::string E2e::Run(const std::string& pod, const std::string& command) const {
  std::string out;
  Await("\"" + command + "\" to succeed in " + pod, [&] {
    const auto ended = RunProcess({.argv = {"kubectl", "--kubeconfig",
                                            Kept().sandbox->Kubeconfig().string(), "--namespace",
                                            ns_, "exec", pod, "--", "/bin/sh", "-x", "-c", command},
                                   .add_environment = {},
                                   .input = ""});
    if (ended) out = ended->out;
    return ended && ended->exit_code == 0;
  });
  return out;
}

void E2e::RunInAll(const std::string& command) const {
  for (const std::string& pod : PodNames())
    (void)Run(pod, command);
}
void E2e::BreakProbe(const std::string& pod) const {
  (void)Run(pod, "mv -v /usr/local/apache2/htdocs/index.html /tmp/ || true");
}
void E2e::RestoreProbe(const std::string& pod) const {
  (void)Run(pod, "mv -v /tmp/index.html /usr/local/apache2/htdocs/ || true");
}

std::string E2e::AnyNode() const {
  const auto nodes = client().List(resources::kNodes, "", {});
  EXPECT_TRUE(nodes);
  for (const Json& node : nodes ? nodes->items : std::vector<Json>{})
    if (IsReady(node) && !GetBool(node, {"spec", "unschedulable"}))
      return GetString(node, {"metadata", "name"});
  ADD_FAILURE() << "no schedulable node";
  return "";
}

}  // namespace holdfast
