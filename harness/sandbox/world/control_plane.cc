// The control plane's process: the store, the API server over it, the controllers, and DNS.
#include <poll.h>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/log.h"
#include "harness/base/random.h"
#include "harness/sandbox/api/api_server.h"
#include "harness/sandbox/api/certificates.h"
#include "harness/sandbox/api/registry.h"
#include "harness/sandbox/controllers/controller_manager.h"
#include "harness/sandbox/store/store.h"
#include "harness/sandbox/world/dns_server.h"
#include "harness/sandbox/world/dns_zone.h"
#include "harness/sandbox/world/line_reader.h"
#include "harness/sandbox/world/node_supervisor.h"
#include "harness/sandbox/world/world_parts.h"

namespace holdfast::sandbox {
namespace {

constexpr int kReport = 3;
constexpr int kNodeRequests = 6;

bool IsReady(const Json& node) {
  for (const Json& condition : GetArray(node, {"status", "conditions"}))
    if (GetString(condition, {"type"}) == "Ready")
      return GetString(condition, {"status"}) == "True";
  return false;
}

// Returns when `wanted` nodes are ready.
Status AwaitNodes(const Store& store, int wanted) {
  uint64_t version = 0;
  while (true) {
    int ready = 0;
    for (const ObjectPtr& node : store.List("nodes", "", &version))
      if (IsReady(node->json)) ++ready;
    if (ready >= wanted) return {};
    HOLDFAST_ASSIGN(const std::vector<StoreEvent> events,
                    store.EventsAfter("nodes", version, std::chrono::seconds(1)));
  }
}

// The files by which agents, the command and people find the API and are let in.
Status WriteAccess(const WorldPlan& plan, const std::string& ca_pem, const std::string& token) {
  HOLDFAST_RETURN_IF_ERROR(WriteFileAtomic(plan.ca_file(), ca_pem));
  HOLDFAST_RETURN_IF_ERROR(WriteFileAtomic(plan.token_file(), token, 0600));
  const std::string inner = fmt::format("https://{}:{}", kWorldIp, kInnerApiPort);
  HOLDFAST_RETURN_IF_ERROR(
      WriteFileAtomic(plan.inner_kubeconfig(), KubeconfigText(inner, ca_pem, token), 0600));
  if (plan.outer_kubeconfig.empty()) return {};
  const std::string outer = fmt::format("https://127.0.0.1:{}", plan.outer_port);
  return WriteFileAtomic(plan.outer_kubeconfig, KubeconfigText(outer, ca_pem, token), 0600);
}

Status Serve(const WorldPlan& plan) {
  HOLDFAST_ASSIGN(const Certificates certificates,
                  MakeCertificates({"127.0.0.1", "localhost", kWorldIp, "kubernetes.default.svc"}));
  ApiServerOptions api_options;
  api_options.listening_sockets = {4, 5};
  api_options.token = RandomToken(32);
  api_options.certificate_pem = certificates.certificate_pem;
  api_options.key_pem = certificates.key_pem;
  api_options.defects = plan.defects;
  api_options.advertised_host = kWorldIp;
  api_options.advertised_port = kInnerApiPort;
  const auto node_control = MakeWorldNodeControl(FileDescriptor(kNodeRequests));
  api_options.node_control = node_control.get();
  HOLDFAST_RETURN_IF_ERROR(WriteAccess(plan, certificates.ca_pem, api_options.token));
  Store store(SystemClock());
  Registry registry(store, SystemClock());
  ControllerOptions controller_options;
  controller_options.volume_root = plan.volume_root();
  controller_options.ca_pem = certificates.ca_pem;
  controller_options.defects = plan.defects;
  if (plan.real_time) controller_options.nodes = NodeTimings::RealTime();
  HOLDFAST_ASSIGN(const auto controllers, ControllerManager::Start(registry, controller_options));
  HOLDFAST_ASSIGN(const auto api, ApiServer::Start(registry, std::move(api_options)));
  const ClusterZone zone(store, plan.defects);
  HOLDFAST_ASSIGN(const auto dns, DnsServer::Start(zone, kWorldIp));
  WriteLine(kReport, "serving");
  HOLDFAST_RETURN_IF_ERROR(AwaitNodes(store, plan.nodes));
  WriteLine(kReport, "ready");
  while (true)
    ::poll(nullptr, 0, -1);  // Until the world ends.
}

}  // namespace

int ControlPlaneMain(const WorldPlan& plan) {
  SetLogLevel(LogLevel::kInfo);
  const Status ended = Serve(plan);
  if (!ended) WriteLine(kReport, "error " + ended.error().message);
  return 1;
}

}  // namespace holdfast::sandbox
