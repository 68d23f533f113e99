// What the driver of "volume" reads out of answers, and what it makes of the way they ended.
#include "workloads/volume/reply.h"

#include <gtest/gtest.h>

#include "workloads/volume/session.h"

namespace holdfast::workloads::volume {
namespace {

TEST(ReplyTest, OnlyAWholeAnswerCounts) {
  const auto reply = ParseReply("from vol-0 u1\n1 2\n3\nend\n");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->pod, "vol-0");
  EXPECT_EQ(reply->uid, "u1");
  EXPECT_EQ(reply->content, "1 2\n3\n");
  ASSERT_TRUE(ParseReply("from vol-0 u1\nend\n"));
  EXPECT_EQ(ParseReply("from vol-0 u1\nend\n")->content, "");
  for (const char* cut : {"", "from vol-0 u1\n", "from vol-0 u1\n1 2\n3\nen", "from vol-0\nend\n",
                          "refused 421 x\nend\n", "from vol-0 u1\nthe end\n"})
    EXPECT_FALSE(ParseReply(cut)) << cut;
}

TEST(ReplyTest, NamesHaveTheirAddresses) {
  const Json names = ParseNames(
      "== vol-0.vol.test.svc.cluster.local\n"
      "Server:\t\t10.0.0.10\nAddress:\t10.0.0.10:53\n\n"
      "Name:\tvol-0.vol.test.svc.cluster.local\nAddress: 10.1.0.5\n\n"
      "== vol-1.vol.test.svc.cluster.local\n"
      "Server:\t\t10.0.0.10\nAddress:\t10.0.0.10:53\n\n"
      "** server can't find vol-1.vol.test.svc.cluster.local: NXDOMAIN\n"
      "== vol-2.vol.test.svc.cluster.local\n"
      ";; connection timed out; no servers could be reached\n");
  EXPECT_EQ(names, *ParseJson(R"({"vol-0.vol.test.svc.cluster.local":["10.1.0.5"],
                                  "vol-1.vol.test.svc.cluster.local":[]})"));
}

TEST(ReplyTest, WitnessIsWhole) {
  EXPECT_EQ(WitnessLines("start vol-0 a n1 0 1.0\nbeat vol-0 a n1 1 1.5\nhalf"),
            (std::vector<std::string>{"start vol-0 a n1 0 1.0", "beat vol-0 a n1 1 1.5", "half"}));
  EXPECT_TRUE(WitnessLines("").empty());
}

TEST(ReplyTest, AProbeNeedsItsSections) {
  Reply reply{.pod = "vol-1", .uid = "u", .content = "== hosts\n127.0.0.1 localhost\n"};
  EXPECT_TRUE(ParseProbe(reply).is_null());
  reply.content =
      "== hosts\n10.1.0.5\tvol-1.vol.test.svc.cluster.local\tvol-1\n"
      "== mountinfo\n22 1 8:1 / / rw - overlay overlay rw\n30 22 8:2 / /data ro - ext4 /dev/sdb rw\n"
      "== marker\nvol-1 n\n== mount\n/data\n== files\n/data 1000 1000 755 66\n"
      "== free\nFilesystem 1024-blocks Used Available Capacity Mounted on\n"
      "/dev/sdb 100 40 60 40% /data\n";
  const Json probe = ParseProbe(reply);
  EXPECT_EQ(GetString(probe, {"fqdn"}), "vol-1.vol.test.svc.cluster.local");
  EXPECT_TRUE(GetBool(probe, {"mounts", "1", "readOnly"}));
  EXPECT_EQ(GetInt(probe, {"data", "uid"}), 1000);
  EXPECT_EQ(GetString(probe, {"files", "0", "mode"}), "755");
  EXPECT_EQ(GetInt(probe, {"space", "available"}), 60 * 1024);
}

TEST(ReplyTest, EndsDecideWhatIsKnown) {
  struct Row {
    HttpAnswer::End end;
    long status;
    const char* body;
    OutcomeType write;
    const char* error_class;
    bool lost;
  };
  using End = HttpAnswer::End;
  const Row rows[] = {
      {End::kAnswered, 200, "from p u\nend\n", OutcomeType::kOk, "", false},
      {End::kAnswered, 200, "from p u\n", OutcomeType::kInfo, "connection-lost", false},
      {End::kAnswered, 200, "", OutcomeType::kInfo, "connection-lost", false},
      {End::kAnswered, 421, "refused 421 this is q\nend\n", OutcomeType::kFail, "http-421", false},
      {End::kAnswered, 404, "<html>", OutcomeType::kFail, "http-404", false},
      {End::kAnswered, 500, "not known\n", OutcomeType::kInfo, "http-500", false},
      {End::kNotSent, 0, "", OutcomeType::kFail, "x", true},
      {End::kCut, 0, "", OutcomeType::kInfo, "x", true},
      {End::kInterrupted, 0, "", OutcomeType::kInfo, "x", true},
  };
  for (const Row& row : rows) {
    HttpAnswer answer;
    answer.end = row.end;
    answer.status = row.status;
    answer.body = row.body;
    if (row.end != End::kAnswered) answer.error_class = "x";
    const Outcome write = WriteOutcome(answer);
    EXPECT_EQ(write.type, row.write) << row.status << row.body;
    EXPECT_EQ(write.error_class, row.error_class) << row.status << row.body;
    EXPECT_EQ(write.connection_lost, row.lost);
    const OutcomeType read =
        row.write == OutcomeType::kOk ? OutcomeType::kOk : OutcomeType::kFail;
    EXPECT_EQ(ReadOutcome(answer).type, read) << row.status << row.body;
  }
}

}  // namespace
}  // namespace holdfast::workloads::volume
