// Names of services and pods out of a real store, and a real server on loopback.
#include "harness/sandbox/world/dns_zone.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "harness/sandbox/world/dns_server.h"

namespace holdfast::sandbox {
namespace {

class ClusterNames : public testing::Test {
 protected:
  void Put(const std::string& resource, const char* json) {
    ASSERT_TRUE(store_.Create(resource, Json::parse(json)));
  }
  void SetUp() override {
    Put("namespaces", R"({"metadata":{"name":"ns"}})");
    Put("services", R"({"metadata":{"name":"pg","namespace":"ns"},"spec":{"clusterIP":"None"}})");
    Put("services", R"({"metadata":{"name":"all","namespace":"ns"},
        "spec":{"clusterIP":"None","publishNotReadyAddresses":true}})");
    Put("services", R"({"metadata":{"name":"none","namespace":"ns"},"spec":{"clusterIP":"None"}})");
    Put("services", R"({"metadata":{"name":"web","namespace":"ns"},
        "spec":{"clusterIP":"10.96.0.9","ports":[{"name":"http","port":80}]}})");
    for (const char* service : {"pg", "all"})
      Put("endpointslices", fmt::format(R"({{"metadata":{{"name":"{0}-1","namespace":"ns",
            "labels":{{"kubernetes.io/service-name":"{0}"}}}},
            "endpoints":[
              {{"addresses":["10.244.1.2"],"hostname":"pg-0","conditions":{{"ready":true}}}},
              {{"addresses":["10.244.2.2"],"hostname":"pg-1","conditions":{{"ready":false}}}},
              {{"addresses":["10.244.3.2"],"conditions":{{"ready":true}}}}],
            "ports":[{{"name":"sql","port":5432,"protocol":"TCP"}}]}})",
                                        service)
                                .c_str());
  }
  // "NX", or the records as text.
  std::string Ask(const std::string& name) {
    const std::optional<NameRecords> records = zone_.Find(Split(name, '.'));
    if (!records) return "NX";
    std::vector<std::string> words;
    for (const Ipv4& ip : records->a)
      words.push_back(fmt::format("{}.{}.{}.{}", ip[0], ip[1], ip[2], ip[3]));
    for (const SrvRecord& srv : records->srv)
      words.push_back(fmt::format("{}:{}", srv.target, srv.port));
    words.insert(words.end(), records->ptr.begin(), records->ptr.end());
    return Join(words, " ");
  }
  Store store_{SystemClock()};
  ClusterZone zone_{store_};
};

// The defect stale-dns, and that without it the answer follows.
TEST_F(ClusterNames, TheFirstAddressStaysOnlyWithTheDefect) {
  const ClusterZone stale(store_, Defects(Defect::kStaleDns));
  const std::vector<std::string> name = Split("pg-0.pg.ns.svc.cluster.local", '.');
  const Ipv4 first{10, 244, 1, 2};
  const Ipv4 second{10, 244, 9, 9};
  ASSERT_EQ(stale.Find(name)->a, std::vector<Ipv4>{first});
  ASSERT_TRUE(store_.Update("endpointslices", "ns", "pg-1", "", [](Json& slice) -> Status {
    slice["endpoints"][0]["addresses"][0] = "10.244.9.9";
    return {};
  }));
  EXPECT_EQ(stale.Find(name)->a, std::vector<Ipv4>{first});
  EXPECT_EQ(zone_.Find(name)->a, std::vector<Ipv4>{second});
}

TEST_F(ClusterNames, Table) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"pg-0.pg.ns.svc.cluster.local", "10.244.1.2"},
      {"pg-1.pg.ns.svc.cluster.local", "NX"},  // Not ready.
      {"pg-1.all.ns.svc.cluster.local", "10.244.2.2"},
      {"10-244-3-2.pg.ns.svc.cluster.local", "10.244.3.2"},
      {"pg-7.pg.ns.svc.cluster.local", "NX"},
      {"pg.ns.svc.cluster.local", "10.244.1.2 10.244.3.2"},
      {"all.ns.svc.cluster.local", "10.244.1.2 10.244.2.2 10.244.3.2"},
      {"none.ns.svc.cluster.local", "NX"},
      {"web.ns.svc.cluster.local", "10.96.0.9"},
      {"_http._tcp.web.ns.svc.cluster.local", "web.ns.svc.cluster.local:80"},
      {"_sql._tcp.pg.ns.svc.cluster.local",
       "pg-0.pg.ns.svc.cluster.local:5432 10-244-3-2.pg.ns.svc.cluster.local:5432"},
      {"_sql._udp.pg.ns.svc.cluster.local", "NX"},
      {"_tcp.pg.ns.svc.cluster.local", ""},
      {"a.b.c.pg.ns.svc.cluster.local", "NX"},
      {"pg.other.svc.cluster.local", "NX"},
      {"ns.svc.cluster.local", ""},
      {"other.svc.cluster.local", "NX"},
      {"svc.cluster.local", ""},
      {"cluster.local", ""},
      {"pod.cluster.local", "NX"},
      {"local", "NX"},
      {"example.test", "NX"},
      {"2.1.244.10.in-addr.arpa", "pg-0.all.ns.svc.cluster.local pg-0.pg.ns.svc.cluster.local"},
      {"9.0.96.10.in-addr.arpa", "web.ns.svc.cluster.local"},
      {"9.9.9.9.in-addr.arpa", "NX"},
      {"x.9.9.9.in-addr.arpa", "NX"}};
  for (const auto& [name, expected] : rows)
    EXPECT_EQ(Ask(name), expected) << name;
}

TEST_F(ClusterNames, NoAnswerIsOlderThanTheStore) {
  ASSERT_TRUE(store_.Remove("endpointslices", "ns", "pg-1"));
  EXPECT_EQ(Ask("pg-0.pg.ns.svc.cluster.local"), "NX");
}

TEST_F(ClusterNames, ServedOverUdpAndTcp) {
  const auto server = DnsServer::Start(zone_, "127.0.0.1", 0);
  ASSERT_TRUE(server) << server.error().message;
  const std::string query(
      "\x01\x02\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04pg-0\x02pg\x02ns\x03svc"
      "\x07"
      "cluster\x05local\x00\x00\x01\x00\x01",
      12 + 30 + 4);
  for (const int type : {SOCK_DGRAM, SOCK_STREAM}) {
    const FileDescriptor fd(::socket(AF_INET, type, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons((*server)->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    const std::string framed =
        type == SOCK_DGRAM ? query : std::string({'\0', static_cast<char>(query.size())}) + query;
    ASSERT_EQ(::send(fd.get(), framed.data(), framed.size(), 0),
              static_cast<ssize_t>(framed.size()));
    std::string answer(600, '\0');
    const ssize_t size = ::recv(fd.get(), answer.data(), answer.size(), 0);
    ASSERT_GT(size, 16);
    answer.resize(static_cast<size_t>(size));
    EXPECT_TRUE(answer.ends_with(std::string({10, static_cast<char>(244), 1, 2})));
  }
}

}  // namespace
}  // namespace holdfast::sandbox
