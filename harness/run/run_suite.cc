#include "harness/run/run_suite.h"

#include <algorithm>
#include <functional>
#include <set>
#include <stop_token>
#include <thread>

#include "harness/base/log.h"
#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/run/cleanup.h"
#include "harness/run/cluster_journal.h"
#include "harness/run/inventory.h"
#include "harness/run/given_namespace.h"
#include "harness/run/leases.h"
#include "harness/run/journal.h"
#include "harness/run/load/sentinel.h"
#include "harness/run/load/watchdog.h"
#include "harness/run/membership.h"
#include "harness/run/plan.h"
#include "harness/run/pod_addresses.h"
#include "harness/run/preflight.h"
#include "harness/run/runner_identity.h"
#include "harness/run/scenario_runner.h"
#include "harness/run/steps.h"
#include "harness/run/stop_watch.h"
#include "workloads/common.h"

namespace holdfast::run {
namespace {

constexpr Nanos kPodTimeout = std::chrono::minutes(5);  // Of the first deployment.
constexpr Nanos kPrepareTimeout = std::chrono::seconds(60);
constexpr Nanos kResizeTimeout = std::chrono::seconds(60);
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
        outer_(stop, [this] { source_.request_stop(); }),
        stop_(source_.get_token()),
        ns_(GetString(run_, {"target", "namespace"})),
        given_(!suite.given_namespace.empty() && !options.in_sandbox),
        target_(workload.GetTarget(suite.workload_parameters)),
        has_clients_(workload.GetCapabilities(suite.workload_parameters).clients),
        clock_{&SystemClock(), SystemClock().Now()} {}

  RunEnd Run() {
    const Nanos begin = SystemClock().Now();
    Status played = Play();
    ticker_ = {};
    if (load_) load_->Stop();
    if (recorder_) recorder_->Stop();
    const Status undone = Undo();
    if (trace_) trace_->Append("end", Ending());
    RunEnd end;
    if (!played) {
      end.state = played.error().code == ErrorCode::kCancelled ? "interrupted" : "failed";
      end.error = played.error();
      if (!stop_reason_.empty()) end.error->message += ": " + stop_reason_;
    } else if (!undone) {
      end.error = undone.error();
    }
    if (played && !undone) end.state = "failed";
    if (!played && !undone) end.error->message += "; not undone: " + undone.error().message;
    end.undone = undone.has_value();
    run_["state"] = end.state;
    if (end.error) run_["error"] = end.error->message;
    if (load_ && latency_.count() > 0) ReportLatency();
    if (actions_) run_["overhead"] = actions_->overhead().ToJson(SystemClock().Now() - begin);
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
    HOLDFAST_RETURN_IF_ERROR(OpenJournal());
    observer_.Phase("deploying " + suite_.workload);
    HOLDFAST_RETURN_IF_ERROR(Deploy());
    observer_.Phase("writing sentinel rows");
    HOLDFAST_RETURN_IF_ERROR(StartClients());
    Stage stage{.cluster = cluster_.get(),
                .nodes = nodes_.get(),
                .trace = trace_.get(),
                .load = load_.get(),
                .load_context = Context(),
                .load_options = Clients(),
                .observer = &observer_,
                .clock = &SystemClock(),
                .claim_template =
                    target_.claim_templates.empty() ? "" : target_.claim_templates.front(),
                .replicas = Replicas(suite_.workload_parameters),
                .minimum_acks = suite_.load.minimum_acks,
                .seed = options_.seed};
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
    cluster["kind"] = options_.in_sandbox ? "sandbox" : "kubernetes";
    run_["cluster"] = std::move(cluster);
    HOLDFAST_RETURN_IF_ERROR(CheckImages(run_["cluster"], suite_, workload_));
    HOLDFAST_RETURN_IF_ERROR(CheckNamespaceParameters(suite_));
    if (!target_.claim_templates.empty())
      HOLDFAST_RETURN_IF_ERROR(CheckStorageClass(client_, options_.storage_class));
    const Json& known = options_.in_sandbox ? Json() : run_["cluster"];
    HOLDFAST_ASSIGN(const Plan plan, MakePlan(suite_, workload_, options_.seed, known));
    run_["plan"] = plan.hash;
    HOLDFAST_RETURN_IF_ERROR(CheckFence(plan));
    if (given_) HOLDFAST_RETURN_IF_ERROR(CheckGivenNamespace(client_, ns_));
    HOLDFAST_RETURN_IF_ERROR(CheckPermissions(client_, ns_, plan.permissions));
    return trace::WriteRunJson(directory_, run_);
  }

  // What must not begin, begins nothing.
  Status CheckFence(const Plan& plan) const {
    if (!plan.hash.starts_with(options_.plan_hash))
      return Refuse("the plan {}... was approved, and now it is {}...: the suite, the seed, the "
                    "cluster or holdfast has changed; look at `holdfast plan` again",
                    options_.plan_hash.substr(0, 12), plan.hash.substr(0, 12));
    HOLDFAST_RETURN_IF_ERROR(CheckCluster(Rules(), run_.at("cluster"), plan.touches_nodes));
    return CheckPlannedBudgets(plan, suite_, target_.kind);
  }

  [[nodiscard]] FenceRules Rules() const {
    return {suite_.cluster, options_.named_cluster, options_.in_sandbox};
  }

  // From here on every change can be found and undone from anywhere.
  Status OpenJournal() {
    const std::string id = GetString(run_, {"run"});
    HOLDFAST_ASSIGN(before_, TakeInventory(client_, ns_, id, given_));
    const Json& cluster = run_["cluster"];
    const Json header{{"run", id},
                      {"suite", suite_.name},
                      {"holdfast", HOLDFAST_VERSION},
                      {"started", GetString(run_, {"started"})},
                      {"runner", RunnerIdentity()},
                      {"kubeconfig", options_.kubeconfig},
                      {"cluster",
                       {{"context", GetString(cluster, {"context"})},
                        {"server", GetString(cluster, {"server"})},
                        {"uid", GetString(cluster, {"uid"})}}}};
    std::vector<std::filesystem::path> files{directory_.Journal()};
    // A sandbox of the run's own is gone with the run: there is nothing to recover.
    if (!options_.in_sandbox) {
      state_file_ = JournalDirectory() / (id + ".jsonl");
      files.push_back(state_file_);
    }
    HOLDFAST_ASSIGN(journal_, Journal::Open(files, header));
    opened_ = true;
    HOLDFAST_ASSIGN(cluster_journal_, ClusterJournal::Open(client_, id, header, SystemClock()));
    journal_->SetMirror(cluster_journal_.get());
    cluster_journal_->StartHeartbeat();
    stop_watch_ = std::make_unique<StopWatch>(
        directory_.root / "stop", client_, id,
        [this] { return cluster_journal_->HeartbeatLost(); }, source_);
    nodes_ =
        std::make_unique<NodeChanges>(*actions_, *journal_, options_.control, Rules(), id);
    return {};
  }

  Status OpenEvidence() {
    HOLDFAST_ASSIGN(trace_, trace::TraceWriter::Open(directory_.Trace(), clock_));
    const Nanos offset = client_.ServerClockOffset().value_or(Nanos{0});
    trace_->Append(
        "run", {{"format", trace::kTraceFormat},
                {"target", {{"kind", target_.kind}, {"namespace", ns_}, {"name", target_.name}}},
                {"started",
                 {{"wall_ns", SystemClock().Wall().count()}, {"server_offset_ns", offset.count()}}},
                {"server", GetString(run_, {"cluster", "version"})},
                {"nodes", GetInt(run_, {"cluster", "nodes"})}});
    const Json header = HistoryHeader(GetString(run_, {"run"}), suite_.workload, Clients());
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
    HOLDFAST_ASSIGN(std::vector<Json> manifests, workload_.Manifests(deployment_));
    MarkAsOfRun(deployment_.run_id, manifests);
    HOLDFAST_RETURN_IF_ERROR(given_ ? TakeNamespace() : MakeNamespace());
    HOLDFAST_ASSIGN(recorder_,
                    observe::Recorder::Start(client_, *trace_, {ns_, observe::DefaultResources()},
                                             Deadline(SystemClock(), std::chrono::seconds(30))));
    recorder_->OnChange([this](const std::string& plural, const std::string& type,
                               const Json& object) { Show(plural, type, object); });
    LiveClusterParts parts;
    parts.recorder = recorder_.get();
    parts.actions = actions_.get();
    parts.nodes = nodes_.get();
    parts.subject = {target_.kind, ns_, target_.name, target_.container};
    parts.primary = [this] { return workload_.Primary(deployment_); };
    parts.next_image = [this] { return workload_.NextImage(suite_.workload_parameters); };
    if (workload_.GetCapabilities(suite_.workload_parameters).members) {
      parts.before_resize = [this](int from, int to) {
        return PrepareResize(Context(), *actions_, from, to, kResizeTimeout, stop_);
      };
    }
    parts.stop = stop_;
    cluster_ = std::make_unique<LiveCluster>(std::move(parts));
    HOLDFAST_RETURN_IF_ERROR(actions_->Apply(ns_, manifests));
    const Status ready = AwaitFirstDeployment();
    observe::TakeWakeTime();  // What follows is load, not a request of ours.
    if (!ready) return Fail(ready.error().In("the workload did not become ready"));
    return {};
  }

  // Each pod has the whole time for its volume, its node and the pull of its image.
  Status AwaitFirstDeployment() {
    std::ptrdiff_t ready = 0;
    bool settled = false;
    while (!settled) {
      const std::ptrdiff_t before = ready;
      HOLDFAST_RETURN_IF_ERROR(cluster_->WaitUntil(
          "the first deployment",
          [&](const faults::Snapshot& now) {
            ready = std::count_if(now.pods.begin(), now.pods.end(),
                                  [](const faults::Pod& pod) { return pod.ready; });
            settled = Settled(now);
            return settled || ready > before;
          },
          kPodTimeout));
    }
    return {};
  }

  Status MakeNamespace() {
    HOLDFAST_ASSIGN(Json labels, workloads::ParseLabels(GetString(suite_.workload_parameters,
                                                                  {"labels"})));
    labels["app.kubernetes.io/managed-by"] = "holdfast";
    labels[kRunLabel] = deployment_.run_id;
    const Json ns = {{"apiVersion", "v1"},
                     {"kind", "Namespace"},
                     {"metadata", {{"name", ns_}, {"labels", labels}}}};
    HOLDFAST_RETURN_IF_ERROR(
        journal_->Record("namespace", {{"object", {{"kind", "Namespace"}, {"name", ns_}}},
                                       {"made", {{"run", deployment_.run_id}}}}));
    return actions_->Apply("", {ns});
  }

  // The lease keeps other runs out; whoever came first since the preflight stays.
  Status TakeNamespace() {
    HOLDFAST_RETURN_IF_ERROR(TakeLease(*actions_, *journal_, NamespaceLeaseRef(ns_),
                                       deployment_.run_id, "namespace " + ns_));
    HOLDFAST_RETURN_IF_ERROR(CheckGivenNamespace(client_, ns_));
    return journal_
        ->Record("content", {{"object", {{"kind", "Namespace"}, {"name", ns_}}},
                             {"made", {{"run", deployment_.run_id}}}})
        .transform([](const Change&) {});
  }

  Status StartClients() {
    const int port = workload_.Port(suite_.workload_parameters);
    if (options_.in_sandbox)
      addresses_ = std::make_unique<PodAddresses>(*recorder_, port);
    else
      addresses_ =
          std::make_unique<ForwardedAddresses>(*recorder_, client_.access(), ns_, port);
    watchdog_ = std::make_unique<Watchdog>(SystemClock());
    watchdog_->Start();
    if (has_clients_) {
      HOLDFAST_RETURN_IF_ERROR(PrepareTables());
      HOLDFAST_RETURN_IF_ERROR(
          WriteSentinel(Context(), Clients(), suite_.load.sentinel_rows, kPrepareTimeout, stop_));
    }
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
    if (Clients().writes == workloads::Writes::kPrimary)
      return PrepareTablesOn(workload_.Primary(deployment_), deadline);
    for (const std::string& pod : Pods())
      HOLDFAST_RETURN_IF_ERROR(PrepareTablesOn(pod, deadline));
    return {};
  }

  Status PrepareTablesOn(const std::string& pod, const Deadline& deadline) {
    Status prepared;
    do {
      if (stop_.stop_requested())
        return Fail(ErrorCode::kCancelled, "stopped before the tables were made");
      auto session = ConnectTo(Context(), pod);
      if (session) prepared = workload_.Prepare(**session);
      if (session && prepared) return {};
      if (!session) prepared = Fail(session.error());
      SystemClock().SleepFor(std::chrono::milliseconds(100), stop_);
    } while (!deadline.Passed());
    return Fail(prepared.error().In(fmt::format("cannot prepare the tables on {} from here", pod)));
  }

  // Of acknowledged operations; in an open loop from when they were due.
  void ReportLatency() {
    run_["latency"] = latency_.ToJson();
    observer_.Line(fmt::format(
        "{} operations ended ok, half of them within {}, 99 % within {}, the slowest after {}{}",
        latency_.count(), FormatDuration(latency_.Percentile(50)),
        FormatDuration(latency_.Percentile(99)), FormatDuration(latency_.Percentile(100)),
        suite_.load.open_loop ? " (from when each was due)" : ""));
  }

  // Everything in the journal, the latest first; then the proof that nothing is left, and the
  // journal itself. Goes on after an error and returns the first.
  Status Undo() {
    if (!opened_) return {};
    std::set<std::string> touched;
    if (nodes_) {
      for (const std::string& node : nodes_->touched())
        touched.insert(node);
    }
    Status first;
    const auto note = [&](const Status& status) {
      if (status) return;
      observer_.Line("not undone: " + status.error().message);
      if (first) first = status;
    };
    if (nodes_) note(nodes_->UndoAll());
    if (options_.keep) {
      observer_.Line(fmt::format("kept: what is in namespace {} (--keep); `holdfast "
                                 "recover --run {}` removes it",
                                 ns_, GetString(run_, {"run"})));
      CloseWatches();
      return first;
    }
    for (const Change& change : journal_->Pending()) {
      const bool content = change.what == "content";
      const bool lease = GetString(change.fields, {"object", "name"}) == NamespaceLeaseRef(ns_).name;
      if (!content && !lease && change.what != "namespace") continue;
      if (!lease) observer_.Phase((content ? "emptying namespace " : "removing namespace ") + ns_);
      const Undoer undoer{.client = client_,
                          .control = nullptr,
                          .clock = SystemClock(),
                          .send = {},
                          .timeout = kUndoTimeout};
      Status undone = UndoChange(undoer, change);
      if (undone) undone = journal_->Undone(change);
      note(undone);
    }
    note(LeftAsFound(touched));
    CloseWatches();
    if (!first || !journal_->Pending().empty()) return first;
    journal_->SetMirror(nullptr);
    if (cluster_journal_) note(cluster_journal_->Close());
    std::error_code error;
    if (first && !state_file_.empty()) std::filesystem::remove(state_file_, error);
    return first;
  }

  // The trace's last line vouches for the length of the history, of which a copy may be cut.
  [[nodiscard]] Json Ending() const {
    if (!history_) return Json::object();
    return {{"history", {{"events", history_->events()}}}};
  }

  void CloseWatches() {
    if (stop_watch_) stop_reason_ = stop_watch_->reason();
    stop_watch_.reset();
  }

  // The last scenario of every run.
  Status LeftAsFound(const std::set<std::string>& touched) {
    observer_.ScenarioBegin(kLeftAsFound);
    trace_->Append("scenario", {{"name", kLeftAsFound}, {"phase", "begin"}});
    // What goes by itself gets a little time, and the rest is then what is left.
    const Deadline deadline(SystemClock(), std::chrono::seconds(30));
    Result<std::vector<FoundObject>> after = std::vector<FoundObject>{};
    std::vector<std::string> differences;
    do {
      after = TakeInventory(client_, ns_, GetString(run_, {"run"}), given_);
      if (after) differences = Differences(before_, *after, touched);
      if (after && differences.empty()) break;
      SystemClock().SleepFor(std::chrono::milliseconds(200), {});
    } while (!deadline.Passed());
    RecordInventory(*trace_, before_, after.value_or(std::vector<FoundObject>{}), touched);
    trace_->Append("scenario", {{"name", kLeftAsFound}, {"phase", "end"}});
    observer_.ScenarioEnd(kLeftAsFound);
    if (!after) return Fail(after.error().In("what is left in the cluster cannot be read"));
    if (differences.empty()) return {};
    return Fail(ErrorCode::kTimedOut, "the cluster is not as it was found: {}",
                Join(differences, "; "));
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
    workloads::Deployment planned;
    planned.name = target_.name;
    planned.replicas = Replicas(suite_.workload_parameters);
    planned.parameters = suite_.workload_parameters;
    return workloads::PodNames(workload_, planned);
  }

  [[nodiscard]] LoadContext Context() {
    LoadContext context;
    context.workload = &workload_;
    context.deployment = &deployment_;
    context.addresses = addresses_.get();
    context.history = history_.get();
    context.watchdog = watchdog_.get();
    context.clock = &SystemClock();
    context.latency = &latency_;
    context.deadline = suite_.load.deadline;
    context.connect_timeout = suite_.load.connect_timeout;
    return context;
  }

  [[nodiscard]] LoadOptions Clients() const {
    return {.writers = has_clients_ ? suite_.load.writers : 0,
            .readers = has_clients_ ? suite_.load.readers : 0,
            .rate = suite_.load.rate,
            .loop = suite_.load.open_loop ? Loop::kOpen : Loop::kClosed,
            .skew = suite_.load.skew,
            .window = kReadWindow,
            .seed = options_.seed,
            .pods = Pods(),
            .writes = workload_.GetCapabilities(suite_.workload_parameters).writes,
            .padding = suite_.load.value_size,
            .registers = workload_.GetCapabilities(suite_.workload_parameters).registers
                             ? suite_.load.register_clients
                             : 0,
            .register_keys = suite_.load.registers,
            .mix = {suite_.load.register_reads, suite_.load.register_writes,
                    suite_.load.register_cas},
            .lists = workload_.GetCapabilities(suite_.workload_parameters).transactions
                         ? suite_.load.transaction_clients
                         : 0};
  }

  const suite::Suite& suite_;
  const workloads::Workload& workload_;
  kube::Client& client_;
  const trace::RunDirectory directory_;
  Json run_;
  const RunOptions options_;
  ProgressObserver& observer_;
  // A stop from outside of the process (a file, an annotation) and one from the caller are one.
  std::stop_source source_;
  const std::stop_callback<std::function<void()>> outer_;
  const std::stop_token stop_;
  std::string stop_reason_;
  const std::string ns_;
  const bool given_;  // The namespace was there before, and stays.
  const workloads::Target target_;
  const bool has_clients_;
  const trace::RunClock clock_;
  bool opened_ = false;  // The journal: there may be something to undo.
  std::filesystem::path state_file_;
  std::vector<FoundObject> before_;
  workloads::Deployment deployment_;
  // In the order of their lives: each may be used by those below it.
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<trace::TraceWriter> trace_;
  std::unique_ptr<trace::HistoryWriter> history_;
  std::unique_ptr<Actions> actions_;
  std::unique_ptr<ClusterJournal> cluster_journal_;
  std::unique_ptr<NodeChanges> nodes_;
  std::unique_ptr<StopWatch> stop_watch_;
  std::unique_ptr<observe::Recorder> recorder_;
  std::unique_ptr<LiveCluster> cluster_;
  std::unique_ptr<AddressBook> addresses_;
  std::unique_ptr<Watchdog> watchdog_;
  Latency latency_;
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
              {"target", TargetJson(workload.GetTarget(suite.workload_parameters),
                                    suite.given_namespace.empty() ? "holdfast-" + id
                                                                  : suite.given_namespace,
                                    Replicas(suite.workload_parameters))},
              {"state", "running"},
              {"started", FormatRfc3339(SystemClock().Wall(), 3)}};
  if (workload.GetCapabilities(suite.workload_parameters).clients) {
    run["load"] = {{"writers", suite.load.writers},
                   {"readers", suite.load.readers},
                   {"rate", suite.load.rate},
                   {"loop", suite.load.open_loop ? "open" : "closed"},
                   {"skew", suite.load.skew},
                   {"value-size", suite.load.value_size},
                   {"deadline", FormatDuration(suite.load.deadline)},
                   {"window", kReadWindow}};
    run["limits"] = {{"minimum-acks", suite.load.minimum_acks}};
  }
  run["scenarios"] = Json::array();
  for (const suite::Scenario& scenario : suite.scenarios) {
    Json steps = Json::array();
    for (const PlannedStep& planned : StepsOf(scenario, options.seed))
      steps.push_back(planned.step->text);
    run["scenarios"].push_back({{"name", scenario.name},
                                {"steps", steps},
                                {"faults", FaultsIn(scenario, options.seed)},
                                {"limits", scenario.limits}});
  }
  if (!options.keep) {
    run["scenarios"].push_back({{"name", kLeftAsFound},
                                {"steps", Json::array()},
                                {"faults", 0},
                                {"limits", {{"minimum-acks", 0}}}});
  }
  if (!suite.variant.empty()) run["suite"]["matrix"] = suite.variant;
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
