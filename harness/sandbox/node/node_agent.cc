// Puts the agent's pieces together and waits for SIGTERM.
#include "harness/sandbox/node/node_agent.h"

#include <signal.h>
#include <sys/prctl.h>

#include <optional>
#include <thread>

#include "harness/base/files.h"
#include "harness/base/log.h"
#include "harness/sandbox/image/image.h"
#include "harness/sandbox/node/node_status.h"
#include "harness/sandbox/node/pod_manager.h"
#include "harness/sandbox/node/pod_source.h"
#include "harness/sandbox/node/stream_protocol.h"
#include "harness/sandbox/node/stream_server.h"
#include "harness/sandbox/node/volume_copies.h"
#include "harness/sandbox/node/volume_lives.h"

namespace holdfast::sandbox {
namespace {

constexpr Nanos kApiPatience = std::chrono::seconds(60);
constexpr int64_t kTickNanos = 20'000'000;

// The files of the API may appear a moment after the agent.
Result<std::unique_ptr<node::ApiClient>> ConnectApi(const NodeAgentOptions& options) {
  const Deadline deadline(SystemClock(), kApiPatience);
  while (true) {
    auto api = node::ApiClient::Create(options.api_server, options.ca_file, options.token_file);
    if (api || deadline.Passed()) return api;
    SystemClock().SleepFor(std::chrono::milliseconds(50), {});
  }
}

Status RunAgent(const NodeAgentOptions& options, const sigset_t& ending) {
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(options.state_directory));
  // The containers of an agent before this one died with it; emptyDir volumes outlive it.
  HOLDFAST_RETURN_IF_ERROR(RemoveTree(options.state_directory / "containers"));
  HOLDFAST_ASSIGN(const auto addresses, node::AddressPool::Create(options.pod_cidr));
  HOLDFAST_RETURN_IF_ERROR(node::SetUpBridge(*addresses));
  HOLDFAST_ASSIGN(const auto api, ConnectApi(options));
  Clock& clock = SystemClock();
  node::EventRecorder events(*api, clock, options.node_name);
  node::StatusPublisher statuses(*api, clock);
  node::VolumeLives lives(options.volume_root, clock, options.defects);
  std::optional<node::PeriodicCopies> copies;
  if (options.defects.Has(Defect::kLastSecondLostOnCrash))
    copies.emplace(options.state_directory / "copies", clock, [&] { return lives.Mounted(); });
  node::NodeServices services{
      .options = options,
      .clock = clock,
      .api = *api,
      .addresses = *addresses,
      .events = events,
      .statuses = statuses,
      .lives = lives,
      .find_image = [&](const std::string& name) { return FindImage(options.image_cache, name); }};
  node::PodManager pods(services);
  HOLDFAST_ASSIGN(const auto streams, node::StreamServer::Start(options.node_ip, kNodeAgentPort,
                                                                clock, pods));
  const std::jthread heart([&](const std::stop_token& stop) {
    node::KeepNodeAlive(
        options, *api, clock, lives, [&] { pods.RepublishAll(); }, stop);
  });
  const std::jthread source([&](const std::stop_token& stop) {
    node::FollowPods(*api, options.node_name, clock,
                     {.replace = [&](const auto& all) { pods.Replace(all); },
                      .changed = [&](Json pod) { pods.Changed(std::move(pod)); },
                      .deleted = [&](const Json& pod) { pods.Deleted(pod); }},
                     stop);
  });
  const timespec period{0, kTickNanos};
  while (::sigtimedwait(&ending, nullptr, &period) < 0) {
    pods.Sweep();
    pods.Tick();
    lives.Tick();
  }
  return {};
}

}  // namespace

int NodeAgentMain(const NodeAgentOptions& options) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGPIPE, SIG_IGN);
  // Blocked before any thread is made, so that only the main thread takes them.
  sigset_t ending{};
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &ending, nullptr);
  if (!options.log_directory.empty()) {
    const Status logs = MakeDirectories(options.log_directory);
    if (logs) static_cast<void>(LogToFile(options.log_directory / (options.node_name + ".log")));
    SetLogLevel(LogLevel::kInfo);
  }
  Log(LogLevel::kInfo, "agent of {} starts", options.node_name);
  const Status done = RunAgent(options, ending);
  if (done) return 0;
  Log(LogLevel::kError, "agent of {}: {}", options.node_name, done.error().message);
  return 1;
}

}  // namespace holdfast::sandbox
