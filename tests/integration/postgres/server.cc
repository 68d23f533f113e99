#include "tests/integration/postgres/server.h"

#include "harness/base/strings.h"
#include "workloads/postgres/postgres.h"

namespace holdfast::workloads::postgres {
namespace {

const PostgresWorkload& Postgres() {
  static const PostgresWorkload workload;
  return workload;
}

}  // namespace

const Deployment& TestDeployment() {
  static const Deployment deployment = [] {
    Deployment made;
    made.ns = "test";
    made.name = "pg";
    made.run_id = "test";
    made.run_number = 7;
    made.replicas = 2;
    made.password = "s3cret'\\ word";
    made.parameters = Json::object();
    return made;
  }();
  return deployment;
}

// The scripts must find PostgreSQL's programs by themselves: PATH does not name their folder.
Server::Server(int ordinal, int primary_port)
    : LocalPod(Postgres(),
               TestDeployment(),
               ordinal,
               "postgres:15",
               {{"HOLDFAST_PRIMARY", "127.0.0.1"},
                {"HOLDFAST_PRIMARY_PORT", std::to_string(primary_port)},
                {"PATH", "/usr/bin:/bin"}}) {}

Status Server::Answers() const {
  const auto session = Connect();
  if (!session) return Fail(session.error());
  return {};
}

Result<std::string> Server::Sql(const std::string& statement) {
  HOLDFAST_ASSIGN(
      const ProcessResult done,
      RunProgram({"/usr/lib/postgresql/15/bin/psql", "-X", "-A", "-t", "-q", "-h", "127.0.0.1",
                  "-p", std::to_string(port()), "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-c",
                  statement}));
  if (done.exit_code != 0) return Fail(ErrorCode::kRefused, "psql: {}", done.err);
  return std::string(Trim(done.out));
}

}  // namespace holdfast::workloads::postgres
