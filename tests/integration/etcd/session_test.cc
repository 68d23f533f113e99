// The driver of "etcd" with a real member: what it reads, and what it says when things break.
#include <signal.h>

#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "workloads/etcd/etcd.h"
#include "workloads/etcd/session.h"

#include "tests/integration/pods/local_pod.h"
#include "tests/integration/pods/recorded.h"

namespace holdfast::workloads::etcd {
namespace {

Deployment MakeDeployment(int port) {
  Deployment made;
  made.ns = "test";
  made.name = "etcd";
  made.run_id = "test";
  made.run_number = 7;
  made.replicas = 1;
  made.parameters = {{"port", port}};
  return made;
}

// A single member on the loopback.
class Member : public LocalPod {
 public:
  Member() : Member(FreePort()) {}

 private:
  explicit Member(int port)
      : LocalPod(Workload(),
                 MakeDeployment(port),
                 0,
                 "etcd:3.4",
                 {{"MEMBERS", "etcd-0=http://etcd-0.etcd.test.svc:" + std::to_string(port + 1)},
                  {"MEMBERS_STATE", "new"}}) {}
  static const EtcdWorkload& Workload() {
    static const EtcdWorkload workload;
    return workload;
  }
};

class EtcdTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    member_ = new Member;
    trouble_ = member_->Start();
  }
  static void TearDownTestSuite() { delete std::exchange(member_, nullptr); }
  void SetUp() override { ASSERT_EQ(trouble_, ""); }
  static std::unique_ptr<Session> Open() { return *member_->Connect(); }
  static inline Member* member_ = nullptr;
  static inline std::string trouble_;
};

TEST_F(EtcdTest, SetsAreReadNewestFirst) {
  const auto session = Open();
  for (const int64_t value : {11, 12, 13})
    ASSERT_EQ(session->Add("plain", value).type, OutcomeType::kOk);
  ASSERT_EQ(session->Add("plainer", 99).type, OutcomeType::kOk);
  const Outcome read = session->Read("plain", 2);
  ASSERT_EQ(read.type, OutcomeType::kOk) << read.error;
  EXPECT_EQ(read.value, Json({13, 12}));
  const Outcome all = session->ReadAll("plain");
  EXPECT_EQ(all.value, Json({13, 12, 11}));
  EXPECT_EQ(GetString(all.extra, {"role"}), "primary");
  EXPECT_GE(GetInt(all.extra, {"pos", "rev"}), 5);
  EXPECT_EQ(session->ReadAll("nothing").value, Json::array());
  const Outcome position = session->Position();
  EXPECT_EQ(session->CaughtUp(position.value).value, Json(true));
  EXPECT_EQ(session->CaughtUp({{"rev", 1'000'000}}).value, Json(false));
}

TEST_F(EtcdTest, RegistersCompareAndSet) {
  const auto session = Open();
  const auto cas = [&](const Json& expected, int64_t value) {
    return session->Execute(
        {.function = Function::kCas, .key = "r", .value = Json::array({expected, value})});
  };
  const Operation get{.function = Function::kGet, .key = "r"};
  EXPECT_TRUE(session->Execute(get).value.is_null());
  EXPECT_EQ(cas(nullptr, 1).type, OutcomeType::kOk);
  const Outcome first = session->Execute(get);
  EXPECT_EQ(first.value, Json(1));
  EXPECT_EQ(GetInt(first.extra, {"pos", "ver"}), 1);
  const Outcome refused = cas(nullptr, 2);
  EXPECT_EQ(refused.type, OutcomeType::kFail);
  EXPECT_EQ(refused.error_class, "mismatch");
  EXPECT_EQ(refused.extra["seen"], Json(1));
  EXPECT_FALSE(refused.connection_lost);
  EXPECT_EQ(cas(1, 3).type, OutcomeType::kOk);
  const Outcome put =
      session->Execute({.function = Function::kPut, .key = "r", .value = 4});
  EXPECT_EQ(put.type, OutcomeType::kOk);
  const Outcome last =
      session->Execute({.function = Function::kGet, .key = "r", .stale = true});
  EXPECT_EQ(last.value, Json(4));
  EXPECT_EQ(GetInt(last.extra, {"pos", "mod"}), GetInt(put.extra, {"pos", "rev"}));
  EXPECT_EQ(GetInt(last.extra, {"pos", "ver"}), 3);
}

TEST_F(EtcdTest, ProbeShowsTheMember) {
  const auto probe = Open()->Probe();
  ASSERT_TRUE(probe) << probe.error().message;
  EXPECT_EQ(GetString(*probe, {"database", "system"}), "etcd");
  EXPECT_GE(GetString(*probe, {"database", "systemIdentifier"}).size(), 10U);
  EXPECT_EQ(GetString(*probe, {"database", "memberId"}), GetString(*probe, {"database", "leader"}));
  EXPECT_EQ(GetString(*probe, {"database", "role"}), "primary");
  EXPECT_THAT(GetString(*probe, {"database", "version"}), testing::StartsWith("3.4"));
}

TEST_F(EtcdTest, AFrozenMemberIsADeadline) {
  const auto session = Open();
  ASSERT_EQ(session->Add("frozen", 1).type, OutcomeType::kOk);
  ASSERT_TRUE(member_->Freeze());
  auto pending = std::async(std::launch::async, [&] { return session->Add("frozen", 2); });
  EXPECT_TRUE(member_->AwaitUnread());
  session->Interrupt();
  const Outcome outcome = pending.get();
  ASSERT_TRUE(member_->Thaw());
  EXPECT_EQ(outcome.type, OutcomeType::kInfo);
  EXPECT_EQ(outcome.error_class, "deadline");
  EXPECT_TRUE(outcome.connection_lost);
}

TEST(EtcdLifeTest, ADestroyedVolumeLosesEveryAcknowledgedWrite) {
  Member member;
  ASSERT_EQ(member.Start(), "");
  Recorded clients(*FindWorkload("etcd"), member.deployment(), "etcd-0");
  clients.MoveTo(member.endpoint());
  ASSERT_TRUE(clients.Add(4));
  ASSERT_TRUE(clients.FinalRead());
  EXPECT_EQ(clients.Judge("HX-LOST").verdict, check::Verdict::kPass) << "nothing is gone yet";
  member.Stop(SIGKILL);
  ASSERT_TRUE(RemoveTree(member.volume()));
  ASSERT_TRUE(MakeDirectories(member.volume()));
  ASSERT_EQ(member.Start(), "");
  clients.MoveTo(member.endpoint());
  ASSERT_TRUE(clients.FinalRead());
  const check::CheckResult lost = clients.Judge("HX-LOST");
  EXPECT_EQ(lost.verdict, check::Verdict::kFail) << lost.reason;
  EXPECT_EQ(lost.findings.size(), 4U) << lost.reason;
}

// A member that may not write (its quota is used up) refuses, and goes on with reads.
TEST(EtcdLifeTest, AMemberOutOfSpaceFailsWritesAndReads) {
  Member member;
  ASSERT_EQ(member.Start(), "");
  const auto session = *member.Connect();
  ASSERT_EQ(session->Add("full", 1).type, OutcomeType::kOk);
  Json answer;
  const Outcome status = CallGateway(*session, "/v3/maintenance/status", Json::object(), false, answer);
  ASSERT_EQ(status.type, OutcomeType::kOk);
  const Json alarm = {{"action", "ACTIVATE"},
                      {"memberID", GetObject(answer, {"header"})["member_id"]},
                      {"alarm", "NOSPACE"}};
  const Outcome raised = CallGateway(*session, "/v3/maintenance/alarm", alarm, true, answer);
  ASSERT_EQ(raised.type, OutcomeType::kOk) << raised.error;
  const Outcome refused = session->Add("full", 2);
  EXPECT_EQ(refused.type, OutcomeType::kFail) << refused.error;
  EXPECT_EQ(refused.error_class, "grpc-8");
  EXPECT_FALSE(refused.connection_lost);
  EXPECT_EQ(session->ReadAll("full").value, Json({1}));
}

// A quorum that is to grow takes the member before its pod comes, once.
TEST(EtcdLifeTest, AMemberJoinsBeforeItsPodComes) {
  Member member;
  ASSERT_EQ(member.Start(), "");
  const EtcdWorkload workload;
  const Resize grow{.from = 1, .to = 2, .pod = "etcd-1"};
  const auto session = *member.Connect();
  const auto before = workload.BeforeResize(*session, member.deployment(), {2, 1, "etcd-1"});
  ASSERT_TRUE(before) << "no such member: nothing to take out";
  const auto grown = workload.BeforeResize(*session, member.deployment(), grow);
  ASSERT_TRUE(grown) << grown.error().message;
  ASSERT_EQ(grown->size(), 1U);
  EXPECT_EQ(GetString((*grown)[0], {"metadata", "name"}), "etcd-members");
  EXPECT_EQ(GetString((*grown)[0], {"data", "state"}), "existing");
  const std::string peer = std::to_string(member.port() + 1);
  EXPECT_THAT(Split(GetString((*grown)[0], {"data", "cluster"}), ','),
              testing::UnorderedElementsAre("etcd-0=http://etcd-0.etcd.test.svc:" + peer,
                                            "etcd-1=http://etcd-1.etcd.test.svc:" + peer));
  EXPECT_EQ(GetString((*before)[0], {"data", "cluster"}),
            "etcd-0=http://etcd-0.etcd.test.svc:" + peer);
  // The second member has not come, so the two can agree on nothing: a second `member add` would fail.
  const auto again = workload.BeforeResize(*session, member.deployment(), grow);
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ((*again)[0], (*grown)[0]);
  const auto last = workload.BeforeResize(*session, member.deployment(), {1, 0, "etcd-0"});
  ASSERT_FALSE(last);
  EXPECT_EQ(last.error().code, ErrorCode::kInvalidArgument);
}

TEST(EtcdLifeTest, KilledMemberKeepsWhatItAcknowledged) {
  Member member;
  ASSERT_EQ(member.Start(), "");
  const auto session = *member.Connect();
  ASSERT_EQ(session->Add("life", 1).type, OutcomeType::kOk);
  // Frozen first, so that the request is inside when the member dies.
  ASSERT_TRUE(member.Freeze());
  auto pending = std::async(std::launch::async, [&] { return session->Add("life", 2); });
  EXPECT_TRUE(member.AwaitUnread());
  member.Stop(SIGKILL);
  const Outcome cut = pending.get();
  EXPECT_EQ(cut.type, OutcomeType::kInfo);
  EXPECT_EQ(cut.error_class, "connection-lost");
  const auto refused = (*member.Connect())->Add("life", 3);
  EXPECT_EQ(refused.type, OutcomeType::kFail);
  EXPECT_EQ(refused.error_class, "connection-refused");
  ASSERT_EQ(member.Start(), "");
  const Outcome read = (*member.Connect())->ReadAll("life");
  ASSERT_EQ(read.type, OutcomeType::kOk);
  EXPECT_THAT(DumpJson(read.value), testing::AnyOf("[1]", "[2,1]"));
}

}  // namespace
}  // namespace holdfast::workloads::etcd
