// What every system under test implements: its manifests, its client, its probe. A workload never
// knows which fault is active.
#ifndef HOLDFAST_WORKLOADS_WORKLOAD_H_
#define HOLDFAST_WORKLOADS_WORKLOAD_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/parameters.h"
#include "harness/base/result.h"
#include "harness/trace/history_writer.h"

namespace holdfast::workloads {

using trace::OutcomeType;

// The end of one operation: not an error, an observation.
struct Outcome {
  OutcomeType type = OutcomeType::kInfo;
  Json value;               // Of a read.
  Json extra;               // {"role":"primary","pos":{"lsn":...},"pos0":{...}}, whatever is known.
  std::string error_class;  // "connection-refused", "57P01", "deadline", ... empty on ok.
  std::string error;        // The server's or driver's text.
  bool connection_lost = false;  // The session is of no further use.
};

// Where a node (pod) can be reached now.
struct Endpoint {
  std::string pod;
  std::string host;
  int port = 0;
};

// What was deployed and how to log in. Holds secrets: never print it.
struct Deployment {
  std::string ns;
  std::string name;  // Of the StatefulSet.
  std::string run_id;
  int run_number = 0;  // The 12 bits that mark this run's values.
  int replicas = 0;
  std::string password;
  Json parameters;
};

// One client connection. Not thread-safe, but Interrupt may be called from any thread.
//
// No call reconnects or retries by itself. A call returns by itself when the server answers; when
// the server is frozen, a watchdog calls Interrupt at the operation's deadline, and the call then
// ends at once with outcome info and error_class "deadline".
class Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;
  // Inserts one value into the set `key`, committed durably when the outcome is ok.
  virtual Outcome Add(const std::string& key, int64_t value) = 0;
  // The newest `window` values of `key`, newest first.
  virtual Outcome Read(const std::string& key, int window) = 0;
  // Every value of `key`, duplicates included.
  virtual Outcome ReadAll(const std::string& key) = 0;
  // Ok when this node has applied everything up to `position` (as given by Position on the
  // primary); value is a boolean.
  virtual Outcome CaughtUp(const Json& position) = 0;
  virtual Outcome Position() = 0;
  // The fields of a trace "probe" event other than pod, uid and scenario; an error says what could
  // not be seen.
  virtual Result<Json> Probe() = 0;
  // Makes a blocked call return. Thread-safe, never blocks.
  virtual void Interrupt() = 0;
};

struct Target {
  std::string kind = "StatefulSet";
  std::string name;
  std::string service;
  std::vector<std::string> claim_templates;
  std::string container;  // The main container.
};

// Stateless and thread-safe; one instance per process.
class Workload {
 public:
  Workload() = default;
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;
  virtual ~Workload() = default;
  [[nodiscard]] virtual std::string Name() const = 0;
  [[nodiscard]] virtual std::string Description() const = 0;
  [[nodiscard]] virtual ParameterSchema Parameters() const = 0;
  [[nodiscard]] virtual Target GetTarget(const Json& parameters) const = 0;
  [[nodiscard]] virtual std::vector<std::string> Images(const Json& parameters) const = 0;
  // In the order of creation; the namespace is made before. Secrets are among them.
  [[nodiscard]] virtual Result<std::vector<Json>> Manifests(const Deployment& deployment) const = 0;
  [[nodiscard]] virtual int Port(const Json& parameters) const = 0;
  // The pod that takes writes, by name.
  [[nodiscard]] virtual std::string Primary(const Deployment& deployment) const = 0;
  // Connects within `timeout`; the error's code is kUnavailable when no connection came about (so
  // nothing can have happened).
  [[nodiscard]] virtual Result<std::unique_ptr<Session>> Connect(const Deployment& deployment,
                                                                 const Endpoint& endpoint,
                                                                 Nanos timeout) const = 0;
  // Makes the tables, once, on the primary.
  [[nodiscard]] virtual Status Prepare(Session& session) const = 0;
};

// All workloads, by explicit list.
const std::vector<const Workload*>& AllWorkloads();
// nullptr when there is none of that name.
const Workload* FindWorkload(const std::string& name);

}  // namespace holdfast::workloads

#endif  // HOLDFAST_WORKLOADS_WORKLOAD_H_
