// The catalogue: what each guarantee says, to people, and who judges it.
#include "harness/check/check.h"
#include "harness/check/families.h"

namespace holdfast::check {
namespace {

struct Entry {
  GuaranteeText text;
  Judge judge;  // nullptr: judged on the whole run.
};

constexpr const char* kSets = "StatefulSet targets; all scenarios in which a pod of the set lives.";
constexpr const char* kOrdered =
    "StatefulSets with podManagementPolicy OrderedReady; not Parallel, not Deployments.";
constexpr const char* kData = "Runs with clients: every scenario, by its final reads.";
constexpr const char* kProbed = "StatefulSet targets, where probes looked inside the pods.";
constexpr const char* kAnyRun = "Every scenario. It can be pass or unknown, never fail.";
constexpr const char* kHarness = "holdfast";

std::vector<Entry> Identity() {
  return {
      {{"SS-ID-1", "stable names",
        "Each pod of the set is called <set>-<ordinal> with a canonical decimal ordinal, carries "
        "generateName <set>-, and at rest the names are exactly start to start+replicas-1.",
        "Kubernetes 1.9; ordinals.start 1.31",
        "StatefulSet targets. With a Deployment as target its pods are held against the same "
        "names, "
        "as a negative control.",
        "Orphans that the set adopted may write the number in their own way."},
       JudgeNames},
      {{"SS-ID-2", "one object per name, a new life has a new uid",
        "A pod of a name appears only after the pod that had the name was deleted, and with "
        "another uid.",
        "Kubernetes 1.5", kSets, "None: this is an invariant of the API server."},
       JudgeOneLife},
      {{"SS-ID-3", "no restart without a cause",
        "No pod of the set is deleted or changes its uid unless something in the record asked for "
        "it. Restarts of containers keep the uid.",
        "Kubernetes 1.9", kSets,
        "Actions and faults of the run, evictions and taints (condition DisruptionTarget), phase "
        "Failed or Succeeded, scale-down, rolling updates, deletion of the set."},
       JudgeStableUid},
      {{"SS-ID-4", "labels",
        "From the start a pod carries its name, its index and its revision as labels; the revision "
        "is the name of a ControllerRevision.",
        "pod-name 1.9; pod-index 1.28", "StatefulSet targets; scenarios in which a pod is created.",
        "Labels that a user changes later."},
       JudgeLabels},
      {{"SS-ID-5", "host name",
        "spec.hostname is the pod's name and spec.subdomain the set's service, for its whole life.",
        "Kubernetes 1.9",
        "StatefulSet targets. With a Deployment as target its pods are held against <target>-<n>.",
        ""},
       JudgeHostnames},
      {{"SS-ID-5P", "host name, seen inside",
        "Inside the pod the host name is the pod's name and /etc/hosts maps its address to "
        "<pod>.<service>.<namespace>.svc.",
        "Kubernetes 1.9", kProbed,
        "Host network, setHostnameAsFQDN, hostnameOverride, sets without a service."},
       JudgeHostnameInside},
      {{"SS-ID-6", "ownership",
        "Each pod has exactly one controlling owner: the set, by its current uid, with "
        "blockOwnerDeletion.",
        "Kubernetes 1.9", kSets, "Pods that are not yet adopted, or were released."},
       JudgeOwners},
      {{"SS-ID-7", "volume mapping",
        "For every claim template T a pod mounts, writable, the claim T-<set>-<ordinal> as volume "
        "T, and no other.",
        "Kubernetes 1.9",
        "StatefulSets with claim templates. With a Deployment as target every claim that its pods "
        "mount is held against <volume>-<target>-<n>.",
        ""},
       JudgeVolumeNames},
  };
}

std::vector<Entry> OrderAndLife() {
  return {
      {{"SS-ORD-1", "ascending creation",
        "No ordinal is created for the first time before every lower one in range was.",
        "Kubernetes 1.9", kOrdered, ""},
       JudgeAscending},
      {{"SS-ORD-2", "ready gate",
        "A pod is created, or created again, only when every lower pod is Running and Ready.",
        "Kubernetes 1.9", kOrdered,
        "A lower pod that lost its readiness less than 5 s before: the controller's view lags. No "
        "such grace where the record proves that the controller had seen it."},
       JudgeReadyGate},
      {{"SS-ORD-7", "descending scale-down, one at a time",
        "When scaling down, a pod is deleted only after all higher ones that must go are gone.",
        "Kubernetes 1.9", kOrdered, "Deletions by others than the set; deletion of the whole set."},
       JudgeScaleDown},
      {{"SS-AMO-1", "at most one pod of an ordinal, in the API",
        "The API never holds two pods of one ordinal at one time.", "Kubernetes 1.5", kSets, ""},
       JudgeAtMostOne},
      {{"SS-AMO-2", "at most one process of an ordinal",
        "On each volume, once a new incarnation has written, the old one never writes again. "
        "Judged by a witness file that the pods write.",
        "Kubernetes 1.5", "StatefulSet targets whose pods keep a witness file.",
        "None: two writers fail whatever the cause. What gave the guarantee up (a force delete, a "
        "node cut off) is named, and a suite may accept it."},
       JudgeWitness},
      {{"SS-REC-1", "recovery",
        "Every pod that is deleted while the set wants it comes back under its name, with a new "
        "uid, and becomes Ready within limits.settle (default 2m).",
        "Kubernetes 1.5", "StatefulSet targets; scenarios in which such a pod is deleted.",
        "Scale-down and deletion of the set."},
       JudgeRecovery},
  };
}

std::vector<Entry> Storage() {
  return {
      {{"SS-PVC-1", "claims by ordinal",
        "For every claim template T and ordinal n there is a claim T-<set>-<n> with the labels of "
        "the template and of the set's selector.",
        "Kubernetes 1.9", "StatefulSets with claim templates; scenarios in which a pod is created.",
        ""},
       JudgeClaimNames},
      {{"SS-PVC-2", "the claim's identity is stable",
        "Over all lives of a pod its claim keeps its uid and its volume, stays Bound, and the "
        "volume keeps uid and handle.",
        "Kubernetes 1.9", "StatefulSets with bound claims.",
        "Claims that the run deletes itself, and the set's retention policy."},
       JudgeClaimChain},
      {{"SS-PVC-4", "one claim, one volume",
        "No two bound claims share a volume, no volume belongs to a claim bound elsewhere, no two "
        "volumes share a handle.",
        "Kubernetes 1.9", "All claims of the namespace.", "Volumes provisioned twice on purpose."},
       JudgeBijection},
  };
}

std::vector<Entry> Data() {
  return {
      {{"SS-DATA-1", "durability",
        "Every write that was acknowledged before a scenario's final reads is in the final read of "
        "the primary.",
        "every version", kData, "Writes whose acknowledgement promised less (durable: false)."},
       JudgeDurability},
      {{"SS-DATA-2", "each pod its own volume",
        "The marker on a pod's volume names the pod and never changes.", "every version", kProbed,
        "Another claim (another uid) has another marker."},
       JudgeMarkers},
      {{"SS-DATA-3", "the data is on the volume",
        "Inside the pod the data directory is a mount on another device than the root.",
        "every version", kProbed, "Judged only where the probe shows the root's device."},
       JudgeMounts},
      {{"SS-DATA-5", "the database's own identity",
        "The system identifier is one over all replicas and all lives; a timeline never goes back.",
        "PostgreSQL", kProbed, ""},
       JudgeDatabaseIdentity},
      {{"HX-LOST", "lost after acknowledgement",
        "An acknowledged row is missing from the primary's final read.", "every version", kData,
        ""},
       JudgeLost},
      {{"HX-RESURRECTED", "refused, yet present",
        "A row whose write certainly failed is in a final read.", "every version", kData, ""},
       JudgeResurrected},
      {{"HX-DUPLICATED", "more than once", "A row written once is in a final read several times.",
        "every version", kData, ""},
       JudgeDuplicated},
      {{"HX-PHANTOM", "never attempted",
        "A row in a final read that no client of this run wrote to that key: of another run, "
        "another key, or from nowhere.",
        "every version", kData, ""},
       JudgePhantom},
      {{"HX-PREFIX", "replicas are prefixes of the primary",
        "Who shows a row shows every row that was acknowledged before it was sent; a replica that "
        "has applied everything holds everything; nobody shows a row that the primary lacks. "
        "Final reads and all reads during the run.",
        "every version", kData, "Rows of open outcome may appear late."},
       JudgePrefix},
  };
}

std::vector<Entry> Validity() {
  return {
      {{"RUN-FAULT", "the faults happened",
        "Each fault that was planned was begun and has its proof in the record.", kHarness, kAnyRun,
        ""},
       JudgeFaults},
      {{"RUN-WATCH", "the record is whole",
        "All needed resources were watched from the start, without a gap, and no line is damaged "
        "or contradicts another.",
        kHarness, kAnyRun, ""},
       JudgeWatches},
      {{"RUN-LOAD", "the clients were at work",
        "At least limits.minimum-acks writes were acknowledged in the scenario, and clients were "
        "at work during every fault.",
        kHarness, kAnyRun, ""},
       JudgeLoad},
      {{"RUN-SETTLE", "the steps ended",
        "Every step of the scenario, settling among them, ended as it should.", kHarness, kAnyRun,
        ""},
       JudgeSteps},
      {{"RUN-EXPECT", "expected failures",
        "What the suite expects to fail (a negative control) failed.", kHarness,
        "Finished runs of suites with expect.", ""},
       nullptr},
      {{"RUN-COMPLETE", "the run ended by itself",
        "The run was neither interrupted nor ended by an error.", kHarness, "Runs.", ""},
       nullptr},
  };
}

const std::vector<Entry>& Catalogue() {
  static const std::vector<Entry> kEntries = [] {
    std::vector<Entry> all;
    for (auto family : {Identity, OrderAndLife, Storage, Data, Validity})
      for (Entry& entry : family())
        all.push_back(std::move(entry));
    return all;
  }();
  return kEntries;
}

}  // namespace

const std::vector<GuaranteeText>& Guarantees() {
  static const std::vector<GuaranteeText> kTexts = [] {
    std::vector<GuaranteeText> texts;
    for (const Entry& entry : Catalogue())
      texts.push_back(entry.text);
    return texts;
  }();
  return kTexts;
}

const std::vector<Rule>& Rules() {
  static const std::vector<Rule> kRules = [] {
    std::vector<Rule> rules;
    for (const Entry& entry : Catalogue())
      if (entry.judge != nullptr) rules.push_back({entry.text.id.c_str(), entry.judge});
    return rules;
  }();
  return kRules;
}

}  // namespace holdfast::check
