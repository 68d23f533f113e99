// Manifests of "etcd", its error classes, and how sets are laid out in keys.
#include "workloads/etcd/etcd.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "workloads/etcd/members.h"
#include "workloads/etcd/session.h"

namespace holdfast::workloads::etcd {
namespace {

Deployment MakeDeployment(Json parameters, int replicas = 3) {
  Deployment deployment;
  deployment.ns = "ns";
  deployment.name = "etcd";
  deployment.replicas = replicas;
  deployment.parameters = std::move(parameters);
  return deployment;
}

TEST(EtcdManifestsTest, MembersKnowEachOtherByName) {
  const auto all = EtcdWorkload().Manifests(MakeDeployment(Json::object()));
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ(GetString((*all)[0], {"data", "cluster"}),
            "etcd-0=http://etcd-0.etcd.ns.svc:2380,etcd-1=http://etcd-1.etcd.ns.svc:2380,"
            "etcd-2=http://etcd-2.etcd.ns.svc:2380");
  EXPECT_TRUE(GetBool((*all)[1], {"spec", "publishNotReadyAddresses"}));
  const Json& set = (*all)[2];
  EXPECT_EQ(GetString(set, {"spec", "podManagementPolicy"}), "Parallel");
  const Json& container = GetObject(set, {"spec", "template", "spec", "containers", "0"});
  const std::string command = DumpJson(GetArray(container, {"command"}));
  EXPECT_THAT(command, testing::HasSubstr("http://$(POD_NAME).etcd.$(POD_NAMESPACE).svc:2380"));
  EXPECT_THAT(command, testing::Not(testing::HasSubstr("${")));
  EXPECT_EQ(GetString(container, {"readinessProbe", "httpGet", "path"}), "/health");
}

TEST(EtcdManifestsTest, TheImageHasNoShell) {
  EXPECT_FALSE(FindWorkload("etcd")->GetCapabilities(Json::object()).shell);
}

TEST(EtcdManifestsTest, WhatCannotWorkIsRefused) {
  for (const Json& parameters :
       {Json{{"podManagementPolicy", "OrderedReady"}}, Json{{"heartbeat", 500}, {"election", 600}}}) {
    const auto refused = EtcdWorkload().Manifests(MakeDeployment(parameters));
    ASSERT_FALSE(refused) << DumpJson(parameters);
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  }
  EXPECT_TRUE(EtcdWorkload().Manifests(
      MakeDeployment({{"podManagementPolicy", "OrderedReady"}}, 1)));
}

TEST(EtcdMembersTest, AListIsWhatANewMemberStartsFrom) {
  const Json answer = *ParseJson(R"({"members":[
      {"ID":"1","name":"etcd-0","peerURLs":["http://etcd-0.etcd.ns.svc:2380"]},
      {"ID":"2","peerURLs":["http://etcd-3.etcd.ns.svc:2380"]}]})");
  EXPECT_EQ(MembersText(answer, "etcd-3"),
            "etcd-0=http://etcd-0.etcd.ns.svc:2380,etcd-3=http://etcd-3.etcd.ns.svc:2380");
  EXPECT_EQ(MembersText(Json::object(), "etcd-3"), "");
}

TEST(EtcdManifestsTest, VolumesOfMembersThatWereTakenOutAreNotKept) {
  const auto retention = [](const Json& parameters) {
    return GetString(EtcdWorkload().Manifests(MakeDeployment(parameters))->back(),
                     {"spec", "persistentVolumeClaimRetentionPolicy", "whenScaled"}, "Retain");
  };
  EXPECT_EQ(retention(Json::object()), "Delete");
  EXPECT_EQ(retention({{"whenScaled", "Retain"}}), "Retain");
}

TEST(EtcdKeysTest, OrderOfKeysIsOrderOfValues) {
  EXPECT_LT(SetKey("w0", 9), SetKey("w0", 10));
  EXPECT_LT(SetKey("w0", (int64_t{1} << 52) - 1), SetKey("w0", int64_t{1} << 52));
  EXPECT_EQ(ValueOfSetKey("w0", SetKey("w0", 0)), 0);
  EXPECT_EQ(ValueOfSetKey("w0", SetKey("w0", 4711)), 4711);
  EXPECT_EQ(ValueOfSetKey("w1", SetKey("w0", 4711)), std::nullopt);
  EXPECT_EQ(ValueOfSetKey("w0", "holdfast/s/w0/x"), std::nullopt);
}

TEST(EtcdOutcomeTest, CodesDecideWhatIsKnown) {
  struct Row {
    HttpAnswer::End end;
    long status;
    const char* body;
    OutcomeType write;
    const char* error_class;
  };
  using End = HttpAnswer::End;
  const Row rows[] = {
      {End::kAnswered, 503, R"({"error":"etcdserver: request timed out","code":14})",
       OutcomeType::kInfo, "grpc-14"},
      {End::kAnswered, 500, R"({"error":"context deadline exceeded","code":4})", OutcomeType::kInfo,
       "grpc-4"},
      {End::kAnswered, 503, R"({"message":"etcdserver: leader changed","code":14})",
       OutcomeType::kInfo, "grpc-14"},
      {End::kAnswered, 429, R"({"message":"etcdserver: mvcc: database space exceeded","code":8})",
       OutcomeType::kFail, "grpc-8"},
      {End::kAnswered, 400, R"({"message":"required revision has been compacted","code":11})",
       OutcomeType::kFail, "grpc-11"},
      {End::kAnswered, 502, "<html>", OutcomeType::kInfo, "http-502"},
      {End::kNotSent, 0, "", OutcomeType::kFail, "connection-refused"},
      {End::kCut, 0, "", OutcomeType::kInfo, "connection-lost"},
      {End::kInterrupted, 0, "", OutcomeType::kInfo, "deadline"},
  };
  for (const Row& row : rows) {
    HttpAnswer answer;
    answer.end = row.end;
    answer.status = row.status;
    answer.body = row.body;
    if (row.end != End::kAnswered) answer.error_class = row.error_class;
    const Outcome outcome = FailedOutcome(answer, true);
    EXPECT_EQ(outcome.type, row.write) << row.body;
    EXPECT_EQ(outcome.error_class, row.error_class);
    EXPECT_EQ(outcome.connection_lost, row.end != End::kAnswered);
    EXPECT_EQ(FailedOutcome(answer, false).type, OutcomeType::kFail) << row.body;
  }
}

TEST(EtcdOutcomeTest, NumbersMayBeStrings) {
  const Json value = {{"a", "9007199254740993"}, {"b", 7}, {"c", "x"}};
  EXPECT_EQ(Number(value, {"a"}), 9007199254740993);
  EXPECT_EQ(Number(value, {"b"}), 7);
  EXPECT_EQ(Number(value, {"c"}), 0);
  EXPECT_EQ(Number(value, {"d"}), 0);
}

}  // namespace
}  // namespace holdfast::workloads::etcd
