#include "harness/run/run_suite.h"

#include <algorithm>
#include <thread>

#include "harness/base/log.h"
#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/run/cleanup.h"
#include "harness/run/journal.h"
#include "harness/run/load/sentinel.h"
#include "harness/run/load/watchdog.h"
#include "harness/run/plan.h"
#include "harness/run/pod_addresses.h"
#include "harness/run/preflight.h"
#include "harness/run/scenario_runner.h"

namespace holdfast::run {
namespace {

constexpr Nanos kDeployTimeout = std::chrono::minutes(5);
constexpr Nanos kPrepareTimeout = std::chrono::seconds(60);
constexpr Nanos kUndoTimeout = std::chrono::minutes(3);
constexpr int kReadWindow = 32;

Json TargetJson(const workloads::Target& target, const std::string& ns, int replicas) {
  return {{"kind", target.kind},          {"namespace", ns},
          {"name", target.name},          {"replicas", replicas},
          {"service", target.service},    {"claimTemplates", target.claim_templates},
          {"container", target.container}};
}

// One run while it goes on: what is built up on the way in comes down on the way out.
class Runner {
 public:
  Runner(const suite::Suite& suite,
         const workloads::Workload& workload,
         kube::Client& client,
         const trace::RunDirectory& directory,
         Json run,
         const RunOptions& options,
         ProgressObserver& observer,
         const std::stop_token& stop)
      : suite_(suite),
        workload_(workload),
        client_(client),
        directory_(directory),
        run_(std::move(run)),
        options_(options),
        observer_(observer),
        stop_(stop),
        ns_(GetString(run_, {"target", "namespace"})),
        target_(workload.GetTarget(suite.workload_parameters)),
        clock_{&SystemClock(), SystemClock().Now()} {}

  RunEnd Run() {
    const Status played = Play();
    ticker_ = {};
    if (load_) load_->Stop();
    if (recorder_) recorder_->Stop();
    if (trace_) trace_->Append("end", Json::object());
    const Status undone = Undo();
    RunEnd end;
    if (!played) {
      end.state = played.error().code == ErrorCode::kCancelled ? "interrupted" : "failed";
      end.error = played.error();
    } else if (!undone) {
      end.error = undone.error();
    }
    if (played && !undone) end.state = "failed";
    if (!played && !undone) end.error->message += "; not undone: " + undone.error().message;
    end.undone = undone.has_value();
    run_["state"] = end.state;
    if (end.error) run_["error"] = end.error->message;
    run_["ended"] = FormatRfc3339(SystemClock().Wall(), 3);
    const Status written = trace::WriteRunJson(directory_, run_);
    if (!written && !end.error) {
      end.state = "failed";
      end.error = written.error();
    }
    return end;
  }

 private:
  Status Play() {
    observer_.Phase("asking the cluster");
    HOLDFAST_RETURN_IF_ERROR(Preflight());
    HOLDFAST_RETURN_IF_ERROR(OpenEvidence());
    observer_.Phase("deploying " + suite_.workload);
    HOLDFAST_RETURN_IF_ERROR(Deploy());
    observer_.Phase("writing sentinel rows");
    HOLDFAST_RETURN_IF_ERROR(StartClients());
    Stage stage{.cluster = cluster_.get(),
                .trace = trace_.get(),
                .load = load_.get(),
                .load_context = Context(),
                .load_options = Clients(),
                .observer = &observer_,
                .clock = &SystemClock(),
                .replicas = Replicas(suite_.workload_parameters),
                .minimum_acks = suite_.load.minimum_acks,
                .random = Random(options_.seed)};
    for (const suite::Scenario& scenario : suite_.scenarios) {
      observer_.ScenarioBegin(scenario.name);
      HOLDFAST_RETURN_IF_ERROR(PlayScenario(stage, scenario, stop_));
      observer_.ScenarioEnd(scenario.name);
    }
    return {};
  }

  Status Preflight() {
    HOLDFAST_RETURN_IF_ERROR(CheckDisk(directory_.root));
    HOLDFAST_ASSIGN(Json cluster, Fingerprint(client_));
    // Its pods live in a network of their own; from here their addresses are somebody else's.
    if (!options_.in_sandbox && GetString(cluster, {"version"}).ends_with("+holdfast")) {
      return Fail(ErrorCode::kInvalidArgument,
                  "{} is a holdfast sandbox, whose pods cannot be reached from outside; leave "
                  "--kubeconfig away and the suite gets a sandbox of its own",
                  GetString(cluster, {"server"}));
    }
    cluster["kind"] = options_.in_sandbox ? "sandbox" : "kubernetes";
    run_["cluster"] = std::move(cluster);
    HOLDFAST_RETURN_IF_ERROR(CheckStorageClass(client_, options_.storage_class));
    HOLDFAST_ASSIGN(const Plan plan, MakePlan(suite_, workload_));
    HOLDFAST_RETURN_IF_ERROR(CheckPermissions(client_, ns_, plan.namespace_rules));
    HOLDFAST_RETURN_IF_ERROR(CheckPermissions(client_, "", plan.cluster_rules));
    return trace::WriteRunJson(directory_, run_);
  }

  Status OpenEvidence() {
    HOLDFAST_ASSIGN(journal_, Journal::Open(directory_.Journal()));
    HOLDFAST_ASSIGN(trace_, trace::TraceWriter::Open(directory_.Trace(), clock_));
    const Nanos offset = client_.ServerClockOffset().value_or(Nanos{0});
    trace_->Append(
        "run", {{"format", trace::kTraceFormat},
                {"target", {{"kind", target_.kind}, {"namespace", ns_}, {"name", target_.name}}},
                {"started",
                 {{"wall_ns", SystemClock().Wall().count()}, {"server_offset_ns", offset.count()}}},
                {"server", GetString(run_, {"cluster", "version"})},
                {"nodes", GetInt(run_, {"cluster", "nodes"})}});
    const Json header =
        HistoryHeader(GetString(run_, {"run"}), suite_.workload, Pods(), options_.seed);
    HOLDFAST_ASSIGN(history_, trace::HistoryWriter::Open(directory_.History(), clock_, header));
    actions_ = std::make_unique<Actions>(client_, *trace_);
    return {};
  }

  Status Deploy() {
    deployment_ = {ns_,
                   target_.name,
                   GetString(run_, {"run"}),
                   static_cast<int>(OsEntropy() % 4095) + 1,
                   Replicas(suite_.workload_parameters),
                   RandomToken(24),
                   suite_.workload_parameters};
    HOLDFAST_ASSIGN(const std::vector<Json> manifests, workload_.Manifests(deployment_));
    const Json ns = {{"apiVersion", "v1"},
                     {"kind", "Namespace"},
                     {"metadata",
                      {{"name", ns_},
                       {"labels",
                        {{"app.kubernetes.io/managed-by", "holdfast"},
                         {"holdfast.dev/run", deployment_.run_id}}}}}};
    HOLDFAST_RETURN_IF_ERROR(journal_->Record(
        "create namespace", {{"kind", "Namespace"}, {"name", ns_}}, "delete namespace"));
    deployed_ = true;
    HOLDFAST_RETURN_IF_ERROR(actions_->Apply("", {ns}));
    HOLDFAST_ASSIGN(recorder_,
                    observe::Recorder::Start(client_, *trace_, {ns_, observe::DefaultResources()},
                                             Deadline(SystemClock(), std::chrono::seconds(30))));
    recorder_->OnChange([this](const std::string& plural, const std::string& type,
                               const Json& object) { Show(plural, type, object); });
    cluster_ = std::make_unique<LiveCluster>(
        *recorder_, *actions_, kube::ObjectRef{kube::resources::kStatefulSets, ns_, target_.name},
        workload_.Primary(deployment_), stop_);
    HOLDFAST_RETURN_IF_ERROR(actions_->Apply(ns_, manifests));
    const Status ready = cluster_->WaitUntil("the first deployment", Settled, kDeployTimeout);
    if (!ready) return Fail(ready.error().In("the workload did not become ready"));
    return {};
  }

  Status StartClients() {
    addresses_ =
        std::make_unique<PodAddresses>(*recorder_, workload_.Port(suite_.workload_parameters));
    watchdog_ = std::make_unique<Watchdog>(SystemClock());
    watchdog_->Start();
    HOLDFAST_RETURN_IF_ERROR(PrepareTables());
    HOLDFAST_RETURN_IF_ERROR(
        WriteSentinel(Context(), Clients(), suite_.load.sentinel_rows, kPrepareTimeout, stop_));
    HOLDFAST_ASSIGN(load_, LoadGenerator::Create(Context(), Clients()));
    load_->Start();
    load_->Pause();
    ticker_ = std::jthread([this](const std::stop_token& stop) {
      while (SystemClock().SleepFor(std::chrono::milliseconds(250), stop)) {
        const auto counts = load_->counts();
        observer_.Operations(counts.ok, counts.fail, counts.info);
      }
    });
    return {};
  }

  Status PrepareTables() {
    const Deadline deadline(SystemClock(), kPrepareTimeout);
    Status prepared;
    do {
      if (stop_.stop_requested())
        return Fail(ErrorCode::kCancelled, "stopped before the tables were made");
      auto session = ConnectTo(Context(), workload_.Primary(deployment_));
      if (session) prepared = workload_.Prepare(**session);
      if (session && prepared) return {};
      if (!session) prepared = Fail(session.error());
      SystemClock().SleepFor(std::chrono::milliseconds(100), stop_);
    } while (!deadline.Passed());
    return Fail(
        prepared.error().In(fmt::format("cannot prepare the tables on {} from here; pod addresses "
                                        "must be reachable from where holdfast runs",
                                        workload_.Primary(deployment_))));
  }

  Status Undo() {
    if (!deployed_) return {};
    if (options_.keep) {
      observer_.Line("kept: namespace " + ns_ + " with everything in it (--keep)");
      return {};
    }
    observer_.Phase("removing namespace " + ns_);
    const Status removed = RemoveNamespace(client_, ns_, SystemClock(), kUndoTimeout);
    if (!removed) {
      observer_.Line("not undone: " + removed.error().message);
      return removed;
    }
    return journal_->Undone("create namespace", {{"kind", "Namespace"}, {"name", ns_}});
  }

  void Show(const std::string& plural, const std::string& type, const Json& object) {
    if (plural != "pods") return;
    const std::string name = GetString(object, {"metadata", "name"});
    if (!name.starts_with(target_.name + "-")) return;
    const auto ordinal = ParseInt(std::string_view(name).substr(target_.name.size() + 1));
    if (ordinal)
      observer_.Pod(static_cast<int>(*ordinal), name,
                    type == "DELETED" ? "gone" : PodState(object));
  }

  [[nodiscard]] std::vector<std::string> Pods() const {
    std::vector<std::string> pods;
    for (int i = 0; i < Replicas(suite_.workload_parameters); ++i)
      pods.push_back(fmt::format("{}-{}", target_.name, i));
    return pods;
  }

  [[nodiscard]] LoadContext Context() const {
    LoadContext context;
    context.workload = &workload_;
    context.deployment = &deployment_;
    context.addresses = addresses_.get();
    context.history = history_.get();
    context.watchdog = watchdog_.get();
    context.clock = &SystemClock();
    return context;
  }

  [[nodiscard]] LoadOptions Clients() const {
    return {.writers = suite_.load.writers,
            .readers = suite_.load.readers,
            .rate = suite_.load.rate,
            .window = kReadWindow,
            .seed = options_.seed,
            .pods = Pods()};
  }

  const suite::Suite& suite_;
  const workloads::Workload& workload_;
  kube::Client& client_;
  const trace::RunDirectory directory_;
  Json run_;
  const RunOptions options_;
  ProgressObserver& observer_;
  const std::stop_token stop_;
  const std::string ns_;
  const workloads::Target target_;
  const trace::RunClock clock_;
  bool deployed_ = false;
  workloads::Deployment deployment_;
  // In the order of their lives: each may be used by those below it.
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<trace::TraceWriter> trace_;
  std::unique_ptr<trace::HistoryWriter> history_;
  std::unique_ptr<Actions> actions_;
  std::unique_ptr<observe::Recorder> recorder_;
  std::unique_ptr<LiveCluster> cluster_;
  std::unique_ptr<PodAddresses> addresses_;
  std::unique_ptr<Watchdog> watchdog_;
  std::unique_ptr<LoadGenerator> load_;
  std::jthread ticker_;
};

}  // namespace

Json PlanRun(const suite::Suite& suite,
             const workloads::Workload& workload,
             const RunOptions& options) {
  const std::string id = RandomToken(6);
  Json run = {{"format", trace::kRunFormat},
              {"holdfast", HOLDFAST_VERSION},
              {"run", id},
              {"seed", options.seed},
              {"suite",
               {{"name", suite.name},
                {"path", suite.path.string()},
                {"text", suite.text},
                {"sha256", Sha256Hex(suite.text)}}},
              {"cluster", {{"kind", options.in_sandbox ? "sandbox" : "kubernetes"}}},
              {"workload",
               {{"name", suite.workload},
                {"parameters", suite.workload_parameters},
                {"images", workload.Images(suite.workload_parameters)}}},
              {"target", TargetJson(workload.GetTarget(suite.workload_parameters), "holdfast-" + id,
                                    Replicas(suite.workload_parameters))},
              {"load",
               {{"writers", suite.load.writers},
                {"readers", suite.load.readers},
                {"rate", suite.load.rate},
                {"window", kReadWindow}}},
              {"limits", {{"minimum-acks", suite.load.minimum_acks}}},
              {"state", "running"},
              {"started", FormatRfc3339(SystemClock().Wall(), 3)}};
  run["scenarios"] = Json::array();
  for (const suite::Scenario& scenario : suite.scenarios) {
    Json steps = Json::array();
    int faults = 0;
    for (const suite::Step& step : scenario.steps) {
      steps.push_back(step.text);
      faults += faults::FindFault(step.name) != nullptr ? 1 : 0;
    }
    run["scenarios"].push_back({{"name", scenario.name},
                                {"steps", steps},
                                {"faults", faults},
                                {"limits", scenario.limits}});
  }
  if (!suite.expect_fail.empty()) run["expect"] = {{"fail", suite.expect_fail}};
  if (!suite.accept.empty()) run["accept"] = suite.accept;
  return run;
}

RunEnd RunSuite(const suite::Suite& suite,
                const workloads::Workload& workload,
                kube::Client& client,
                const trace::RunDirectory& directory,
                Json run,
                const RunOptions& options,
                ProgressObserver& observer,
                const std::stop_token& stop) {
  return Runner(suite, workload, client, directory, std::move(run), options, observer, stop).Run();
}

}  // namespace holdfast::run
