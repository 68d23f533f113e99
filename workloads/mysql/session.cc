// The only file that includes MySQL Connector/C++. Statements run one by one in autocommit.
#include "workloads/mysql/session.h"

#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <mutex>

#include <cppconn/connection.h>
#include <cppconn/driver.h>
#include <cppconn/exception.h>
#include <cppconn/prepared_statement.h>
#include <cppconn/resultset.h>
#include <cppconn/statement.h>
#include <mysql_driver.h>

#include "harness/base/strings.h"
#include "workloads/inside.h"
#include "workloads/mysql/outcome.h"
#include "workloads/mysql/own_socket.h"

namespace holdfast::workloads::mysql {
namespace {

constexpr const char* kSchema[] = {
    "CREATE DATABASE IF NOT EXISTS holdfast",
    "CREATE TABLE IF NOT EXISTS holdfast.entries (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, "
    "k VARCHAR(64) NOT NULL, v BIGINT NOT NULL, padding LONGTEXT, KEY k_v (k, v)) ENGINE=InnoDB",
};

// The library wants each thread announced.
class ThreadUse {
 public:
  explicit ThreadUse(sql::Driver* driver) : driver_(driver) { driver_->threadInit(); }
  ~ThreadUse() { driver_->threadEnd(); }
  ThreadUse(const ThreadUse&) = delete;
  ThreadUse& operator=(const ThreadUse&) = delete;

 private:
  sql::Driver* driver_;
};

sql::Driver* GetDriver() {
  static sql::Driver* const driver = sql::mysql::get_driver_instance();
  thread_local const ThreadUse use(driver);
  return driver;
}

class MySqlSession : public Session {
 public:
  MySqlSession(Flavor flavor,
               std::string pod,
               std::unique_ptr<sql::Connection> connection,
               FileDescriptor socket)
      : flavor_(flavor),
        pod_(std::move(pod)),
        connection_(std::move(connection)),
        socket_(std::move(socket)) {}

  ~MySqlSession() override {
    GetDriver();
    add_.reset();
    // Also an orderly goodbye must not wait for a frozen server.
    if (lost_) Shutdown();
    connection_.reset();
  }

  Outcome Execute(const Operation& operation) override {
    switch (operation.function) {
      case Function::kAdd:
        return Add(operation);
      case Function::kRead:
        return ReadRows(operation.key, fmt::format(" LIMIT {}", operation.window));
      case Function::kReadAll:
        return ReadRows(operation.key, "");
      case Function::kPut:
      case Function::kGet:
      case Function::kCas:
      case Function::kTransact:
        break;
    }
    return Unsupported(operation.function);
  }

  Outcome CaughtUp(const Json& position) override {
    const std::string wanted = GetString(position, {"gtid"});
    return Run(ReadOutcome, [&](Outcome& outcome) {
      if (flavor_ == Flavor::kMariaDb) {
        outcome.value = MariaDbReached(PositionNow(), wanted).value_or(false);
        return;
      }
      const std::unique_ptr<sql::PreparedStatement> statement(
          connection_->prepareStatement("SELECT GTID_SUBSET(?, @@global.gtid_executed)"));
      statement->setString(1, wanted);
      const Row row(statement->executeQuery());
      outcome.value = row->next() && row->getInt(1) == 1;
    });
  }

  Outcome Position() override {
    return Run(ReadOutcome, [&](Outcome& outcome) {
      outcome.value = {{"gtid", PositionNow()}};
      outcome.extra = {{"role", RoleNow()}};
    });
  }

  Result<Json> Probe() override {
    Outcome outcome = Run(ReadOutcome, [&](Outcome& result) { FillProbe(result); });
    if (outcome.type == OutcomeType::kOk) return std::move(outcome.value);
    return Fail(ErrorCode::kUnavailable, "the server of {} did not answer the probe: {}", pod_,
                outcome.error);
  }

  void Interrupt() override {
    interrupted_ = true;
    Shutdown();
  }

  Status Prepare() {
    for (const char* text : kSchema) {
      const Outcome outcome = Run(WriteOutcome, [&](Outcome&) {
        const std::unique_ptr<sql::Statement> statement(connection_->createStatement());
        statement->execute(text);
      });
      if (outcome.type != OutcomeType::kOk)
        return Fail(ErrorCode::kUnavailable, "cannot make the table holdfast.entries on {}: {}",
                    pod_, outcome.error);
    }
    return {};
  }

 private:
  using Row = std::unique_ptr<sql::ResultSet>;
  using Classify = Outcome (*)(const StatementError&);

  Row One(const std::string& query) {
    const std::unique_ptr<sql::Statement> statement(connection_->createStatement());
    Row row(statement->executeQuery(query));
    row->next();
    return row;
  }

  std::string PositionNow() {
    const std::string text =
        One(std::string("SELECT ") + PositionExpression(flavor_))->getString(1);
    return ReplaceAll(text, "\n", "");
  }

  std::string RoleNow() {
    return One("SELECT @@global.read_only")->getInt(1) != 0 ? "replica" : "primary";
  }

  Outcome Add(const Operation& operation) {
    return Run(WriteOutcome, [&](Outcome&) {
      if (!add_)
        add_.reset(connection_->prepareStatement(
            "INSERT INTO holdfast.entries (k, v, padding) VALUES (?, ?, ?)"));
      add_->setString(1, operation.key);
      add_->setInt64(2, operation.value.get<int64_t>());
      if (operation.padding > 0)
        add_->setString(3, std::string(static_cast<size_t>(operation.padding), 'x'));
      else
        add_->setNull(3, 0);
      add_->executeUpdate();
    });
  }

  // The position before is not later than the rows, the one after not earlier.
  Outcome ReadRows(const std::string& key, const std::string& limit) {
    return Run(ReadOutcome, [&](Outcome& outcome) {
      outcome.extra = {{"role", RoleNow()}, {"pos0", {{"gtid", PositionNow()}}}};
      const std::unique_ptr<sql::PreparedStatement> statement(connection_->prepareStatement(
          "SELECT v FROM holdfast.entries WHERE k = ? ORDER BY v DESC" + limit));
      statement->setString(1, key);
      const Row rows(statement->executeQuery());
      outcome.value = Json::array();
      while (rows->next())
        outcome.value.push_back(rows->getInt64(1));
      outcome.extra["pos"] = {{"gtid", PositionNow()}};
    });
  }

  void FillProbe(Outcome& outcome) {
    const Row row =
        One("SELECT @@hostname, COALESCE(LOAD_FILE('/etc/hosts'), ''), "
            "COALESCE(LOAD_FILE(CONCAT(@@datadir, '../holdfast-marker')), ''), @@server_id, "
            "@@version");
    const std::string hostname = row->getString(1);
    const std::vector<std::string> hosts = HostsLine(row->getString(2).asStdString(), hostname);
    Json probe = {{"hostname", hostname},
                  {"hosts_line", hosts},
                  {"database",
                   {{"system", flavor_ == Flavor::kMariaDb ? "mariadb" : "mysql"},
                    {"serverId", row->getInt64(4)},
                    {"version", row->getString(5).asStdString()},
                    {"role", RoleNow()},
                    {"gtid", PositionNow()}}}};
    for (const std::string& name : hosts)
      if (name.starts_with(hostname + ".")) probe["fqdn"] = name;
    if (const Json marker = ParseMarker(row->getString(3).asStdString()); !marker.is_null())
      probe["marker"] = marker;
    // Kept in the data directory's auto.cnf; MariaDB has none.
    if (flavor_ == Flavor::kMySql)
      probe["database"]["serverUuid"] = One("SELECT @@server_uuid")->getString(1).asStdString();
    outcome.value = std::move(probe);
  }

  void Shutdown() {
    const std::lock_guard lock(socket_mutex_);
    if (socket_.valid()) ::shutdown(socket_.get(), SHUT_RDWR);
  }

  Outcome Run(Classify classify, const std::function<void(Outcome&)>& body) {
    GetDriver();
    if (lost_ || interrupted_ || ClosedByPeer(socket_.get())) {
      lost_ = true;
      return ClosedBefore();
    }
    StatementError error;
    try {
      Outcome outcome;
      outcome.type = OutcomeType::kOk;
      body(outcome);
      return outcome;
    } catch (const sql::SQLException& failure) {
      error.code = failure.getErrorCode();
      error.sqlstate = failure.getSQLState();
      error.text = failure.what();
    } catch (const std::exception& failure) {
      error.text = failure.what();
    }
    constexpr int kServerGone = 2006;
    constexpr int kServerLost = 2013;
    constexpr int kServerLostExtended = 2055;
    error.interrupted = interrupted_;
    error.connection_lost = interrupted_ || error.code == kServerGone ||
                            error.code == kServerLost || error.code == kServerLostExtended ||
                            ClosedByPeer(socket_.get());
    lost_ = error.connection_lost;
    return classify(error);
  }

  const Flavor flavor_;
  std::string pod_;
  std::unique_ptr<sql::Connection> connection_;
  std::unique_ptr<sql::PreparedStatement> add_;
  bool lost_ = false;
  std::atomic<bool> interrupted_{false};
  std::mutex socket_mutex_;
  FileDescriptor socket_;  // A duplicate; invalid when the library's socket is not known.
};

}  // namespace

Result<std::unique_ptr<Session>> OpenSession(Flavor flavor,
                                             const Endpoint& endpoint,
                                             const std::string& password,
                                             Nanos timeout) {
  const auto seconds = static_cast<int>(std::chrono::ceil<std::chrono::seconds>(timeout).count());
  // Where the socket is not known, the reading time limit is what ends a call on a frozen server.
  constexpr int kLastResort = 30;
  try {
    sql::ConnectOptionsMap options;
    options["hostName"] = sql::SQLString(fmt::format("tcp://{}:{}", endpoint.host, endpoint.port));
    options["userName"] = sql::SQLString("holdfast");
    options["password"] = sql::SQLString(password);
    options["OPT_CONNECT_TIMEOUT"] = std::max(seconds, 1);
    options["OPT_READ_TIMEOUT"] = kLastResort;
    options["OPT_WRITE_TIMEOUT"] = kLastResort;
    options["OPT_RECONNECT"] = false;
    sql::Driver* const driver = GetDriver();
    SocketWatch watch(endpoint.port);
    std::unique_ptr<sql::Connection> connection(driver->connect(options));
    return std::make_unique<MySqlSession>(flavor, endpoint.pod, std::move(connection),
                                          watch.Take());
  } catch (const sql::SQLException& failure) {
    Error error;
    error.code = ErrorCode::kUnavailable;
    error.reason = ConnectErrorClass(failure.getErrorCode(), failure.what());
    error.message = fmt::format("cannot connect to {}: {}", endpoint.pod, failure.what());
    return Fail(std::move(error));
  }
}

Status PrepareTables(Session& session) {
  auto* const ours = dynamic_cast<MySqlSession*>(&session);
  if (ours == nullptr)
    return Fail(ErrorCode::kInternal, "the session belongs to another workload than mysql");
  return ours->Prepare();
}

}  // namespace holdfast::workloads::mysql
