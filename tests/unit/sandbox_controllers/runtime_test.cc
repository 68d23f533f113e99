// The runtime below the controllers: queue, loop, object helpers, and the manager on real threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/time_format.h"
#include "harness/sandbox/controllers/controller_loop.h"
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
