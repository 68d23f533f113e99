// The store: versions, writes that change nothing, removal, events and their expiry.
#include "harness/sandbox/store/store.h"

#include <set>
#include <thread>

#include <gtest/gtest.h>

namespace holdfast::sandbox {
namespace {

using Type = StoreEvent::Type;

Json Object(const std::string& name, const std::string& ns = "default") {
  return {{"metadata", {{"name", name}, {"namespace", ns}}}, {"spec", {{"size", 1}}}};
}

class StoreTest : public ::testing::Test {
 protected:
  std::vector<Type> TypesAfter(const std::string& resource, uint64_t after) {
    std::vector<Type> types;
    const auto events = store_.EventsAfter(resource, after, Nanos{0});
    if (!events) return types;
    for (const StoreEvent& event : *events)
      types.push_back(event.type);
    return types;
  }
  Result<ObjectPtr> Set(const std::string& resource, const std::string& name, Json patch) {
    return store_.Update(resource, "default", name, "", [&](Json& object) -> Status {
      object.merge_patch(patch);
      return {};
    });
  }

  FakeClock clock_;
  Store store_{clock_};
};

TEST_F(StoreTest, EveryWriteHasItsOwnVersion) {
  const auto first = store_.Create("pods", Object("a"));
  const auto second = store_.Create("secrets", Object("a"));
  ASSERT_TRUE(first && second);
  EXPECT_LT((*first)->version, (*second)->version);
  EXPECT_EQ(GetString((*second)->json, {"metadata", "resourceVersion"}),
            std::to_string((*second)->version));
  EXPECT_EQ((*first)->text, DumpJson((*first)->json));
  EXPECT_EQ(GetString((*first)->json, {"metadata", "creationTimestamp"}), "2019-12-20T00:00:00Z");
  EXPECT_EQ(store_.Version(), (*second)->version);
}

TEST_F(StoreTest, UidsAreVersionFourAndDiffer) {
  std::set<std::string> uids;
  for (int i = 0; i < 50; ++i) {
    const auto made = store_.Create("pods", Object("p" + std::to_string(i)));
    ASSERT_TRUE(made);
    const std::string uid = GetString((*made)->json, {"metadata", "uid"});
    ASSERT_EQ(uid.size(), 36U);
    EXPECT_EQ(uid[14], '4');
    EXPECT_NE(std::string("89ab").find(uid[19]), std::string::npos);
    uids.insert(uid);
  }
  EXPECT_EQ(uids.size(), 50U);
}

TEST_F(StoreTest, ErrorsCarryStatusAndReason) {
  ASSERT_TRUE(store_.Create("pods", Object("a")));
  const auto again = store_.Create("pods", Object("a"));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().http_status, 409);
  EXPECT_EQ(again.error().reason, "AlreadyExists");
  const auto missing = store_.Get("pods", "default", "b");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().http_status, 404);
  const auto wrong =
      store_.Update("pods", "default", "a", "another-uid", [](Json&) { return Status{}; });
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().reason, "Conflict");
  EXPECT_FALSE(store_.Create("pods", Json::object()));
}

TEST_F(StoreTest, AWriteThatChangesNothingIsNotWritten) {
  const auto made = store_.Create("pods", Object("a"));
  ASSERT_TRUE(made);
  const uint64_t before = store_.Version();
  const auto same = Set("pods", "a", {{"spec", {{"size", 1}}}});
  ASSERT_TRUE(same);
  EXPECT_EQ(*same, *made);
  EXPECT_EQ(store_.Version(), before);
  EXPECT_TRUE(TypesAfter("pods", before).empty());
  const auto other = Set("pods", "a", {{"spec", {{"size", 2}}}});
  ASSERT_TRUE(other);
  EXPECT_GT((*other)->version, before);
  EXPECT_EQ(TypesAfter("pods", before), std::vector{Type::kModified});
}

TEST_F(StoreTest, AFailedChangeLeavesNoTrace) {
  ASSERT_TRUE(store_.Create("pods", Object("a")));
  const uint64_t before = store_.Version();
  const auto failed = store_.Update("pods", "default", "a", "", [](Json& object) -> Status {
    object["spec"]["size"] = 9;
    return Fail(ErrorCode::kRefused, "no");
  });
  EXPECT_FALSE(failed);
  EXPECT_EQ(store_.Version(), before);
  EXPECT_EQ(GetInt((*store_.Get("pods", "default", "a"))->json, {"spec", "size"}), 1);
}

TEST_F(StoreTest, TheLastFinalizerTakesTheObjectWithIt) {
  Json claim = Object("c");
  claim["metadata"]["finalizers"] = {"one", "two"};
  ASSERT_TRUE(store_.Create("persistentvolumeclaims", claim));
  const uint64_t before = store_.Version();
  ASSERT_TRUE(Set("persistentvolumeclaims", "c",
                  {{"metadata", {{"deletionTimestamp", "2026-01-01T00:00:00Z"}}}}));
  ASSERT_TRUE(Set("persistentvolumeclaims", "c", {{"metadata", {{"finalizers", {"two"}}}}}));
  EXPECT_TRUE(store_.Get("persistentvolumeclaims", "default", "c"));
  const auto gone = Set("persistentvolumeclaims", "c", {{"metadata", {{"finalizers", nullptr}}}});
  ASSERT_TRUE(gone);
  EXPECT_FALSE(store_.Get("persistentvolumeclaims", "default", "c"));
  EXPECT_EQ(TypesAfter("persistentvolumeclaims", before),
            (std::vector{Type::kModified, Type::kModified, Type::kDeleted}));
  // As recorded from Kubernetes: the deletion shows the state before the finalizer went.
  EXPECT_EQ((*gone)->json["metadata"]["finalizers"], Json::array({"two"}));
}

TEST_F(StoreTest, APodGoesInTwoSteps) {
  ASSERT_TRUE(store_.Create("pods", Object("p")));
  const uint64_t before = store_.Version();
  ASSERT_TRUE(
      Set("pods", "p",
          {{"metadata",
            {{"deletionTimestamp", "2026-01-01T00:00:00Z"}, {"deletionGracePeriodSeconds", 30}}}}));
  EXPECT_TRUE(store_.Get("pods", "default", "p"));
  ASSERT_TRUE(Set("pods", "p", {{"metadata", {{"deletionGracePeriodSeconds", 0}}}}));
  EXPECT_FALSE(store_.Get("pods", "default", "p"));
  const auto events = store_.EventsAfter("pods", before, Nanos{0});
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 3U);
  EXPECT_EQ((*events)[1].type, Type::kModified);
  EXPECT_EQ((*events)[2].type, Type::kDeleted);
  EXPECT_EQ((*events)[2].object->version, (*events)[2].version);
  EXPECT_EQ(GetInt((*events)[2].object->json, {"metadata", "deletionGracePeriodSeconds"}, -1), 0);
}

TEST_F(StoreTest, ANamespaceWaitsForItsOwnFinalizers) {
  Json ns = {{"metadata", {{"name", "n"}}}, {"spec", {{"finalizers", {"kubernetes"}}}}};
  ASSERT_TRUE(store_.Create("namespaces", ns));
  const auto change = [&](Json patch) {
    return store_.Update("namespaces", "", "n", "", [&](Json& object) -> Status {
      object.merge_patch(patch);
      return {};
    });
  };
  ASSERT_TRUE(change({{"metadata", {{"deletionTimestamp", "2026-01-01T00:00:00Z"}}}}));
  EXPECT_TRUE(store_.Get("namespaces", "", "n"));
  ASSERT_TRUE(change({{"spec", {{"finalizers", nullptr}}}}));
  EXPECT_FALSE(store_.Get("namespaces", "", "n"));
}

TEST_F(StoreTest, ListsByNamespaceInOrder) {
  for (const char* name : {"b", "a"}) {
    ASSERT_TRUE(store_.Create("pods", Object(name, "x")));
    ASSERT_TRUE(store_.Create("pods", Object(name, "xy")));
  }
  uint64_t version = 0;
  const auto listed = store_.List("pods", "x", &version);
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(GetString(listed[0]->json, {"metadata", "name"}), "a");
  EXPECT_EQ(version, store_.Version());
  EXPECT_EQ(store_.List("pods", "").size(), 4U);
  EXPECT_TRUE(store_.List("nothing", "").empty());
}

TEST_F(StoreTest, EventsOfAllResourcesComeInOrder) {
  const uint64_t before = store_.Version();
  ASSERT_TRUE(store_.Create("pods", Object("a")));
  ASSERT_TRUE(store_.Create("events", Object("a")));
  ASSERT_TRUE(store_.Create("pods", Object("b")));
  uint64_t up_to = 0;
  const auto events = store_.EventsAfter("", before, Nanos{0}, &up_to);
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 3U);
  EXPECT_EQ((*events)[1].resource, "events");
  EXPECT_LT((*events)[1].version, (*events)[2].version);
  EXPECT_EQ(up_to, store_.Version());
}

TEST_F(StoreTest, ForgottenEventsAreExpired) {
  ASSERT_TRUE(store_.Create("leases", Object("l")));
  const uint64_t start = store_.Version();
  for (int i = 0; i < 20'010; ++i)
    ASSERT_TRUE(Set("leases", "l", {{"spec", {{"size", i + 2}}}}));
  const auto old = store_.EventsAfter("leases", start, Nanos{0});
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().http_status, 410);
  EXPECT_EQ(old.error().reason, "Expired");
  const auto kept = store_.EventsAfter("leases", start + 10, Nanos{0});
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->size(), 20'000U);
  // Another resource has forgotten nothing.
  EXPECT_TRUE(store_.EventsAfter("pods", 0, Nanos{0}));
}

TEST_F(StoreTest, AWaiterWakesForItsResourceAndForClose) {
  const uint64_t before = store_.Version();
  Result<std::vector<StoreEvent>> seen;
  std::thread waiter([&] { seen = store_.EventsAfter("pods", before, std::chrono::minutes(5)); });
  ASSERT_TRUE(store_.Create("secrets", Object("s")));
  ASSERT_TRUE(store_.Create("pods", Object("p")));
  waiter.join();
  ASSERT_TRUE(seen);
  ASSERT_EQ(seen->size(), 1U);
  EXPECT_EQ(seen->front().resource, "pods");
  std::thread sleeper(
      [&] { seen = store_.EventsAfter("pods", store_.Version(), std::chrono::minutes(5)); });
  store_.Close();
  sleeper.join();
  ASSERT_TRUE(seen);
  EXPECT_TRUE(seen->empty());
}

}  // namespace
}  // namespace holdfast::sandbox
