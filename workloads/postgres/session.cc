// The only file that includes libpqxx and libpq. Statements run one by one in autocommit
// (nontransaction), so an INSERT is one round trip, as in pgbench.
#include "workloads/postgres/session.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <mutex>

#include <libpq-fe.h>
#include <pqxx/pqxx>

#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "workloads/inside.h"
#include "workloads/postgres/outcome.h"

namespace holdfast::workloads::postgres {
namespace {

// One round trip per read: positions before and after, and the rows between them. Each statement
// of a volatile function takes its own snapshot, so pos0 is not later than the snapshot of the
// rows; a single SELECT would evaluate all positions after its snapshot. The index gives the newest
// rows without a sort; it is not unique, because a duplicate must stay visible.
constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS holdfast (key text NOT NULL, value bigint NOT NULL, padding text);
CREATE INDEX IF NOT EXISTS holdfast_key_value ON holdfast (key, value);
CREATE TABLE IF NOT EXISTS holdfast_register (key text PRIMARY KEY, value bigint NOT NULL,
    padding text);
CREATE TABLE IF NOT EXISTS holdfast_list (key text PRIMARY KEY, vals bigint[] NOT NULL);
CREATE OR REPLACE FUNCTION holdfast_position() RETURNS pg_lsn LANGUAGE sql VOLATILE AS $$
  SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END
$$;
CREATE OR REPLACE FUNCTION holdfast_read(wanted text, newest bigint,
    OUT recovery boolean, OUT pos0 pg_lsn, OUT vals bigint[], OUT pos pg_lsn)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  recovery := pg_is_in_recovery();
  pos0 := holdfast_position();
  SELECT ARRAY(SELECT value FROM holdfast WHERE key = wanted ORDER BY value DESC LIMIT newest)
    INTO vals;
  pos := holdfast_position();
END
$$;
)";

// The files are read by the server, so they are those of its pod. pg_read_file with a missing file
// allowed needs an explicit length before PostgreSQL 16.
constexpr const char* kProbe = R"(
SELECT pg_read_file('/proc/sys/kernel/hostname'),
       pg_read_file('/etc/hosts'),
       pg_read_file('/proc/self/mountinfo'),
       current_setting('data_directory'),
       coalesce(pg_read_file(current_setting('data_directory') || '/../holdfast-marker',
                             0, 1000, true), ''),
       (SELECT system_identifier FROM pg_control_system()),
       (SELECT timeline_id FROM pg_control_checkpoint()),
       pg_is_in_recovery(),
       CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END
)";

// A value in a libpq connection string.
std::string Quoted(const std::string& text) {
  return "'" + ReplaceAll(ReplaceAll(text, "\\", "\\\\"), "'", "\\'") + "'";
}

Json RoleAndPositions(bool recovery, const std::string& pos0, const std::string& pos) {
  Json extra = {{"role", recovery ? "replica" : "primary"}};
  if (!pos0.empty()) extra["pos0"] = {{"lsn", pos0}};
  if (!pos.empty()) extra["pos"] = {{"lsn", pos}};
  return extra;
}

// "{3,2,1}" as a JSON array.
Json FromArrayText(std::string_view text) {
  Json values = Json::array();
  if (text.size() <= 2) return values;
  for (const std::string& word : Split(text.substr(1, text.size() - 2), ',')) {
    if (const auto value = ParseInt(word)) values.push_back(*value);
  }
  return values;
}

// When a connection breaks, libpqxx 6 throws away what the server said last ("Could not obtain
// client encoding: not connected"). libpq still has it, so its handle is kept while it lives.
class Connection : public pqxx::connection_base {
 public:
  explicit Connection(const std::string& options)
      : pqxx::connection_base(policy_),
        policy_(options) {
    init();
    set_verbosity(verbose);  // Messages carry their SQLSTATE.
  }
  ~Connection() noexcept { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  [[nodiscard]] std::string LastMessage() const {
    return policy_.current == nullptr ? "" : PQerrorMessage(policy_.current);
  }

 private:
  struct Policy : pqxx::connect_direct {
    using pqxx::connect_direct::connect_direct;
    handle do_startconnect(handle original) override {
      return current = pqxx::connect_direct::do_startconnect(original);
    }
    handle do_dropconnect(handle original) noexcept override {
      current = nullptr;
      return pqxx::connect_direct::do_dropconnect(original);
    }
    handle do_disconnect(handle original) noexcept override {
      current = nullptr;
      return pqxx::connect_direct::do_disconnect(original);
    }
    handle current = nullptr;
  };
  Policy policy_;
};

// Notices: keeps the server's warning that a commit is only local, drops the rest (libpq's default
// prints them).
class Notices : public pqxx::errorhandler {
 public:
  explicit Notices(pqxx::connection_base& connection) : pqxx::errorhandler(connection) {}
  bool operator()(const char message[]) noexcept override {
    const std::string_view text(message);
    if (text.find("canceling wait for synchronous replication") != std::string_view::npos ||
        text.find("transaction has already committed locally") != std::string_view::npos)
      only_local_ = true;
    return false;
  }
  bool TakeOnlyLocal() { return std::exchange(only_local_, false); }

 private:
  bool only_local_ = false;
};

class PostgresSession : public Session {
 public:
  PostgresSession(const std::string& options, std::string host, bool independent)
      : connection_(options),
        notices_(connection_),
        host_(std::move(host)),
        independent_(independent) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    // Deprecated, but the only way to keep libpqxx 6 from reconnecting behind our back.
    connection_.inhibit_reactivation(true);
#pragma GCC diagnostic pop
    // A descriptor of our own: libpq may close its one at any time, and the number be reused.
    socket_ = FileDescriptor(::fcntl(connection_.sock(), F_DUPFD_CLOEXEC, 0));
    connection_.prepare("add",
                        "INSERT INTO holdfast (key, value, padding) VALUES ($1, $2, "
                        "CASE WHEN $3 > 0 THEN repeat('x', $3) END)");
    connection_.prepare("read", "SELECT recovery, pos0, vals, pos FROM holdfast_read($1, $2)");
    connection_.prepare("read_all",
                        "SELECT recovery, pos0, vals, pos FROM holdfast_read($1, NULL)");
    connection_.prepare("position", "SELECT pg_is_in_recovery(), holdfast_position()");
    connection_.prepare("caught_up",
                        "SELECT pg_is_in_recovery(), p, coalesce(p >= $1::pg_lsn, false) "
                        "FROM holdfast_position() AS p");
  }

  ~PostgresSession() override {
    const std::lock_guard lock(socket_mutex_);
    socket_.Close();
  }

  Outcome Execute(const Operation& operation) override {
    switch (operation.function) {
      case Function::kAdd:
        return Write([&](pqxx::nontransaction& statement) {
          statement.exec_prepared("add", operation.key, operation.value.get<int64_t>(),
                                  operation.padding);
        });
      case Function::kRead:
        return ReadRows("read", operation.key, operation.window);
      case Function::kReadAll:
        return ReadRows("read_all", operation.key);
      case Function::kPut:
        return Write([&](pqxx::nontransaction& statement) {
          statement.exec_params(
              "INSERT INTO holdfast_register (key, value) VALUES ($1, $2) "
              "ON CONFLICT (key) DO UPDATE SET value = $2",
              operation.key, operation.value.get<int64_t>());
        });
      case Function::kGet:
        return GetRegister(operation.key);
      case Function::kCas:
        return CompareAndSet(operation);
      case Function::kTransact:
        return Transact(operation.value);
    }
    return Unsupported(operation.function);
  }

  Outcome CaughtUp(const Json& position) override {
    const std::string lsn = GetString(position, {"lsn"});
    return Run(ReadOutcome, [&](pqxx::nontransaction& statement, Outcome& outcome) {
      const pqxx::row row = statement.exec_prepared1("caught_up", lsn);
      outcome.extra = RoleAndPositions(row[0].as<bool>(), "", row[1].as<std::string>(""));
      outcome.value = row[2].as<bool>();
    });
  }

  Outcome Position() override {
    return Run(ReadOutcome, [&](pqxx::nontransaction& statement, Outcome& outcome) {
      const pqxx::row row = statement.exec_prepared1("position");
      outcome.extra = RoleAndPositions(row[0].as<bool>(), "", row[1].as<std::string>(""));
      outcome.value = {{"lsn", row[1].as<std::string>("")}};
    });
  }

  Result<Json> Probe() override {
    Outcome outcome = Run(ReadOutcome, [this](pqxx::nontransaction& statement, Outcome& result) {
      FillProbe(statement.exec1(kProbe), result);
    });
    if (outcome.type != OutcomeType::kOk) {
      return Fail(ErrorCode::kUnavailable, "the server at {} did not answer the probe: {}", host_,
                  outcome.error);
    }
    return std::move(outcome.value);
  }

  void Interrupt() override {
    interrupted_ = true;
    const std::lock_guard lock(socket_mutex_);
    if (socket_.valid()) ::shutdown(socket_.get(), SHUT_RDWR);
  }

  Status Execute(const char* statements) {
    const Outcome outcome =
        Run(WriteOutcome, [&](pqxx::nontransaction& statement, Outcome& /*outcome*/) {
          statement.exec0(statements);
        });
    if (outcome.type == OutcomeType::kOk) return {};
    return Fail(ErrorCode::kUnavailable, "cannot make the table holdfast on {}: {}", host_,
                outcome.error);
  }

 private:
  using Classify = Outcome (*)(const StatementError&);

  Outcome Write(const std::function<void(pqxx::nontransaction&)>& body) {
    return Run(WriteOutcome, [&](pqxx::nontransaction& statement, Outcome& outcome) {
      body(statement);
      if (notices_.TakeOnlyLocal()) outcome.extra = {{"durable", false}};
    });
  }

  Outcome GetRegister(const std::string& key) {
    return Run(ReadOutcome, [&](pqxx::nontransaction& statement, Outcome& outcome) {
      const pqxx::result rows =
          statement.exec_params("SELECT value FROM holdfast_register WHERE key = $1", key);
      if (!rows.empty()) outcome.value = rows[0][0].as<int64_t>();
    });
  }

  Outcome CompareAndSet(const Operation& operation) {
    return Run(WriteOutcome, [&](pqxx::nontransaction& statement, Outcome& outcome) {
      const Json& expected = operation.value.at(0);
      const auto value = operation.value.at(1).get<int64_t>();
      const pqxx::result done =
          expected.is_null()
              ? statement.exec_params("INSERT INTO holdfast_register (key, value) VALUES ($1, $2) "
                                      "ON CONFLICT (key) DO NOTHING",
                                      operation.key, value)
              : statement.exec_params(
                    "UPDATE holdfast_register SET value = $3 WHERE key = $1 AND value = $2",
                    operation.key, expected.get<int64_t>(), value);
      if (notices_.TakeOnlyLocal()) outcome.extra = {{"durable", false}};
      if (done.affected_rows() > 0) return;
      outcome.type = OutcomeType::kFail;
      outcome.error_class = "mismatch";
      outcome.error = "the register holds another value";
    });
  }

  // One serializable transaction of list appends and reads (Jepsen's list-append).
  Outcome Transact(const Json& steps) {
    bool open = false;
    Outcome outcome =
        Run(WriteOutcome, [&](pqxx::nontransaction& statement, Outcome& result) {
          statement.exec0("BEGIN ISOLATION LEVEL SERIALIZABLE");
          open = true;
          result.value = Json::array();
          for (const Json& step : steps) {
            const auto key = step.at(1).get<std::string>();
            if (step.at(0) == "append") {
              statement.exec_params(
                  "INSERT INTO holdfast_list (key, vals) VALUES ($1, ARRAY[$2::bigint]) "
                  "ON CONFLICT (key) DO UPDATE SET vals = holdfast_list.vals || $2::bigint",
                  key, step.at(2).get<int64_t>());
              result.value.push_back(step);
              continue;
            }
            const pqxx::result rows =
                statement.exec_params("SELECT vals FROM holdfast_list WHERE key = $1", key);
            result.value.push_back(
                {"r", key, rows.empty() ? Json::array() : FromArrayText(rows[0][0].c_str())});
          }
          statement.exec0("COMMIT");
          open = false;
          if (notices_.TakeOnlyLocal()) result.extra = {{"durable", false}};
        });
    if (open && !outcome.connection_lost) {
      // Whatever else was said, nothing of it stays.
      Run(ReadOutcome, [](pqxx::nontransaction& statement, Outcome&) { statement.exec0("ROLLBACK"); });
    }
    return outcome;
  }

  template <typename... Arguments>
  Outcome ReadRows(const char* prepared, const Arguments&... arguments) {
    return Run(ReadOutcome, [&](pqxx::nontransaction& statement, Outcome& outcome) {
      FillRead(statement.exec_prepared1(prepared, arguments...), outcome);
    });
  }

  static void FillRead(const pqxx::row& row, Outcome& outcome) {
    outcome.extra =
        RoleAndPositions(row[0].as<bool>(), row[1].as<std::string>(""), row[3].as<std::string>(""));
    outcome.value = FromArrayText(row[2].c_str());
  }

  void FillProbe(const pqxx::row& row, Outcome& outcome) const {
    const std::string hostname(Trim(row[0].c_str()));
    const std::vector<std::string> hosts = HostsLine(row[1].c_str(), hostname);
    const std::string data = row[3].as<std::string>();
    Json probe = {
        {"hostname", hostname},
        {"hosts_line", hosts},
        {"mounts", RootAndMountOf(row[2].c_str(), data)},
        {"database",
         {{"system", "postgres"},
          {"systemIdentifier", row[5].as<std::string>()},
          {"timeline", row[6].as<int64_t>()},
          {"role", row[7].as<bool>() ? "replica" : "primary"},
          {"lsn", row[8].as<std::string>("")},
          {"independent", independent_}}},
    };
    for (const std::string& name : hosts) {
      if (name.starts_with(hostname + ".")) probe["fqdn"] = name;
    }
    if (const Json marker = ParseMarker(row[4].c_str()); !marker.is_null())
      probe["marker"] = marker;
    outcome.value = std::move(probe);
  }

  Outcome Run(Classify classify, const std::function<void(pqxx::nontransaction&, Outcome&)>& body) {
    if (lost_ || interrupted_ || !connection_.is_open() || ClosedByPeer(socket_.get())) {
      lost_ = true;
      return ClosedBefore();
    }
    StatementError error;
    try {
      Outcome outcome;
      outcome.type = OutcomeType::kOk;
      pqxx::nontransaction statement(connection_);
      body(statement, outcome);
      statement.commit();
      return outcome;
    } catch (const pqxx::sql_error& failure) {
      error.sqlstate = failure.sqlstate();
      error.text = FirstLine(failure.what());
    } catch (const pqxx::serialization_failure& failure) {
      error.sqlstate = "40001";
      error.text = FirstLine(failure.what());
    } catch (const pqxx::deadlock_detected& failure) {
      error.sqlstate = "40P01";
      error.text = FirstLine(failure.what());
    } catch (const pqxx::statement_completion_unknown& failure) {
      error.sqlstate = "40003";
      error.text = FirstLine(failure.what());
    } catch (const pqxx::transaction_rollback& failure) {
      error.sqlstate = "40000";
      error.text = FirstLine(failure.what());
    } catch (const std::exception& failure) {  // in_doubt_error and broken_connection among them.
      error.text = FirstLine(failure.what());
    }
    error.interrupted = interrupted_;
    error.connection_lost = interrupted_ || !connection_.is_open() || ClosedByPeer(socket_.get());
    lost_ = error.connection_lost;
    if (lost_ && error.sqlstate.empty()) {
      if (const std::string last = connection_.LastMessage(); !last.empty()) {
        error.text = FirstLine(last);
        error.sqlstate = SqlstateOf(error.text);
      }
    }
    return classify(error);
  }

  Connection connection_;
  Notices notices_;
  std::string host_;
  bool independent_;
  bool lost_ = false;
  std::atomic<bool> interrupted_{false};
  std::mutex socket_mutex_;  // Interrupt against destruction.
  FileDescriptor socket_;
};

}  // namespace

Result<std::unique_ptr<Session>> OpenSession(const Endpoint& endpoint,
                                             const std::string& password,
                                             Nanos timeout,
                                             bool independent) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(timeout).count();
  // No TLS and no GSS: they cost round trips, and the pods are set up without.
  const std::string options = fmt::format(
      "host={} port={} dbname=postgres user=postgres password={} connect_timeout={} "
      "sslmode=disable gssencmode=disable application_name=holdfast client_encoding=UTF8",
      Quoted(endpoint.host), endpoint.port, Quoted(password), std::max<int64_t>(2, seconds));
  try {
    return std::make_unique<PostgresSession>(options, endpoint.host, independent);
  } catch (const std::exception& failure) {
    Error error;
    error.code = ErrorCode::kUnavailable;
    error.reason = ConnectErrorClass(failure.what());
    error.message =
        fmt::format("cannot connect to {}: {}", endpoint.pod, FirstLine(failure.what()));
    return Fail(std::move(error));
  }
}

Status PrepareTables(Session& session) {
  auto* const ours = dynamic_cast<PostgresSession*>(&session);
  if (ours == nullptr)
    return Fail(ErrorCode::kInternal, "the session belongs to another workload than postgres");
  return ours->Execute(kSchema);
}

}  // namespace holdfast::workloads::postgres
