// Real PostgreSQL servers for tests: the workload's own pods, as processes on this machine.
#ifndef HOLDFAST_TESTS_INTEGRATION_POSTGRES_SERVER_H_
#define HOLDFAST_TESTS_INTEGRATION_POSTGRES_SERVER_H_

#include <string>

#include "tests/integration/pods/local_pod.h"

namespace holdfast::workloads::postgres {

// The deployment that all servers of the tests belong to.
const Deployment& TestDeployment();

// One pod "pg-<ordinal>" on a free port of the loopback.
class Server : public LocalPod {
 public:
  // `primary_port` is used by ordinals above 0.
  explicit Server(int ordinal, int primary_port = 0);
  // A client can log in.
  [[nodiscard]] Status Answers() const override;
  // One statement through psql as the superuser; what it printed, or an error.
  Result<std::string> Sql(const std::string& statement);
};

}  // namespace holdfast::workloads::postgres

#endif  // HOLDFAST_TESTS_INTEGRATION_POSTGRES_SERVER_H_
