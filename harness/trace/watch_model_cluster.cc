// Storage, revisions, network, budgets and nodes.
#include "harness/trace/watch_model_objects.h"

namespace holdfast::trace {

namespace {

// What the volume is made of, as far as no request can change it: the type and the names that find it.
// Empty for the types that are not known here.
std::string SourceOf(JsonView spec) {
  struct Source {
    const char* type;
    const char* first;
    const char* second;
  };
  for (const Source& source : {Source{"csi", "driver", "volumeHandle"}, Source{"hostPath", "path", nullptr},
                               Source{"local", "path", nullptr}, Source{"nfs", "server", "path"}}) {
    const JsonView found = spec[source.type];
    if (!found.IsObject()) continue;
    std::string text = std::string(source.type) + " " + std::string(found[source.first].Text());
    if (source.second != nullptr) text.append(" ").append(found[source.second].Text());
    return text;
  }
  return {};
}

// The one node, by its label kubernetes.io/hostname, that the volume can be reached from; empty when
// there may be several.
std::string OnlyNodeOf(JsonView spec) {
  int terms = 0;
  std::string node;
  spec["nodeAffinity"]["required"]["nodeSelectorTerms"].ForEach([&](JsonView term) {
    ++terms;
    term["matchExpressions"].ForEach([&](JsonView expression) {
      if (expression["key"].Text() != "kubernetes.io/hostname" || expression["operator"].Text() != "In")
        return;
      int values = 0;
      expression["values"].ForEach([&](JsonView value) {
        ++values;
        node = value.Text();
      });
      if (values != 1) node.clear();
    });
  });
  return terms == 1 ? node : std::string();
}

}  // namespace

void WatchModel::AddClaim(Event& event) {
  ClaimLife& life = LifeOf(model_.claims, event);
  const JsonView spec = event.object["spec"];
  ClaimState state{.at = {},
                   .volume = std::string(spec["volumeName"].Text()),
                   .phase = std::string(event.object["status"]["phase"].Text()),
                   .terminating = event.meta["deletionTimestamp"].IsSomething(),
                   .labels = ToLabels(event.meta["labels"]),
                   .owners = ToOwners(event.meta),
                   .storage_class = std::string(spec["storageClassName"].Text()),
                   .access = JoinTexts(spec["accessModes"]),
                   .volume_mode = std::string(spec["volumeMode"].Text()),
                   .requested = ToBytes(spec["resources"]["requests"]["storage"].Text("?"))};
  Push(life, std::move(state), event);
}

void WatchModel::AddVolume(Event& event) {
  VolumeLife& life = LifeOf(model_.volumes, event);
  const JsonView spec = event.object["spec"];
  std::string handle(spec["csi"]["volumeHandle"].Text());
  if (!handle.empty()) handle = std::string(spec["csi"]["driver"].Text()) + " " + handle;
  std::string source = SourceOf(spec);
  std::string place;
  if (spec["hostPath"].IsObject() || spec["local"].IsObject()) {
    place = source;
    if (const std::string node = OnlyNodeOf(spec); !node.empty()) handle = source + " of node " + node;
  }
  const JsonView claim = spec["claimRef"];
  VolumeState state{.at = {},
                    .phase = std::string(event.object["status"]["phase"].Text()),
                    .claim_namespace = std::string(claim["namespace"].Text()),
                    .claim_name = std::string(claim["name"].Text()),
                    .claim_uid = std::string(claim["uid"].Text()),
                    .handle = std::move(handle),
                    .source = std::move(source),
                    .place = std::move(place),
                    .reclaim = std::string(spec["persistentVolumeReclaimPolicy"].Text()),
                    .access = JoinTexts(spec["accessModes"])};
  Push(life, std::move(state), event);
}

void WatchModel::AddRevision(Event& event) {
  RevisionLife& life = LifeOf(model_.revisions, event);
  const JsonView labels = event.meta["labels"];
  const JsonView data = event.object["data"];
  RevisionState state;
  state.revision = event.object["revision"].Int();
  state.hash_label = labels["controller.kubernetes.io/hash"].Text();
  state.data = data.Fingerprint();
  for (const OwnerReference& owner : ToOwners(event.meta))
    if (owner.controller) state.owner_uid = owner.uid;
  if (life.states.empty()) {
    const JsonView pod = data["spec"]["template"];
    life.containers = ToContainers(pod["spec"]);
    life.parts = parts_.Of(pod["spec"], *model_.pool);
    life.template_print = TemplatePrint(pod);
    life.labels = ToLabels(pod["metadata"]["labels"]);
    life.annotations = ToLabels(pod["metadata"]["annotations"]);
  }
  Push(life, std::move(state), event);
}

void WatchModel::AddSlice(Event& event) {
  SliceLife& life = LifeOf(model_.slices, event);
  SliceState state;
  state.service = event.meta["labels"]["kubernetes.io/service-name"].Text();
  state.managed = event.meta["labels"]["endpointslice.kubernetes.io/managed-by"].Text() ==
                  "endpointslice-controller.k8s.io";
  state.address_type = event.object["addressType"].Text();
  event.object["endpoints"].ForEach([&](JsonView endpoint) {
    Endpoint one;
    const JsonView target = endpoint["targetRef"];
    const JsonView conditions = endpoint["conditions"];
    one.hostname = endpoint["hostname"].Text();
    one.pod = target["name"].Text();
    one.uid = target["uid"].Text();
    one.node = endpoint["nodeName"].Text();
    endpoint["addresses"].ForEach(
        [&](JsonView address) { one.addresses.emplace_back(address.Text()); });
    one.ready = conditions["ready"].Bool(true);
    one.serving = conditions["serving"].Bool(one.ready);
    one.terminating = conditions["terminating"].Bool();
    state.endpoints.push_back(std::move(one));
  });
  Push(life, std::move(state), event);
}

void WatchModel::AddBudget(Event& event) {
  BudgetLife& life = LifeOf(model_.budgets, event);
  const JsonView spec = event.object["spec"];
  const JsonView status = event.object["status"];
  BudgetState state;
  state.generation = event.meta["generation"].Int();
  state.observed_generation = status["observedGeneration"].Int();
  state.min_available = NumberOrText(spec["minAvailable"]);
  state.max_unavailable = NumberOrText(spec["maxUnavailable"]);
  state.unhealthy_policy = spec["unhealthyPodEvictionPolicy"].Text("IfHealthyBudget");
  state.selector = spec["selector"].IsObject();
  state.match_labels = ToLabels(spec["selector"]["matchLabels"]);
  spec["selector"]["matchExpressions"].ForEach([&](JsonView) { state.expressions = true; });
  state.allowed = status["disruptionsAllowed"].Int();
  state.current = status["currentHealthy"].Int();
  state.desired = status["desiredHealthy"].Int();
  state.expected = status["expectedPods"].Int();
  status["disruptedPods"].ForEachMember(
      [&](std::string_view, JsonView) { ++state.disrupted; });
  status["conditions"].ForEach([&](JsonView condition) {
    if (condition["type"].Text() == "DisruptionAllowed")
      state.counted = condition["reason"].Text() != "SyncFailed";
  });
  Push(life, std::move(state), event);
}

void WatchModel::AddNode(Event& event) {
  NodeLife& life = LifeOf(model_.nodes, event);
  NodeState state;
  state.unschedulable = event.object["spec"]["unschedulable"].Bool();
  event.object["spec"]["taints"].ForEach([&](JsonView taint) {
    const std::string_view key = taint["key"].Text();
    if (key == "node.kubernetes.io/out-of-service") {
      state.out_of_service = true;
    } else if (key != "node.kubernetes.io/unreachable" && key != "node.kubernetes.io/not-ready") {
      state.evicts = state.evicts || taint["effect"].Text() == "NoExecute";
    }
  });
  event.object["status"]["conditions"].ForEach([&](JsonView condition) {
    if (condition["type"].Text() != "Ready") return;
    state.ready = condition["status"].Text();
    state.ready_since = ToStamp(condition["lastTransitionTime"].Text());
  });
  Push(life, std::move(state), event);
}

void WatchModel::AddAttachment(Event& event) {
  AttachmentLife& life = LifeOf(model_.attachments, event);
  const JsonView spec = event.object["spec"];
  Push(life,
       AttachmentState{.at = {},
                       .node = std::string(spec["nodeName"].Text()),
                       .volume = std::string(spec["source"]["persistentVolumeName"].Text()),
                       .attached = event.object["status"]["attached"].Bool()},
       event);
}

void WatchModel::AddService(Event& event) {
  ServiceLife& life = LifeOf(model_.services, event);
  const JsonView spec = event.object["spec"];
  Push(life,
       ServiceState{.at = {},
                    .headless = spec["clusterIP"].Text() == "None",
                    .selector = spec["selector"].IsObject(),
                    .publish_not_ready = spec["publishNotReadyAddresses"].Bool()},
       event);
}

void WatchModel::AddNote(const At& at, JsonView object) {
  const JsonView about = object["involvedObject"];
  if (about["name"].Text() != model_.target_name || about["kind"].Text() != model_.target_kind)
    return;
  model_.notes.push_back({.at = at,
                          .reason = std::string(object["reason"].Text()),
                          .message = std::string(object["message"].Text())});
}

}  // namespace holdfast::trace
