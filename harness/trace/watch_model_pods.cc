// Pods and the target set: the two kinds that change most often, so what did not change since the
// last event of the same uid is not read again.
#include <fmt/format.h>

#include "harness/trace/watch_model_objects.h"

namespace holdfast::trace {
namespace {

// Times inside objects have whole seconds, and several API servers may answer, of which each has a clock.
constexpr Stamp kServerStampTolerance = 5;

std::string MountPath(JsonView pod_spec, std::string_view volume) {
  std::string path;
  pod_spec["containers"].ForEach([&](JsonView container) {
    container["volumeMounts"].ForEach([&](JsonView mount) {
      if (path.empty() && mount["name"].Text() == volume) path = mount["mountPath"].Text();
    });
  });
  return path;
}

// Taints of nodes have no values.
bool Tolerates(JsonView toleration, std::string_view taint, std::string_view effect) {
  const std::string_view key = toleration["key"].Text();
  const std::string_view tolerated = toleration["effect"].Text();
  return (key == taint || key.empty()) && (tolerated == effect || tolerated.empty());
}

// How long the pod tolerates a taint NoExecute: the shortest of what matches decides.
int64_t ToleranceOf(JsonView pod_spec, std::string_view taint) {
  int64_t seconds = 300;
  bool known = false;
  pod_spec["tolerations"].ForEach([&](JsonView toleration) {
    if (!Tolerates(toleration, taint, "NoExecute")) return;
    const int64_t own = toleration["tolerationSeconds"].Int(-1);
    if (!known || (own >= 0 && (seconds < 0 || own < seconds))) seconds = own;
    known = true;
  });
  return seconds;
}

PodIdentity ToIdentity(JsonView meta, JsonView spec) {
  PodIdentity identity;
  identity.generate_name = meta["generateName"].Text();
  identity.labels = ToLabels(meta["labels"]);
  identity.annotations = ToLabels(meta["annotations"]);
  identity.owners = ToOwners(meta);
  identity.hostname = spec["hostname"].Text();
  identity.subdomain = spec["subdomain"].Text();
  identity.hostname_override = spec["hostnameOverride"].Text();
  identity.host_network = spec["hostNetwork"].Bool();
  identity.hostname_as_fqdn = spec["setHostnameAsFQDN"].Bool();
  identity.containers = ToContainers(spec);
  identity.termination_grace = spec["terminationGracePeriodSeconds"].Int(-1);
  identity.unreachable_tolerance = ToleranceOf(spec, "node.kubernetes.io/unreachable");
  identity.not_ready_tolerance = ToleranceOf(spec, "node.kubernetes.io/not-ready");
  spec["tolerations"].ForEach([&](JsonView toleration) {
    identity.tolerates_cordon =
        identity.tolerates_cordon ||
        Tolerates(toleration, "node.kubernetes.io/unschedulable", "NoSchedule");
  });
  spec["volumes"].ForEach([&](JsonView volume) {
    const JsonView claim = volume["persistentVolumeClaim"];
    if (!claim.IsObject()) return;
    const std::string_view name = volume["name"].Text();
    identity.claims[std::string(name)] = {.claim = std::string(claim["claimName"].Text()),
                                          .read_only = claim["readOnly"].Bool(),
                                          .mount_path = MountPath(spec, name)};
  });
  return identity;
}

std::vector<ClaimTemplate> ToTemplates(JsonView spec) {
  std::vector<ClaimTemplate> templates;
  spec["volumeClaimTemplates"].ForEach([&](JsonView claim) {
    templates.push_back({.name = std::string(claim["metadata"]["name"].Text()),
                         .labels = ToLabels(claim["metadata"]["labels"]),
                         .spec = claim["spec"].Fingerprint(),
                         .storage_class = std::string(claim["spec"]["storageClassName"].Text()),
                         .access = JoinTexts(claim["spec"]["accessModes"]),
                         .requested = ToBytes(
                             claim["spec"]["resources"]["requests"]["storage"].Text("?"))});
  });
  return templates;
}

// A new API server may write defaults into the templates, which changes none of this.
void ReadFixed(JsonView spec, SetState& state) {
  const auto fold = [](uint64_t& print, std::string_view text) {
    print = print * 0x100'0000'01B3ULL + std::hash<std::string_view>()(text) + 1;
  };
  state.expressions = spec["selector"]["matchExpressions"].Fingerprint();
  state.claims_print = 0;
  state.classes_print = 0;
  bool classes = true;
  spec["volumeClaimTemplates"].ForEach([&](JsonView claim) {
    const std::string_view requested = claim["spec"]["resources"]["requests"]["storage"].Text();
    const std::string_view storage_class = claim["spec"]["storageClassName"].Text();
    const int64_t bytes = ToBytes(requested);
    fold(state.claims_print, claim["metadata"]["name"].Text());
    fold(state.claims_print, bytes < 0 ? std::string(requested) : std::to_string(bytes));
    fold(state.claims_print, JoinTexts(claim["spec"]["accessModes"]));
    fold(state.classes_print, storage_class);
    classes = classes && !storage_class.empty();
  });
  if (!classes) state.classes_print = 0;
}

void ReadSpec(JsonView spec, SetState& state) {
  const JsonView update = spec["updateStrategy"];
  const JsonView retention = spec["persistentVolumeClaimRetentionPolicy"];
  state.replicas = spec["replicas"].Int(1);
  state.start = spec["ordinals"]["start"].Int();
  state.has_partition = update["rollingUpdate"].IsObject();
  state.partition = update["rollingUpdate"]["partition"].Int();
  state.max_unavailable = NumberOrText(update["rollingUpdate"]["maxUnavailable"]);
  state.min_ready_seconds = spec["minReadySeconds"].Int();
  state.history_limit = spec["revisionHistoryLimit"].Int(10);
  state.policy = spec["podManagementPolicy"].Text("OrderedReady");
  state.strategy = update["type"].Text("RollingUpdate");
  state.service = spec["serviceName"].Text();
  state.when_deleted = retention["whenDeleted"].Text("Retain");
  state.when_scaled = retention["whenScaled"].Text("Retain");
  const JsonView annotations = spec["template"]["metadata"]["annotations"];
  state.restarted_at = annotations["kubectl.kubernetes.io/restartedAt"].Text();
  if (const std::string_view ours = annotations["holdfast.dev/restarted"].Text(); !ours.empty())
    state.restarted_at.append(" ").append(ours);
  state.pod_template = spec["template"].Fingerprint();
  state.template_print = TemplatePrint(spec["template"]);
  ReadFixed(spec, state);
  state.templates = std::make_shared<const std::vector<ClaimTemplate>>(ToTemplates(spec));
  state.match_labels =
      std::make_shared<const Labels>(ToLabels(spec["selector"]["matchLabels"]));
}

void ReadStatus(JsonView status, SetState& state) {
  state.observed_generation = status["observedGeneration"].Int();
  state.current_revision = status["currentRevision"].Text();
  state.update_revision = status["updateRevision"].Text();
  state.status_replicas = status["replicas"].Int();
  state.status_ready = status["readyReplicas"].Int();
  state.status_current = status["currentReplicas"].Int();
  state.status_updated = status["updatedReplicas"].Int();
  state.status_available = status["availableReplicas"].Int(-1);
  state.collisions = status["collisionCount"].Int();
  state.conditions = false;
  status["conditions"].ForEach([&](JsonView) { state.conditions = true; });
}

}  // namespace

// creationTimestamp and the time of the delete request come from the API server's clock, so in
// line order they cannot go back by more than the tolerance.
void WatchModel::CheckPodTimes(const Event& event, Stamp stamp, const char* what) {
  if (stamp == kNoStamp) return;
  if (newest_server_stamp_ != kNoStamp && stamp < newest_server_stamp_ - kServerStampTolerance) {
    Damaged(event.at, *event.resource,
            fmt::format("the {} of {} (uid {}) is stamped {} s before an earlier line's", what,
                        event.name, event.uid, newest_server_stamp_ - stamp));
  }
  newest_server_stamp_ = std::max(newest_server_stamp_, stamp);
  CheckStamp(event, stamp, what, {.behind = kServerStampTolerance, .ahead = kServerStampTolerance});
}

// A stamp inside of a pod that appears with this line is not older than the pod, nor younger than
// the line.
void WatchModel::CheckStamp(const Event& event, Stamp stamp, const char* what, Tolerance tolerance) {
  const Stamp created = ToStamp(event.meta["creationTimestamp"].Text());
  if (stamp == kNoStamp || created == kNoStamp) return;
  if (stamp < created - tolerance.behind) {
    return Damaged(event.at, *event.resource,
                   fmt::format("the {} of {} (uid {}) is stamped {} s before its creation", what,
                               event.name, event.uid, created - stamp));
  }
  constexpr double kTooSoon = 30;  // Less is for the rules of order to judge.
  const double early = soonest_ ? soonest_->lag - (event.at.t - static_cast<double>(stamp)) : 0;
  if (soonest_ && early > soonest_->age + kTooSoon + static_cast<double>(tolerance.ahead)) {
    Damaged(event.at, *event.resource,
            fmt::format("the {} of {} (uid {}) is stamped {:.0f} s after its line", what, event.name,
                        event.uid, early));
  }
}

void WatchModel::AddPod(Event& event) {
  PodLife& life = LifeOf(model_.pods, event);
  const JsonView spec = event.object["spec"];
  const JsonView status = event.object["status"];
  const PodState* before = life.states.empty() ? nullptr : &life.states.back();
  const auto keep = [&](std::string_view text, std::string_view known) {
    return text == known ? known : model_.pool->Keep(text);
  };
  PodState state;
  state.phase = keep(status["phase"].Text(), before == nullptr ? "" : before->phase);
  state.node = keep(spec["nodeName"].Text(), before == nullptr ? "" : before->node);
  state.ip = keep(status["podIP"].Text(), before == nullptr ? "" : before->ip);
  const std::string_view deleted = event.meta["deletionTimestamp"].Text();
  state.terminating = event.meta["deletionTimestamp"].IsSomething();
  state.grace = event.meta["deletionGracePeriodSeconds"].Int(-1);
  event.meta["finalizers"].ForEach([&](JsonView) { state.finalizers = true; });
  if (state.terminating && state.grace >= 0 && state.grace < 1'000'000) {
    const Stamp until = ToStamp(deleted);
    state.asked_to_stop = until == kNoStamp ? kNoStamp : until - state.grace;
  }
  status["conditions"].ForEach([&](JsonView condition) {
    const std::string_view type = condition["type"].Text();
    const bool holds = condition["status"].Text() == "True";
    if (type == "Ready") {
      state.ready = holds;
      state.ready_since = ToStamp(condition["lastTransitionTime"].Text());
    } else if (type == "DisruptionTarget" && holds) {
      state.disruption = model_.pool->Keep(condition["reason"].Text("unknown"));
    }
  });
  status["containerStatuses"].ForEach([&](JsonView container) {
    state.restarts += container["restartCount"].Int();
    if (state.container.empty()) {
      state.container = keep(container["containerID"].Text(),
                             before == nullptr ? "" : before->container);
    }
  });
  const uint64_t print = event.meta["labels"].Fingerprint() * 3 +
                         event.meta["annotations"].Fingerprint() * 5 +
                         event.meta["ownerReferences"].Fingerprint() * 7 +
                         event.meta["generateName"].Fingerprint() * 11 + spec.Fingerprint() * 13;
  if (before != nullptr && print == event.known->print) {
    state.identity = before->identity;
  } else {
    event.known->print = print;
    CheckProcesses(event, spec);
    PodIdentity identity = ToIdentity(event.meta, spec);
    identity.parts = before != nullptr ? before->identity->parts : parts_.Of(spec, *model_.pool);
    state.identity = before != nullptr && *before->identity == identity
                         ? before->identity
                         : std::make_shared<const PodIdentity>(std::move(identity));
  }
  if (before == nullptr && event.Is("ADDED")) CheckPodTimes(event, life.created, "creation");
  if (life.term && !state.terminating && !life.gone) {
    Damaged(event.at, "pods",
            fmt::format("{} (uid {}) loses its deletionTimestamp", life.name, life.uid));
  }
  if (state.terminating && !life.term && before != nullptr && !event.Is("LIST")) {
    CheckPodTimes(event, state.asked_to_stop, "deletion");
    CheckLate(event.at, "pods", newest_->second, state.asked_to_stop, event.name);
  }
  // By the node's clock, which may differ. One that is behind misleads nobody here: the controller waits
  // for minReadySeconds by the same stamp that the guarantees look at.
  constexpr Tolerance kNodeStampTolerance = {.behind = 300, .ahead = 60};
  if (!event.Is("LIST") && (before == nullptr || before->ready_since != state.ready_since))
    CheckStamp(event, state.ready_since, "readiness", kNodeStampTolerance);
  if (state.ready && state.phase == "Pending") {
    Damaged(event.at, "pods",
            fmt::format("{} (uid {}) is Ready although it has not started", life.name, life.uid));
  }
  CheckReadiness(event, state);
  if (before != nullptr) CheckKept(event, life, state);
  Push(life, std::move(state), event);
}

// What no request can change while the pod lives; and a readiness that changes has a new stamp.
void WatchModel::CheckKept(const Event& event, const PodLife& life, const PodState& state) {
  const PodState& before = life.states.back();
  if (!before.node.empty() && state.node != before.node) {
    Damaged(event.at, "pods",
            fmt::format("{} (uid {}) goes from node {} to '{}' without a new pod", life.name, life.uid,
                        before.node, state.node));
  }
  if (state.identity->claims != before.identity->claims) {
    Damaged(event.at, "pods",
            fmt::format("the claims of {} (uid {}) change while it lives", life.name, life.uid));
  }
  if (state.ready == before.ready || state.ready_since != before.ready_since ||
      state.ready_since == kNoStamp)
    return;
  constexpr double kReportDelay = 15;  // A kubelet sends what it has not told every 10 s.
  auto since = life.states.rbegin();
  while (std::next(since) != life.states.rend() &&
         std::next(since)->ready_since == state.ready_since)
    ++since;
  if (event.at.t - since->at.t <= kReportDelay) return;
  Damaged(event.at, "pods",
          fmt::format("the readiness of {} (uid {}) changes, but its stamp is of {:.0f} s before",
                      life.name, life.uid, event.at.t - since->at.t));
}

void WatchModel::CheckReadiness(const Event& event, const PodState& state) {
  if (!state.RunningAndReady() || state.terminating || event.Is("DELETED")) return;
  const JsonView status = event.object["status"];
  std::string_view what;
  status["conditions"].ForEach([&](JsonView condition) {
    if (condition["type"].Text() == "ContainersReady" && condition["status"].Text() == "False")
      what = "its containers together";
  });
  status["containerStatuses"].ForEach([&](JsonView container) {
    if (!container["ready"].Bool(true)) what = container["name"].Text("a container");
  });
  if (what.empty()) return;
  Damaged(event.at, "pods",
          fmt::format("{} (uid {}) is Ready, but in the same version {} is not", event.name, event.uid,
                      what));
}

// Images may change, resources, tolerations and annotations too; what is told to the processes may not.
void WatchModel::CheckProcesses(const Event& event, JsonView spec) {
  uint64_t processes = 1;
  spec["containers"].ForEach([&](JsonView container) {
    processes = processes * 31 + container["name"].Fingerprint();
    for (const char* part : {"env", "command", "args"})
      processes = processes * 31 + container[part].Fingerprint();
  });
  const uint64_t before = std::exchange(event.known->processes, processes);
  if (before == 0 || before == processes) return;
  Damaged(event.at, "pods",
          fmt::format("what the containers of {} (uid {}) run changes while it lives", event.name,
                      event.uid));
}

void WatchModel::AddTarget(Event& event) {
  if (event.name != model_.target_name) return;
  const SetState* before = model_.set.empty() ? nullptr : &model_.set.back();
  const bool same = before != nullptr && before->uid == event.uid;
  const JsonView spec = event.object["spec"];
  SetState state;
  if (same) state = *before;
  const uint64_t print = spec.Fingerprint();
  if (!same || print != state.spec) {
    ReadSpec(spec, state);
    state.spec = print;
    if (before != nullptr && *before->templates == *state.templates)
      state.templates = before->templates;
    if (before != nullptr && *before->match_labels == *state.match_labels)
      state.match_labels = before->match_labels;
  }
  state.uid = event.uid;
  state.generation = event.meta["generation"].Int();
  ReadStatus(event.object["status"], state);
  state.terminating = event.meta["deletionTimestamp"].IsSomething();
  state.foreground = HasText(event.meta["finalizers"], "foregroundDeletion");
  state.gone = event.Is("DELETED");
  if (same) {
    state.at = before->at;
    if (state == *before) return;
  }
  state.at = event.at;
  ++model_.kept_states;
  model_.set.push_back(std::move(state));
}

}  // namespace holdfast::trace
