// The journal's place in the cluster: a ConfigMap in a namespace that outlives the run's own, with
// a Lease as the run's heartbeat, and leases on nodes so that two runs never injure the same one.
#ifndef HOLDFAST_HARNESS_RUN_CLUSTER_JOURNAL_H_
#define HOLDFAST_HARNESS_RUN_CLUSTER_JOURNAL_H_

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "harness/kube/client.h"
#include "harness/run/journal.h"

namespace holdfast::run {

inline constexpr const char* kJournalNamespace = "holdfast-journal";
inline constexpr const char* kRunLabel = "holdfast.dev/run";
// On the ConfigMap: any value stops the run, which then undoes everything.
inline constexpr const char* kStopAnnotation = "holdfast.dev/stop";
// A run that could not renew its heartbeat for this long counts as dead elsewhere.
inline constexpr std::chrono::seconds kHeartbeatLife{90};

// What marks everything there as the run's.
Json JournalLabels(const std::string& run);
// "holdfast-<run>": of its ConfigMap and its Lease.
std::string JournalName(const std::string& run);
kube::ObjectRef JournalRef(const std::string& run);
kube::ObjectRef HeartbeatRef(const std::string& run);

// Thread-safe.
class ClusterJournal : public JournalMirror {
 public:
  // Makes the namespace if it is missing, the ConfigMap and the Lease. `header` says what
  // `holdfast recover` must know.
  static Result<std::unique_ptr<ClusterJournal>> Open(kube::Client& client,
                                                      const std::string& run,
                                                      const Json& header,
                                                      Clock& clock);
  // Takes the run's journal over as it is in the cluster; nothing is made.
  ClusterJournal(kube::Client& client, std::string run, Clock& clock)
      : client_(client),
        run_(std::move(run)),
        clock_(clock) {}
  ~ClusterJournal() override = default;

  Status Put(const Change& change) override;
  Status Remove(int id) override;
  // Renews the lease every few seconds until Close or destruction.
  void StartHeartbeat();
  // Whether the last renewal is so long ago that others may take this run for dead.
  [[nodiscard]] bool HeartbeatLost() const;
  // Removes ConfigMap, Lease, and the namespace when no other run has its journal there. What is
  // not there any more is fine.
  Status Close();

 private:
  Result<bool> FindOrMakeNamespace();
  Status MakeObjects(const Json& header);
  Status RenewOnce();
  kube::Client& client_;
  const std::string run_;
  Clock& clock_;
  std::atomic<int64_t> renewed_{0};
  std::jthread heartbeat_;
};

// One journal found in a cluster.
struct FoundJournal {
  std::string run;
  Json header;
  std::vector<Change> pending;  // The latest first.
  std::string holder;           // Identity of the runner, from its lease; may be empty.
  std::string damage;           // What of it cannot be read, one sentence; empty: nothing.
};
// All journals in the cluster; none when the namespace is not there.
Result<std::vector<FoundJournal>> FindJournals(kube::Client& client);
// Waits until the run's heartbeat is renewed (true: it lives) or has not been for its whole life.
// The time of the heartbeat is never compared with our clock.
Result<bool> HeartbeatBeats(kube::Client& client,
                            const std::string& run,
                            Clock& clock,
                            const std::stop_token& stop);
// Removes the namespace of the journals when a run made it, as its label says, and it is empty.
Status RemoveJournalNamespace(kube::Client& client, Clock& clock);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_CLUSTER_JOURNAL_H_
