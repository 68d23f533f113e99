#include "harness/run/plan.h"

#include <algorithm>

#include "harness/base/strings.h"
#include "harness/run/cluster_journal.h"
#include "harness/run/fence.h"
#include "harness/run/steps.h"

namespace holdfast::run {
namespace {

// The set as it will be before the first fault, as far as that can be known.
faults::Snapshot Predict(const workloads::Workload& workload,
                         const workloads::Deployment& deployment) {
  faults::Snapshot now;
  now.replicas = deployment.replicas;
  now.observed = true;
  now.set = std::make_shared<const Json>(Json::object());
  int ordinal = 0;
  for (const std::string& name : workloads::PodNames(workload, deployment)) {
    faults::Pod pod;
    pod.name = name;
    const auto number = ParseInt(std::string_view(name).substr(name.rfind('-') + 1));
    pod.ordinal = number ? static_cast<int>(*number) : ordinal;
    if (ordinal++ == 0) now.start = pod.ordinal;
    now.pods.push_back(std::move(pod));
  }
  return now;
}

class Planner {
 public:
  Planner(Plan& plan, faults::Snapshot now, std::string primary, bool deployment)
      : plan_(plan),
        first_(std::move(now)),
        primary_(std::move(primary)),
        deployment_(deployment) {}

  void Add(const suite::Scenario& scenario) {
    PlannedScenario planned;
    planned.name = scenario.name;
    planned.estimate = std::chrono::seconds(5);
    faults::Snapshot now = first_;
    for (const PlannedStep& step : StepsOf(scenario, plan_.seed))
      AddStep(*step.step, step.random, now, planned);
    plan_.estimate += planned.estimate;
    plan_.scenarios.push_back(std::move(planned));
  }

 private:
  void AddStep(const suite::Step& step,
               Random random,
               faults::Snapshot& now,
               PlannedScenario& planned) {
    PlannedFault entry;
    entry.step = step.text;
    entry.background = GetBool(step.parameters, {"background"});
    const faults::Fault* fault = faults::FindFault(step.name);
    if (fault != nullptr) {
      ++planned.faults;
      const faults::FaultText& text = fault->Text();
      // What depends on nodes is not known yet; then the words of the parameters must do.
      const auto targets = fault->Choose(now, primary_, step.parameters, random);
      entry.writes =
          fault->Writes(targets.value_or(faults::FaultTargets{}), WithImage(step.parameters));
      planned.estimate += text.typical;
      for (const faults::PolicyRule& rule : text.permissions)
        plan_.permissions.Add(OfTarget(rule));
      plan_.touches_nodes = plan_.touches_nodes || text.touches_nodes;
      plan_.evicts = plan_.evicts || text.evicts;
      Follow(step, now);
    } else if (step.name == "wait") {
      planned.estimate +=
          ParseDuration(GetString(step.parameters, {"for"})).value_or(Nanos{0});
    }
    planned.steps.push_back(std::move(entry));
  }

  // An image is called by its name: "next" may be another one tomorrow.
  [[nodiscard]] Json WithImage(Json parameters) const {
    if (GetString(parameters, {"to"}) == "next" && !plan_.next_image.empty())
      parameters["to"] = plan_.next_image;
    return parameters;
  }

  // Faults speak of StatefulSets; on the negative control they work on its Deployment.
  [[nodiscard]] faults::PolicyRule OfTarget(faults::PolicyRule rule) const {
    if (deployment_) rule.resource = ReplaceAll(rule.resource, "statefulsets", "deployments");
    return rule;
  }

  // The later steps of a scenario see the replicas that a scale has left.
  static void Follow(const suite::Step& step, faults::Snapshot& now) {
    if (step.name != "scale" || GetString(step.parameters, {"then"}, "stay") != "stay") return;
    const int to = static_cast<int>(GetInt(step.parameters, {"to"}));
    const std::string base =
        now.pods.empty() ? "" : now.pods[0].name.substr(0, now.pods[0].name.rfind('-') + 1);
    std::erase_if(now.pods,
                  [&](const faults::Pod& pod) { return pod.ordinal >= now.start + to; });
    for (int i = static_cast<int>(now.pods.size()); i < to && !base.empty(); ++i) {
      faults::Pod pod;
      pod.ordinal = now.start + i;
      pod.name = base + std::to_string(pod.ordinal);
      now.pods.push_back(std::move(pod));
    }
    now.replicas = to;
  }

  Plan& plan_;
  const faults::Snapshot first_;
  const std::string primary_;
  const bool deployment_;
};

std::vector<std::string> Blast(const Plan& plan) {
  std::vector<std::string> blast{
      plan.given_namespace.empty()
          ? "namespace holdfast-<run>, made for this run and removed with everything in it"
          : fmt::format("namespace {}, which stays; what the run makes there is labelled {} and "
                        "removed",
                        plan.given_namespace, kRunLabel),
      fmt::format("namespace {}, for the undo journal; removed when no run needs it",
                  kJournalNamespace)};
  if (plan.touches_nodes)
    blast.emplace_back(
        "one node at a time of those that run this set's pods: other workloads there are not "
        "evicted by a drain, but a cordon, a taint, a crash or a partition concerns them, too");
  else
    blast.emplace_back("no node is changed");
  return blast;
}

Json Meaning(const Plan& plan, const suite::Suite& suite, const Json& cluster) {
  Json meaning{{"workload", suite.workload},
               {"parameters", suite.workload_parameters},
               {"images", plan.images},
               {"deploy", plan.deploy},
               {"manifests", plan.manifests},
               {"seed", plan.seed},
               {"load",
                {suite.load.writers, suite.load.readers, suite.load.rate, suite.load.sentinel_rows,
                 suite.load.minimum_acks}},
               {"expect", suite.expect_fail},
               {"accept", suite.accept},
               {"nodes-left", {suite.cluster.nodes_left, suite.cluster.nodes_injured}},
               {"node-control",
                {suite.node_control.stop, suite.node_control.start, suite.node_control.freeze,
                 suite.node_control.partition}},
               {"cluster", nullptr},
               {"scenarios", Json::array()}};
  if (!cluster.is_null())
    meaning["cluster"] = {GetString(cluster, {"uid"}), GetString(cluster, {"version"})};
  for (size_t i = 0; i < plan.scenarios.size(); ++i) {
    Json steps = Json::array();
    for (const PlannedFault& step : plan.scenarios[i].steps)
      steps.push_back({step.step, step.writes});
    Json parameters = Json::array();
    for (const suite::Step& step : suite.scenarios[i].steps)
      parameters.push_back(step.parameters);
    meaning["scenarios"].push_back({{"name", plan.scenarios[i].name},
                                    {"limits", suite.scenarios[i].limits},
                                    {"steps", std::move(steps)},
                                    {"parameters", std::move(parameters)}});
  }
  return meaning;
}

}  // namespace

int Replicas(const Json& workload_parameters) {
  return static_cast<int>(GetInt(workload_parameters, {"replicas"}, 1));
}

std::vector<std::string> ImagesOf(const suite::Suite& suite, const workloads::Workload& workload) {
  std::vector<std::string> images = workload.Images(suite.workload_parameters);
  for (const suite::Scenario& scenario : suite.scenarios) {
    for (const suite::Step& step : scenario.steps) {
      if (step.name != "image-update") continue;
      std::string image = GetString(step.parameters, {"to"});
      if (image == "next") image = workload.NextImage(suite.workload_parameters);
      if (image.empty() || image == "broken" || image == "previous") continue;
      if (std::find(images.begin(), images.end(), image) == images.end())
        images.push_back(std::move(image));
    }
  }
  return images;
}

uint64_t SeedOf(const suite::Suite& suite) {
  const std::string hash = Sha256Hex(suite.name + DumpJson(suite.workload_parameters));
  uint64_t seed = 0;
  for (const char digit : hash.substr(0, 8))
    seed = seed * 16 + static_cast<uint64_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
  return seed % 1'000'000;
}

Status CheckSteps(const suite::Suite& suite) {
  const workloads::Workload* workload = workloads::FindWorkload(suite.workload);
  const bool shell =
      workload == nullptr || workload->GetCapabilities(suite.workload_parameters).shell;
  std::vector<std::string> mistakes;
  for (const suite::Scenario& scenario : suite.scenarios) {
    for (const suite::Step& step : scenario.steps) {
      const faults::Fault* fault = faults::FindFault(step.name);
      Status valid;
      if (fault != nullptr) valid = fault->Validate(step.parameters);
      if (step.name == "when") valid = ValidateWhen(step.parameters);
      if (step.name == "container-kill" && !shell)
        valid = Fail(ErrorCode::kInvalidArgument,
                     "the image of {} has no shell, by which the fault kills; use pod-delete with "
                     "grace 0s",
                     suite.workload);
      if (!valid)
        mistakes.push_back(fmt::format("{}:{}:{}: {}: {}", suite.path.string(), step.at.line,
                                       step.at.column, step.name, valid.error().message));
    }
  }
  if (mistakes.empty()) return {};
  return Fail(ErrorCode::kInvalidArgument, "{}", Join(mistakes, "\n"));
}

Result<Plan> MakePlan(const suite::Suite& suite,
                      const workloads::Workload& workload,
                      uint64_t seed,
                      const Json& cluster) {
  const workloads::Target target = workload.GetTarget(suite.workload_parameters);
  const int replicas = Replicas(suite.workload_parameters);
  Plan plan;
  plan.suite = suite.name;
  plan.workload = suite.workload;
  plan.target = fmt::format("{} {}, {} replicas", target.kind, target.name, replicas);
  plan.seed = seed;
  plan.images = ImagesOf(suite, workload);
  plan.next_image = workload.NextImage(suite.workload_parameters);
  plan.deploy = {
      fmt::format("create Namespace {0}, if it is not there, with ConfigMap and Lease "
                  "holdfast-<run>: the undo journal and its heartbeat (deleted at the end)",
                  kJournalNamespace)};
  plan.given_namespace = suite.given_namespace;
  plan.permissions = BasePermissions(suite.given_namespace);
  if (plan.given_namespace.empty()) {
    plan.deploy.emplace_back(
        "create Namespace holdfast-<run> (deleted at the end with everything in it)");
  } else {
    plan.deploy.push_back(fmt::format("create Lease namespace-{0} in {1}, so that no other run "
                                      "plays in {0} (deleted at the end)",
                                      plan.given_namespace, kJournalNamespace));
  }
  plan.estimate = std::chrono::seconds(30);
  const workloads::Deployment deployment{
      "holdfast-plan",          target.name, "plan", 0, replicas, "not-a-password",
      suite.workload_parameters};
  HOLDFAST_ASSIGN(plan.manifests, workload.Manifests(deployment));
  for (const Json& manifest : plan.manifests) {
    const std::string kind = GetString(manifest, {"kind"});
    plan.deploy.push_back("create " + kind + " " + GetString(manifest, {"metadata", "name"}));
    if (kind == "PodDisruptionBudget")
      plan.permissions.Add({"policy", "poddisruptionbudgets", {"create"}});
    if (kind == "Deployment")
      plan.permissions.Add({"apps", "deployments", {"create"}});
  }
  if (workload.GetCapabilities(suite.workload_parameters).members)
    plan.permissions.Add({"", "configmaps", {"patch"}});
  Planner planner(plan, Predict(workload, deployment), workload.Primary(deployment),
                  target.kind == "Deployment");
  for (const suite::Scenario& scenario : suite.scenarios)
    planner.Add(scenario);
  if (plan.touches_nodes)
    plan.deploy.push_back(fmt::format("create Lease node-<node> in {} before the first change of a "
                                      "node (deleted when that is undone)",
                                      kJournalNamespace));
  plan.blast = Blast(plan);
  plan.hash = Sha256Hex(DumpJson(Meaning(plan, suite, cluster)));
  return plan;
}

Status CheckPlannedBudgets(const Plan& plan, const suite::Suite& suite, const std::string& kind) {
  if (!plan.evicts) return {};
  for (const suite::Scenario& scenario : suite.scenarios) {
    for (const suite::Step& step : scenario.steps) {
      if (GetString(step.parameters, {"expect"}) == "refused") return {};
    }
  }
  std::vector<Json> budgets;
  Json labels = Json::object();
  for (const Json& manifest : plan.manifests) {
    if (GetString(manifest, {"kind"}) == "PodDisruptionBudget") budgets.push_back(manifest);
    if (GetString(manifest, {"kind"}) == kind)
      labels = GetObject(manifest, {"spec", "template", "metadata", "labels"});
  }
  return CheckBudgets(budgets, labels, Replicas(suite.workload_parameters));
}

}  // namespace holdfast::run
