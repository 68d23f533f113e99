#include "harness/run/recover.h"

#include <algorithm>
#include <map>

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
  fs::path file;  // Empty: there is none here.
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
    if (!options_.run.empty() && !wrecks_.contains(options_.run))
      return Fail(ErrorCode::kInvalidArgument,
                  "no journal of run '{}' is in this cluster or in {}; nothing was done",
                  options_.run, options_.journal_directory.string());
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
  Status Find() {
    HOLDFAST_ASSIGN(const auto found, FindJournals(client_));
    for (const FoundJournal& journal : found) {
      Wreck& wreck = wrecks_[journal.run];
      wreck.run = journal.run;
      wreck.header = journal.header;
      wreck.holder = journal.holder;
      wreck.in_cluster = true;
      for (const Change& change : journal.pending)
        wreck.pending[change.id] = change;
    }
    const auto system = client_.Get({kube::resources::kNamespaces, "", "kube-system"});
    const std::string uid = system ? GetString(*system, {"metadata", "uid"}) : "";
    HOLDFAST_ASSIGN(const auto files, JournalFiles(options_.journal_directory));
    for (const fs::path& file : files) {
      auto content = ReadJournal(file);
      if (!content) return Fail(content.error().In(file.string()));
      if (GetString(content->header, {"cluster", "uid"}) != uid) continue;
      Wreck& wreck = wrecks_[GetString(content->header, {"run"})];
      wreck.run = GetString(content->header, {"run"});
      wreck.file = file;
      if (wreck.header.is_null()) wreck.header = content->header;
      if (wreck.holder.empty()) wreck.holder = GetString(content->header, {"runner"});
      for (Change& change : content->pending)
        wreck.pending[change.id] = std::move(change);
    }
    return {};
  }

  Result<bool> Lives(const Wreck& wreck) {
    const Liveness liveness = LivenessOf(wreck.holder);
    if (liveness != Liveness::kUnknown) return liveness == Liveness::kAlive;
    if (!wreck.in_cluster) return false;
    options_.say(fmt::format("run {} is of another machine; waiting up to {} s for its heartbeat",
                             wreck.run, kHeartbeatLife.count()));
    return HeartbeatBeats(client_, wreck.run, SystemClock(), stop_);
  }

  Status Undo(const Wreck& wreck) {
    ClusterJournal mirror(client_, wreck.run, SystemClock());
    for (const auto& [id, change] : wreck.pending) {
      if (stop_.stop_requested()) return Fail(ErrorCode::kCancelled, "stopped");
      options_.say(fmt::format("run {}: undoing {}", wreck.run, change.ToString()));
      std::unique_ptr<faults::NodeControl> control;
      if (change.what == "control")
        control = options_.control(client_, GetObject(change.fields, {"made", "control"}));
      const Undoer undoer{.client = client_,
                          .control = control.get(),
                          .clock = SystemClock(),
                          .send = [](const Json& /*fields*/,
                                     const std::function<Result<Json>()>& call) { return call(); }};
      HOLDFAST_RETURN_IF_ERROR(UndoChange(undoer, change));
      ++recovered_.changes;
      if (wreck.in_cluster) HOLDFAST_RETURN_IF_ERROR(mirror.Remove(id));
    }
    HOLDFAST_RETURN_IF_ERROR(mirror.Close());
    std::error_code error;
    if (!wreck.file.empty()) fs::remove(wreck.file, error);
    return {};
  }

  kube::Client& client_;
  const RecoverOptions& options_;
  const std::stop_token& stop_;
  std::map<std::string, Wreck> wrecks_;
  Recovered recovered_;
};

}  // namespace

Result<Recovered> Recover(kube::Client& client,
                          const RecoverOptions& options,
                          const std::stop_token& stop) {
  return Recovery(client, options, stop).Run();
}

Result<std::vector<Json>> ClustersOfJournals(const fs::path& directory) {
  HOLDFAST_ASSIGN(const auto files, JournalFiles(directory));
  std::vector<Json> clusters;
  for (const fs::path& file : files) {
    HOLDFAST_ASSIGN(const JournalContent content, ReadJournal(file));
    Json cluster{{"kubeconfig", GetString(content.header, {"kubeconfig"})},
                 {"context", GetString(content.header, {"cluster", "context"})}};
    if (std::find(clusters.begin(), clusters.end(), cluster) == clusters.end())
      clusters.push_back(std::move(cluster));
  }
  return clusters;
}

}  // namespace holdfast::run
