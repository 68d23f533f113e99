#include "harness/run/recover.h"

#include <algorithm>
#include <map>
#include <set>

#include "harness/base/strings.h"
#include "harness/run/cluster_journal.h"
#include "harness/run/runner_identity.h"
#include "harness/run/undo.h"

namespace holdfast::run {
namespace {

namespace fs = std::filesystem;

// One run, from wherever it was found.
struct Wreck {
  std::string run;
  Json header;
  std::map<int, Change, std::greater<>> pending;  // The latest first.
  std::string holder;
  bool in_cluster = false;
  fs::path file;       // Empty: there is none here.
  std::string damage;  // What of its journal cannot be read; empty: nothing.
};

Result<std::vector<fs::path>> JournalFiles(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code error;
  if (!fs::exists(directory, error)) return files;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  }
  if (error)
    return Fail(ErrorCode::kUnavailable, "cannot read the journals in {}: {}", directory.string(),
                error.message());
  std::sort(files.begin(), files.end());
  return files;
}

class Recovery {
 public:
  Recovery(kube::Client& client, const RecoverOptions& options, const std::stop_token& stop)
      : client_(client),
        options_(options),
        stop_(stop) {}

  Result<Recovered> Run() {
    HOLDFAST_RETURN_IF_ERROR(Find());
    if (!options_.run.empty() && !wrecks_.contains(options_.run)) return Unknown();
    for (auto& [run, wreck] : wrecks_) {
      if (!options_.run.empty() && run != options_.run) continue;
      HOLDFAST_ASSIGN(const bool lives, Lives(wreck));
      if (lives) {
        options_.say("run " + run + " lives (" + wreck.holder + "); left alone");
        recovered_.living.push_back(run);
        continue;
      }
      const Status undone = Undo(wreck);
      if (undone)
        recovered_.runs.push_back(run);
      else
        recovered_.failed.push_back("run " + run + ": " + undone.error().message);
    }
    // A run that died before it had a journal in the cluster may have made the namespace.
    const Status removed = RemoveJournalNamespace(client_, SystemClock());
    if (!removed) recovered_.failed.push_back(removed.error().message);
    return recovered_;
  }

 private:
  // Why the run that was asked for is not among those of this cluster.
  tl::unexpected<Error> Unknown() const {
    const auto other = elsewhere_.find(options_.run);
    if (other == elsewhere_.end())
      return Fail(ErrorCode::kInvalidArgument,
                  "no journal of run '{}' is in this cluster or in {}; nothing was done",
                  options_.run, options_.journal_directory.string());
    const Json& cluster = GetObject(other->second, {"cluster"});
    return Fail(ErrorCode::kInvalidArgument,
                "run '{}' was in another cluster: context '{}' at {}, kube-system uid {}; this one "
                "is {} with uid {}. Name that cluster's kubeconfig; nothing was done",
                options_.run, GetString(cluster, {"context"}), GetString(cluster, {"server"}),
                GetString(cluster, {"uid"}), client_.access().server, uid_);
  }

  Status Find() {
    HOLDFAST_ASSIGN(const auto found, FindJournals(client_));
    for (const FoundJournal& journal : found) {
      Wreck& wreck = wrecks_[journal.run];
      wreck.run = journal.run;
      wreck.header = journal.header;
      wreck.holder = journal.holder;
      wreck.damage = journal.damage;
      wreck.in_cluster = true;
      for (const Change& change : journal.pending)
        wreck.pending[change.id] = change;
    }
    const auto system = client_.Get({kube::resources::kNamespaces, "", "kube-system"});
    uid_ = system ? GetString(*system, {"metadata", "uid"}) : "";
    HOLDFAST_ASSIGN(const auto files, JournalFiles(options_.journal_directory));
    for (const fs::path& file : files)
      FindIn(file);
    return {};
  }

  void FindIn(const fs::path& file) {
    auto content = ReadJournal(file);
    if (!content) {
      // One file must not keep the others from being undone.
      if (options_.run.empty() || file.stem() == options_.run)
        recovered_.failed.push_back(content.error().message +
                                    "; what it says cannot be undone from here: mend or remove it");
      return;
    }
    // Nothing was changed before it had its first line.
    if (content->header.is_null()) return;
    const std::string run = GetString(content->header, {"run"});
    if (GetString(content->header, {"cluster", "uid"}) != uid_) {
      elsewhere_[run] = content->header;
      return;
    }
    Wreck& wreck = wrecks_[run];
    wreck.run = run;
    wreck.file = file;
    if (wreck.header.is_null()) wreck.header = content->header;
    if (wreck.holder.empty()) wreck.holder = GetString(content->header, {"runner"});
    for (Change& change : content->pending)
      wreck.pending[change.id] = std::move(change);
  }

  Result<bool> Lives(const Wreck& wreck) {
    const Liveness liveness = LivenessOf(wreck.holder);
    if (liveness != Liveness::kUnknown) return liveness == Liveness::kAlive;
    if (!wreck.in_cluster) return false;
    options_.say(fmt::format("run {} is of another machine; waiting up to {} s for its heartbeat",
                             wreck.run, kHeartbeatLife.count()));
    return HeartbeatBeats(client_, wreck.run, SystemClock(), stop_);
  }

  // Goes on after a change that cannot be undone, and then keeps the journal.
  Status Undo(const Wreck& wreck) {
    ClusterJournal mirror(client_, wreck.run, SystemClock());
    std::vector<std::string> failures;
    if (!wreck.damage.empty()) failures.push_back(wreck.damage);
    std::set<std::string> stuck;  // Nodes that are not as they were: their leases stay.
    for (const auto& [id, change] : wreck.pending) {
      if (stop_.stop_requested()) return Fail(ErrorCode::kCancelled, "stopped");
      const std::string object = GetString(change.fields, {"object", "name"});
      if (change.what == "lease" && stuck.contains(object)) continue;
      options_.say(fmt::format("run {}: undoing {}", wreck.run, change.ToString()));
      Status undone = UndoOne(wreck, change);
      if (undone) ++recovered_.changes;
      if (undone && wreck.in_cluster) undone = mirror.Remove(id);
      if (undone) continue;
      failures.push_back(undone.error().message);
      stuck.insert("node-" + object);
    }
    if (!failures.empty()) return Fail(ErrorCode::kUnavailable, "{}", Join(failures, "; "));
    HOLDFAST_RETURN_IF_ERROR(mirror.Close());
    std::error_code error;
    if (!wreck.file.empty()) fs::remove(wreck.file, error);
    return {};
  }

  Status UndoOne(const Wreck& wreck, const Change& change) {
    std::unique_ptr<faults::NodeControl> control;
    if (change.what == "control")
      control = options_.control(client_, GetObject(change.fields, {"made", "control"}));
    const Undoer undoer{
        .client = client_,
        .control = control.get(),
        .clock = SystemClock(),
        .send = [](const Json& /*fields*/, const std::function<Result<Json>()>& call) {
          return call();
        },
        .say = [&](const std::string& line) {
          options_.say(fmt::format("run {}: {}", wreck.run, line));
        }};
    return UndoChange(undoer, change);
  }

  kube::Client& client_;
  const RecoverOptions& options_;
  const std::stop_token& stop_;
  std::string uid_;  // Of kube-system here.
  std::map<std::string, Wreck> wrecks_;
  std::map<std::string, Json> elsewhere_;  // Headers of runs in other clusters.
  Recovered recovered_;
};

}  // namespace

Result<Recovered> Recover(kube::Client& client,
                          const RecoverOptions& options,
                          const std::stop_token& stop) {
  return Recovery(client, options, stop).Run();
}

Result<JournalClusters> ClustersOfJournals(const fs::path& directory) {
  HOLDFAST_ASSIGN(const auto files, JournalFiles(directory));
  JournalClusters clusters;
  for (const fs::path& file : files) {
    const auto content = ReadJournal(file);
    if (!content) {
      clusters.unreadable.push_back(content.error().message);
      continue;
    }
    if (content->header.is_null()) continue;
    Json cluster{{"kubeconfig", GetString(content->header, {"kubeconfig"})},
                 {"context", GetString(content->header, {"cluster", "context"})},
                 {"server", GetString(content->header, {"cluster", "server"})}};
    Json& runs = cluster["runs"] = Json::array();
    const auto known =
        std::find_if(clusters.clusters.begin(), clusters.clusters.end(), [&](const Json& one) {
          return one["kubeconfig"] == cluster["kubeconfig"] && one["context"] == cluster["context"];
        });
    runs.push_back(GetString(content->header, {"run"}));
    if (known == clusters.clusters.end())
      clusters.clusters.push_back(std::move(cluster));
    else
      (*known)["runs"].push_back(GetString(content->header, {"run"}));
  }
  return clusters;
}

}  // namespace holdfast::run
