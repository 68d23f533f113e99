// What counts as left behind, and what others did meanwhile.
#include "harness/run/inventory.h"

#include <gtest/gtest.h>

namespace holdfast::run {
namespace {

FoundObject Node(const std::string& name, bool unschedulable) {
  return {"Node", name, {{"uid", "u"}, {"unschedulable", unschedulable}}};
}

TEST(Differences, OnlyWhatIsOursCounts) {
  const std::vector<FoundObject> before{Node("a", false), Node("b", false),
                                        {"Namespace", "n", {{"exists", false}}}};
  const auto count = [&](const std::vector<FoundObject>& after,
                         const std::set<std::string>& touched) {
    return Differences(before, after, touched).size();
  };
  EXPECT_EQ(count(before, {"a"}), 0U);
  const std::vector<FoundObject> cordoned{Node("a", true), before[1], before[2]};
  EXPECT_EQ(count(cordoned, {"a"}), 1U);
  EXPECT_EQ(count(cordoned, {"b"}), 0U);  // Somebody else's doing.
  const std::vector<FoundObject> gone{before[1], before[2]};
  EXPECT_EQ(count(gone, {"a"}), 1U);
  EXPECT_EQ(count(gone, {}), 0U);
  const std::vector<FoundObject> kept{before[0], before[1], {"Namespace", "n", {{"exists", true}}}};
  EXPECT_EQ(count(kept, {}), 1U);
  std::vector<FoundObject> leftover = before;
  leftover.push_back({"PersistentVolume", "pv", {{"phase", "Released"}}});
  EXPECT_EQ(count(leftover, {}), 1U);
  std::vector<FoundObject> new_node = before;
  new_node.push_back(Node("c", false));
  EXPECT_EQ(count(new_node, {}), 0U);
}

}  // namespace
}  // namespace holdfast::run
