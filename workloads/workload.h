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

// What a client may ask of a server. A workload says in its Capabilities which of them it has.
enum class Function {
  kAdd,       // Inserts an integer into the set `key`, durably when the outcome is ok.
  kRead,      // The newest `window` values of the set `key`, newest first.
  kReadAll,   // Every value of the set `key`, duplicates included.
  kPut,       // Sets the register `key` to an integer.
  kGet,       // The register's integer, or null when it was never set.
  kCas,       // value = [expected, new]: sets the register if it holds `expected`.
  kTransact,  // value = micro-operations ["append", key, integer] and ["r", key, null].
};

// The name in a history ("add", "read", "read", "write", "read", "cas", "txn").
const char* FunctionName(Function function);

struct Operation {
  Function function = Function::kRead;
  std::string key;
  Json value = nullptr;
  int window = 0;    // Of kRead.
  int padding = 0;   // Of kAdd and kPut: bytes stored beside the value.
  bool stale = false;  // Of kGet: what this node has by itself will do.
};

// The end of one operation: not an error, an observation.
struct Outcome {
  OutcomeType type = OutcomeType::kInfo;
  Json value = nullptr;     // Of a read; of a transaction its micro-operations with their results.
  Json extra = nullptr;     // {"role":"primary","pos":{"lsn":...},"pos0":{...}}, whatever is known.
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
  // Sends the operation once. A function that the workload does not have is a fail of the class
  // "unsupported".
  virtual Outcome Execute(const Operation& operation) = 0;
  // Ok when this node has applied everything up to `position` (as given by Position on the
  // primary); value is a boolean.
  virtual Outcome CaughtUp(const Json& position) = 0;
  virtual Outcome Position() = 0;
  // The fields of a trace "probe" event other than pod, uid and scenario; an error says what could
  // not be seen. The field "witness" {"path","claim","lines"} is a witness file on the pod's volume
  // and becomes an event of its own.
  virtual Result<Json> Probe() = 0;
  // Makes a blocked call return. Thread-safe, never blocks.
  virtual void Interrupt() = 0;

  Outcome Add(const std::string& key, int64_t value) {
    return Execute({.function = Function::kAdd, .key = key, .value = value});
  }
  Outcome Read(const std::string& key, int window) {
    return Execute({.function = Function::kRead, .key = key, .window = window});
  }
  Outcome ReadAll(const std::string& key) {
    return Execute({.function = Function::kReadAll, .key = key});
  }
};

// The outcome of a function that a workload does not have.
Outcome Unsupported(Function function);

struct Target {
  std::string kind = "StatefulSet";  // Or "Deployment".
  std::string name;
  std::string service;
  std::vector<std::string> claim_templates;
  std::string container;  // The main container.
};

// Which pods take writes.
enum class Writes {
  kPrimary,  // One pod (Workload::Primary) for all keys.
  kAnyPod,   // Every pod, for all keys.
  kOwnKeys,  // Each pod is a server of its own: a key lives on one pod.
};

// One pod more or one less.
struct Resize {
  int from = 0;     // Replicas before.
  int to = 0;       // One more or one less.
  std::string pod;  // The one that comes or goes.
};

struct Capabilities {
  bool clients = true;  // False: nothing answers clients; only what the API shows is judged.
  Writes writes = Writes::kPrimary;
  bool registers = false;     // kPut, kGet, kCas.
  bool transactions = false;  // kTransact.
  bool shell = true;     // The main container's image has /bin/sh, for commands inside of it.
  bool members = false;  // Pods are members of one quorum: BeforeResize goes before each change.
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
  [[nodiscard]] virtual Capabilities GetCapabilities(const Json& parameters) const;
  [[nodiscard]] virtual Target GetTarget(const Json& parameters) const = 0;
  [[nodiscard]] virtual std::vector<std::string> Images(const Json& parameters) const = 0;
  // What an image update goes to when the suite says "next"; empty when there is none.
  [[nodiscard]] virtual std::string NextImage(const Json& parameters) const;
  // In the order of creation; the namespace is made before. Secrets are among them. A parameter
  // that contradicts another one is kInvalidArgument.
  [[nodiscard]] virtual Result<std::vector<Json>> Manifests(const Deployment& deployment) const = 0;
  [[nodiscard]] virtual int Port(const Json& parameters) const = 0;
  // The pod that takes writes, by name; where every pod does, the lowest ordinal.
  [[nodiscard]] virtual std::string Primary(const Deployment& deployment) const;
  // Connects within `timeout`; the error's code is kUnavailable when no connection came about (so
  // nothing can have happened).
  [[nodiscard]] virtual Result<std::unique_ptr<Session>> Connect(const Deployment& deployment,
                                                                 const Endpoint& endpoint,
                                                                 Nanos timeout) const = 0;
  // What an operator does before a pod of a quorum comes (adds it as a member) or goes (takes it out);
  // `session` is to a pod that stays. Returns objects to merge into those of the deployment, named by
  // kind and metadata, before the number of replicas changes. Asked again after an error: what is
  // done already is left. kInvalidArgument: the pods cannot be so many; kUnavailable: not now.
  [[nodiscard]] virtual Result<std::vector<Json>> BeforeResize(Session& session,
                                                               const Deployment& deployment,
                                                               const Resize& resize) const;
  // Makes the tables, once, on each pod that clients write to without it having them otherwise: the
  // primary, or every pod with keys of its own.
  [[nodiscard]] virtual Status Prepare(Session& session) const = 0;
};

// The pods of the target at full strength, lowest ordinal first. A Deployment's pods have no stable
// names: clients then use its own name for whichever pod answers.
std::vector<std::string> PodNames(const Workload& workload, const Deployment& deployment);

// All workloads, by explicit list.
const std::vector<const Workload*>& AllWorkloads();
// nullptr when there is none of that name.
const Workload* FindWorkload(const std::string& name);

}  // namespace holdfast::workloads

#endif  // HOLDFAST_WORKLOADS_WORKLOAD_H_
