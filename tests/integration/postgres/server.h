// Real PostgreSQL servers for tests: the workload's own scripts, run as its containers would run
// them, in a user namespace with a single id and a host name of its own.
#ifndef HOLDFAST_TESTS_INTEGRATION_POSTGRES_SERVER_H_
#define HOLDFAST_TESTS_INTEGRATION_POSTGRES_SERVER_H_

#include <sys/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/process.h"
#include "workloads/workload.h"

namespace holdfast::workloads::postgres {

// The deployment that all servers of the tests belong to.
const Deployment& TestDeployment();

// One pod "pg-<ordinal>" on a free port of the loopback. Its processes die with it.
class Server {
 public:
  // `primary_port` is used by ordinals above 0.
  explicit Server(int ordinal, int primary_port = 0);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Runs the init containers, starts the main one and waits until a client can log in. Empty when
  // it worked, else what went wrong with the last lines of the log.
  std::string Start();
  // Runs one init container or the readiness probe to its end.
  Result<ProcessResult> RunScript(const std::string& container);
  // Sends `signal` to the main container's first process and waits for its end: the exit code, 128
  // + signal when killed.
  int Stop(int signal);
  // Stops or continues every process of the server.
  void Signal(int signal);
  // One statement through psql as the superuser; what it printed, or an error.
  Result<std::string> Sql(const std::string& statement);

  [[nodiscard]] Endpoint endpoint() const { return {name_, "127.0.0.1", port_}; }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::filesystem::path volume() const { return directory_.path() / "volume"; }
  [[nodiscard]] std::string LogText() const;
  Result<std::unique_ptr<Session>> Connect(Nanos timeout = std::chrono::seconds(2)) const;

 private:
  struct Container {
    std::string script;
    std::map<std::string, std::string> environment;
  };
  [[nodiscard]] std::vector<std::string> CommandLine(const Container& container,
                                                     const std::string& script) const;
  [[nodiscard]] std::vector<pid_t> Processes() const;

  TemporaryDirectory directory_;
  std::string name_;
  int port_;
  std::map<std::string, Container> containers_;
  pid_t wrapper_ = -1;  // bubblewrap; its only child is the container's first process.
};

}  // namespace holdfast::workloads::postgres

#endif  // HOLDFAST_TESTS_INTEGRATION_POSTGRES_SERVER_H_
