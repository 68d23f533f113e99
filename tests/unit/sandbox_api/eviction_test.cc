// Evictions: every way a budget answers.
#include "harness/sandbox/api/eviction.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace holdfast::sandbox {
namespace {

constexpr const char* kNs = "ns";

class EvictionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    clock_.Advance(std::chrono::hours(1000));
    ASSERT_TRUE(registry_.Create("namespaces", "", {{"metadata", {{"name", kNs}}}}));
  }
  void Pod(const std::string& name, const std::string& phase = "Running", bool ready = true) {
    ASSERT_TRUE(registry_.Create(
        "pods", kNs,
        {{"metadata", {{"name", name}, {"labels", {{"app", "web"}}}}},
         {"spec",
          {{"nodeName", "n1"}, {"containers", {{{"name", "main"}, {"image", "busybox:1"}}}}}}}));
    ASSERT_TRUE(registry_.Edit("pods", kNs, name, "", [&](Json& pod) -> Status {
      pod["status"]["phase"] = phase;
      pod["status"]["conditions"] =
          Json::array({{{"type", "Ready"}, {"status", ready ? "True" : "False"}}});
      return {};
    }));
  }
  // With a status as the disruption controller would have written it.
  void Budget(const std::string& name, Json status, Json spec = Json::object()) {
    spec["selector"] = {{"matchLabels", {{"app", "web"}}}};
    ASSERT_TRUE(registry_.Create("poddisruptionbudgets", kNs,
                                 {{"metadata", {{"name", name}}}, {"spec", std::move(spec)}}));
    ASSERT_TRUE(registry_.Edit("poddisruptionbudgets", kNs, name, "", [&](Json& budget) -> Status {
      budget["status"] = std::move(status);
      return {};
    }));
  }
  static Json Status1(int64_t allowed, int64_t healthy = 3, int64_t desired = 2) {
    return {{"observedGeneration", 1},
            {"disruptionsAllowed", allowed},
            {"currentHealthy", healthy},
            {"desiredHealthy", desired},
            {"expectedPods", 3}};
  }
  Result<HttpResponse> Evict(const std::string& name,
                             Json options = Json::object(),
                             bool dry_run = false) {
    return EvictPod(registry_, defects_, kNs, name,
                    {{"apiVersion", "policy/v1"},
                     {"kind", "Eviction"},
                     {"metadata", {{"name", name}, {"namespace", kNs}}},
                     {"deleteOptions", std::move(options)}},
                    dry_run);
  }
  Json Stored(const std::string& resource, const std::string& name) {
    const auto found = store_.Get(resource, kNs, name);
    return found ? (*found)->json : Json();
  }
  bool Terminating(const std::string& name) {
    return !GetString(Stored("pods", name), {"metadata", "deletionTimestamp"}).empty();
  }
  static std::string Header(const HttpResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return "";
  }

  FakeClock clock_;
  Store store_{clock_};
  Registry registry_{store_, clock_};
  Defects defects_;
};

TEST_F(EvictionTest, WithoutABudgetItIsADeletionWithACondition) {
  Pod("p");
  const uint64_t before = store_.Version();
  const auto answer = Evict("p");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->status, 201);
  const Json body = *ParseJson(answer->body);
  EXPECT_EQ(GetString(body, {"status"}), "Success");
  EXPECT_EQ(GetInt(body, {"code"}), 201);
  EXPECT_TRUE(Terminating("p"));
  // The condition is seen before the deletion.
  const auto events = store_.EventsAfter("pods", before, Nanos{0});
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 2U);
  const Json& first = (*events)[0].object->json;
  EXPECT_EQ(FindPath(first, {"metadata", "deletionTimestamp"}), nullptr);
  const Json condition = GetArray(first, {"status", "conditions"}).back();
  EXPECT_EQ(GetString(condition, {"type"}), "DisruptionTarget");
  EXPECT_EQ(GetString(condition, {"reason"}), "EvictionByEvictionAPI");
  EXPECT_EQ(GetString(condition, {"message"}), "Eviction API: evicting");
}

TEST_F(EvictionTest, ABudgetWithRoomIsSpent) {
  Pod("p");
  Budget("b", Status1(1));
  const auto answer = Evict("p");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 201);
  EXPECT_TRUE(Terminating("p"));
  const Json budget = Stored("poddisruptionbudgets", "b");
  EXPECT_EQ(GetInt(budget, {"status", "disruptionsAllowed"}), 0);
  EXPECT_FALSE(GetString(budget, {"status", "disruptedPods", "p"}).empty());
  EXPECT_EQ(GetString(budget, {"status", "conditions", "0", "reason"}), "InsufficientPods");
  EXPECT_EQ(GetInt(budget, {"metadata", "generation"}), 1);
}

TEST_F(EvictionTest, AnEmptyBudgetRefusesWithoutRetryAfter) {
  Pod("p");
  Budget("b", Status1(0, 2, 2));
  const auto answer = Evict("p");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 429);
  const Json body = *ParseJson(answer->body);
  EXPECT_EQ(GetString(body, {"reason"}), "TooManyRequests");
  EXPECT_EQ(GetString(body, {"message"}),
            "Cannot evict pod as it would violate the pod's disruption budget.");
  EXPECT_EQ(GetString(body, {"details", "causes", "0", "reason"}), "DisruptionBudget");
  EXPECT_EQ(GetString(body, {"details", "causes", "0", "message"}),
            "The disruption budget b needs 2 healthy pods and has 2 currently");
  EXPECT_EQ(FindPath(body, {"details", "retryAfterSeconds"}), nullptr);
  EXPECT_EQ(Header(*answer, "Retry-After"), "");
  EXPECT_FALSE(Terminating("p"));
}

TEST_F(EvictionTest, ABudgetThatIsNotProcessedYetSaysWhenToTryAgain) {
  Pod("p");
  Json status = Status1(5);
  status["observedGeneration"] = 0;
  Budget("b", status);
  const auto answer = Evict("p");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 429);
  EXPECT_EQ(Header(*answer, "Retry-After"), "10");
  EXPECT_EQ(GetInt(*ParseJson(answer->body), {"details", "retryAfterSeconds"}), 10);
  EXPECT_EQ(GetString(*ParseJson(answer->body), {"details", "causes", "0", "message"}),
            "The disruption budget b is still being processed by the server.");
}

TEST_F(EvictionTest, ABudgetThatFailedToSyncSaysSo) {
  Pod("p");
  Json status = Status1(0);
  status["conditions"] = Json::array({{{"type", "DisruptionAllowed"},
                                       {"status", "False"},
                                       {"reason", "SyncFailed"},
                                       {"message", "no controller"}}});
  Budget("b", status);
  const auto answer = Evict("p");
  ASSERT_TRUE(answer);
  EXPECT_EQ(GetString(*ParseJson(answer->body), {"details", "causes", "0", "message"}),
            "The disruption budget b does not allow evicting pods currently because it failed "
            "sync: no controller");
}

TEST_F(EvictionTest, TwoBudgetsAreA500Inside) {
  Pod("p");
  Budget("a", Status1(1));
  Budget("b", Status1(1));
  const auto answer = Evict("p");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(GetString(*ParseJson(answer->body), {"status"}), "Failure");
  EXPECT_EQ(GetInt(*ParseJson(answer->body), {"code"}), 500);
  EXPECT_FALSE(Terminating("p"));
}

TEST_F(EvictionTest, PodsThatDisruptNothingGoAnyway) {
  Budget("b", Status1(0));
  Pod("pending", "Pending", false);
  Pod("done", "Succeeded", false);
  Pod("failed", "Failed", false);
  for (const char* name : {"pending", "done", "failed"}) {
    const auto answer = Evict(name);
    ASSERT_TRUE(answer) << name << answer.error().message;
    EXPECT_EQ(answer->status, 201) << name;
  }
  EXPECT_FALSE(store_.Get("pods", kNs, "done"));
  EXPECT_EQ(FindPath(Stored("poddisruptionbudgets", "b"), {"status", "disruptedPods"}), nullptr);
}

TEST_F(EvictionTest, UnhealthyPodsFollowThePolicy) {
  Pod("p", "Running", false);
  Budget("b", Status1(0, 1, 2));
  EXPECT_EQ(Evict("p")->status, 429);
  ASSERT_TRUE(registry_.Edit("poddisruptionbudgets", kNs, "b", "", [](Json& budget) -> Status {
    budget["status"]["currentHealthy"] = 2;
    return {};
  }));
  EXPECT_EQ(Evict("p")->status, 201);
  EXPECT_TRUE(Terminating("p"));
  ASSERT_TRUE(store_.Remove("poddisruptionbudgets", kNs, "b"));
  Pod("q", "Running", false);
  Budget("c", Status1(0, 0, 2), {{"unhealthyPodEvictionPolicy", "AlwaysAllow"}});
  EXPECT_EQ(Evict("q")->status, 201);
  Pod("r", "Running", true);
  EXPECT_EQ(Evict("r")->status, 429);
}

TEST_F(EvictionTest, DryRunsChangeNothing) {
  Pod("p");
  Budget("b", Status1(1));
  const uint64_t before = store_.Version();
  EXPECT_EQ(Evict("p", Json::object(), true)->status, 201);
  EXPECT_EQ(Evict("p", {{"dryRun", {"All"}}})->status, 201);
  EXPECT_EQ(store_.Version(), before);
}

TEST_F(EvictionTest, PreconditionsAndMistakes) {
  Pod("p");
  const auto wrong = Evict("p", {{"preconditions", {{"uid", "other"}}}});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().http_status, 409);
  EXPECT_FALSE(Terminating("p"));
  EXPECT_EQ(Evict("none").error().http_status, 404);
  const auto named = EvictPod(registry_, defects_, kNs, "p",
                              {{"kind", "Eviction"}, {"metadata", {{"name", "q"}}}}, false);
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().http_status, 400);
  EXPECT_EQ(EvictPod(registry_, defects_, kNs, "p", {{"kind", "Pod"}}, false).error().http_status,
            400);
  Budget("b", Status1(-1));
  EXPECT_EQ(Evict("p").error().http_status, 403);
}

TEST_F(EvictionTest, TheDefectIgnoresTheBudget) {
  Pod("p");
  Budget("b", Status1(0, 2, 2));
  defects_ = Defects(Defect::kEvictionIgnoresBudget);
  EXPECT_EQ(Evict("p")->status, 201);
  EXPECT_TRUE(Terminating("p"));
}

TEST_F(EvictionTest, OnlyOneOfManyAtOnceIsGranted) {
  for (int i = 0; i < 8; ++i)
    Pod("p" + std::to_string(i));
  Budget("b", Status1(1, 8, 7));
  std::atomic<int> granted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      const auto answer = Evict("p" + std::to_string(i));
      if (answer && answer->status == 201) ++granted;
    });
  for (std::thread& thread : threads)
    thread.join();
  EXPECT_EQ(granted, 1);
}

}  // namespace
}  // namespace holdfast::sandbox
