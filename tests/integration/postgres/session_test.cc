// The driver against real servers: what it reads, and what it says when things break.
#include <signal.h>

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workloads/postgres/postgres.h"

#include "tests/integration/pods/recorded.h"
#include "tests/integration/postgres/server.h"

namespace holdfast::workloads::postgres {
namespace {

// Waits until some backend sleeps inside a statement.
void WaitForSleeperOn(Server& server) {
  const Deadline deadline(SystemClock(), std::chrono::seconds(20));
  while (!deadline.Passed()) {
    const auto seen =
        server.Sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    if (seen && *seen == "1") return;
    SystemClock().SleepFor(std::chrono::milliseconds(10), {});
  }
  FAIL() << "no backend reached the commit";
}

// A primary that all tests of this file share; each uses keys of its own.
class SessionTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    primary_ = new Server(0);
    trouble_ = primary_->Start();
    if (!trouble_.empty()) return;
    auto session = primary_->Connect();
    if (!session) {
      trouble_ = session.error().message;
    } else if (const Status made = PostgresWorkload().Prepare(**session); !made) {
      trouble_ = made.error().message;
    }
  }
  static void TearDownTestSuite() { delete std::exchange(primary_, nullptr); }
  void SetUp() override { ASSERT_EQ(trouble_, ""); }

  static std::unique_ptr<Session> Open(const Server& server) {
    auto session = server.Connect();
    if (session) return *std::move(session);
    ADD_FAILURE() << session.error().message;
    return nullptr;
  }
  // Makes an INSERT of `value` under `key` run `action` when it commits.
  static void AtCommit(const std::string& key, const std::string& action) {
    const auto made = primary_->Sql(
        "CREATE FUNCTION at_commit_" + key + "() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " +
        action + "; RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER at_commit_" + key +
        " AFTER INSERT ON holdfast DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.key = '" +
        key + "') EXECUTE FUNCTION at_commit_" + key + "()");
    ASSERT_TRUE(made) << made.error().message;
  }
  static void OnSleeper(const std::string& function) {
    const auto done = primary_->Sql("SELECT " + function +
                                    "(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'");
    ASSERT_TRUE(done) << done.error().message;
  }

  static inline Server* primary_ = nullptr;
  static inline std::string trouble_;
};

TEST_F(SessionTest, AddsAndReadsNewestFirst) {
  const auto session = Open(*primary_);
  ASSERT_NE(session, nullptr);
  for (const int64_t value : {11, 12, 13, 13})
    ASSERT_EQ(session->Add("plain", value).type, OutcomeType::kOk);
  const Outcome read = session->Read("plain", 3);
  ASSERT_EQ(read.type, OutcomeType::kOk) << read.error;
  EXPECT_EQ(read.value, Json({13, 13, 12}));
  EXPECT_EQ(GetString(read.extra, {"role"}), "primary");
  EXPECT_THAT(GetString(read.extra, {"pos0", "lsn"}), testing::MatchesRegex("[0-9A-F]+/[0-9A-F]+"));
  EXPECT_THAT(GetString(read.extra, {"pos", "lsn"}), testing::MatchesRegex("[0-9A-F]+/[0-9A-F]+"));
  EXPECT_EQ(session->ReadAll("plain").value, Json({13, 13, 12, 11}));
  EXPECT_EQ(session->ReadAll("nothing").value, Json::array());
}

TEST_F(SessionTest, RegistersCompareAndSet) {
  const auto session = Open(*primary_);
  ASSERT_NE(session, nullptr);
  const auto cas = [&](const Json& expected, int64_t value) {
    return session->Execute(
        {.function = Function::kCas, .key = "r", .value = Json::array({expected, value})});
  };
  const Operation get{.function = Function::kGet, .key = "r"};
  EXPECT_TRUE(session->Execute(get).value.is_null());
  EXPECT_EQ(cas(nullptr, 1).type, OutcomeType::kOk);
  EXPECT_EQ(cas(nullptr, 2).error_class, "mismatch");
  EXPECT_EQ(cas(1, 3).type, OutcomeType::kOk);
  const Outcome refused = cas(1, 4);
  EXPECT_EQ(refused.type, OutcomeType::kFail);
  EXPECT_FALSE(refused.connection_lost);
  EXPECT_EQ(session->Execute(get).value, Json(3));
  EXPECT_EQ(session->Execute({.function = Function::kPut, .key = "r", .value = 5}).type,
            OutcomeType::kOk);
  EXPECT_EQ(session->Execute(get).value, Json(5));
}

TEST_F(SessionTest, TransactionsAppendAndRead) {
  const auto session = Open(*primary_);
  ASSERT_NE(session, nullptr);
  const auto transact = [&](const char* steps) {
    return session->Execute(
        {.function = Function::kTransact, .key = "", .value = *ParseJson(steps)});
  };
  const Outcome first = transact(R"([["append","a",1],["r","a",null],["append","a",2]])");
  ASSERT_EQ(first.type, OutcomeType::kOk) << first.error;
  EXPECT_EQ(first.value, *ParseJson(R"([["append","a",1],["r","a",[1]],["append","a",2]])"));
  EXPECT_EQ(transact(R"([["r","a",null],["r","b",null]])").value,
            *ParseJson(R"([["r","a",[1,2]],["r","b",[]]])"));
  // A refused one leaves nothing behind, and the session goes on.
  ASSERT_TRUE(primary_->Sql("ALTER TABLE holdfast_list ADD CONSTRAINT small CHECK (vals[1] < 100)"));
  const Outcome refused = transact(R"([["append","c",9],["append","d",100]])");
  EXPECT_EQ(refused.type, OutcomeType::kFail);
  EXPECT_EQ(refused.error_class, "23514") << refused.error;
  EXPECT_EQ(transact(R"([["r","c",null]])").value, *ParseJson(R"([["r","c",[]]])"));
}

TEST_F(SessionTest, PreparingAgainKeepsTheRows) {
  const auto session = Open(*primary_);
  ASSERT_NE(session, nullptr);
  ASSERT_EQ(session->Add("kept", 1).type, OutcomeType::kOk);
  ASSERT_TRUE(PostgresWorkload().Prepare(*session));
  EXPECT_EQ(session->ReadAll("kept").value, Json({1}));
}

TEST_F(SessionTest, ProbesThePodItTalksTo) {
  const auto session = Open(*primary_);
  ASSERT_NE(session, nullptr);
  const auto probe = session->Probe();
  ASSERT_TRUE(probe) << probe.error().message;
  EXPECT_EQ(GetString(*probe, {"hostname"}), "pg-0");
  EXPECT_EQ(GetString(*probe, {"mounts", "1", "path"}), "/tmp/mounts/data");
  EXPECT_THAT(GetString(*probe, {"mounts", "1", "device"}), testing::MatchesRegex("[0-9]+:[0-9]+"));
  EXPECT_EQ(GetString(*probe, {"marker", "pod"}), "pg-0");
  EXPECT_EQ(GetString(*probe, {"marker", "nonce"}).size(), 36U);
  EXPECT_EQ(GetString(*probe, {"database", "system"}), "postgres");
  EXPECT_EQ(GetString(*probe, {"database", "role"}), "primary");
  EXPECT_EQ(GetInt(*probe, {"database", "timeline"}), 1);
  EXPECT_GE(GetString(*probe, {"database", "systemIdentifier"}).size(), 10U);
}

TEST_F(SessionTest, RefusedConnectionIsUnavailable) {
  const auto session = Server(5).Connect();  // Never started.
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(session.error().reason, "connection-refused");
}

TEST_F(SessionTest, NoMessageHoldsThePassword) {
  Deployment wrong = TestDeployment();
  wrong.password = "not'the one";
  const auto session = PostgresWorkload().Connect(wrong, primary_->endpoint(), Nanos{0});
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().reason, "28P01");
  EXPECT_THAT(session.error().message, testing::Not(testing::HasSubstr("not'the one")));
  EXPECT_THAT(primary_->LogText(), testing::Not(testing::HasSubstr(TestDeployment().password)));
}

TEST_F(SessionTest, BackendEndedAtCommitIsInfo) {
  AtCommit("ended", "PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1)");
  const auto session = Open(*primary_);
  ASSERT_NE(session, nullptr);
  const Outcome outcome = session->Add("ended", 1);
  EXPECT_EQ(outcome.type, OutcomeType::kInfo);
  EXPECT_EQ(outcome.error_class, "57P01") << outcome.error;
  EXPECT_TRUE(outcome.connection_lost);
  const Outcome next = session->Add("ended", 2);  // No silent reconnection.
  EXPECT_EQ(next.type, OutcomeType::kFail);
  EXPECT_EQ(next.error_class, "connection-closed");
}

TEST_F(SessionTest, CancelledStatementFailsAndTheSessionGoesOn) {
  AtCommit("cancelled", "IF NEW.value = 1 THEN PERFORM pg_sleep(60); END IF");
  const auto session = Open(*primary_);
  ASSERT_NE(session, nullptr);
  auto pending = std::async(std::launch::async, [&] { return session->Add("cancelled", 1); });
  WaitForSleeperOn(*primary_);
  OnSleeper("pg_cancel_backend");
  const Outcome outcome = pending.get();
  EXPECT_EQ(outcome.type, OutcomeType::kFail);
  EXPECT_EQ(outcome.error_class, "57014");
  EXPECT_FALSE(outcome.connection_lost);
  EXPECT_EQ(session->Add("cancelled", 2).type, OutcomeType::kOk);
  EXPECT_EQ(session->ReadAll("cancelled").value, Json({2}));
}

TEST_F(SessionTest, SerializationFailureFails) {
  AtCommit("conflict", "RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'");
  const auto session = Open(*primary_);
  ASSERT_NE(session, nullptr);
  const Outcome outcome = session->Add("conflict", 1);
  EXPECT_EQ(outcome.type, OutcomeType::kFail);
  EXPECT_EQ(outcome.error_class, "40001");
}

TEST_F(SessionTest, InterruptEndsACallOnAFrozenServer) {
  AtCommit("frozen", "IF NEW.value = 2 THEN PERFORM pg_sleep(60); END IF");
  const auto session = Open(*primary_);
  ASSERT_NE(session, nullptr);
  ASSERT_EQ(session->Add("frozen", 1).type, OutcomeType::kOk);
  auto pending = std::async(std::launch::async, [&] { return session->Add("frozen", 2); });
  WaitForSleeperOn(*primary_);
  ASSERT_TRUE(primary_->Freeze());
  session->Interrupt();
  const Outcome outcome = pending.get();
  ASSERT_TRUE(primary_->Thaw());
  OnSleeper("pg_terminate_backend");
  EXPECT_EQ(outcome.type, OutcomeType::kInfo);
  EXPECT_EQ(outcome.error_class, "deadline");
  EXPECT_TRUE(outcome.connection_lost);
}

TEST_F(SessionTest, ReplicaFollowsAndRefusesWrites) {
  const auto session = Open(*primary_);
  ASSERT_NE(session, nullptr);
  Server replica(1, primary_->port());
  ASSERT_EQ(replica.Start(), "");
  ASSERT_EQ(session->Add("copied", 1).type, OutcomeType::kOk);
  const Outcome position = session->Position();
  ASSERT_EQ(position.type, OutcomeType::kOk) << position.error;

  const auto reader = Open(replica);
  ASSERT_NE(reader, nullptr);
  const Deadline deadline(SystemClock(), std::chrono::seconds(20));
  while (reader->CaughtUp(position.value).value != Json(true) && !deadline.Passed())
    SystemClock().SleepFor(std::chrono::milliseconds(10), {});
  const Outcome rows = reader->ReadAll("copied");
  EXPECT_EQ(rows.value, Json({1})) << rows.error << replica.LogText();
  EXPECT_EQ(GetString(rows.extra, {"role"}), "replica");
  EXPECT_EQ(reader->CaughtUp({{"lsn", "FF/0"}}).value, Json(false));

  const Outcome refused = reader->Add("copied", 2);
  EXPECT_EQ(refused.type, OutcomeType::kFail);
  EXPECT_EQ(refused.error_class, "25006");
  EXPECT_FALSE(refused.connection_lost);

  const auto mine = session->Probe();
  const auto theirs = reader->Probe();
  ASSERT_TRUE(mine && theirs);
  EXPECT_EQ(GetString(*mine, {"database", "systemIdentifier"}),
            GetString(*theirs, {"database", "systemIdentifier"}));
  EXPECT_EQ(GetString(*theirs, {"marker", "pod"}), "pg-1");
  EXPECT_NE(GetString(*mine, {"marker", "nonce"}), GetString(*theirs, {"marker", "nonce"}));
  EXPECT_EQ(replica.Stop(SIGINT), 0) << replica.LogText();
}

TEST(ServerLifeTest, RestartsKeepRowsAndMarker) {
  Server server(0);
  ASSERT_EQ(server.Start(), "");
  const auto ready = server.RunContainer("ready");
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->exit_code, 0) << ready->err;
  {
    const auto session = server.Connect();
    ASSERT_TRUE(session);
    ASSERT_TRUE(PostgresWorkload().Prepare(**session));
    ASSERT_EQ((*session)->Add("life", 1).type, OutcomeType::kOk);
  }
  const auto marker = ReadFile(server.volume() / "holdfast-marker");
  ASSERT_TRUE(marker);
  EXPECT_EQ(server.Stop(SIGTERM), 0) << server.LogText();  // A fast shutdown, although TERM.
  EXPECT_THAT(server.LogText(), testing::HasSubstr("fast shutdown"));
  ASSERT_EQ(server.Start(), "");
  server.Stop(SIGKILL);
  ASSERT_EQ(server.Start(), "") << "after a kill";
  const auto session = server.Connect();
  ASSERT_TRUE(session);
  EXPECT_EQ((*session)->ReadAll("life").value, Json({1}));
  EXPECT_EQ(ReadFile(server.volume() / "holdfast-marker").value_or(""), *marker);
  // With the server gone the idle connection says so before anything is sent.
  EXPECT_EQ(server.Stop(SIGTERM), 0);
  const Outcome late = (*session)->Add("life", 2);
  EXPECT_EQ(late.type, OutcomeType::kFail);
  EXPECT_EQ(late.error_class, "connection-closed");
}

TEST(ServerLifeTest, KilledServerDuringCommitIsInfo) {
  Server server(0);
  ASSERT_EQ(server.Start(), "");
  auto session = server.Connect();
  ASSERT_TRUE(session);
  ASSERT_TRUE(PostgresWorkload().Prepare(**session));
  ASSERT_TRUE(
      server.Sql("CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM "
                 "pg_sleep(60); RETURN NULL; END $$; CREATE CONSTRAINT TRIGGER nap AFTER INSERT ON "
                 "holdfast DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION nap()"));
  auto pending = std::async(std::launch::async, [&] { return (*session)->Add("killed", 1); });
  WaitForSleeperOn(server);
  server.Stop(SIGKILL);
  const Outcome outcome = pending.get();
  EXPECT_EQ(outcome.type, OutcomeType::kInfo);
  EXPECT_EQ(outcome.error_class, "connection-lost");
  EXPECT_TRUE(outcome.connection_lost);
}

// Asynchronous replication, and the primary's volume destroyed: the promoted replica does not have
// what it had not received yet, and the checker counts exactly that.
TEST(ServerLifeTest, ADestroyedPrimaryLosesWhatWasNotReplicated) {
  Server primary(0);
  ASSERT_EQ(primary.Start(), "");
  ASSERT_TRUE(PostgresWorkload().Prepare(**primary.Connect()));
  Server replica(1, primary.port());
  ASSERT_EQ(replica.Start(), "");
  Recorded clients(*FindWorkload("postgres"), TestDeployment(), "pg-0");
  clients.MoveTo(primary.endpoint());
  ASSERT_TRUE(clients.Add(5));
  const Outcome position = (*primary.Connect())->Position();
  {
    const auto reader = *replica.Connect();
    const Deadline deadline(SystemClock(), std::chrono::seconds(20));
    while (reader->CaughtUp(position.value).value != Json(true) && !deadline.Passed())
      SystemClock().SleepFor(std::chrono::milliseconds(10), {});
  }
  // The replica is cut off before the last writes, not only behind in replaying them.
  ASSERT_TRUE(replica.Freeze());
  ASSERT_TRUE(clients.Add(3));
  primary.Stop(SIGKILL);
  ASSERT_TRUE(RemoveTree(primary.volume()));
  replica.Stop(SIGKILL);  // What was on its way to it goes with its sockets.
  ASSERT_EQ(replica.Start(), "");
  ASSERT_TRUE(replica.Sql("SELECT pg_promote()"));
  clients.MoveTo(replica.endpoint());
  const Status read = clients.FinalRead();
  ASSERT_TRUE(read) << read.error().message;
  const check::CheckResult lost = clients.Judge("HX-LOST");
  EXPECT_EQ(lost.verdict, check::Verdict::kFail) << lost.reason;
  EXPECT_EQ(lost.findings.size(), 3U) << lost.reason;
}

// As on an image that numbers its users differently.
TEST(ServerLifeTest, AUidThatTheImageDoesNotKnowIsSaid) {
  Deployment deployment = TestDeployment();
  deployment.parameters["uid"] = 4321;
  LocalPod pod(*FindWorkload("postgres"), deployment, 0, "postgres:15");
  const auto setup = pod.RunContainer("setup");
  ASSERT_TRUE(setup) << setup.error().message;
  EXPECT_EQ(setup->exit_code, 1) << setup->out;
  EXPECT_EQ(setup->err,
            "setup: the image has no user with the uid 4321, without which initdb does not run; "
            "set the parameter uid to that of its user postgres (999)\n");
  EXPECT_TRUE(std::filesystem::is_empty(pod.volume()));
}

TEST(ServerLifeTest, HalfMadeDirectoryIsMadeAgainAndForeignOneRefused) {
  Server server(0);
  ASSERT_TRUE(MakeDirectories(server.volume() / "pgdata.new"));
  ASSERT_TRUE(WriteFileAtomic(server.volume() / "pgdata.new" / "PG_VERSION", "15\n"));
  const auto setup = server.RunContainer("setup");
  ASSERT_TRUE(setup);
  EXPECT_EQ(setup->exit_code, 0) << setup->err;
  EXPECT_TRUE(std::filesystem::exists(server.volume() / "pgdata" / "global"));
  EXPECT_FALSE(std::filesystem::exists(server.volume() / "pgdata.new"));

  Server other(0);
  ASSERT_TRUE(MakeDirectories(other.volume() / "pgdata"));
  ASSERT_TRUE(WriteFileAtomic(other.volume() / "pgdata" / "letters", "of somebody"));
  const auto refused = other.RunContainer("setup");
  ASSERT_TRUE(refused);
  EXPECT_NE(refused->exit_code, 0);
  EXPECT_TRUE(std::filesystem::exists(other.volume() / "pgdata" / "letters"));
}

}  // namespace
}  // namespace holdfast::workloads::postgres
