// What must hold after any sequence of writes: versions and uids are unique, every change is one
// event, and whoever watches from any kept version arrives at the present state.
#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "harness/base/random.h"
#include "harness/sandbox/store/store.h"

namespace holdfast::sandbox {
namespace {

using State = std::map<std::string, std::string>;  // Namespace and name to text.

std::string KeyOf(const Json& object) {
  return GetString(object, {"metadata", "namespace"}) + "/" +
         GetString(object, {"metadata", "name"});
}
State StateOf(const std::vector<ObjectPtr>& objects) {
  State state;
  for (const ObjectPtr& object : objects)
    state[KeyOf(object->json)] = object->text;
  return state;
}

// Random writes over few names, so that they meet.
class Play {
 public:
  explicit Play(uint64_t seed) : random_(seed) {}

  void Step() {
    const std::string resource = random_.Below(2) == 0 ? "pods" : "configmaps";
    const std::string ns = random_.Below(2) == 0 ? "a" : "b";
    const std::string name = "n" + std::to_string(random_.Below(6));
    switch (random_.Below(8)) {
      case 0:
      case 1:
      case 2:
        Create(resource, ns, name);
        break;
      case 3:
      case 4:
        Change(resource, ns, name, [&](Json& object) { object["x"] = random_.Below(4); });
        break;
      case 5:
        Change(resource, ns, name, [](Json& object) {
          object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
          object["metadata"]["deletionGracePeriodSeconds"] = 0;
        });
        break;
      case 6:
        Change(resource, ns, name, [](Json& object) { object["metadata"].erase("finalizers"); });
        break;
      default:
        (void)store.Remove(resource, ns, name);
    }
    versions.insert(store.Version());
    for (const char* each : {"pods", "configmaps"})
      states[each][store.Version()] = StateOf(store.List(each, ""));
  }

  FakeClock clock;
  Store store{clock};
  std::set<uint64_t> versions;
  std::map<std::string, std::map<uint64_t, State>> states;  // By resource, then version.
  std::set<std::string> uids;
  size_t created = 0;

 private:
  void Create(const std::string& resource, const std::string& ns, const std::string& name) {
    Json object = {{"metadata", {{"name", name}, {"namespace", ns}}}};
    if (random_.Below(3) == 0) object["metadata"]["finalizers"] = {"f"};
    if (const auto made = store.Create(resource, object)) {
      ++created;
      uids.insert(GetString((*made)->json, {"metadata", "uid"}));
    }
  }
  template <typename Edit>
  void Change(const std::string& resource,
              const std::string& ns,
              const std::string& name,
              Edit edit) {
    (void)store.Update(resource, ns, name, "", [&](Json& object) -> Status {
      edit(object);
      return {};
    });
  }
  Random random_;
};

class InvariantsTest : public ::testing::TestWithParam<uint64_t> {};

TEST_P(InvariantsTest, HoldAfterAnySequence) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  Play play(GetParam());
  const uint64_t first = play.store.Version();
  for (int i = 0; i < 150; ++i)
    play.Step();
  EXPECT_EQ(play.uids.size(), play.created);
  const auto all = play.store.EventsAfter("", first, Nanos{0});
  ASSERT_TRUE(all);
  // One event per version, in order, without a hole: the counter counts nothing else.
  uint64_t last = first;
  for (const StoreEvent& event : *all) {
    EXPECT_EQ(event.version, last + 1);
    EXPECT_EQ(event.object->version, event.version);
    last = event.version;
  }
  EXPECT_EQ(last, play.store.Version());
  for (const auto& [resource, states] : play.states) {
    const State present = StateOf(play.store.List(resource, ""));
    for (const auto& [version, then] : states) {
      const auto listed = play.store.ListAt(resource, "", version);
      ASSERT_TRUE(listed);
      EXPECT_EQ(StateOf(*listed), then) << resource << " at " << version;
      State state = then;
      const auto events = play.store.EventsAfter(resource, version, Nanos{0});
      ASSERT_TRUE(events);
      for (const StoreEvent& event : *events) {
        const std::string key = KeyOf(event.object->json);
        const bool there = state.contains(key);
        EXPECT_EQ(there, event.type != StoreEvent::Type::kAdded);
        EXPECT_EQ(event.previous == nullptr, !there);
        if (there && event.previous != nullptr) {
          EXPECT_EQ(event.previous->text, state[key]);
        }
        if (event.type == StoreEvent::Type::kDeleted) {
          state.erase(key);
        } else {
          state[key] = event.object->text;
        }
      }
      EXPECT_EQ(state, present) << resource << " from " << version;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, InvariantsTest, ::testing::Range<uint64_t>(1, 6));

TEST(ListAtTest, TheStateOfLongAgoIsNotTold) {
  FakeClock clock;
  Store store(clock);
  ASSERT_TRUE(store.Create("leases", {{"metadata", {{"name", "l"}}}}));
  const uint64_t start = store.Version();
  for (int i = 0; i < 20'010; ++i)
    ASSERT_TRUE(store.Update("leases", "", "l", "", [&](Json& object) -> Status {
      object["x"] = i;
      return {};
    }));
  const auto old = store.ListAt("leases", "", start);
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().http_status, 410);
  EXPECT_TRUE(store.ListAt("leases", "", store.Version()));
}

}  // namespace
}  // namespace holdfast::sandbox
