#include "harness/run/cluster_journal.h"

#include <algorithm>

#include "harness/base/log.h"
#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/run/crash_point.h"
#include "harness/run/leases.h"
#include "harness/run/runner_identity.h"

namespace holdfast::run {
namespace {

constexpr std::chrono::seconds kRenewEvery{5};
constexpr Nanos kOpenTimeout = std::chrono::seconds(60);
constexpr const char* kHeaderKey = "run";
constexpr const char* kManagedBy = "app.kubernetes.io/managed-by";

const kube::ObjectRef& NamespaceRef() {
  static const kube::ObjectRef kRef{kube::resources::kNamespaces, "", kJournalNamespace};
  return kRef;
}

std::string KeyOf(int id) { return fmt::format("change-{:06}", id); }

bool IsOurs(const Json& ns) {
  return GetString(ns, {"metadata", "labels", kManagedBy}) == "holdfast";
}

bool Ended(const Error& error) { return error.code == ErrorCode::kNotFound; }

}  // namespace

Json JournalLabels(const std::string& run) {
  return {{kManagedBy, "holdfast"}, {kRunLabel, run}};
}

std::string JournalName(const std::string& run) { return "holdfast-" + run; }

kube::ObjectRef JournalRef(const std::string& run) {
  return {kube::resources::kConfigMaps, kJournalNamespace, JournalName(run)};
}

kube::ObjectRef HeartbeatRef(const std::string& run) {
  return {kube::resources::kLeases, kJournalNamespace, JournalName(run)};
}

Result<std::unique_ptr<ClusterJournal>> ClusterJournal::Open(kube::Client& client,
                                                             const std::string& run,
                                                             const Json& header,
                                                             Clock& clock) {
  auto journal = std::make_unique<ClusterJournal>(client, run, clock);
  // Another run that ends now may be removing the namespace: then everything is made again.
  const Deadline deadline(clock, kOpenTimeout);
  Status made;
  do {
    made = journal->MakeObjects(header);
    if (made) break;
    // A 403 that says so is of a namespace that ends; any other is a missing permission.
    const bool passing = made.error().code == ErrorCode::kNotFound ||
                         made.error().code == ErrorCode::kConflict ||
                         made.error().message.find("being terminated") != std::string::npos;
    if (!passing) break;
    clock.SleepFor(std::chrono::milliseconds(200), {});
  } while (!deadline.Passed());
  if (made) return journal;
  const Status removed = journal->Close();
  if (!removed) Log(LogLevel::kWarning, "{}", removed.error().message);
  return Fail(made.error().In("the undo journal in the cluster cannot be made"));
}

// True when the namespace is one that runs make and remove.
Result<bool> ClusterJournal::FindOrMakeNamespace() {
  const auto there = client_.Get(NamespaceRef());
  if (there) return IsOurs(*there);
  if (!Ended(there.error())) return Fail(there.error());
  const Json ns{{"apiVersion", "v1"},
                {"kind", "Namespace"},
                {"metadata",
                 {{"name", kJournalNamespace},
                  {"labels", {{kManagedBy, "holdfast"}}}}}};
  CrashPoint();
  const auto created = client_.Create(kube::resources::kNamespaces, "", ns);
  CrashPoint();
  if (created || created.error().reason == "AlreadyExists") return true;
  return Fail(created.error().In(fmt::format(
      "namespace {} is not there (`holdfast plan --rbac` prints it with what else an administrator "
      "makes, once)",
      kJournalNamespace)));
}

Status ClusterJournal::MakeObjects(const Json& header) {
  HOLDFAST_ASSIGN(const bool ours, FindOrMakeNamespace());
  const auto exists = [](const Result<Json>& answer) {
    return answer || answer.error().reason == "AlreadyExists";
  };
  const Json map{{"apiVersion", "v1"},
                 {"kind", "ConfigMap"},
                 {"metadata",
                  {{"name", JournalName(run_)},
                   {"namespace", kJournalNamespace},
                   {"labels", JournalLabels(run_)}}},
                 {"data", {{kHeaderKey, DumpJson(header)}}}};
  // The lease first: a journal without one counts as dead.
  const auto leased = client_.Create(kube::resources::kLeases, kJournalNamespace,
                                     MakeLease(JournalName(run_), run_, RunnerIdentity()));
  if (!exists(leased)) return Fail(leased.error());
  renewed_ = clock_.Now().count();
  CrashPoint();
  const auto written = client_.Create(kube::resources::kConfigMaps, kJournalNamespace, map);
  if (!exists(written)) return Fail(written.error());
  CrashPoint();
  if (!ours) return {};
  // Who removes the namespace wants it unchanged since before it looked inside: this changes it.
  const auto marked =
      client_.Patch(NamespaceRef(), kube::PatchType::kMerge,
                    {{"metadata", {{"annotations", {{"holdfast.dev/last-run", run_}}}}}}, "", "");
  if (!marked) return Fail(marked.error());
  if (FindPath(*marked, {"metadata", "deletionTimestamp"}) != nullptr)
    return Fail(ErrorCode::kConflict, "namespace {} is being deleted", kJournalNamespace);
  CrashPoint();
  return {};
}

Status ClusterJournal::Put(const Change& change) {
  const auto patched = client_.Patch(JournalRef(run_), kube::PatchType::kMerge,
                                     {{"data", {{KeyOf(change.id), DumpJson(change.ToJson())}}}},
                                     "", "");
  if (patched) return {};
  return Fail(patched.error().In("the undo journal in the cluster cannot be written"));
}

Status ClusterJournal::Remove(int id) {
  const auto patched = client_.Patch(JournalRef(run_), kube::PatchType::kMerge,
                                     {{"data", {{KeyOf(id), nullptr}}}}, "", "");
  if (patched || Ended(patched.error())) return {};
  return Fail(patched.error().In("the undo journal in the cluster cannot be written"));
}

Status ClusterJournal::RenewOnce() {
  const auto renewed =
      client_.Patch(HeartbeatRef(run_), kube::PatchType::kMerge,
                    {{"spec", {{"renewTime", FormatRfc3339(SystemClock().Wall(), 6)}}}}, "", "");
  if (!renewed) return Fail(renewed.error());
  renewed_ = clock_.Now().count();
  return {};
}

void ClusterJournal::StartHeartbeat() {
  heartbeat_ = std::jthread([this](const std::stop_token& stop) {
    bool beating = true;
    while (clock_.SleepFor(kRenewEvery, stop)) {
      const Status renewed = RenewOnce();
      if (!renewed && beating)
        Log(LogLevel::kWarning, "the run's heartbeat: {}", renewed.error().message);
      beating = renewed.has_value();
    }
  });
}

bool ClusterJournal::HeartbeatLost() const {
  return clock_.Now() - Nanos(renewed_) > kHeartbeatLife - 2 * kRenewEvery;
}

Status ClusterJournal::Close() {
  heartbeat_ = {};
  // The ConfigMap last: as long as it is there, `recover` finds the run.
  for (const kube::ObjectRef& ref : {HeartbeatRef(run_), JournalRef(run_)}) {
    CrashPoint();
    const auto deleted = client_.Delete(ref, {});
    if (!deleted && !Ended(deleted.error())) return Fail(deleted.error());
  }
  CrashPoint();
  return RemoveJournalNamespace(client_, clock_);
}

Status RemoveJournalNamespace(kube::Client& client, Clock& clock) {
  const auto ns = client.Get(NamespaceRef());
  if (!ns && Ended(ns.error())) return {};
  if (!ns) return Fail(ns.error());
  if (!IsOurs(*ns)) return {};
  kube::ListOptions ours;
  ours.label_selector = kRunLabel;
  for (const kube::Resource& resource : {kube::resources::kConfigMaps, kube::resources::kLeases}) {
    const auto left = client.List(resource, kJournalNamespace, ours);
    if (!left) return Fail(left.error());
    if (!left->items.empty()) return {};
  }
  kube::DeleteOptions options;
  options.uid_precondition = GetString(*ns, {"metadata", "uid"});
  options.resource_version_precondition = GetString(*ns, {"metadata", "resourceVersion"});
  const auto deleted = client.Delete(NamespaceRef(), options);
  // 409: another run came in between, and it is theirs now; or somebody is deleting it already.
  if (!deleted && deleted.error().code != ErrorCode::kConflict && !Ended(deleted.error()))
    return Fail(deleted.error());
  const Deadline deadline(clock, std::chrono::seconds(30));
  while (!deadline.Passed()) {
    const auto left = client.Get(NamespaceRef());
    if (!left && Ended(left.error())) return {};
    if (left && FindPath(*left, {"metadata", "deletionTimestamp"}) == nullptr) return {};
    clock.SleepFor(std::chrono::milliseconds(50), {});
  }
  return {};
}

namespace {

// One key of a journal's ConfigMap. What somebody has edited is told and left alone.
void ReadEntry(const std::string& key, const Json& value, FoundJournal& journal) {
  const auto parsed =
      ParseJson(value.is_string() ? value.get_ref<const std::string&>() : std::string());
  if (parsed && key == kHeaderKey) {
    journal.header = *parsed;
    return;
  }
  if (parsed) {
    const auto change = Change::FromJson(*parsed);
    if (change) {
      journal.pending.push_back(*change);
      return;
    }
  }
  journal.damage = fmt::format("{} has a key '{}' that is no line of an undo journal",
                               JournalRef(journal.run).ToString(), key);
}

}  // namespace

Result<std::vector<FoundJournal>> FindJournals(kube::Client& client) {
  kube::ListOptions ours;
  ours.label_selector = kRunLabel;
  HOLDFAST_ASSIGN(const kube::ObjectList maps,
                  client.List(kube::resources::kConfigMaps, kJournalNamespace, ours));
  std::vector<FoundJournal> found;
  for (const Json& map : maps.items) {
    FoundJournal journal;
    journal.run = GetString(map, {"metadata", "labels", kRunLabel});
    for (const auto& [key, value] : GetObject(map, {"data"}).items())
      ReadEntry(key, value, journal);
    std::sort(journal.pending.begin(), journal.pending.end(),
              [](const Change& a, const Change& b) { return a.id > b.id; });
    found.push_back(std::move(journal));
  }
  // A run that died at its very beginning may have nothing but its lease.
  HOLDFAST_ASSIGN(const kube::ObjectList leases,
                  client.List(kube::resources::kLeases, kJournalNamespace, ours));
  for (const Json& lease : leases.items) {
    const std::string run = GetString(lease, {"metadata", "labels", kRunLabel});
    const std::string name = GetString(lease, {"metadata", "name"});
    auto journal = std::find_if(found.begin(), found.end(),
                                [&](const FoundJournal& one) { return one.run == run; });
    const bool known = journal != found.end();
    if (!known) {
      found.push_back({});
      journal = std::prev(found.end());
      journal->run = run;
    }
    if (name == JournalName(run))
      journal->holder = GetString(lease, {"spec", "holderIdentity"});
    else if (!known)  // Somebody removed the journal: the node must not stay held for ever.
      journal->pending.push_back({1, "lease",
                                  {{"object", {{"kind", "Lease"}, {"name", name}}},
                                   {"made", {{"holder", run}}}}});
  }
  return found;
}

Result<bool> HeartbeatBeats(kube::Client& client,
                            const std::string& run,
                            Clock& clock,
                            const std::stop_token& stop) {
  std::optional<std::string> first;
  const Deadline deadline(clock, kHeartbeatLife);
  while (true) {
    const auto lease = client.Get(HeartbeatRef(run));
    if (!lease && Ended(lease.error())) return false;
    if (!lease) return Fail(lease.error());
    const std::string renewed = GetString(*lease, {"spec", "renewTime"});
    if (!first) first = renewed;
    if (renewed != *first) return true;
    if (deadline.Passed()) return false;
    if (!clock.SleepFor(std::chrono::seconds(1), stop))
      return Fail(ErrorCode::kCancelled, "stopped while waiting for the heartbeat of run {}", run);
  }
}

}  // namespace holdfast::run
