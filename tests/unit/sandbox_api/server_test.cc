// The HTTP side: routes, errors, lists, watches, tables, deletion bodies, hostile input.
#include <chrono>

#include <gtest/gtest.h>

#include "harness/base/strings.h"

#include "tests/unit/sandbox_api/server_fixture.h"

namespace holdfast::sandbox {
namespace {

constexpr const char* kPods = "/api/v1/namespaces/default/pods";
constexpr const char* kTable = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

std::string PodBody(const std::string& name, const std::string& app = "web") {
  return DumpJson({{"metadata", {{"name", name}, {"labels", {{"app", app}}}}},
                   {"spec", {{"containers", {{{"name", "c"}, {"image", "i:1"}}}}}}});
}

TEST_F(ServerTest, ThePublicPathsNeedNoToken) {
  for (const char* path : {"/livez", "/readyz", "/healthz", "/version"})
    EXPECT_EQ(Call({.path = path, .with_token = false}).status, 200) << path;
  EXPECT_EQ(GetString(Get("/version").Parsed(), {"gitVersion"}), "v1.36.2+holdfast");
  for (const char* path : {"/api", "/apis", kPods, "/api/v1/pods?watch=true"}) {
    const HttpAnswer refused = Call({.path = path, .with_token = false});
    EXPECT_EQ(refused.status, 401) << path;
    EXPECT_EQ(GetString(refused.Parsed(), {"kind"}), "Status");
  }
  token_ += "x";
  EXPECT_EQ(Get("/api").status, 401);
}

struct Row {
  HttpCall call;
  int status;
};

TEST_F(ServerTest, WrongRequestsAreToldSo) {
  ASSERT_EQ(Call({"POST", kPods, PodBody("p"), "application/json"}).status, 201);
  const std::string pod = std::string(kPods) + "/p";
  const std::vector<Row> rows = {
      {{"GET", "/nothing"}, 404},
      {{"GET", "/apis/apps/v1/namespaces/default/pods"}, 404},
      {{"GET", "/api/v1/namespaces/default/nodes"}, 404},
      {{"GET", std::string(kPods) + "/none"}, 404},
      {{"GET", pod + "/nothing"}, 404},
      {{"GET", pod + "/attach"}, 400},
      {{"GET", pod + "/exec?command=true&stdout=true"}, 400},
      {{"POST", pod, PodBody("p")}, 405},
      {{"POST", "/api/v1/pods", PodBody("p")}, 400},
      {{"POST", kPods, PodBody("p")}, 409},
      {{"POST", kPods, "{"}, 400},
      {{"POST", kPods, "[1]"}, 400},
      {{"POST", kPods, "null"}, 400},
      {{"POST", kPods, "x: y", "application/yaml"}, 422},
      {{"POST", kPods, "x: [", "application/yaml"}, 400},
      {{"POST", kPods, "<x/>", "application/xml"}, 415},
      {{"PATCH", pod, "{}", "application/apply-patch+yaml"}, 422},
      {{"PATCH", pod, "{}", "application/x-patch"}, 415},
      {{"PATCH", pod + "?force=true", "{}", "application/merge-patch+json"}, 422},
      {{"PUT", pod + "?dryRun=Some", PodBody("p")}, 422},
      {{"POST", std::string(kPods) + "?fieldValidation=Loud", PodBody("q")}, 422},
      {{"PATCH", pod, "{", "application/merge-patch+json"}, 400},
      {{"PATCH", pod, "[{\"op\":\"test\",\"path\":\"/kind\",\"value\":1}]",
        "application/json-patch+json"},
       422},
      {{"GET", kPods, "", "", "application/vnd.kubernetes.protobuf"}, 406},
      {{"GET", std::string(kPods) + "?labelSelector=%3D"}, 400},
      {{"GET", std::string(kPods) + "?fieldSelector=spec.x%3D1"}, 400},
      {{"GET", std::string(kPods) + "?limit=x"}, 400},
      {{"GET", std::string(kPods) + "?limit=1&continue=nonsense"}, 400},
      {{"GET", std::string(kPods) + "?resourceVersion=99999999"}, 504},
      {{"GET", std::string(kPods) + "?watch=1&resourceVersion=99999999"}, 504},
      {{"GET", std::string(kPods) + "?watch=1&resourceVersion=x"}, 400},
      {{"GET", std::string(kPods) + "?watch=1&sendInitialEvents=true"}, 422},
      {{"DELETE", pod, "{\"preconditions\":{\"uid\":\"x\"}}", "application/json"}, 409},
      {{"DELETE", pod, "garbage", "application/vnd.kubernetes.protobuf"}, 400},
      {{"DELETE", pod, "<a/>", "application/xml"}, 415},
  };
  for (const Row& row : rows) {
    const HttpAnswer answer = Call(row.call);
    EXPECT_EQ(answer.status, row.status)
        << row.call.method << ' ' << row.call.path << ' ' << answer.body;
    EXPECT_EQ(GetString(answer.Parsed(), {"kind"}), "Status") << row.call.path;
    EXPECT_EQ(GetInt(answer.Parsed(), {"code"}), row.status) << row.call.path;
  }
}

TEST_F(ServerTest, ListsAreSelectedAndChunked) {
  for (int i = 0; i < 5; ++i)
    ASSERT_EQ(Call({"POST", kPods, PodBody("p" + std::to_string(i), i < 3 ? "a" : "b")}).status,
              201);
  const Json all = Get(std::string(kPods) + "?labelSelector=app%3Da").Parsed();
  EXPECT_EQ(GetString(all, {"kind"}), "PodList");
  ASSERT_EQ(GetArray(all, {"items"}).size(), 3U);
  EXPECT_FALSE(all["items"][0].contains("kind"));
  Json page = Get("/api/v1/pods?limit=2").Parsed();
  const std::string version = GetString(page, {"metadata", "resourceVersion"});
  EXPECT_EQ(GetInt(page, {"metadata", "remainingItemCount"}), 3);
  // What happens in between does not show: every chunk is of the first moment.
  ASSERT_EQ(Call({"DELETE", std::string(kPods) + "/p4"}).status, 200);
  std::vector<std::string> names;
  while (true) {
    for (const Json& item : GetArray(page, {"items"}))
      names.push_back(GetString(item, {"metadata", "name"}));
    EXPECT_EQ(GetString(page, {"metadata", "resourceVersion"}), version);
    const std::string more = GetString(page, {"metadata", "continue"});
    if (more.empty()) break;
    page = Get("/api/v1/pods?limit=2&continue=" + ReplaceAll(more, "=", "%3D")).Parsed();
  }
  EXPECT_EQ(names, (std::vector<std::string>{"p0", "p1", "p2", "p3", "p4"}));
  const std::string forged = ReplaceAll(Base64Encode("1.abc.2"), "=", "%3D");
  EXPECT_EQ(Get("/api/v1/pods?continue=" + forged).status, 410);
}

std::vector<std::string> TypesOf(const std::vector<Json>& events) {
  std::vector<std::string> types;
  for (const Json& event : events)
    types.push_back(GetString(event, {"type"}));
  return types;
}

TEST_F(ServerTest, WatchesReplayTranslateAndEnd) {
  ASSERT_EQ(Call({"POST", kPods, PodBody("p", "a")}).status, 201);
  const uint64_t start = store_.Version();
  const auto label = [&](const char* app) {
    ASSERT_TRUE(registry_.Patch("pods", "default", "p", PatchFormat::kMerge,
                                {{"metadata", {{"labels", {{"app", app}}}}}}));
  };
  label("b");
  label("a");
  ASSERT_EQ(Call({"DELETE", std::string(kPods) + "/p"}).status, 200);
  const std::string from = fmt::format("&resourceVersion={}&timeoutSeconds=1", start);
  EXPECT_EQ(TypesOf(Get(std::string(kPods) + "?watch=1" + from).Lines()),
            (std::vector<std::string>{"MODIFIED", "MODIFIED", "MODIFIED", "DELETED"}));
  const auto selected = Get(std::string(kPods) + "?watch=1&labelSelector=app%3Da" + from).Lines();
  EXPECT_EQ(TypesOf(selected),
            (std::vector<std::string>{"DELETED", "ADDED", "MODIFIED", "DELETED"}));
  // What left the selection is shown as it was, with the version of the leaving.
  EXPECT_EQ(GetString(selected[0], {"object", "metadata", "labels", "app"}), "a");
  EXPECT_EQ(GetString(selected[0], {"object", "metadata", "resourceVersion"}),
            std::to_string(start + 1));
  EXPECT_TRUE(Get("/api/v1/namespaces/kube-system/pods?watch=1" + from).Lines().empty());
}

TEST_F(ServerTest, WatchesBeginWithTheStateWhenAsked) {
  ASSERT_EQ(Call({"POST", kPods, PodBody("p")}).status, 201);
  for (const char* version : {"", "&resourceVersion=0"}) {
    const auto events = Get(std::string(kPods) + "?watch=true&timeoutSeconds=1" + version).Lines();
    EXPECT_EQ(TypesOf(events), std::vector<std::string>{"ADDED"});
  }
  const auto events = Get(std::string(kPods) +
                          "?watch=true&timeoutSeconds=1&sendInitialEvents=true&"
                          "resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true")
                          .Lines();
  ASSERT_GE(events.size(), 2U);
  EXPECT_EQ(GetString(events[1], {"type"}), "BOOKMARK");
  EXPECT_EQ(
      GetString(events[1], {"object", "metadata", "annotations", "k8s.io/initial-events-end"}),
      "true");
}

TEST_F(ServerTest, AnOldVersionIsExpiredWithinTheStream) {
  ASSERT_TRUE(registry_.Create("configmaps", "default", {{"metadata", {{"name", "c"}}}}));
  const uint64_t start = store_.Version();
  for (int i = 0; i < 20'050; ++i)
    ASSERT_TRUE(registry_.Edit("configmaps", "default", "c", "", [&](Json& map) -> Status {
      map["data"]["i"] = std::to_string(i);
      return {};
    }));
  const HttpAnswer answer =
      Get(fmt::format("/api/v1/configmaps?watch=1&timeoutSeconds=2&resourceVersion={}", start));
  EXPECT_EQ(answer.status, 200);
  ASSERT_EQ(answer.Lines().size(), 1U);
  EXPECT_EQ(GetString(answer.Lines()[0], {"type"}), "ERROR");
  EXPECT_EQ(GetInt(answer.Lines()[0], {"object", "code"}), 410);
  EXPECT_EQ(GetString(answer.Lines()[0], {"object", "reason"}), "Expired");
}

TEST_F(ServerTest, TablesForGetAndWatch) {
  ASSERT_EQ(Call({"POST", kPods, PodBody("p")}).status, 201);
  const Json table = Call({.path = kPods, .accept = kTable}).Parsed();
  EXPECT_EQ(GetString(table, {"kind"}), "Table");
  EXPECT_EQ(GetArray(table, {"columnDefinitions"}).size(), 9U);
  EXPECT_EQ(GetString(table, {"rows", "0", "cells", "1"}), "0/1");
  EXPECT_EQ(GetString(table, {"rows", "0", "cells", "2"}), "Pending");
  EXPECT_EQ(GetString(table, {"rows", "0", "object", "kind"}), "PartialObjectMetadata");
  const Json full =
      Call({.path = std::string(kPods) + "?includeObject=Object", .accept = kTable}).Parsed();
  EXPECT_EQ(GetString(full, {"rows", "0", "object", "kind"}), "Pod");
  const auto events =
      Call({.path = std::string(kPods) + "?watch=1&timeoutSeconds=1", .accept = kTable}).Lines();
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(GetString(events[0], {"object", "rows", "0", "cells", "0"}), "p");
}

TEST_F(ServerTest, DeletionBodies) {
  ASSERT_EQ(Call({"POST", kPods, PodBody("p")}).status, 201);
  EXPECT_EQ(GetString(Call({"DELETE", std::string(kPods) + "/p"}).Parsed(), {"kind"}), "Pod");
  ASSERT_TRUE(registry_.Create("configmaps", "default", {{"metadata", {{"name", "c"}}}}));
  const Json status = Call({"DELETE", "/api/v1/namespaces/default/configmaps/c"}).Parsed();
  EXPECT_EQ(GetString(status, {"kind"}), "Status");
  EXPECT_EQ(GetString(status, {"status"}), "Success");
  EXPECT_FALSE(GetString(status, {"details", "uid"}).empty());
  for (const char* name : {"a", "b"})
    ASSERT_EQ(Call({"POST", kPods, PodBody(name)}).status, 201);
  const Json list = Call({"DELETE", std::string(kPods) + "?labelSelector=app%3Dweb"}).Parsed();
  EXPECT_EQ(GetArray(list, {"items"}).size(), 2U);
  EXPECT_TRUE(GetArray(Get(kPods).Parsed(), {"items"}).empty());
}

TEST_F(ServerTest, ProtobufDeleteOptionsAreRead) {
  MakeRunningPod("p");
  using std::string_literals::operator""s;
  // Unknown{raw: DeleteOptions{gracePeriodSeconds: 7}}.
  const std::string body = "k8s\0\x12\x02\x08\x07"s;
  const Json pod =
      Call({"DELETE", std::string(kPods) + "/p", body, "application/vnd.kubernetes.protobuf"})
          .Parsed();
  EXPECT_EQ(GetInt(pod, {"metadata", "deletionGracePeriodSeconds"}), 7) << pod;
}

TEST_F(ServerTest, LogsComeFromTheAgent) {
  MakeRunningPod("p");
  const HttpAnswer logs = Get(std::string(kPods) + "/p/log?container=main");
  EXPECT_EQ(logs.status, 200);
  EXPECT_EQ(logs.body, "one\ntwo\n");
  EXPECT_EQ(Get(std::string(kPods) + "/p/log?container=none").status, 400);
  EXPECT_EQ(Get(std::string(kPods) + "/p/log").status, 400);  // Two containers.
  EXPECT_EQ(Get(std::string(kPods) + "/p/log?container=broken").status, 500);
  EXPECT_EQ(Get(std::string(kPods) + "/q/log").status, 404);
}

TEST_F(ServerTest, StopEndsOpenWatches) {
  HttpAnswer answer;
  std::thread watcher([&] { answer = Get(std::string(kPods) + "?watch=1"); });
  EXPECT_EQ(Call({"POST", kPods, PodBody("p")}).status, 201);
  const auto begin = SystemClock().Now();
  server_->Stop();
  EXPECT_LT(SystemClock().Now() - begin, std::chrono::seconds(5));
  watcher.join();
}

TEST(CertificatesTest, RefusesNamesThatAreNone) {
  EXPECT_FALSE(MakeCertificates({}));
  EXPECT_FALSE(MakeCertificates({"a,b"}));
  EXPECT_TRUE(MakeCertificates({"::1", "10.0.0.1", "api.example.org"}));
}

}  // namespace
}  // namespace holdfast::sandbox
