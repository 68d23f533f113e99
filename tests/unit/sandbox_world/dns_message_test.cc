// DNS answers byte by byte, and hostile queries.
#include "harness/sandbox/world/dns_message.h"

#include <map>

#include <gtest/gtest.h>

#include "harness/base/random.h"
#include "harness/base/strings.h"

namespace holdfast::sandbox {
namespace {

class TableZone : public Zone {
 public:
  TableZone() {
    names["pg-0.pg.ns.svc.cluster.local"].a = {{10, 244, 1, 2}};
    names["_sql._tcp.pg.ns.svc.cluster.local"].srv = {{5432, "pg-0.pg.ns.svc.cluster.local"}};
    names["2.1.244.10.in-addr.arpa"].ptr = {"pg-0.pg.ns.svc.cluster.local"};
    names["ns.svc.cluster.local"] = {};
    for (uint8_t i = 0; i < 60; ++i)
      names["many.cluster.local"].a.push_back({10, 0, 0, i});
  }
  std::map<std::string, NameRecords> names = {};
  [[nodiscard]] std::optional<NameRecords> Find(
      const std::vector<std::string>& labels) const override {
    const auto found = names.find(Join(labels, "."));
    if (found == names.end()) return std::nullopt;
    return found->second;
  }
};

std::string Name(const std::string& name) {
  std::string out;
  for (const std::string& label : Split(name, '.'))
    out += static_cast<char>(label.size()) + label;
  return out + '\0';
}
std::string U16(int value) {
  return {static_cast<char>(value >> 8 & 0xFF), static_cast<char>(value & 0xFF)};
}
std::string Query(const std::string& name, int type, int klass = 1) {
  return "\x12\x34" + U16(0x0100) + U16(1) + U16(0) + U16(0) + U16(0) + Name(name) + U16(type) +
         U16(klass);
}
int At16(const std::string& bytes, size_t at) {
  return static_cast<uint8_t>(bytes.at(at)) << 8 | static_cast<uint8_t>(bytes.at(at + 1));
}
int Code(const std::string& answer) { return static_cast<uint8_t>(answer.at(3)) & 0x0F; }
int Count(const std::string& answer) { return At16(answer, 6); }

struct Row {
  const char* label;
  const char* name;
  int type;
  int code;
  int answers;
};

class DnsTable : public testing::TestWithParam<Row> {};

TEST_P(DnsTable, CodeAndCount) {
  const Row& row = GetParam();
  const TableZone zone;
  const std::string answer = AnswerDns(Query(row.name, row.type), zone);
  EXPECT_EQ(Code(answer), row.code);
  EXPECT_EQ(Count(answer), row.answers);
  EXPECT_EQ(At16(answer, 8), row.answers == 0 ? 1 : 0);  // The SOA of a negative answer.
  EXPECT_EQ(answer.substr(0, 2), "\x12\x34");
  EXPECT_EQ(At16(answer, 2) & 0x8500, 0x8500);  // Answer, authoritative, recursion echoed.
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    DnsTable,
    testing::Values(Row{"A", "pg-0.pg.ns.svc.cluster.local", 1, 0, 1},
                    Row{"UpperCase", "PG-0.pg.NS.svc.cluster.LOCAL", 1, 0, 1},
                    Row{"AaaaOfExisting", "pg-0.pg.ns.svc.cluster.local", 28, 0, 0},
                    Row{"AaaaOfMissing", "pg-9.pg.ns.svc.cluster.local", 28, 3, 0},
                    Row{"Missing", "pg-9.pg.ns.svc.cluster.local", 1, 3, 0},
                    Row{"EmptyNonTerminal", "ns.svc.cluster.local", 1, 0, 0},
                    Row{"Srv", "_sql._tcp.pg.ns.svc.cluster.local", 33, 0, 1},
                    Row{"Ptr", "2.1.244.10.in-addr.arpa", 12, 0, 1},
                    Row{"Any", "pg-0.pg.ns.svc.cluster.local", 255, 0, 1}),
    [](const testing::TestParamInfo<Row>& row) { return row.param.label; });

TEST(DnsMessage, ARecordBytes) {
  const TableZone zone;
  const std::string query = Query("pg-0.pg.ns.svc.cluster.local", 1);
  const std::string record = U16(0xC00C) + U16(1) + U16(1) + U16(0) + U16(5) + U16(4) +
                             std::string({10, static_cast<char>(244), 1, 2});
  EXPECT_EQ(AnswerDns(query, zone), std::string("\x12\x34") + U16(0x8580) + U16(1) + U16(1) +
                                        U16(0) + U16(0) + query.substr(12) + record);
}

TEST(DnsMessage, SrvRecordBytes) {
  const TableZone zone;
  const std::string answer = AnswerDns(Query("_sql._tcp.pg.ns.svc.cluster.local", 33), zone);
  const std::string data = U16(0) + U16(100) + U16(5432) + Name("pg-0.pg.ns.svc.cluster.local");
  EXPECT_TRUE(answer.ends_with(U16(static_cast<int>(data.size())) + data));
}

TEST(DnsMessage, CutsLongAnswersAndObeysEdns) {
  const TableZone zone;
  std::string query = Query("many.cluster.local", 1);
  const std::string cut = AnswerDns(query, zone);
  EXPECT_LE(cut.size(), 512U);
  EXPECT_NE(At16(cut, 2) & 0x0200, 0);
  query[11] = 1;  // One additional record: OPT with 1232 bytes.
  query += std::string(1, '\0') + U16(41) + U16(1232) + U16(0) + U16(0) + U16(0);
  const std::string whole = AnswerDns(query, zone);
  EXPECT_EQ(Count(whole), 60);
  EXPECT_EQ(At16(whole, 2) & 0x0200, 0);
  EXPECT_EQ(At16(whole, 10), 1);
  EXPECT_EQ(Count(AnswerDns(Query("many.cluster.local", 1), zone, 65535)), 60);
}

TEST(DnsMessage, FollowsBackwardPointersOnly) {
  const TableZone zone;
  // The additional record's owner points back at the question.
  std::string query = Query("pg-0.pg.ns.svc.cluster.local", 1);
  query[11] = 1;
  const std::string rest = U16(1) + U16(1) + U16(0) + U16(0) + U16(0);
  EXPECT_EQ(Code(AnswerDns(query + U16(0xC00C) + rest, zone)), 0);
  // Points at itself, forward, and outside.
  const int self = 0xC000 | static_cast<int>(query.size());
  for (const int pointer : {self, self + 4, 0xFFFF})
    EXPECT_EQ(Code(AnswerDns(query + U16(pointer) + rest, zone)), 1) << pointer;
}

TEST(DnsMessage, MalformedQueries) {
  const TableZone zone;
  EXPECT_EQ(AnswerDns("", zone), "");
  EXPECT_EQ(AnswerDns("short", zone), "");
  std::string answer_itself = Query("pg-0.pg.ns.svc.cluster.local", 1);
  answer_itself[2] = static_cast<char>(0x80);
  EXPECT_EQ(AnswerDns(answer_itself, zone), "");
  std::string notify = Query("pg-0.pg.ns.svc.cluster.local", 1);
  notify[2] = 0x20;
  EXPECT_EQ(Code(AnswerDns(notify, zone)), 4);
  std::string two_questions = Query("a", 1);
  two_questions[5] = 2;
  EXPECT_EQ(Code(AnswerDns(two_questions, zone)), 1);
  EXPECT_EQ(Code(AnswerDns(Query("pg-0.pg.ns.svc.cluster.local", 1, 3), zone)), 5);
}

TEST(DnsMessage, NeverReadsOutsideWhateverComes) {
  const TableZone zone;
  const std::string whole = Query("pg-0.pg.ns.svc.cluster.local", 1);
  for (size_t size = 0; size <= whole.size(); ++size) {
    // A heap copy of exactly this size, so that the address sanitizer sees one byte too many.
    const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
    const std::string answer = AnswerDns(std::string_view(cut.data(), cut.size()), zone);
    EXPECT_EQ(answer.empty(), size < 12);
    if (size >= 12) {
      EXPECT_EQ(Code(answer), size == whole.size() ? 0 : 1);
    }
  }
  Random random(1);
  for (int round = 0; round < 20000; ++round) {
    std::vector<char> noise(random.Below(80));
    for (char& byte : noise)
      byte = static_cast<char>(random.Below(4) == 0 ? 0xC0 : random.Below(16));
    if (noise.size() > 5 && random.Below(2) == 0) noise[2] = 1, noise[4] = 0, noise[5] = 1;
    const std::string answer = AnswerDns(std::string_view(noise.data(), noise.size()), zone);
    EXPECT_TRUE(answer.empty() || answer.size() >= 12);
  }
}

TEST(Ipv4Text, Table) {
  EXPECT_EQ(ParseIpv4("10.244.1.2"), (Ipv4{10, 244, 1, 2}));
  for (const char* text :
       {"", "10.244.1", "10.244.1.256", "10.244.1.-1", "a.b.c.d", "1.2.3.4.5", "10.244.1.0002"})
    EXPECT_FALSE(ParseIpv4(text)) << text;
}

}  // namespace
}  // namespace holdfast::sandbox
