// The runtime below the controllers: queue, loop, object helpers, and the manager on real threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/cluster_index.h"
#include "harness/sandbox/controllers/controller_loop.h"
#include "harness/sandbox/controllers/event_recorder.h"
#include "harness/sandbox/controllers/object.h"
#include "harness/sandbox/controllers/stateful_identity.h"
#include "harness/sandbox/controllers/work_queue.h"

#include "tests/unit/sandbox_controllers/cluster.h"

namespace holdfast::sandbox {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(WorkQueue, HoldsEachKeyOnceInOrder) {
  FakeClock clock;
  WorkQueue queue(clock);
  for (const char* key : {"b", "a", "b"})
    queue.Add(key);
  EXPECT_EQ(queue.NextDue(), Nanos{0});
  EXPECT_EQ(queue.Take(), "b");
  EXPECT_EQ(queue.Take(), "a");
  EXPECT_EQ(queue.Take(), std::nullopt);
  EXPECT_EQ(queue.NextDue(), std::nullopt);
  queue.Add("b");
  EXPECT_EQ(queue.Take(), "b");
}

TEST(WorkQueue, TheEarliestTimeCounts) {
  FakeClock clock;
  WorkQueue queue(clock);
  queue.AddAfter("a", seconds(5));
  queue.AddAfter("a", seconds(2));
  queue.AddAfter("a", seconds(9));
  EXPECT_EQ(queue.NextDue(), Nanos(seconds(2)));
  clock.Advance(milliseconds(1999));
  EXPECT_EQ(queue.Take(), std::nullopt);
  clock.Advance(milliseconds(1));
  EXPECT_EQ(queue.Take(), "a");
  clock.Advance(seconds(60));
  EXPECT_EQ(queue.Take(), std::nullopt);
}

TEST(WorkQueue, FailuresDoubleTheDelayUntilForgotten) {
  FakeClock clock;
  WorkQueue queue(clock);
  for (const int expected : {5, 10, 20, 40, 80}) {
    queue.AddRateLimited("a");
    EXPECT_EQ(queue.NextDue(), Nanos(milliseconds(expected)));
    clock.Advance(milliseconds(expected));
    EXPECT_EQ(queue.Take(), "a");
  }
  for (int i = 0; i < 40; ++i) {
    queue.AddRateLimited("a");
    clock.Advance(seconds(5));
    EXPECT_EQ(queue.Take(), "a") << i;
  }
  queue.Forget("a");
  queue.AddRateLimited("a");
  EXPECT_EQ(queue.NextDue(), Nanos(milliseconds(5)));
}

// Fails a given number of times.
class Flaky : public Controller {
 public:
  Flaky(int failures, int* syncs) : failures_(failures), syncs_(syncs) {}
  [[nodiscard]] std::string_view name() const override { return "flaky"; }
  void Observe(const StoreEvent& event, WorkQueue& queue) override {
    if (event.resource == "configmaps") queue.Add(KeyOf(event.object->json));
  }
  void Resync(WorkQueue& /*queue*/) override {}
  Status Sync(const std::string& /*key*/, WorkQueue& /*queue*/) override {
    ++*syncs_;
    if (failures_-- > 0) return Fail(ErrorCode::kUnavailable, "not yet");
    return {};
  }

 private:
  int failures_;
  int* syncs_;
};

TEST(ControllerLoop, RetriesAfterErrorsAndRestsAfterwards) {
  FakeClock clock;
  Store store(clock);
  int syncs = 0;
  std::vector<std::unique_ptr<Controller>> controllers;
  controllers.push_back(std::make_unique<Flaky>(2, &syncs));
  ControllerLoop loop(store, clock, std::move(controllers));
  EXPECT_FALSE(loop.SyncOnce());
  ASSERT_TRUE(store.Create("configmaps", {{"metadata", {{"name", "x"}, {"namespace", "n"}}}}));
  EXPECT_TRUE(loop.SyncOnce());
  EXPECT_FALSE(loop.SyncOnce());
  clock.Advance(milliseconds(5));
  EXPECT_EQ(loop.SyncAll(), 1U);
  clock.Advance(milliseconds(10));
  EXPECT_EQ(loop.SyncAll(), 1U);
  clock.Advance(seconds(100));
  EXPECT_EQ(loop.SyncAll(), 0U);
  EXPECT_EQ(syncs, 3);
}

TEST(WorkQueue, AKeyThatRestsIsNotDueWhoeverAddsIt) {
  FakeClock clock;
  WorkQueue queue(clock);
  queue.Rest("a", milliseconds(50));
  queue.Add("a");
  queue.AddAfter("a", milliseconds(10));
  queue.Add("b");
  EXPECT_EQ(queue.Take(), "b");
  EXPECT_EQ(queue.Take(), std::nullopt);
  clock.Advance(milliseconds(49));
  EXPECT_EQ(queue.Take(), std::nullopt);
  clock.Advance(milliseconds(1));
  EXPECT_EQ(queue.Take(), "a");
  EXPECT_EQ(queue.Take(), std::nullopt);
}

TEST(ClusterIndex, FollowsTheEvents) {
  FakeClock clock;
  Store store(clock);
  ClusterIndex index;
  index.Rebuild(store);
  const auto pod = [](const char* name, const char* owner) -> Json {
    Json object = {{"metadata", {{"name", name}, {"namespace", "n"}}},
                   {"spec",
                    {{"volumes", Json::array({{{"persistentVolumeClaim",
                                                {{"claimName", "c"}}}}})}}}};
    if (*owner != '\0') AddOwner(object, {{"uid", owner}, {"controller", true}});
    return object;
  };
  ASSERT_TRUE(store.Create("pods", pod("owned", "boss")));
  ASSERT_TRUE(store.Create("pods", pod("free", "")));
  ASSERT_TRUE(store.Create("volumeattachments",
                           {{"metadata", {{"name", "va"}}},
                            {"spec",
                             {{"nodeName", "x"}, {"source", {{"persistentVolumeName", "pv"}}}}}}));
  uint64_t seen = 0;
  const auto follow = [&] {
    const auto events = store.EventsAfter("", seen, Nanos{0}, &seen);
    for (const StoreEvent& event : *events)
      index.Apply(event);
  };
  follow();
  EXPECT_EQ(index.PodsIn("n").size(), 2U);
  EXPECT_EQ(index.PodsOwnedBy("boss").size(), 1U);
  EXPECT_EQ(index.OrphansIn("n").size(), 1U);
  EXPECT_EQ(index.PodsOn("").size(), 2U);
  EXPECT_EQ(index.PodsUsing("n", "c").size(), 2U);
  EXPECT_EQ(index.AttachmentsOf("pv").size(), 1U);
  EXPECT_EQ(index.AttachmentsOn("x").size(), 1U);
  ASSERT_TRUE(store.Update("pods", "n", "free", "", [](Json& object) -> Status {
    object["spec"]["nodeName"] = "x";
    object["metadata"]["ownerReferences"] = Json::array({{{"uid", "boss"}, {"controller", true}}});
    return {};
  }));
  ASSERT_TRUE(store.Remove("pods", "n", "owned"));
  ASSERT_TRUE(store.Remove("volumeattachments", "", "va"));
  follow();
  EXPECT_EQ(index.PodsIn("n").size(), 1U);
  EXPECT_EQ(index.PodsOwnedBy("boss").count("n/free"), 1U);
  EXPECT_TRUE(index.OrphansIn("n").empty());
  EXPECT_EQ(index.PodsOn("x").size(), 1U);
  EXPECT_TRUE(index.PodsOn("").empty());
  EXPECT_EQ(index.PodsUsing("n", "c").size(), 1U);
  EXPECT_TRUE(index.AttachmentsOf("pv").empty());
  // The same from nothing.
  ClusterIndex fresh;
  fresh.Rebuild(store);
  EXPECT_EQ(fresh.PodsOn("x").count("n/free"), 1U);
}

std::vector<std::string> Messages(const Cluster& cluster) {
  std::vector<std::string> messages;
  for (const ObjectPtr& event : cluster.store.List("events", "default"))
    messages.push_back(GetString(event->json, {"message"}));
  return messages;
}

TEST(EventRecorder, CombinesFromTheTenthOnAndStopsAtTwentyFive) {
  Cluster cluster;
  EventRecorder recorder(cluster.registry, "test");
  const Json subject = cluster.Create("configmaps", {{"metadata", {{"name", "chatty"}}}});
  for (int i = 0; i < 40; ++i)
    recorder.Normal({"v1", "ConfigMap", subject}, "Said", fmt::format("word {}", i));
  EXPECT_EQ(Messages(cluster).size(), 10U);
  EXPECT_THAT(Messages(cluster),
              testing::Contains("(combined from similar events): word 24"));
  EXPECT_EQ(cluster.EventCount("chatty", "Said"), 25U);
  cluster.clock.Advance(std::chrono::minutes(6));
  recorder.Normal({"v1", "ConfigMap", subject}, "Said", "later");
  recorder.Normal({"v1", "ConfigMap", subject}, "Said", "too soon");
  EXPECT_THAT(Messages(cluster), testing::Contains("(combined from similar events): later"));
  EXPECT_EQ(cluster.EventCount("chatty", "Said"), 26U);
  const Json other = cluster.Create("configmaps", {{"metadata", {{"name", "quiet"}}}});
  recorder.Normal({"v1", "ConfigMap", other}, "Said", "hello");
  EXPECT_EQ(cluster.EventCount("quiet", "Said"), 1U);
}

struct SelectorRow {
  const char* selector;
  const char* labels;
  bool matches;
};

class Selectors : public testing::TestWithParam<SelectorRow> {};

TEST_P(Selectors, MatchOrNot) {
  const SelectorRow row = GetParam();
  EXPECT_EQ(MatchesSelector(*ParseJson(row.selector), *ParseJson(row.labels)), row.matches)
      << row.selector << " on " << row.labels;
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    Selectors,
    testing::Values(
        SelectorRow{R"({})", R"({"a":"1"})", true},
        SelectorRow{R"(null)", R"({"a":"1"})", false},
        SelectorRow{R"({"matchLabels":{"a":"1"}})", R"({"a":"1","b":"2"})", true},
        SelectorRow{R"({"matchLabels":{"a":"1"}})", R"({"a":"2"})", false},
        SelectorRow{R"({"matchLabels":{"a":"1"}})", R"({})", false},
        SelectorRow{R"({"matchExpressions":[{"key":"a","operator":"In","values":["1","2"]}]})",
                    R"({"a":"2"})", true},
        SelectorRow{R"({"matchExpressions":[{"key":"a","operator":"In","values":["1"]}]})",
                    R"({"a":"2"})", false},
        SelectorRow{R"({"matchExpressions":[{"key":"a","operator":"NotIn","values":["1"]}]})",
                    R"({})", true},
        SelectorRow{R"({"matchExpressions":[{"key":"a","operator":"NotIn","values":["1"]}]})",
                    R"({"a":"1"})", false},
        SelectorRow{R"({"matchExpressions":[{"key":"a","operator":"Exists"}]})", R"({})", false},
        SelectorRow{R"({"matchExpressions":[{"key":"a","operator":"DoesNotExist"}]})", R"({})",
                    true},
        SelectorRow{R"({"matchExpressions":[{"key":"a","operator":"Near"}]})", R"({"a":"1"})",
                    false}));

TEST(Ordinals, AreReadFromNames) {
  EXPECT_EQ(OrdinalOf("web", "web-0"), 0);
  EXPECT_EQ(OrdinalOf("web", "web-12"), 12);
  EXPECT_EQ(OrdinalOf("web-a", "web-a-3"), 3);
  EXPECT_EQ(OrdinalOf("web", "web-007"), 7);
  for (const char* name : {"web", "web-", "web--1", "web-x", "web-1x", "webs-1", "other-1",
                           "web-a-3", "web-99999999999", ""}) {
    EXPECT_EQ(OrdinalOf("web", name), std::nullopt) << name;
  }
}

TEST(Conditions, MoveTheirTimeOnlyWithTheStatus) {
  Json object = Json::object();
  EXPECT_TRUE(SetCondition(object, {{"type", "Ready"}, {"status", "True"}}, "t1"));
  EXPECT_FALSE(SetCondition(object, {{"type", "Ready"}, {"status", "True"}}, "t2"));
  EXPECT_TRUE(SetCondition(object, {{"type", "Ready"}, {"status", "True"}, {"reason", "R"}}, "t3"));
  EXPECT_EQ(GetString(*FindCondition(object, "Ready"), {"lastTransitionTime"}), "t1");
  EXPECT_TRUE(SetCondition(object, {{"type", "Ready"}, {"status", "False"}}, "t4"));
  EXPECT_EQ(GetString(*FindCondition(object, "Ready"), {"lastTransitionTime"}), "t4");
  EXPECT_EQ(FindCondition(object, "Other"), nullptr);
}

TEST(Availability, CountsFromTheTransition) {
  Json pod = Json::object();
  const Nanos start = seconds(1000);
  SetCondition(pod, {{"type", "Ready"}, {"status", "True"}}, FormatRfc3339(start));
  Nanos remaining{0};
  EXPECT_TRUE(IsPodAvailable(pod, 0, start, nullptr));
  EXPECT_FALSE(IsPodAvailable(pod, 10, start + seconds(4), &remaining));
  EXPECT_EQ(remaining, Nanos(seconds(6)));
  EXPECT_TRUE(IsPodAvailable(pod, 10, start + seconds(10), nullptr));
  SetCondition(pod, {{"type", "Ready"}, {"status", "False"}}, FormatRfc3339(start));
  EXPECT_FALSE(IsPodAvailable(pod, 0, start + seconds(99), nullptr));
}

// Waits on the store's events until `done`; false when nothing happens for ten seconds.
bool WaitFor(const Store& store, const std::function<bool()>& done) {
  uint64_t seen = 0;
  while (!done()) {
    const auto events = store.EventsAfter("", seen, seconds(10), &seen);
    if (!events || events->empty()) return false;
  }
  return true;
}

TEST(ControllerManager, WorksOnItsOwnThreadsAndStops) {
  Store store(SystemClock());
  Registry registry(store, SystemClock());
  const TemporaryDirectory volumes;
  ControllerOptions options;
  options.volume_root = volumes.path();
  auto manager = ControllerManager::Start(registry, options);
  ASSERT_TRUE(manager) << manager.error().message;
  ASSERT_TRUE(registry.Create("nodes", "", {{"metadata", {{"name", "node-a"}}}}));
  ASSERT_TRUE(registry.Edit("nodes", "", "node-a", "", [](Json& node) -> Status {
    SetCondition(node, {{"type", "Ready"}, {"status", "True"}}, "2026-01-01T00:00:00Z");
    return {};
  }));
  ASSERT_TRUE(registry.Create("statefulsets", "default", WebSet(1)));
  EXPECT_TRUE(WaitFor(store, [&] {
    const auto pod = store.Get("pods", "default", "web-0");
    return pod && GetString((*pod)->json, {"spec", "nodeName"}) == "node-a";
  }));
  (*manager)->Stop();
  (*manager)->Stop();
  ASSERT_TRUE(registry.Create("pods", "default", PlainPod("late")));
  const auto late = store.Get("pods", "default", "late");
  EXPECT_EQ(GetString((*late)->json, {"spec", "nodeName"}), "");
}

}  // namespace
}  // namespace holdfast::sandbox
