// The catalogue: what each guarantee says, to people, and who judges it.
#include <algorithm>

#include <fmt/format.h>

#include "harness/base/strings.h"
#include "harness/check/check.h"
#include "harness/check/client_rules.h"
#include "harness/check/families.h"

namespace holdfast::check {
namespace {

struct Entry {
  GuaranteeText text;
  std::function<CheckResult(const Context& context, const Window& window)> judge;  // Empty: on the whole run.
};

constexpr const char* kSets = "StatefulSet targets; all scenarios in which a pod of the set lives.";
constexpr const char* kData = "Runs with clients: every scenario, by its final reads.";
constexpr const char* kClients =
    "Runs and histories whose clients read, write or compare-and-swap keys.";
constexpr const char* kTransactions =
    "Runs and histories whose clients append to lists and read them in transactions, up to the "
    "level that was promised.";
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

std::vector<Entry> Lives() {
  return {
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
        "the template and of the set's selector, made with the template's storage class, access "
        "modes and size.",
        "Kubernetes 1.9", "StatefulSets with claim templates; scenarios in which a pod is created.",
        "Claims that were there before the record, or that somebody else may have made."},
       JudgeClaimNames},
      {{"SS-PVC-2", "the claim's identity is stable",
        "Over all lives of a pod its claim keeps its uid and its volume and stays Bound, and the "
        "volume keeps its uid and its source: the driver's handle or, of others, the path.",
        "Kubernetes 1.9", "StatefulSets with bound claims.",
        "Claims that the run deletes itself, and the set's retention policy."},
       JudgeClaimChain},
      {{"SS-PVC-4", "one claim, one volume",
        "No two bound claims share a volume, no volume belongs to a claim bound elsewhere, no two "
        "volumes of the set share a handle.",
        "Kubernetes 1.9", "All claims of the namespace.",
        "Volumes that many may mount share a handle by right. One path of two volumes that are no "
        "driver's is undecided: it may be on two nodes."},
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
      {{"HX-TORN", "half of a write",
        "A read shows a value that nobody wrote and that is a part of a written one or mixes two, or "
        "meets a place whose checksum does not fit.",
        "every version", kData,
        "Places where a write of unknown outcome, or one that was under way, may have been cut short."},
       JudgeTorn},
      {{"HX-PREFIX", "replicas are prefixes of the primary",
        "Who shows a row shows every row that was acknowledged before it was sent; a replica that "
        "has applied everything holds everything; nobody shows a row that the primary lacks. "
        "Final reads and all reads during the run.",
        "every version", kData, "Rows of open outcome may appear late."},
       JudgePrefix},
      {{"HX-LINEARIZABLE", "one order that agrees with real time",
        "The reads, writes and compare-and-swaps of each key, and of a store that tells revisions "
        "all keys together, fit into one order that agrees with real time and in which every read "
        "sees the write before it. What has an unknown outcome may have happened or not.",
        "every version", kClients,
        "Reads of replicas, and answers of a store without linearizable reads."},
       JudgeLinearizable},
      {{"HX-SESSION", "no client goes back",
        "What one client sees never belongs to an older revision than what it saw before: monotonic "
        "reads, and it reads its own writes.",
        "stores whose answers tell revisions", kClients, ""},
       JudgeSession},
      {{"HX-STALE", "reads are fresh",
        "A read that promised to be fresh shows everything that was acknowledged before it began.",
        "every version", "Histories on their own (holdfast history check --fresh-reads). Of a run, "
        "HX-PREFIX judges the reads of the primary.", ""},
       JudgeStale},
      {{"HX-READ-COMMITTED", "isolation: read committed",
        "No transaction sees what was aborted (G1a), what was only intermediate (G1b), what nobody "
        "wrote, or two orders of one list; no cycle of writes (G0) nor of writes and reads (G1c).",
        "every version", kTransactions, ""},
       JudgeReadCommitted},
      {{"HX-SNAPSHOT", "isolation: snapshot",
        "No cycle of dependencies with a single read that missed a write (G-single: read skew, lost "
        "update), nor one in which such reads are never side by side (G-nonadjacent).",
        "every version", kTransactions, "Not judged where less was promised."},
       JudgeSnapshot},
      {{"HX-SERIALIZABLE", "isolation: serializable",
        "No cycle of dependencies at all (G2, write skew).", "every version", kTransactions,
        "Not judged where less was promised. Absence of an anomaly is no proof."},
       JudgeSerializable},
      {{"HX-STRICT", "isolation: strict serializable",
        "No cycle of dependencies together with real time: what ended before another transaction "
        "began comes before it; no acknowledged append is missing from what is read later.",
        "every version", kTransactions, "Not judged where less was promised."},
       JudgeStrict},
      {{"HX-RECOVERY", "outages within the limits",
        "The longest time in which clients tried and nothing was acknowledged is within "
        "limits.write-outage, and for reads within limits.read-outage; of each node within "
        "limits.node-write-outage and node-read-outage. A time in which nobody tried is no outage. Each "
        "deleted pod answers clients again within limits.recovery of the request, and a replica has "
        "caught up within limits.catch-up of being Ready. The phases of each return are told: evict, "
        "terminate, detach, recreate, schedule, attach, start, ready, first ack, catch-up.",
        kHarness, "Scenarios with such a limit; else the times are only told.", ""},
       JudgeOutages},
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
      {{"RUN-LIMITS", "the limits of the suite",
        "Settling took no longer than limits.settle allows.", kHarness,
        "Scenarios with a limit for settling that settle.", ""},
       JudgeLimits},
      {{"RUN-LEFT-AS-FOUND", "left as found",
        "Every object outside of the run's own namespace is after the run what it was before.",
        kHarness, "Runs that record what they found.", ""},
       JudgeLeftAsFound},
      {{"RUN-EXPECT", "expected failures",
        "What the suite expects to fail (a negative control) failed.", kHarness,
        "Finished runs of suites with expect.", ""},
       nullptr},
      {{"RUN-COMPLETE", "the run ended by itself",
        "The run was neither interrupted nor ended by an error.", kHarness, "Runs.", ""},
       nullptr},
  };
}

std::string Applies(const Guarantee& guarantee) {
  const char* whom = guarantee.scope == Scope::kOrdered
                         ? "StatefulSets with podManagementPolicy OrderedReady"
                     : guarantee.scope == Scope::kParallel
                         ? "StatefulSets with podManagementPolicy Parallel"
                         : "StatefulSet targets";
  std::string text = fmt::format("{}; scenarios in which {}.", whom, guarantee.exercised);
  for (const std::string& resource : guarantee.wants)
    text += " Needs a watch of " + resource + ".";
  return text;
}

Entry ToEntry(const Guarantee& guarantee) {
  Entry entry;
  entry.text.id = guarantee.id;
  entry.text.title = guarantee.title;
  entry.text.paragraph = guarantee.paragraph;
  entry.text.since = guarantee.since;
  entry.text.applies = Applies(guarantee);
  entry.text.exceptions = guarantee.exceptions;
  entry.text.decided = guarantee.decided;
  entry.judge = [guarantee](const Context& context, const Window& window) {
    return JudgeGuarantee(guarantee, context, window);
  };
  return entry;
}

// How the verdict of an entry that does not say so itself comes about.
std::string DecidedBy(const std::string& id) {
  if (id == "SS-AMO-2") return "witness";
  if (id == "SS-DATA-1" || id.starts_with("HX-")) return "history";
  if (id.ends_with("P") || id.starts_with("SS-DATA-")) return "probe";
  return id.starts_with("RUN-") ? "run" : "trace";
}

const std::vector<std::pair<std::string, std::string>>& FamilyNames() {
  static const std::vector<std::pair<std::string, std::string>> kNames = {
      {"SS-ID", "identity"},         {"SS-ORD", "ordering"},
      {"SS-UPD", "updates"},         {"SS-STAT", "status"},
      {"SS-REV", "revisions"},       {"SS-PVC", "claims"},
      {"SS-RET", "claim retention"}, {"SS-AMO", "at most one"},
      {"SS-REC", "recovery"},        {"SS-ADOPT", "adoption"},
      {"SS-DEL", "deletion"},        {"SS-NET", "network"},
      {"SS-PDB", "budgets"},         {"SS-ORDI", "ordinals"},
      {"SS-DATA", "data"},           {"SS-NODE", "nodes"},
      {"SS-VAL", "validation"},      {"HX", "client history"},
      {"RUN", "the run itself"},
  };
  return kNames;
}

// "SS-ORD-7" -> the place of its family, its number and what follows; what has no number keeps the
// order in which it was written.
struct Place {
  size_t family = 0;
  int64_t number = 0;
  std::string rest;
  auto operator<=>(const Place&) const = default;
};

Place PlaceOf(const std::string& id) {
  Place place;
  const auto& names = FamilyNames();
  for (place.family = 0; place.family < names.size(); ++place.family)
    if (id.starts_with(names[place.family].first + "-")) break;
  const size_t digits = id.find_last_of('-') + 1;
  size_t end = digits;
  while (end < id.size() && std::isdigit(static_cast<unsigned char>(id[end])) != 0)
    ++end;
  place.number = ParseInt(std::string_view(id).substr(digits, end - digits)).value_or(0);
  if (end > digits) place.rest = id.substr(end);
  return place;
}

std::vector<Entry> Assemble() {
  std::vector<Entry> all;
  for (auto family : {Identity, Lives, Storage, Data, Validity})
    for (Entry& entry : family())
      all.push_back(std::move(entry));
  for (auto family :
       {IdentityFamily, OrderFamily, HaltFamily, UpdateFamily, RevisionOfPodFamily, RevisionFamily,
        StatusFamily, ClaimFamily, RetentionFamily, SingleFamily, RecoveryFamily, NodeFamily,
        AdoptionFamily, NetworkFamily, BudgetFamily, OrdinalFamily, InsideFamily})
    for (const Guarantee& guarantee : family())
      all.push_back(ToEntry(guarantee));
  std::stable_sort(all.begin(), all.end(), [](const Entry& a, const Entry& b) {
    return PlaceOf(a.text.id) < PlaceOf(b.text.id);
  });
  for (Entry& entry : all) {
    if (entry.text.decided.empty()) entry.text.decided = DecidedBy(entry.text.id);
    const size_t family = PlaceOf(entry.text.id).family;
    if (family < FamilyNames().size()) entry.text.family = FamilyNames()[family].second;
  }
  return all;
}

const std::vector<Entry>& Catalogue() {
  static const std::vector<Entry> kEntries = Assemble();
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
      if (entry.judge) rules.push_back({entry.text.id, entry.judge});
    return rules;
  }();
  return kRules;
}

}  // namespace holdfast::check
