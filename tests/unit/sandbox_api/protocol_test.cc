// What clients rely on besides the objects: forms of answers, headers, limits, many watches at
// once, and the defects that can be switched on.
#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "harness/base/strings.h"

#include "tests/unit/sandbox_api/server_fixture.h"

namespace holdfast::sandbox {
namespace {

constexpr const char* kPods = "/api/v1/namespaces/default/pods";
constexpr const char* kMaps = "/api/v1/namespaces/default/configmaps";

std::string PodBody(const std::string& name) {
  return DumpJson({{"metadata", {{"name", name}, {"labels", {{"app", "web"}}}}},
                   {"spec", {{"containers", {{{"name", "c"}, {"image", "i:1"}}}}}}});
}
std::string MapBody(const std::string& name) { return DumpJson({{"metadata", {{"name", name}}}}); }

TEST_F(ServerTest, MetadataAloneCanBeAskedFor) {
  ASSERT_EQ(Call({"POST", kPods, PodBody("p")}).status, 201);
  constexpr const char* kOne = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
  constexpr const char* kMany = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
  const Json one = Call({.path = std::string(kPods) + "/p", .accept = kOne}).Parsed();
  EXPECT_EQ(GetString(one, {"kind"}), "PartialObjectMetadata");
  EXPECT_EQ(GetString(one, {"metadata", "labels", "app"}), "web");
  EXPECT_FALSE(one.contains("spec"));
  const Json many = Call({.path = kPods, .accept = kMany}).Parsed();
  EXPECT_EQ(GetString(many, {"kind"}), "PartialObjectMetadataList");
  EXPECT_EQ(GetArray(many, {"items"}).size(), 1U);
  const auto events =
      Call({.path = std::string(kPods) + "?watch=1&timeoutSeconds=1", .accept = kOne}).Lines();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(GetString(events[0], {"object", "kind"}), "PartialObjectMetadata");
}

TEST_F(ServerTest, ProtobufFirstJsonSecondGetsJson) {
  ASSERT_EQ(Call({"POST", kPods, PodBody("p")}).status, 201);
  const HttpAnswer answer =
      Call({.path = std::string(kPods) + "/p",
            .accept = "application/vnd.kubernetes.protobuf,application/json"});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(GetString(answer.Parsed(), {"kind"}), "Pod");
}

TEST_F(ServerTest, EvictionsSayWhenToTryAgain) {
  MakeRunningPod("p");
  ASSERT_TRUE(registry_.Edit("pods", "default", "p", "", [](Json& pod) -> Status {
    pod["metadata"]["labels"] = {{"app", "web"}};
    pod["status"]["conditions"] = Json::array({{{"type", "Ready"}, {"status", "True"}}});
    return {};
  }));
  ASSERT_EQ(Call({"POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
                  R"({"metadata":{"name":"b"},"spec":{"minAvailable":1,"selector":{"matchLabels":)"
                  R"({"app":"web"}}}})"})
                .status,
            201);
  const HttpCall evict{"POST", std::string(kPods) + "/p/eviction",
                       R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p"}})"};
  const HttpAnswer early = Call(evict);
  EXPECT_EQ(early.status, 429);
  EXPECT_NE(early.head.find("Retry-After: 10"), std::string::npos) << early.head;
  ASSERT_EQ(Call({"PATCH", "/apis/policy/v1/namespaces/default/poddisruptionbudgets/b/status",
                  R"({"status":{"observedGeneration":1,"disruptionsAllowed":0,"desiredHealthy":1,)"
                  R"("currentHealthy":1,"expectedPods":1}})",
                  "application/merge-patch+json"})
                .status,
            200);
  const HttpAnswer late = Call(evict);
  EXPECT_EQ(late.status, 429);
  EXPECT_EQ(late.head.find("Retry-After"), std::string::npos) << late.head;
}

TEST_F(ServerTest, WarningsAreHeaders) {
  const HttpAnswer answer =
      Call({"POST", kMaps, R"({"metadata":{"name":"c"},"data":{"a":"1","a":"2"},"x":1})"});
  EXPECT_EQ(answer.status, 201);
  EXPECT_NE(answer.head.find("Warning: 299 - \"duplicate field \\\"data.a\\\"\""),
            std::string::npos)
      << answer.head;
  EXPECT_NE(answer.head.find("Warning: 299 - \"unknown field \\\"x\\\"\""), std::string::npos);
}

TEST_F(ServerTest, TheStateOfAnEarlierVersionCanBeListed) {
  ASSERT_EQ(Call({"POST", kMaps, MapBody("a")}).status, 201);
  const std::string then = GetString(Get(kMaps).Parsed(), {"metadata", "resourceVersion"});
  ASSERT_EQ(Call({"POST", kMaps, MapBody("b")}).status, 201);
  ASSERT_EQ(Call({"DELETE", std::string(kMaps) + "/a"}).status, 200);
  const Json old =
      Get(std::string(kMaps) + "?resourceVersionMatch=Exact&resourceVersion=" + then).Parsed();
  ASSERT_EQ(GetArray(old, {"items"}).size(), 1U);
  EXPECT_EQ(GetString(old, {"items", "0", "metadata", "name"}), "a");
  EXPECT_EQ(GetString(old, {"metadata", "resourceVersion"}), then);
  const Json young =
      Get(std::string(kMaps) + "?resourceVersionMatch=NotOlderThan&resourceVersion=" + then)
          .Parsed();
  EXPECT_EQ(GetString(young, {"items", "0", "metadata", "name"}), "b");
  for (const char* wrong :
       {"?resourceVersionMatch=Exact", "?resourceVersionMatch=Exact&resourceVersion=0",
        "?resourceVersionMatch=Nearly&resourceVersion=1"})
    EXPECT_EQ(Get(std::string(kMaps) + wrong).status, 422) << wrong;
}

TEST_F(ServerTest, EventsHaveTwoShapes) {
  constexpr const char* kCore = "/api/v1/namespaces/default/events";
  constexpr const char* kView = "/apis/events.k8s.io/v1/namespaces/default/events";
  ASSERT_EQ(
      Call({"POST", kView,
            R"({"metadata":{"name":"e"},"regarding":{"kind":"Pod","name":"p"},"note":"hello",)"
            R"("reason":"R","type":"Normal","eventTime":"2026-01-01T00:00:00.000000Z"})"})
          .status,
      201);
  const Json core = Get(std::string(kCore) + "/e").Parsed();
  EXPECT_EQ(GetString(core, {"involvedObject", "name"}), "p");
  EXPECT_EQ(GetString(core, {"message"}), "hello");
  const Json view = Get(std::string(kView) + "/e").Parsed();
  EXPECT_EQ(GetString(view, {"apiVersion"}), "events.k8s.io/v1");
  EXPECT_EQ(GetString(view, {"note"}), "hello");
  ASSERT_EQ(Call({"PATCH", std::string(kView) + "/e", R"({"note":"again"})",
                  "application/strategic-merge-patch+json"})
                .status,
            200);
  EXPECT_EQ(GetString(Get(std::string(kCore) + "/e").Parsed(), {"message"}), "again");
  const auto events = Get(std::string(kView) + "?watch=1&timeoutSeconds=1").Lines();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(GetString(events[0], {"object", "note"}), "again");
  EXPECT_EQ(GetArray(Get(std::string(kCore) + "?fieldSelector=involvedObject.name%3Dp").Parsed(),
                     {"items"})
                .size(),
            1U);
}

TEST_F(ServerTest, HealthHasItsChecks) {
  const HttpAnswer verbose = Call({.path = "/readyz?verbose", .with_token = false});
  EXPECT_EQ(verbose.status, 200);
  EXPECT_NE(verbose.body.find("[+]ping ok"), std::string::npos) << verbose.body;
  EXPECT_NE(verbose.body.find("readyz check passed"), std::string::npos) << verbose.body;
  EXPECT_EQ(Get("/livez/ping").body, "ok");
  EXPECT_EQ(Get("/livez/nothing").status, 404);
  EXPECT_EQ(Call({"POST", "/livez", "{}"}).status, 405);
}

TEST_F(ServerTest, ReviewsAnswerAtOnce) {
  const Json access = Call({"POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
                            R"({"spec":{"resourceAttributes":{"verb":"delete"}}})"})
                          .Parsed();
  EXPECT_TRUE(GetBool(access, {"status", "allowed"}));
  EXPECT_EQ(GetString(access, {"spec", "resourceAttributes", "verb"}), "delete");
  const Json rules = Call({"POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
                           R"({"spec":{"namespace":"default"}})"})
                         .Parsed();
  EXPECT_EQ(GetString(rules, {"status", "resourceRules", "0", "verbs", "0"}), "*");
  const Json unknown = Call({"POST", "/apis/authentication.k8s.io/v1/tokenreviews",
                             R"({"spec":{"token":"nobody's"}})"})
                           .Parsed();
  EXPECT_FALSE(GetBool(unknown, {"status", "authenticated"}));
  const Json known = Call({"POST", "/apis/authentication.k8s.io/v1/tokenreviews",
                           DumpJson({{"spec", {{"token", token_}}}})})
                         .Parsed();
  EXPECT_TRUE(GetBool(known, {"status", "authenticated"}));
  EXPECT_EQ(Get("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews").status, 405);
}

TEST_F(ServerTest, TooLargeAndTooDeepBodiesAreRefused) {
  const std::string large = "{\"data\":{\"a\":\"" + std::string(size_t{10} << 20U, 'x') + "\"}}";
  const HttpAnswer answer = Call({"POST", kMaps, large});
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(GetString(answer.Parsed(), {"reason"}), "RequestEntityTooLarge");
  EXPECT_EQ(Call({"POST", kMaps, std::string(size_t{1} << 20U, '[')}).status, 400);
  EXPECT_EQ(Get("/api/v1/" + std::string(size_t{100} << 10U, 'x')).status, 431);
  EXPECT_EQ(Get("/readyz").status, 200);
}

TEST_F(ServerTest, AHundredWatchesSeeEverything) {
  constexpr int kWatches = 100;
  const uint64_t start = store_.Version();
  std::vector<std::thread> watches;
  std::atomic<int> seen{0};
  for (int i = 0; i < kWatches; ++i)
    watches.emplace_back([&] {
      const HttpAnswer answer =
          Get(fmt::format("{}?watch=1&timeoutSeconds=4&resourceVersion={}", kMaps, start));
      EXPECT_EQ(answer.status, 200);
      seen += static_cast<int>(answer.Lines().size());
    });
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(registry_.Create("configmaps", "default",
                                 {{"metadata", {{"name", "m" + std::to_string(i)}}}}));
  for (std::thread& watch : watches)
    watch.join();
  EXPECT_EQ(seen, kWatches * 20);
}

// The names of the pods in a watch of everything since `start`, by a client of this name.
class DefectiveServerTest : public ServerTest {
 protected:
  void SetUp() override {}
  std::vector<std::string> Seen(uint64_t start, const std::string& client) {
    std::vector<std::string> names;
    for (const Json& event :
         Call({.path = fmt::format("{}?watch=1&timeoutSeconds=1&resourceVersion={}", kPods, start),
         .user_agent = client})
             .Lines())
      names.push_back(GetString(event, {"object", "metadata", "name"}));
    return names;
  }
  void MakePods() {
    for (int i = 0; i < 30; ++i)
      ASSERT_EQ(Call({"POST", kPods, PodBody("p" + std::to_string(i))}).status, 201);
  }
};

TEST_F(DefectiveServerTest, AWatchLeavesOutOneEvent) {
  StartServer(Defects(Defect::kWatchDropsEvent));
  const uint64_t start = store_.Version();
  MakePods();
  const auto sound = Seen(start, "kubectl/v1");
  ASSERT_EQ(sound.size(), 30U);
  const auto first = Seen(start, "holdfast/1");
  EXPECT_EQ(first.size(), 29U);
  EXPECT_EQ(std::count(first.begin(), first.end(), "p19"), 0);
  // The second of two tells the truth, and so does the one of the sandbox's own agents.
  EXPECT_EQ(Seen(start, "holdfast/1"), sound);
  EXPECT_EQ(Seen(start, "holdfast-node"), sound);
  EXPECT_EQ(Seen(start, "holdfast/1").size(), 29U);
}

TEST_F(DefectiveServerTest, AWatchSendsAnOldEventAgain) {
  StartServer(Defects(Defect::kWatchRepeatsEvent));
  const uint64_t start = store_.Version();
  MakePods();
  const auto names = Seen(start, "holdfast/1");
  EXPECT_EQ(names.size(), 31U);
  EXPECT_EQ(std::count(names.begin(), names.end(), "p9"), 2);
  EXPECT_EQ(Seen(start, "kubectl/v1").size(), 30U);
}

}  // namespace
}  // namespace holdfast::sandbox
