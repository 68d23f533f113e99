// The recorder on the harness's client against the sandbox's server: everything that happened is in
// the trace, in order, or the trace says that it does not know.
#include "harness/observe/recorder.h"

#include <algorithm>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/strings.h"

#include "tests/integration/kube_sandbox/served_cluster.h"

namespace holdfast {
namespace {

using kube::PatchType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
namespace resources = kube::resources;
using observe::ClusterView;

constexpr Nanos kPatience = std::chrono::seconds(60);

class Recording : public ::testing::Test {
 protected:
  void Record(std::vector<kube::Resource> what) {
    auto recorder = observe::Recorder::Start(*client_, *trace_, {"default", std::move(what)},
                                             Deadline(SystemClock(), kPatience));
    ASSERT_TRUE(recorder) << recorder.error().message;
    recorder_ = *std::move(recorder);
  }
  Status Await(const std::string& what, const std::function<bool(const ClusterView&)>& condition) {
    return recorder_->WaitUntil(what, condition,
                                [](const ClusterView&) { return "it does not hold"; },
                                Deadline(SystemClock(), kPatience), {});
  }
  // Writes at the store, as the controllers do; no connection is needed.
  void Write(const std::string& name, const std::string& n) {
    ASSERT_TRUE(
        cluster_.registry().Edit("configmaps", "default", name, "", [&](Json& object) -> Status {
          object["data"]["n"] = n;
          return {};
        }));
  }
  void Make(const std::string& name) {
    ASSERT_TRUE(cluster_.registry().Create("configmaps", "default", Counter(name, 0)));
  }
  void Remove(const std::string& name) {
    ASSERT_TRUE(cluster_.registry().Delete("configmaps", "default", name, {}));
  }
  // The trace's lines of one kind, after the recording has ended.
  std::vector<Json> Lines(const std::string& kind) {
    recorder_->Stop();
    EXPECT_TRUE(trace_->Health());
    std::vector<Json> lines;
    for (const std::string& line :
         Split(ReadFile(directory_.path() / "trace.jsonl").value(), '\n')) {
      if (line.empty()) continue;
      Json event = ParseJson(line).value();
      if (GetString(event, {"kind"}) == kind) lines.push_back(std::move(event));
    }
    return lines;
  }
  // "TYPE name n" of each recorded event of the config maps.
  std::vector<std::string> Story() {
    std::vector<std::string> story;
    for (const Json& line : Lines("watch")) {
      if (GetString(line, {"resource"}) != "configmaps") continue;
      story.push_back(fmt::format("{} {} {}", GetString(line, {"event", "type"}),
                                  GetString(line, {"event", "object", "metadata", "name"}),
                                  GetString(line, {"event", "object", "data", "n"})));
    }
    return story;
  }
  static std::string Value(const ClusterView& view, const std::string& name) {
    const auto object = view.Find("configmaps", name);
    return object ? GetString(*object, {"data", "n"}) : "";
  }

  TemporaryDirectory directory_;
  ServedCluster cluster_;
  std::unique_ptr<kube::Client> client_ = cluster_.NewClient();
  std::unique_ptr<trace::TraceWriter> trace_ =
      trace::TraceWriter::Open(directory_.path() / "trace.jsonl",
                               {&SystemClock(), SystemClock().Now()})
          .value();
  std::unique_ptr<observe::Recorder> recorder_;
};

TEST_F(Recording, EveryWriteOfManyWritersIsThereInOrder) {
  constexpr int kWriters = 4;
  constexpr int kWrites = 40;
  Record(observe::DefaultResources());
  EXPECT_THAT(recorder_->NotWatched(), testing::IsEmpty());
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, name = fmt::format("s-{}", w)] {
      ASSERT_TRUE(client_->Create(resources::kStatefulSets, "default", Set(name, 0)));
      for (int n = 1; n <= kWrites; ++n)
        ASSERT_TRUE(client_->Patch(SetRef(name), PatchType::kMerge, {{"spec", {{"replicas", n}}}},
                                   "", "tester"));
      ASSERT_TRUE(client_->Delete(SetRef(name), {}));
    });
  }
  for (std::thread& writer : writers)
    writer.join();
  ASSERT_TRUE(client_->Create(resources::kStatefulSets, "default", Set("last", 0)));
  ASSERT_TRUE(Await("the last set", [](const ClusterView& view) {
    return view.Find("statefulsets", "last") != nullptr;
  }));
  recorder_->Look([](const ClusterView& view) {
    EXPECT_EQ(view.All("statefulsets").size(), 1U) << "the others are deleted";
  });

  std::map<std::string, std::vector<std::string>> stories;
  int64_t version = 0;
  for (const Json& line : Lines("watch")) {
    if (GetString(line, {"resource"}) != "statefulsets") continue;
    const Json& object = line.at("event").at("object");
    const auto at = ParseInt(GetString(object, {"metadata", "resourceVersion"})).value();
    EXPECT_GT(at, version) << "the order of the versions is the order of the trace";
    version = at;
    EXPECT_EQ(GetString(object, {"kind"}), "StatefulSet");
    stories[GetString(object, {"metadata", "name"})].push_back(fmt::format(
        "{} {}", GetString(line, {"event", "type"}), GetInt(object, {"spec", "replicas"}, -1)));
  }
  std::vector<std::string> expected{"ADDED 0"};
  for (int n = 1; n <= kWrites; ++n)
    expected.push_back(fmt::format("MODIFIED {}", n));
  expected.push_back(fmt::format("DELETED {}", kWrites));
  for (int w = 0; w < kWriters; ++w)
    EXPECT_EQ(stories[fmt::format("s-{}", w)], expected) << w;
  EXPECT_TRUE(Lines("gap").empty());
}

TEST_F(Recording, BeginsWithWhatIsThereInOneBatch) {
  // More than a page of the watch, so that the first list takes several.
  for (int i = 0; i < 1203; ++i)
    Make(fmt::format("m-{:04}", i));
  Record({resources::kConfigMaps});
  recorder_->Look([](const ClusterView& view) { EXPECT_EQ(view.All("configmaps").size(), 1203U); });
  Write("m-0600", "5");
  ASSERT_TRUE(
      Await("the write", [](const ClusterView& view) { return Value(view, "m-0600") == "5"; }));
  const std::vector<std::string> story = Story();
  ASSERT_EQ(story.size(), 1204U);
  EXPECT_EQ(story.front(), "LIST m-0000 0");
  EXPECT_EQ(story.back(), "MODIFIED m-0600 5");
  const std::vector<Json> opens = Lines("watch-open");
  ASSERT_EQ(opens.size(), 1U);
  EXPECT_EQ(GetInt(opens[0], {"items"}), 1203);
}

TEST_F(Recording, ACutWithoutLossIsNoGap) {
  Make("a");
  Make("b");
  Record({resources::kConfigMaps});
  cluster_.Stop();
  Write("a", "1");
  Write("a", "2");
  Remove("b");
  Make("c");
  Write("c", "3");
  cluster_.Serve();
  ASSERT_TRUE(Await("c", [](const ClusterView& view) { return Value(view, "c") == "3"; }));
  EXPECT_THAT(Story(), ElementsAre("LIST a 0", "LIST b 0", "MODIFIED a 1", "MODIFIED a 2",
                                   "DELETED b 0", "ADDED c 0", "MODIFIED c 3"));
  EXPECT_TRUE(Lines("gap").empty());
  EXPECT_EQ(Lines("watch-open").size(), 1U);
}

TEST_F(Recording, AForgottenPastIsAGapAndAFreshList) {
  Make("a");
  Make("b");
  Make("big");
  Record({resources::kConfigMaps});
  cluster_.Stop();
  Write("a", "1");
  Remove("b");
  // 64 MiB of events are kept.
  for (int i = 0; i < 70; ++i)
    Write("big", std::string(1U << 20U, static_cast<char>('a' + i % 26)));
  Write("big", "small");
  cluster_.Serve();
  ASSERT_TRUE(Await("the fresh list", [](const ClusterView& view) {
    return Value(view, "a") == "1" && view.Find("configmaps", "b") == nullptr;
  }));
  Write("a", "2");
  ASSERT_TRUE(Await("it goes on", [](const ClusterView& view) { return Value(view, "a") == "2"; }));
  EXPECT_THAT(Story(), ElementsAre("LIST a 0", "LIST b 0", "LIST big 0", "LIST a 1",
                                   "LIST big small", "MODIFIED a 2"));
  const std::vector<Json> gaps = Lines("gap");
  ASSERT_EQ(gaps.size(), 1U);
  EXPECT_EQ(GetString(gaps[0], {"resource"}), "configmaps");
  EXPECT_THAT(GetString(gaps[0], {"reason"}), HasSubstr("too old resource version"));
  const std::vector<Json> opens = Lines("watch-open");
  ASSERT_EQ(opens.size(), 2U);
  EXPECT_EQ(GetInt(opens[1], {"items"}), 2);
  EXPECT_LT(gaps[0].at("t"), opens[1].at("t"));
}

TEST_F(Recording, AServerThatLostItsStoreIsAGap) {
  Make("a");
  for (int i = 0; i < 50; ++i)
    Write("a", std::to_string(i));
  Record({resources::kConfigMaps});
  cluster_.Stop();
  cluster_.ForgetEverything();
  cluster_.Serve();
  Make("new");
  ASSERT_TRUE(Await("the new object", [](const ClusterView& view) {
    return Value(view, "new") == "0" && view.Find("configmaps", "a") == nullptr;
  }));
  EXPECT_EQ(Lines("gap").size(), 1U);
}

TEST_F(Recording, OtherNamespacesAndOtherVolumesStayOut) {
  ASSERT_TRUE(client_->Create(resources::kNamespaces, "", {{"metadata", {{"name", "other"}}}}));
  Record({resources::kConfigMaps, resources::kPersistentVolumes});
  const auto volume = [](const std::string& name, const std::string& ns) {
    return Json{{"metadata", {{"name", name}}},
                {"spec",
                 {{"capacity", {{"storage", "1Gi"}}},
                  {"accessModes", {"ReadWriteOnce"}},
                  {"hostPath", {{"path", "/v"}}},
                  {"claimRef", {{"namespace", ns}, {"name", "c"}}}}}};
  };
  for (const auto& [name, ns] : {std::pair("theirs", "other"), std::pair("ours", "default")}) {
    const auto made = client_->Create(resources::kPersistentVolumes, "", volume(name, ns));
    ASSERT_TRUE(made) << made.error().message;
    ASSERT_TRUE(client_->Create(resources::kConfigMaps, ns, Counter(name, 0)));
  }
  ASSERT_TRUE(Await("ours", [](const ClusterView& view) {
    return view.Find("configmaps", "ours") && view.Find("persistentvolumes", "ours");
  }));
  EXPECT_THAT(Story(), ElementsAre("ADDED ours 0"));
  for (const Json& line : Lines("watch"))
    EXPECT_EQ(GetString(line, {"event", "object", "metadata", "name"}), "ours");
}

TEST_F(Recording, ManyWatchesLeaveRoomForRequests) {
  // One connection each; requests need theirs all the same.
  std::vector<kube::Resource> many;
  for (int i = 0; i < 4; ++i)
    for (const kube::Resource& resource : observe::DefaultResources())
      if (resource.group != "policy" && resource.plural != "deployments" &&
          resource.plural != "replicasets")
        many.push_back(resource);
  Record(many);
  client_->SetTimeout(std::chrono::seconds(10));
  for (int i = 0; i < 10; ++i)
    ASSERT_TRUE(client_->GetRaw("/readyz"));
}

TEST_F(Recording, DoesNotBeginWithAWrongToken) {
  kube::ClusterAccess access = cluster_.Access();
  access.token = "wrong-but-secret";
  const auto client = cluster_.NewClient(access);
  const auto recorder = observe::Recorder::Start(*client, *trace_, {"default", {resources::kPods}},
                                                 Deadline(SystemClock(), std::chrono::seconds(20)));
  ASSERT_FALSE(recorder);
  EXPECT_EQ(recorder.error().http_status, 401);
  EXPECT_THAT(recorder.error().message, HasSubstr("renew the token"));
  EXPECT_THAT(recorder.error().message, Not(HasSubstr("secret")));
}

TEST_F(Recording, DoesNotBeginWithoutAResourceItNeeds) {
  kube::Resource unknown = resources::kPods;
  unknown.plural = "gadgets";
  const auto recorder =
      observe::Recorder::Start(*client_, *trace_, {"default", {resources::kPods, unknown}},
                               Deadline(SystemClock(), std::chrono::seconds(20)));
  ASSERT_FALSE(recorder);
  EXPECT_EQ(recorder.error().http_status, 404);
  EXPECT_THAT(recorder.error().message, HasSubstr("gadgets"));
}

}  // namespace
}  // namespace holdfast
