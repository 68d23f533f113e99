#include <gtest/gtest.h>

#include "harness/base/json.h"
#include "harness/base/time_format.h"

namespace holdfast {
namespace {

TEST(Json, PathsNeverThrow) {
  const Json value = {{"a", {{"b", {1, "two", true}}}}};
  EXPECT_EQ(GetInt(value, {"a", "b", "0"}), 1);
  EXPECT_EQ(GetString(value, {"a", "b", "1"}), "two");
  EXPECT_TRUE(GetBool(value, {"a", "b", "2"}));
  EXPECT_EQ(GetString(value, {"a", "b", "0"}, "other type"), "other type");
  for (const char* key : {"3", "-1", "x"})
    EXPECT_EQ(FindPath(value, {"a", "b", key}), nullptr);
  EXPECT_TRUE(GetArray(value, {"missing"}).empty());
}

TEST(Json, BrokenTextIsAnErrorAndBrokenUtf8IsReplaced) {
  EXPECT_FALSE(ParseJson("{\"a\":"));
  EXPECT_EQ(DumpJson(Json("\xff")), "\"\xef\xbf\xbd\"");
}

TEST(Time, Rfc3339RoundTrip) {
  EXPECT_EQ(FormatRfc3339(std::chrono::seconds(0)), "1970-01-01T00:00:00Z");
  const auto time = ParseRfc3339("2026-11-20T08:41:04.250Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(FormatRfc3339(*time, 3), "2026-11-20T08:41:04.250Z");
  EXPECT_EQ(ParseRfc3339("2026-11-20T10:41:04+02:00"), ParseRfc3339("2026-11-20T08:41:04Z"));
  for (const char* wrong :
       {"", "2026-11-20", "2026-13-20T08:41:04Z", "2026-11-20T08:41:04", "2026-11-20T25:41:04Z"})
    EXPECT_FALSE(ParseRfc3339(wrong)) << wrong;
}

}  // namespace
}  // namespace holdfast
