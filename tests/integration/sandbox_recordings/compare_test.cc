// The comparison itself: equal records agree, and each altered copy is told apart.
#include <gmock/gmock.h>

#include "harness/base/files.h"

#include "tests/integration/sandbox_recordings/compare.h"
#include "tests/integration/sandbox_recordings/node_map.h"
#include "tests/integration/sandbox_recordings/script.h"

namespace holdfast::recordings {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A trace of a small set, built line by line.
class Story {
 public:
  Story() {
    Line({{"kind", "run"},
          {"format", "holdfast-trace/1"},
          {"target", {{"kind", "StatefulSet"}, {"namespace", "n"}, {"name", "web"}}}});
    Watch("statefulsets", "ADDED",
          {{"metadata", {{"name", "web"}, {"uid", "set"}, {"generation", 1}}},
           {"spec", {{"replicas", 2}, {"podManagementPolicy", "OrderedReady"}}},
           {"status", {{"replicas", 0}}}});
  }
  Story& Pod(const std::string& type, int ordinal, const std::string& uid, bool ready, bool dying) {
    const std::string name = fmt::format("web-{}", ordinal);
    Json pod{{"kind", "Pod"},
             {"metadata",
              {{"name", name},
               {"uid", uid},
               {"labels", {{"controller-revision-hash", "web-abc"}}},
               {"ownerReferences",
                {{{"kind", "StatefulSet"}, {"name", "web"}, {"uid", "set"}, {"controller", true}}}}}},
             {"spec", {{"nodeName", "a"}}},
             {"status", {{"conditions", {{{"type", "Ready"}, {"status", ready ? "True" : "False"}}}}}}};
    if (dying) pod["metadata"]["deletionTimestamp"] = "now";
    return Watch("pods", type, pod);
  }
  Story& Watch(const std::string& resource, const std::string& type, Json object) {
    object["metadata"]["resourceVersion"] = std::to_string(++version_);
    return Line({{"kind", "watch"},
                 {"resource", resource},
                 {"event", {{"type", type}, {"object", object}}}});
  }
  Story& Line(const Json& line) {
    lines_.push_back(line);
    return *this;
  }
  // The lines of `first` and `second` the other way round, with the versions as they were.
  void Swapped(const std::function<void()>& first, const std::function<void()>& second) {
    first();
    second();
    std::swap(lines_[lines_.size() - 2], lines_.back());
  }
  [[nodiscard]] std::vector<Fact> Facts() const { return FactsOf(lines_); }

 private:
  std::vector<Json> lines_;
  int version_ = 0;
};

Story Ordered() {
  Story story;
  story.Pod("ADDED", 0, "p0", false, false)
      .Pod("MODIFIED", 0, "p0", true, false)
      .Pod("ADDED", 1, "p1", false, false)
      .Pod("MODIFIED", 1, "p1", true, false);
  return story;
}

std::vector<std::string> Sentences(const std::vector<Difference>& differences) {
  std::vector<std::string> sentences;
  for (const Difference& one : differences)
    sentences.push_back(one.family + " " + one.sentence);
  return sentences;
}

TEST(Compare, EqualStoriesWithOtherUidsAgree) {
  Story other;
  other.Pod("ADDED", 0, "x", false, false)
      .Pod("MODIFIED", 0, "x", true, false)
      .Pod("ADDED", 1, "y", false, false)
      .Pod("MODIFIED", 1, "y", true, false);
  EXPECT_THAT(Sentences(Compare(Ordered().Facts(), other.Facts())), IsEmpty());
  EXPECT_GT(other.Facts().size(), 4U);
}

TEST(Compare, APodBeforeItsPredecessorIsReadyIsTooEarly) {
  Story early;
  early.Pod("ADDED", 0, "p0", false, false)
      .Pod("ADDED", 1, "p1", false, false)
      .Pod("MODIFIED", 0, "p0", true, false)
      .Pod("MODIFIED", 1, "p1", true, false);
  EXPECT_THAT(Sentences(Compare(Ordered().Facts(), early.Facts())),
              ElementsAre(::testing::AllOf(HasSubstr("SS-ORD too early: \"pod web-1#1 is created"),
                                           HasSubstr("came before \"pod web-0#1 is ready\""))));
}

TEST(Compare, AMissingAndAnAdditionalFactAreTold) {
  Story more = Ordered();
  more.Pod("MODIFIED", 1, "p1", false, false);
  EXPECT_THAT(Sentences(Compare(Ordered().Facts(), more.Facts())),
              ElementsAre("SS-ORD only here (1, recorded 0): pod web-1#1 is no longer ready"));
  EXPECT_THAT(Sentences(Compare(more.Facts(), Ordered().Facts())),
              ElementsAre("SS-ORD missing (0 of 1): pod web-1#1 is no longer ready"));
}

TEST(Compare, UnrelatedObjectsHaveNoOrder) {
  const auto claim = [](Story& story, const std::string& name) {
    story.Watch("persistentvolumeclaims", "ADDED",
                {{"kind", "PersistentVolumeClaim"},
                 {"metadata", {{"name", name}, {"uid", name}}},
                 {"spec", Json::object()},
                 {"status", Json::object()}});
  };
  Story one;
  claim(one, "a");
  claim(one, "b");
  Story two;
  claim(two, "b");
  claim(two, "a");
  EXPECT_THAT(Sentences(Compare(one.Facts(), two.Facts())), IsEmpty());
}

TEST(Compare, WithinOneLifeTheOrderCounts) {
  Story one = Ordered();
  Story two = Ordered();
  const auto claim = [](Story& story, const std::string& owner, bool dying) {
    Json object{{"kind", "PersistentVolumeClaim"},
                {"metadata",
                 {{"name", "data"},
                  {"uid", "c"},
                  {"ownerReferences", Json::array()}}},
                {"spec", Json::object()},
                {"status", Json::object()}};
    if (!owner.empty())
      object["metadata"]["ownerReferences"].push_back({{"kind", "StatefulSet"}, {"uid", owner}});
    if (dying) object["metadata"]["deletionTimestamp"] = "now";
    story.Watch("persistentvolumeclaims", "MODIFIED", object);
  };
  claim(one, "", false);
  claim(one, "set", false);
  claim(one, "set", true);
  claim(two, "", false);
  claim(two, "", true);
  claim(two, "set", true);
  EXPECT_THAT(Sentences(Compare(one.Facts(), two.Facts())),
              ElementsAre(HasSubstr("SS-RET order in \"claim data\"")));
}

TEST(Compare, ARefusalIsAFact) {
  Story one = Ordered();
  Story two = Ordered();
  const Json action{{"kind", "action"}, {"id", 1}, {"verb", "evict"}, {"resource", "pods"},
                    {"name", "web-1"},  {"uid", "p1"}};
  one.Line(action).Line({{"kind", "action-result"},
                         {"id", 1},
                         {"ok", false},
                         {"status", 429},
                         {"reason", "TooManyRequests"},
                         {"message", "no"}});
  two.Line(action).Line({{"kind", "action-result"}, {"id", 1}, {"ok", true}});
  EXPECT_THAT(
      Sentences(Compare(one.Facts(), two.Facts())),
      ElementsAre(HasSubstr("only here (1, recorded 0): action 1: evict web-1#1 -> ok"),
                  HasSubstr("evict web-1#1 -> refused: 429 TooManyRequests: no"),
                  HasSubstr("order in \"actions\"")));
}

TEST(Compare, TheOrderIsThatOfTheVersions) {
  Story late;
  Story early;
  late.Pod("ADDED", 0, "p0", false, false).Pod("MODIFIED", 0, "p0", true, false);
  early.Swapped([&] { early.Pod("ADDED", 0, "p0", false, false); },
                [&] { early.Pod("MODIFIED", 0, "p0", true, false); });
  EXPECT_THAT(Sentences(Compare(late.Facts(), early.Facts())), IsEmpty());
}

// The table of the README names what the comparison leaves out, no less and no more.
TEST(NamedDifferences, AreInTheReadme) {
  const std::string readme =
      ReadFile(std::filesystem::path(HOLDFAST_SOURCE_DIR) / "harness/sandbox/README.md").value();
  const std::string table = readme.substr(readme.find("### Named differences"));
  EXPECT_EQ(table.find("| (none) |") != std::string::npos, NamedDifferences().empty());
  EXPECT_LE(NamedDifferences().size(), 10U);
  for (const NamedDifference& one : NamedDifferences()) {
    EXPECT_THAT(table, HasSubstr("| " + one.name + " | " + one.reason + " |"));
    for (const char* exact : {"SS-ORD", "SS-UPD", "SS-PVC", "SS-RET", "SS-PDB"})
      EXPECT_NE(one.family, exact) << "no difference is allowed there";
  }
}

TEST(MergeDiff, IsTheMergePatch) {
  EXPECT_EQ(MergeDiff({{"a", 1}, {"b", {{"c", 2}, {"d", 3}}}}, {{"b", {{"c", 4}, {"d", 3}}}, {"e", 5}}),
            (Json{{"a", nullptr}, {"b", {{"c", 4}}}, {"e", 5}}));
  EXPECT_TRUE(MergeDiff({{"a", 1}}, {{"a", 1}}).is_null());
}

TEST(NodeMap, FollowsThePodsAndKeepsWhatIsHeld) {
  NodeMap map({"a", "b", "c"}, {"x", "y", "z"});
  EXPECT_EQ(map.Find("a", {{"p", "a"}, {"q", "b"}}, {{"p", "z"}, {"q", "x"}}), "z");
  EXPECT_EQ(map.Find("b", {{"p", "a"}, {"q", "b"}}, {{"p", "z"}, {"q", "x"}}), "x");
  map.Hold("a", "z");
  EXPECT_EQ(map.Find("a", {{"p", "a"}}, {{"p", "x"}}), "z");
  map.Free("a");
  EXPECT_EQ(map.Find("a", {{"p", "a"}}, {{"p", "x"}}), "x");
}

}  // namespace
}  // namespace holdfast::recordings
