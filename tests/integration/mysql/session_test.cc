// The driver of "mariadb" with real servers, a source and a replica: what it reads, and what it says
// when things break. MySQL itself goes the same way where its image can be had.
#include <signal.h>

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workloads/mysql/mysql.h"

#include "tests/integration/pods/local_pod.h"

namespace holdfast::workloads::mysql {
namespace {

const MySqlWorkload& MariaDb() {
  static const MySqlWorkload workload(Flavor::kMariaDb);
  return workload;
}

Deployment MakeDeployment() {
  Deployment made;
  made.ns = "test";
  made.name = "mariadb";
  made.run_id = "test";
  made.run_number = 7;
  made.replicas = 2;
  made.password = "s3cretWord";
  made.parameters = Json::object();
  return made;
}

class Server : public LocalPod {
 public:
  explicit Server(int ordinal, int primary_port = 0)
      : LocalPod(MariaDb(),
                 MakeDeployment(),
                 ordinal,
                 "mariadb:10.11",
                 {{"HOLDFAST_PRIMARY", "127.0.0.1"},
                  {"HOLDFAST_PRIMARY_PORT", std::to_string(primary_port)}}),
        replica_(ordinal > 0) {}
  [[nodiscard]] Status Answers() const override {
    return replica_ ? Follows() : LocalPod::Answers();
  }

 private:
  // A replica is ready when it has the database, which only replication brings.
  [[nodiscard]] Status Follows() const {
    const auto session = Connect();
    if (!session) return Fail(session.error());
    const Outcome read = (*session)->ReadAll("nothing");
    if (read.type == OutcomeType::kOk) return {};
    return Fail(ErrorCode::kUnavailable, "{}", read.error);
  }
  bool replica_;
};

class MariaDbTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    primary_ = new Server(0);
    trouble_ = primary_->Start();
  }
  static void TearDownTestSuite() { delete std::exchange(primary_, nullptr); }
  void SetUp() override { ASSERT_EQ(trouble_, ""); }
  static std::unique_ptr<Session> Open(const Server& server) {
    auto session = server.Connect();
    if (session) return *std::move(session);
    ADD_FAILURE() << session.error().message;
    return nullptr;
  }
  // One statement by the program of the image, as root.
  static std::string Sql(Server& server, const std::string& statement) {
    const auto done = server.RunProgram({"mariadb", "--no-defaults", "-h", "127.0.0.1", "-P",
                                         std::to_string(server.port()), "-u", "admin",
                                         "-ps3cretWord", "-N", "-B", "-e", statement});
    if (done && done->exit_code == 0) return done->out;
    ADD_FAILURE() << statement << ": " << (done ? done->err : done.error().message);
    return "";
  }
  static inline Server* primary_ = nullptr;
  static inline std::string trouble_;
};

TEST_F(MariaDbTest, AddsAndReadsNewestFirst) {
  const auto session = Open(*primary_);
  ASSERT_NE(session, nullptr);
  for (const int64_t value : {11, 12, 13, 13})
    ASSERT_EQ(session->Add("plain", value).type, OutcomeType::kOk);
  const Outcome read = session->Read("plain", 3);
  ASSERT_EQ(read.type, OutcomeType::kOk) << read.error;
  EXPECT_EQ(read.value, Json({13, 13, 12}));
  EXPECT_EQ(GetString(read.extra, {"role"}), "primary");
  EXPECT_THAT(GetString(read.extra, {"pos", "gtid"}), testing::MatchesRegex("0-100-[0-9]+"));
  EXPECT_EQ(session->ReadAll("plain").value, Json({13, 13, 12, 11}));
  EXPECT_EQ(session->ReadAll("nothing").value, Json::array());
  const Outcome padded =
      session->Execute({.function = Function::kAdd, .key = "padded", .value = 1, .padding = 5000});
  EXPECT_EQ(padded.type, OutcomeType::kOk) << padded.error;
}

TEST_F(MariaDbTest, ProbesThePodItTalksTo) {
  const auto session = Open(*primary_);
  ASSERT_NE(session, nullptr);
  const auto probe = session->Probe();
  ASSERT_TRUE(probe) << probe.error().message;
  EXPECT_EQ(GetString(*probe, {"hostname"}), "mariadb-0");
  EXPECT_EQ(GetInt(*probe, {"database", "serverId"}), 100);
  EXPECT_EQ(GetString(*probe, {"database", "role"}), "primary");
  EXPECT_EQ(GetString(*probe, {"marker", "pod"}), "mariadb-0");
  EXPECT_THAT(GetString(*probe, {"fqdn"}), testing::StartsWith("mariadb-0.mariadb"));
}

TEST_F(MariaDbTest, RefusedAndWrongPasswordAreUnavailable) {
  const auto refused = MariaDb().Connect(MakeDeployment(), {"x", "127.0.0.1", FreePort()},
                                         std::chrono::seconds(2));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(refused.error().reason, "connection-refused") << refused.error().message;
  Deployment wrong = MakeDeployment();
  wrong.password = "another";
  const auto denied = MariaDb().Connect(wrong, primary_->endpoint(), std::chrono::seconds(2));
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().reason, "1045");
  EXPECT_THAT(denied.error().message, testing::Not(testing::HasSubstr("another")));
}

TEST_F(MariaDbTest, InterruptEndsACallOnAFrozenServer) {
  const auto session = Open(*primary_);
  ASSERT_NE(session, nullptr);
  ASSERT_EQ(session->Add("frozen", 1).type, OutcomeType::kOk);
  primary_->Signal(SIGSTOP);
  auto pending = std::async(std::launch::async, [&] { return session->Add("frozen", 2); });
  EXPECT_EQ(pending.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  session->Interrupt();
  ASSERT_EQ(pending.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  const Outcome outcome = pending.get();
  primary_->Signal(SIGCONT);
  EXPECT_EQ(outcome.type, OutcomeType::kInfo);
  EXPECT_EQ(outcome.error_class, "deadline");
  EXPECT_TRUE(outcome.connection_lost);
}

TEST_F(MariaDbTest, ReplicaFollowsAndRefusesWrites) {
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
  EXPECT_EQ(reader->CaughtUp({{"gtid", "0-100-1000000"}}).value, Json(false));
  const auto ready = replica.RunContainer("ready");
  ASSERT_TRUE(ready);

  const Outcome refused = reader->Add("copied", 2);
  EXPECT_EQ(refused.type, OutcomeType::kFail);
  EXPECT_EQ(refused.error_class, "1290");
  EXPECT_FALSE(refused.connection_lost);
  const auto theirs = reader->Probe();
  ASSERT_TRUE(theirs);
  EXPECT_EQ(GetInt(*theirs, {"database", "serverId"}), 101);
  EXPECT_EQ(replica.Stop(SIGTERM), 0) << replica.LogText();
}

// Asynchronous replication, and the source's volume destroyed: what the replica had not yet is lost,
// and exactly that.
TEST_F(MariaDbTest, ADestroyedSourceLosesWhatWasNotReplicated) {
  Server source(0);
  ASSERT_EQ(source.Start(), "");
  Server replica(1, source.port());
  ASSERT_EQ(replica.Start(), "");
  std::set<int64_t> lost;
  {
    const auto session = Open(source);
    ASSERT_NE(session, nullptr);
    for (int64_t value = 1; value <= 5; ++value)
      ASSERT_EQ(session->Add("debt", value).type, OutcomeType::kOk);
    const Outcome position = session->Position();
    const auto reader = Open(replica);
    ASSERT_NE(reader, nullptr);
    const Deadline deadline(SystemClock(), std::chrono::seconds(20));
    while (reader->CaughtUp(position.value).value != Json(true) && !deadline.Passed())
      SystemClock().SleepFor(std::chrono::milliseconds(10), {});
    Sql(replica, "STOP SLAVE");
    for (int64_t value = 6; value <= 8; ++value) {
      ASSERT_EQ(session->Add("debt", value).type, OutcomeType::kOk);
      lost.insert(value);
    }
  }
  source.Stop(SIGKILL);
  ASSERT_TRUE(RemoveTree(source.volume()));
  const Outcome left = Open(replica)->ReadAll("debt");
  ASSERT_EQ(left.type, OutcomeType::kOk) << left.error;
  std::set<int64_t> missing = {1, 2, 3, 4, 5, 6, 7, 8};
  for (const Json& value : left.value)
    missing.erase(value.get<int64_t>());
  EXPECT_EQ(missing, lost);
}

TEST_F(MariaDbTest, KilledServerIsInfoAndKeepsWhatItAcknowledged) {
  Server server(0);
  ASSERT_EQ(server.Start(), "");
  const auto session = Open(server);
  ASSERT_NE(session, nullptr);
  ASSERT_EQ(session->Add("kept", 1).type, OutcomeType::kOk);
  // Frozen first, so that the request is inside when the server dies.
  server.Signal(SIGSTOP);
  auto pending = std::async(std::launch::async, [&] { return session->Add("killed", 1); });
  EXPECT_EQ(pending.wait_for(std::chrono::milliseconds(200)), std::future_status::timeout);
  server.Stop(SIGKILL);
  const Outcome outcome = pending.get();
  EXPECT_EQ(outcome.type, OutcomeType::kInfo);
  EXPECT_EQ(outcome.error_class, "connection-lost") << outcome.error;
  const Outcome next = session->Add("killed", 2);  // No silent reconnection.
  EXPECT_EQ(next.type, OutcomeType::kFail);
  EXPECT_EQ(next.error_class, "connection-closed");
  const auto marker = ReadFile(server.volume() / "holdfast-marker");
  ASSERT_EQ(server.Start(), "") << "after a kill";
  EXPECT_EQ(Open(server)->ReadAll("kept").value, Json({1}));
  EXPECT_EQ(ReadFile(server.volume() / "holdfast-marker").value_or(""), marker.value_or("-"));
  EXPECT_EQ(server.Stop(SIGTERM), 0) << server.LogText();
}

}  // namespace
}  // namespace holdfast::workloads::mysql
