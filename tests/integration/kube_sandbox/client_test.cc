// The harness's client against the sandbox's server: two sides of one protocol that were written
// apart.
#include <atomic>
#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "harness/base/time_format.h"

#include "tests/integration/kube_sandbox/served_cluster.h"

namespace holdfast {
namespace {

using kube::PatchType;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
namespace resources = kube::resources;

class ClientAndServer : public ::testing::Test {
 protected:
  Json Make(const kube::Resource& resource, const Json& object) {
    const Result<Json> made = client_->Create(resource, "default", object);
    EXPECT_TRUE(made) << (made ? "" : made.error().message);
    return made.value_or(Json());
  }
  Json Get(const kube::ObjectRef& ref) { return client_->Get(ref).value_or(Json()); }

  ServedCluster cluster_;
  std::unique_ptr<kube::Client> client_ = cluster_.NewClient();
};

void ExpectError(const Error& error, ErrorCode code, int status, const std::string& reason) {
  EXPECT_EQ(error.code, code) << error.message;
  EXPECT_EQ(error.http_status, status) << error.message;
  EXPECT_EQ(error.reason, reason) << error.message;
}

TEST_F(ClientAndServer, CreatesReadsReplacesAndRefusesWhatIsThere) {
  Json object = Counter("a", 1);
  // Text that every layer must carry unharmed, and more than fits into one TLS record.
  const std::string odd = "tab\t quote\" back\\slash \u00fc \U0001F418 <&>";
  object["data"]["odd"] = odd;
  object["data"]["long"] = std::string(300'000, 'x');
  const Json made = Make(resources::kConfigMaps, object);
  EXPECT_FALSE(GetString(made, {"metadata", "uid"}).empty());
  const Json read = Get(MapRef("a"));
  EXPECT_EQ(read, made);
  EXPECT_EQ(GetString(read, {"kind"}), "ConfigMap");
  EXPECT_EQ(GetString(read, {"data", "odd"}), odd);

  const auto again = client_->Create(resources::kConfigMaps, "default", object);
  ASSERT_FALSE(again);
  ExpectError(again.error(), ErrorCode::kConflict, 409, "AlreadyExists");
  EXPECT_THAT(again.error().message, HasSubstr("configmaps \"a\" already exists"));

  Json changed = read;
  changed["data"]["n"] = "2";
  ASSERT_TRUE(client_->Replace(MapRef("a"), changed));
  const auto stale = client_->Replace(MapRef("a"), changed);
  ASSERT_FALSE(stale) << "the resourceVersion is the old one";
  ExpectError(stale.error(), ErrorCode::kConflict, 409, "Conflict");
  EXPECT_EQ(GetString(Get(MapRef("a")), {"data", "n"}), "2");
}

TEST_F(ClientAndServer, OptimisticWritersLoseNothing) {
  Make(resources::kConfigMaps, Counter("sum", 0));
  constexpr int kThreads = 4;
  constexpr int kEach = 15;
  std::atomic<int> conflicts{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int done = 0; done < kEach;) {
        Json object = client_->Get(MapRef("sum")).value();
        const auto n = ParseInt(GetString(object, {"data", "n"})).value();
        object["data"]["n"] = std::to_string(n + 1);
        const auto written = client_->Replace(MapRef("sum"), object);
        if (written) {
          ++done;
        } else {
          ASSERT_EQ(written.error().http_status, 409) << written.error().message;
          ++conflicts;
        }
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(GetString(Get(MapRef("sum")), {"data", "n"}), std::to_string(kThreads * kEach));
}

TEST_F(ClientAndServer, ListsAreWholeInPagesOfAnySize) {
  for (int i = 0; i < 23; ++i) {
    Json object = Counter(fmt::format("m-{:02}", i), i);
    object["metadata"]["labels"] = {{"parity", i % 2 == 0 ? "even" : "odd"}};
    Make(resources::kConfigMaps, object);
  }
  for (const int size : {1, 5, 22, 23, 24, 500}) {
    const auto list = client_->List(resources::kConfigMaps, "default", {"", "", size});
    ASSERT_TRUE(list) << list.error().message;
    std::set<std::string> names;
    for (const Json& item : list->items) {
      names.insert(GetString(item, {"metadata", "name"}));
      EXPECT_EQ(GetString(item, {"kind"}), "ConfigMap");
    }
    EXPECT_EQ(names.size(), 23U) << size;
    EXPECT_EQ(list->items.size(), 23U) << size;
    EXPECT_EQ(list->resource_version, std::to_string(cluster_.store().Version()));
  }
  const auto count = [&](const std::string& labels, const std::string& fields) {
    const auto list = client_->List(resources::kConfigMaps, "", {labels, fields, 4});
    EXPECT_TRUE(list) << (list ? "" : list.error().message);
    return list ? list->items.size() : 0;
  };
  EXPECT_EQ(count("parity=even", ""), 12U);
  EXPECT_EQ(count("parity!=even,parity in (odd, none)", ""), 11U);
  EXPECT_EQ(count("!parity", ""), 0U);
  EXPECT_EQ(count("", "metadata.name=m-07"), 1U);
  EXPECT_EQ(count("parity=even", "metadata.name=m-07"), 0U);
  const auto bad = client_->List(resources::kConfigMaps, "default", {"a b c", "", 4});
  ASSERT_FALSE(bad);
  ExpectError(bad.error(), ErrorCode::kInvalidArgument, 400, "BadRequest");
}

TEST_F(ClientAndServer, PagesShowOneMomentAndExpire) {
  for (int i = 0; i < 4; ++i)
    Make(resources::kConfigMaps, Counter(fmt::format("m-{}", i), i));
  const std::string path = resources::kConfigMaps.Path("default");
  const auto page = [&](const std::string& query) {
    return client_->GetRaw(path + query).and_then([](const std::string& text) {
      return ParseJson(text);
    });
  };
  const Json first = page("?limit=3").value();
  const std::string token = GetString(first, {"metadata", "continue"});
  ASSERT_FALSE(token.empty());
  ASSERT_TRUE(client_->Delete(MapRef("m-3"), {}));
  Make(resources::kConfigMaps, Counter("m-9", 9));
  const std::string rest = "?limit=3&continue=" + ReplaceAll(token, "=", "%3D");
  const Json second = page(rest).value();
  ASSERT_EQ(GetArray(second, {"items"}).size(), 1U);
  EXPECT_EQ(GetString(GetArray(second, {"items"})[0], {"metadata", "name"}), "m-3");
  EXPECT_EQ(GetString(second, {"metadata", "resourceVersion"}),
            GetString(first, {"metadata", "resourceVersion"}));
  // Many other unfinished lists push this one out.
  for (int i = 0; i < 100; ++i)
    ASSERT_TRUE(page("?limit=1"));
  const auto expired = page(rest);
  ASSERT_FALSE(expired);
  ExpectError(expired.error(), ErrorCode::kConflict, 410, "Expired");
}

struct PatchRow {
  std::string name;
  PatchType type;
  std::string patch;
  std::string path;  // What is looked at afterwards, as a JSON pointer.
  std::string value;
};

class Patches : public ClientAndServer, public ::testing::WithParamInterface<PatchRow> {};

TEST_P(Patches, MeanTheSameOnBothSides) {
  Make(resources::kStatefulSets, Set("s", 1));
  const PatchRow& row = GetParam();
  const auto patched =
      client_->Patch(SetRef("s"), row.type, ParseJson(row.patch).value(), "", "tester");
  ASSERT_TRUE(patched) << patched.error().message;
  const Json::json_pointer at(row.path);
  ASSERT_TRUE(patched->contains(at) || row.value == "gone") << patched->dump(1);
  EXPECT_EQ(patched->contains(at) ? patched->at(at).dump() : "gone", row.value);
  EXPECT_EQ(Get(SetRef("s")), *patched);
}

constexpr const char* kTemplate = "/spec/template/spec/containers";
INSTANTIATE_TEST_SUITE_P(
    Table,
    Patches,
    ::testing::Values(
        PatchRow{"MergeSets", PatchType::kMerge, R"({"spec":{"replicas":4}})", "/spec/replicas",
                 "4"},
        PatchRow{"MergeRemoves", PatchType::kMerge, R"({"metadata":{"labels":{"tier":null}}})",
                 "/metadata/labels/tier", "gone"},
        PatchRow{"StrategicMergesByName", PatchType::kStrategicMerge,
                 R"({"spec":{"template":{"spec":{"containers":[{"name":"side","image":"x:2"}]}}}})",
                 std::string(kTemplate) + "/1/image", "\"x:2\""},
        PatchRow{"StrategicKeepsOthers", PatchType::kStrategicMerge,
                 R"({"spec":{"template":{"spec":{"containers":[{"name":"side","image":"x:2"}]}}}})",
                 std::string(kTemplate) + "/0/image", "\"example/one:1\""},
        PatchRow{"StrategicDeletes", PatchType::kStrategicMerge,
                 R"({"spec":{"template":{"spec":{"containers":[{"name":"main","env":)"
                 R"([{"name":"A","$patch":"delete"}]}]}}}})",
                 std::string(kTemplate) + "/0/env/0/name", "\"B\""},
        PatchRow{"JsonReplaces", PatchType::kJson,
                 R"([{"op":"test","path":"/spec/replicas","value":1},)"
                 R"({"op":"replace","path":"/spec/replicas","value":2}])",
                 "/spec/replicas", "2"},
        PatchRow{"JsonRemoves", PatchType::kJson,
                 R"([{"op":"remove","path":"/metadata/labels/tier"}])", "/metadata/labels/tier",
                 "gone"}),
    [](const auto& row) { return row.param.name; });

TEST_F(ClientAndServer, PatchesThatCannotBeAreRefusedWithoutAnEffect) {
  Make(resources::kStatefulSets, Set("s", 1));
  const Json before = Get(SetRef("s"));
  const auto patch = [&](PatchType type, const char* text, const char* sub = "") {
    const auto patched = client_->Patch(SetRef("s"), type, ParseJson(text).value(), sub, "tester");
    EXPECT_FALSE(patched) << text;
    return patched ? Error{} : patched.error();
  };
  Error error = patch(PatchType::kJson, R"([{"op":"test","path":"/spec/replicas","value":7},)"
                                        R"({"op":"replace","path":"/spec/replicas","value":2}])");
  EXPECT_EQ(error.http_status, 422) << error.message;
  error = patch(PatchType::kMerge, R"({"spec":{"replicas":-1}})");
  ExpectError(error, ErrorCode::kRefused, 422, "Invalid");
  EXPECT_THAT(error.message, HasSubstr("spec.replicas"));
  error = patch(PatchType::kMerge, R"({"spec":{"serviceName":"other"}})");
  ExpectError(error, ErrorCode::kRefused, 422, "Invalid");
  error = patch(PatchType::kMerge, R"({"spec":{"replicas":-1}})", "scale");
  EXPECT_EQ(error.http_status, 422) << error.message;
  error = patch(PatchType::kMerge, R"({"metadata":{"resourceVersion":"1"}})");
  ExpectError(error, ErrorCode::kConflict, 409, "Conflict");
  error = patch(PatchType::kApply, R"({"apiVersion":"apps/v1","kind":"Deployment"})");
  EXPECT_EQ(error.http_status, 400) << error.message;
  EXPECT_EQ(Get(SetRef("s")), before);
}

TEST_F(ClientAndServer, ScaleAndStatusAreSubresources) {
  Make(resources::kStatefulSets, Set("s", 1));
  const auto scaled = client_->Patch(SetRef("s"), PatchType::kMerge, {{"spec", {{"replicas", 5}}}},
                                     "scale", "tester");
  ASSERT_TRUE(scaled) << scaled.error().message;
  EXPECT_EQ(GetString(*scaled, {"kind"}), "Scale");
  EXPECT_EQ(GetInt(*scaled, {"spec", "replicas"}), 5);
  Json set = Get(SetRef("s"));
  EXPECT_EQ(GetInt(set, {"spec", "replicas"}), 5);
  EXPECT_EQ(GetInt(set, {"metadata", "generation"}), 2);
  const auto status = client_->Patch(SetRef("s"), PatchType::kMerge,
                                     {{"spec", {{"replicas", 9}}}, {"status", {{"replicas", 3}}}},
                                     "status", "tester");
  ASSERT_TRUE(status) << status.error().message;
  set = Get(SetRef("s"));
  EXPECT_EQ(GetInt(set, {"spec", "replicas"}), 5) << "the status changes nothing of the spec";
  EXPECT_EQ(GetInt(set, {"status", "replicas"}), 3);
  EXPECT_EQ(GetInt(set, {"metadata", "generation"}), 2);
  const auto raw = client_->GetRaw(resources::kStatefulSets.Path("default", "s", "scale"));
  ASSERT_TRUE(raw) << raw.error().message;
  EXPECT_EQ(GetInt(ParseJson(*raw).value(), {"spec", "replicas"}), 5);
  EXPECT_EQ(GetInt(ParseJson(*raw).value(), {"status", "replicas"}), 3);
}

TEST_F(ClientAndServer, DeletesOnlyTheObjectThatIsMeant) {
  const std::string uid =
      GetString(Make(resources::kConfigMaps, Counter("a", 1)), {"metadata", "uid"});
  kube::DeleteOptions options;
  options.uid_precondition = "00000000-0000-4000-8000-000000000000";
  const auto refused = client_->Delete(MapRef("a"), options);
  ASSERT_FALSE(refused);
  ExpectError(refused.error(), ErrorCode::kConflict, 409, "Conflict");
  EXPECT_THAT(refused.error().message, HasSubstr(uid));
  ASSERT_TRUE(client_->Get(MapRef("a")));
  options.uid_precondition = uid;
  ASSERT_TRUE(client_->Delete(MapRef("a"), options));
  const auto gone = client_->Get(MapRef("a"));
  ASSERT_FALSE(gone);
  ExpectError(gone.error(), ErrorCode::kNotFound, 404, "NotFound");
  // The next of this name is another object.
  Make(resources::kConfigMaps, Counter("a", 1));
  EXPECT_EQ(client_->Delete(MapRef("a"), options).error().http_status, 409);
  EXPECT_TRUE(client_->Get(MapRef("a")));
}

TEST_F(ClientAndServer, DeletesWithGraceAndFinalizers) {
  Json pod{{"metadata", {{"name", "p"}}},
           {"spec",
            {{"terminationGracePeriodSeconds", 20},
             {"containers", {{{"name", "main"}, {"image", "i:1"}}}}}}};
  Make(resources::kPods, pod);
  ASSERT_TRUE(cluster_.registry().Edit("pods", "default", "p", "", [](Json& stored) -> Status {
    stored["spec"]["nodeName"] = "n1";
    stored["status"]["phase"] = "Running";
    return {};
  }));
  const kube::ObjectRef ref{resources::kPods, "default", "p"};
  auto answer = client_->Delete(ref, {});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(GetInt(Get(ref), {"metadata", "deletionGracePeriodSeconds"}, -1), 20);
  EXPECT_TRUE(ParseRfc3339(GetString(Get(ref), {"metadata", "deletionTimestamp"})));
  kube::DeleteOptions now;
  now.grace_seconds = 0;
  ASSERT_TRUE(client_->Delete(ref, now));
  EXPECT_EQ(client_->Get(ref).error().http_status, 404);

  Json held = Counter("held", 1);
  held["metadata"]["finalizers"] = {"example.com/hold"};
  Make(resources::kConfigMaps, held);
  ASSERT_TRUE(client_->Delete(MapRef("held"), {}));
  EXPECT_FALSE(GetString(Get(MapRef("held")), {"metadata", "deletionTimestamp"}).empty());
  ASSERT_TRUE(client_->Patch(MapRef("held"), PatchType::kMerge,
                             {{"metadata", {{"finalizers", nullptr}}}}, "", ""));
  EXPECT_EQ(client_->Get(MapRef("held")).error().http_status, 404);
}

TEST_F(ClientAndServer, TellsTheKindsOfNotFoundApart) {
  const auto object = client_->Get(MapRef("nobody"));
  ExpectError(object.error(), ErrorCode::kNotFound, 404, "NotFound");
  EXPECT_THAT(object.error().message, HasSubstr("configmaps \"nobody\" not found"));
  const auto ns = client_->Create(resources::kConfigMaps, "nowhere", Counter("a", 1));
  ExpectError(ns.error(), ErrorCode::kNotFound, 404, "NotFound");
  EXPECT_THAT(ns.error().message, HasSubstr("namespaces \"nowhere\" not found"));
  const auto kind = client_->List(kube::Resource{"example.com", "v1", "widgets", "Widget"}, "default", {});
  ASSERT_FALSE(kind);
  EXPECT_EQ(kind.error().code, ErrorCode::kNotFound) << kind.error().message;
  EXPECT_THAT(kind.error().message, AllOf(HasSubstr("list widgets"), HasSubstr("404")));
  const auto path = client_->GetRaw("/apis/nothing.example/v1/here");
  EXPECT_EQ(path.error().code, ErrorCode::kNotFound) << path.error().message;
  // To a list, a namespace that is not there is an empty one.
  const auto list = client_->List(resources::kConfigMaps, "nowhere", {});
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_TRUE(list->items.empty());
}

TEST_F(ClientAndServer, InvalidObjectsAreRefusedByField) {
  Json set = Set("s", 1);
  set["spec"]["selector"]["matchLabels"]["app"] = "another";
  const auto refused = client_->Create(resources::kStatefulSets, "default", set);
  ASSERT_FALSE(refused);
  ExpectError(refused.error(), ErrorCode::kRefused, 422, "Invalid");
  EXPECT_THAT(refused.error().message, HasSubstr("spec.template.metadata.labels"));
  const auto list = client_->Create(resources::kStatefulSets, "default", Json::array());
  ASSERT_FALSE(list);
  EXPECT_EQ(list.error().http_status, 400) << list.error().message;
}

TEST_F(ClientAndServer, AWrongTokenIsASentenceWithoutTheToken) {
  for (const std::string token : {"wrong-but-secret", ""}) {
    kube::ClusterAccess access = cluster_.Access();
    access.token = token;
    const auto client = cluster_.NewClient(access);
    const auto refused = client->Get(MapRef("a"));
    ASSERT_FALSE(refused);
    ExpectError(refused.error(), ErrorCode::kRefused, 401, "Unauthorized");
    EXPECT_THAT(refused.error().message,
                AllOf(HasSubstr("renew the token"), Not(HasSubstr("secret"))));
  }
}

TEST_F(ClientAndServer, AnotherAuthorityIsNotTrusted) {
  kube::ClusterAccess access = cluster_.Access();
  access.ca_pem = sandbox::MakeCertificates({"127.0.0.1"}).value().ca_pem;
  const auto refused = cluster_.NewClient(access)->Get(MapRef("a"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("certificate"));
}

TEST_F(ClientAndServer, KnowsTheServersClockAndVersion) {
  EXPECT_EQ(client_->GetRaw("/readyz").value(), "ok");
  const auto offset = client_->ServerClockOffset();
  ASSERT_TRUE(offset) << "the answers carry no Date";
  EXPECT_LT(*offset, std::chrono::seconds(2));
  EXPECT_GT(*offset, -std::chrono::seconds(2));
  const Json version = ParseJson(client_->GetRaw("/version").value()).value();
  EXPECT_EQ(GetString(version, {"major"}), "1");
}

TEST_F(ClientAndServer, KeptConnectionsSurviveARestart) {
  Make(resources::kConfigMaps, Counter("a", 1));
  for (int round = 0; round < 5; ++round) {
    cluster_.Stop();
    cluster_.Serve();
    // The pool holds a dead connection: a read and a write must both get over it.
    const auto written = client_->Patch(MapRef("a"), PatchType::kMerge,
                                        {{"data", {{"n", std::to_string(round)}}}}, "", "");
    ASSERT_TRUE(written) << written.error().message;
    EXPECT_EQ(GetString(Get(MapRef("a")), {"data", "n"}), std::to_string(round));
  }
  cluster_.Stop();
  const auto nobody = client_->Create(resources::kConfigMaps, "default", Counter("b", 1));
  ASSERT_FALSE(nobody);
  EXPECT_EQ(nobody.error().code, ErrorCode::kUnavailable) << nobody.error().message;
  EXPECT_THAT(nobody.error().message, HasSubstr("https://127.0.0.1:"));
}

}  // namespace
}  // namespace holdfast
