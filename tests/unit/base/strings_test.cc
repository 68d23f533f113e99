#include "harness/base/strings.h"

#include <gtest/gtest.h>

#include "harness/base/random.h"

namespace holdfast {
namespace {

TEST(Strings, SplitKeepsEmptyParts) {
  EXPECT_EQ(Split("a,,b", ','), (std::vector<std::string>{"a", "", "b"}));
  EXPECT_EQ(Split("", ','), std::vector<std::string>{""});
}

TEST(Strings, ParseIntTakesDecimalsOnly) {
  EXPECT_EQ(ParseInt("012"), 12);
  EXPECT_EQ(ParseInt("-7"), -7);
  for (const char* wrong : {"", "x", "1x", " 1", "1.0", "0x10", "99999999999999999999"})
    EXPECT_FALSE(ParseInt(wrong)) << wrong;
}

TEST(Strings, Base64RoundTrip) {
  for (const std::string& text : {std::string(), std::string("a"), std::string("ab"),
                                  std::string("abc"), std::string("\0\xff\x80", 3)}) {
    EXPECT_EQ(Base64Decode(Base64Encode(text)).value(), text);
  }
  EXPECT_FALSE(Base64Decode("abc"));
  EXPECT_FALSE(Base64Decode("ab!="));
}

TEST(Strings, Sha256OfTheEmptyText) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Strings, GlobMatchesTheWholeText) {
  EXPECT_TRUE(GlobMatch("pod-*", "pod-delete"));
  EXPECT_TRUE(GlobMatch("*delete*", "pod-delete-force"));
  EXPECT_TRUE(GlobMatch("?-0", "a-0"));
  EXPECT_TRUE(GlobMatch("[a-c]-[!1]*", "b-0"));
  EXPECT_FALSE(GlobMatch("[a-c]-[!1]*", "b-1"));
  EXPECT_TRUE(GlobMatch("\\*", "*"));
  EXPECT_FALSE(GlobMatch("pod", "pod-delete"));
  EXPECT_FALSE(GlobMatch("*x", "pod-delete"));
}

TEST(Strings, NearestNamesOnlyWhatIsNear) {
  const std::vector<std::string> words{"replicas", "storage", "image"};
  EXPECT_EQ(Nearest("replica", words), "replicas");
  EXPECT_EQ(Nearest("sotrage", words), "storage");
  EXPECT_FALSE(Nearest("zookeeper", words));
}

TEST(Strings, DurationsNeedAUnit) {
  EXPECT_EQ(ParseDuration("250ms").value(), std::chrono::milliseconds(250));
  EXPECT_EQ(ParseDuration("1m30s").value(), std::chrono::seconds(90));
  EXPECT_EQ(ParseDuration("0s").value(), Nanos{0});
  for (const char* wrong : {"", "30", "s", "1d", "-1s", "1.5s", "1 s", "99999999999999999999s"})
    EXPECT_FALSE(ParseDuration(wrong)) << wrong;
}

TEST(Strings, DurationsForPeople) {
  EXPECT_EQ(FormatDuration(std::chrono::milliseconds(250)), "250 ms");
  EXPECT_EQ(FormatDuration(std::chrono::milliseconds(1500)), "1.5 s");
  EXPECT_EQ(FormatDuration(std::chrono::seconds(123)), "2m03s");
  EXPECT_EQ(WithThousands(1234567), "1,234,567");
  EXPECT_EQ(WithThousands(-1234), "-1,234");
  EXPECT_EQ(WithThousands(999), "999");
}

TEST(Random, TheSeedDecides) {
  Random one(7);
  Random two(7);
  EXPECT_EQ(one.Next(), two.Next());
  EXPECT_EQ(Random(7).Fork("a").Next(), Random(7).Fork("a").Next());
  EXPECT_NE(Random(7).Fork("a").Next(), Random(7).Fork("b").Next());
  for (int i = 0; i < 1000; ++i)
    EXPECT_LT(one.Below(3), 3U);
}

TEST(Random, TokensDiffer) {
  EXPECT_EQ(RandomToken(24).size(), 24U);
  EXPECT_NE(RandomToken(24), RandomToken(24));
}

}  // namespace
}  // namespace holdfast
