// The driver of "mariadb" and "mysql" with real servers, a source and a replica: what it reads, and
// what it says when things break.
#include <poll.h>
#include <signal.h>

#include <future>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "workloads/mysql/mysql.h"

#include "tests/integration/mysql/relay.h"
#include "tests/integration/pods/local_pod.h"
#include "tests/integration/pods/recorded.h"

namespace holdfast::workloads::mysql {
namespace {

const MySqlWorkload& Driver(Flavor flavor) {
  static const MySqlWorkload mariadb(Flavor::kMariaDb);
  static const MySqlWorkload mysql(Flavor::kMySql);
  return flavor == Flavor::kMariaDb ? mariadb : mysql;
}

Deployment MakeDeployment(Flavor flavor) {
  Deployment made;
  made.ns = "test";
  made.name = Driver(flavor).Name();
  made.run_id = "test";
  made.run_number = 7;
  made.replicas = 2;
  made.password = "s3cretWord";
  made.parameters = Json::object();
  return made;
}

class Server : public LocalPod {
 public:
  explicit Server(Flavor flavor, int ordinal, int primary_port = 0)
      : LocalPod(Driver(flavor),
                 MakeDeployment(flavor),
                 ordinal,
                 flavor == Flavor::kMariaDb ? "mariadb:10.11" : "mysql:9",
                 {{"HOLDFAST_PRIMARY", "127.0.0.1"},
                  {"HOLDFAST_PRIMARY_PORT", std::to_string(primary_port)}}),
        client_(flavor == Flavor::kMariaDb ? "mariadb" : "mysql"),
        replica_(ordinal > 0) {}
  [[nodiscard]] Status Answers() const override {
    return replica_ ? Follows() : LocalPod::Answers();
  }
  // One statement by the program of the image, as an administrator; what it printed.
  std::string Sql(const std::string& statement, const std::string& address = "127.0.0.1") {
    const auto done = RunProgram({client_, "--no-defaults", "-h", address, "-P",
                                  std::to_string(port()), "-u", "admin", "-ps3cretWord", "-N",
                                  "-B", "-e", statement});
    if (done && done->exit_code == 0) return done->out;
    ADD_FAILURE() << statement << ": " << (done ? done->err : done.error().message);
    return "";
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
  std::string client_;
  bool replica_;
};

// One source of each flavour serves all tests that do not break it; each uses keys of its own.
class DriverTest : public testing::TestWithParam<Flavor> {
 protected:
  static void TearDownTestSuite() { sources_.clear(); }
  void SetUp() override {
    auto& source = sources_[GetParam()];
    if (!source) {
      source = std::make_unique<Server>(GetParam(), 0);
      trouble_[GetParam()] = source->Start();
    }
    ASSERT_EQ(trouble_[GetParam()], "");
  }
  [[nodiscard]] bool IsMariaDb() const { return GetParam() == Flavor::kMariaDb; }
  [[nodiscard]] Server& Source() const { return *sources_[GetParam()]; }
  static std::unique_ptr<Session> Open(const Server& server) {
    auto session = server.Connect();
    if (session) return *std::move(session);
    ADD_FAILURE() << session.error().message;
    return nullptr;
  }
  [[nodiscard]] std::unique_ptr<Session> OpenThrough(const Relay& relay) const {
    auto session = Driver(GetParam()).Connect(Source().deployment(),
                                              {Source().name(), "127.0.0.1", relay.port()},
                                              std::chrono::seconds(10));
    if (session) return *std::move(session);
    ADD_FAILURE() << session.error().message;
    return nullptr;
  }
  static void AwaitCaughtUp(Session& reader, const Json& position) {
    const Deadline deadline(SystemClock(), std::chrono::seconds(20));
    while (reader.CaughtUp(position).value != Json(true) && !deadline.Passed())
      SystemClock().SleepFor(std::chrono::milliseconds(10), {});
  }
  static inline std::map<Flavor, std::unique_ptr<Server>> sources_;
  static inline std::map<Flavor, std::string> trouble_;
};
INSTANTIATE_TEST_SUITE_P(Flavors,
                         DriverTest,
                         testing::Values(Flavor::kMariaDb, Flavor::kMySql),
                         [](const testing::TestParamInfo<Flavor>& info) {
                           return info.param == Flavor::kMariaDb ? "MariaDb" : "MySql";
                         });

TEST_P(DriverTest, AddsAndReadsNewestFirst) {
  const auto session = Open(Source());
  ASSERT_NE(session, nullptr);
  for (const int64_t value : {11, 12, 13, 13})
    ASSERT_EQ(session->Add("plain", value).type, OutcomeType::kOk);
  const Outcome read = session->Read("plain", 3);
  ASSERT_EQ(read.type, OutcomeType::kOk) << read.error;
  EXPECT_EQ(read.value, Json({13, 13, 12}));
  EXPECT_EQ(GetString(read.extra, {"role"}), "primary");
  EXPECT_THAT(GetString(read.extra, {"pos", "gtid"}),
              testing::MatchesRegex(IsMariaDb() ? "0-100-[0-9]+" : "[-0-9a-f]{36}:1-[0-9]+"));
  EXPECT_EQ(session->ReadAll("plain").value, Json({13, 13, 12, 11}));
  EXPECT_EQ(session->ReadAll("nothing").value, Json::array());
  const Outcome padded =
      session->Execute({.function = Function::kAdd, .key = "padded", .value = 1, .padding = 5000});
  EXPECT_EQ(padded.type, OutcomeType::kOk) << padded.error;
}

TEST_P(DriverTest, ProbesThePodItTalksTo) {
  const auto session = Open(Source());
  ASSERT_NE(session, nullptr);
  const auto probe = session->Probe();
  ASSERT_TRUE(probe) << probe.error().message;
  const std::string name = Driver(GetParam()).Name();
  EXPECT_EQ(GetString(*probe, {"hostname"}), name + "-0");
  EXPECT_EQ(GetInt(*probe, {"database", "serverId"}), 100);
  EXPECT_EQ(GetString(*probe, {"database", "role"}), "primary");
  EXPECT_EQ(GetString(*probe, {"database", "serverUuid"}).size(), IsMariaDb() ? 0U : 36U);
  EXPECT_EQ(GetString(*probe, {"marker", "pod"}), name + "-0");
  EXPECT_THAT(GetString(*probe, {"fqdn"}), testing::StartsWith(name + "-0." + name));
}

// A pod of an IPv6-only cluster has no other address for clients and replicas.
TEST_P(DriverTest, IPv6IsServedLikeIPv4) {
  const auto addresses = ReadFile("/proc/net/if_inet6");
  if (!addresses || addresses->find(" lo\n") == std::string::npos)
    GTEST_SKIP() << "this machine's loopback has no IPv6 address";
  for (const char* address : {"127.0.0.1", "::1"})
    EXPECT_EQ(Source().Sql("SELECT 'here'", address), "here\n") << address;
}

// A container's limit is the server's need; making the database must not need more.
TEST_P(DriverTest, SetupTakesNoMoreMemoryThanTheServer) {
  const Deployment deployment = MakeDeployment(GetParam());
  // The volume is mounted here.
  const std::string wrapped = "/tmp/mounts/data/wrapped";
  LocalPod pod(Driver(GetParam()), deployment, 0, IsMariaDb() ? "mariadb:10.11" : "mysql:9",
               {{"PATH", wrapped + ":/usr/sbin:/usr/bin:/sbin:/bin"}});
  ASSERT_TRUE(MakeDirectories(pod.volume() / "wrapped"));
  for (const char* program : {"mariadb-install-db", "mariadbd", "mysqld"})
    ASSERT_TRUE(WriteFileAtomic(pod.volume() / "wrapped" / program,
                                "#!/bin/sh\necho \"$*\" >>\"${0%/*}/calls\"\n"
                                "PATH=${PATH#*:}; exec \"${0##*/}\" \"$@\"\n",
                                0755));
  const auto setup = pod.RunContainer("setup");
  ASSERT_TRUE(setup) << setup.error().message;
  ASSERT_EQ(setup->exit_code, 0) << setup->out << setup->err;
  const auto calls = ReadFile(pod.volume() / "wrapped" / "calls");
  ASSERT_TRUE(calls) << calls.error().message;
  const std::vector<std::string> lines = Split(std::string(Trim(*calls)), '\n');
  EXPECT_EQ(lines.size(), 2U) << *calls;
  EXPECT_THAT(lines, testing::Each(testing::HasSubstr("--innodb-buffer-pool-size=32M")));
}

TEST_P(DriverTest, RefusedAndWrongPasswordAreUnavailable) {
  const auto refused = Driver(GetParam()).Connect(MakeDeployment(GetParam()),
                                                  {"x", "127.0.0.1", FreePort()},
                                                  std::chrono::seconds(2));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(refused.error().reason, "connection-refused") << refused.error().message;
  Deployment wrong = MakeDeployment(GetParam());
  wrong.password = "another";
  const auto denied =
      Driver(GetParam()).Connect(wrong, Source().endpoint(), std::chrono::seconds(2));
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().reason, "1045");
  EXPECT_THAT(denied.error().message, testing::Not(testing::HasSubstr("another")));
}

TEST_P(DriverTest, InterruptEndsACallOnAFrozenServer) {
  const auto session = Open(Source());
  ASSERT_NE(session, nullptr);
  ASSERT_EQ(session->Add("frozen", 1).type, OutcomeType::kOk);
  ASSERT_TRUE(Source().Freeze());
  auto pending = std::async(std::launch::async, [&] { return session->Add("frozen", 2); });
  EXPECT_TRUE(Source().AwaitUnread());
  session->Interrupt();
  ASSERT_EQ(pending.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  const Outcome outcome = pending.get();
  ASSERT_TRUE(Source().Thaw());
  EXPECT_EQ(outcome.type, OutcomeType::kInfo);
  EXPECT_EQ(outcome.error_class, "deadline");
  EXPECT_TRUE(outcome.connection_lost);
}

// The server sees the relay's sockets, by ports that other sessions have on our side.
TEST_P(DriverTest, InterruptThroughARelayEndsItsOwnCallAndNoOther) {
  constexpr size_t kSessions = 6;
  const Relay relay(Source().port());
  std::vector<std::future<std::unique_ptr<Session>>> opening;
  for (size_t i = 0; i < kSessions; ++i)
    opening.push_back(std::async(std::launch::async, [&] { return OpenThrough(relay); }));
  // Others connect to the same address meanwhile.
  std::vector<FileDescriptor> strangers;
  for (int i = 0; i < 6; ++i)
    strangers.push_back(ConnectPlainly(relay.port()));
  std::vector<std::unique_ptr<Session>> sessions;
  for (auto& session : opening)
    sessions.push_back(session.get());
  for (const auto& session : sessions) {
    ASSERT_NE(session, nullptr);
    ASSERT_EQ(session->Add("relayed", 1).type, OutcomeType::kOk);
  }

  for (size_t i = 0; i < kSessions; i += 2) {
    ASSERT_TRUE(Source().Freeze());
    auto pending =
        std::async(std::launch::async, [&] { return sessions[i]->Add("relayed", 2); });
    EXPECT_TRUE(Source().AwaitUnread());
    sessions[i]->Interrupt();
    // Far below the half minute after which the library gives up by itself.
    EXPECT_EQ(pending.wait_for(std::chrono::seconds(10)), std::future_status::ready);
    ASSERT_TRUE(Source().Thaw());
    const Outcome outcome = pending.get();
    EXPECT_EQ(outcome.type, OutcomeType::kInfo);
    EXPECT_EQ(outcome.error_class, "deadline") << outcome.error;
    EXPECT_TRUE(outcome.connection_lost);
  }
  for (size_t i = 1; i < kSessions; i += 2) {
    const Outcome outcome = sessions[i]->Add("relayed", 3);
    EXPECT_EQ(outcome.type, OutcomeType::kOk) << "session " << i << ": " << outcome.error;
  }
  for (const FileDescriptor& stranger : strangers) {
    pollfd state{stranger.get(), 0, 0};  // POLLHUP: shut on our side too.
    EXPECT_EQ(::poll(&state, 1, 0), 0) << "a socket that belongs to no session was shut";
  }
}

TEST_P(DriverTest, ReplicaFollowsAndRefusesWrites) {
  const auto session = Open(Source());
  ASSERT_NE(session, nullptr);
  Server replica(GetParam(), 1, Source().port());
  ASSERT_EQ(replica.Start(), "");
  ASSERT_EQ(session->Add("copied", 1).type, OutcomeType::kOk);
  const Outcome position = session->Position();
  ASSERT_EQ(position.type, OutcomeType::kOk) << position.error;
  const auto reader = Open(replica);
  ASSERT_NE(reader, nullptr);
  AwaitCaughtUp(*reader, position.value);
  const Outcome rows = reader->ReadAll("copied");
  EXPECT_EQ(rows.value, Json({1})) << rows.error << replica.LogText();
  EXPECT_EQ(GetString(rows.extra, {"role"}), "replica");
  const std::string far = IsMariaDb() ? "0-100-1000000"
                                      : GetString(position.value, {"gtid"}).substr(0, 36) +
                                            ":1-1000000";
  EXPECT_EQ(reader->CaughtUp({{"gtid", far}}).value, Json(false));
  const auto ready = replica.RunContainer("ready");
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->exit_code, 0) << ready->out << ready->err;

  const Outcome refused = reader->Add("copied", 2);
  EXPECT_EQ(refused.type, OutcomeType::kFail);
  EXPECT_EQ(refused.error_class, "1290");
  EXPECT_FALSE(refused.connection_lost);
  const auto theirs = reader->Probe();
  ASSERT_TRUE(theirs);
  EXPECT_EQ(GetInt(*theirs, {"database", "serverId"}), 101);
  replica.Sql(IsMariaDb() ? "STOP SLAVE" : "STOP REPLICA");
  const auto stopped = replica.RunContainer("ready");
  ASSERT_TRUE(stopped);
  EXPECT_NE(stopped->exit_code, 0) << "a replica that follows no more is not ready";
  EXPECT_EQ(replica.Stop(SIGTERM), 0) << replica.LogText();
}

// Asynchronous replication, and the source's volume destroyed: the replica does not have what it had
// not received yet, and the checker counts exactly that.
TEST_P(DriverTest, ADestroyedSourceLosesWhatWasNotReplicated) {
  Server source(GetParam(), 0);
  ASSERT_EQ(source.Start(), "");
  Server replica(GetParam(), 1, source.port());
  ASSERT_EQ(replica.Start(), "");
  const std::string pod = source.name();
  Recorded clients(Driver(GetParam()), source.deployment(), pod);
  clients.MoveTo(source.endpoint());
  ASSERT_TRUE(clients.Add(5));
  const Outcome position = Open(source)->Position();
  AwaitCaughtUp(*Open(replica), position.value);
  replica.Sql(IsMariaDb() ? "STOP SLAVE" : "STOP REPLICA");
  ASSERT_TRUE(clients.Add(3));
  source.Stop(SIGKILL);
  ASSERT_TRUE(RemoveTree(source.volume()));
  replica.Sql("SET GLOBAL read_only = OFF");  // The fail-over.
  clients.MoveTo(replica.endpoint());
  const Status read = clients.FinalRead();
  ASSERT_TRUE(read) << read.error().message;
  const check::CheckResult lost = clients.Judge("HX-LOST");
  EXPECT_EQ(lost.verdict, check::Verdict::kFail) << lost.reason;
  EXPECT_EQ(lost.findings.size(), 3U) << lost.reason;
}

TEST_P(DriverTest, KilledServerIsInfoAndKeepsWhatItAcknowledged) {
  Server server(GetParam(), 0);
  ASSERT_EQ(server.Start(), "");
  const auto session = Open(server);
  ASSERT_NE(session, nullptr);
  ASSERT_EQ(session->Add("kept", 1).type, OutcomeType::kOk);
  // Frozen first, so that the request is inside when the server dies.
  ASSERT_TRUE(server.Freeze());
  auto pending = std::async(std::launch::async, [&] { return session->Add("killed", 1); });
  EXPECT_TRUE(server.AwaitUnread());
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
