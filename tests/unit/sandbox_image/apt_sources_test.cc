// Which mirrors are taken from apt's own files, and which are not.
#include "harness/sandbox/image/apt_sources.h"

#include <gtest/gtest.h>

#include "harness/base/files.h"

namespace holdfast::sandbox {
namespace {

struct Row {
  const char* name;
  const char* text;
  bool deb822;
  bool accepted;
  const char* contains;
};

class Sources : public testing::TestWithParam<Row> {};

TEST_P(Sources, OfTheDistribution) {
  const Row& row = GetParam();
  const auto parsed = row.deb822 ? ParseSourcesFile(row.text) : ParseListFile(row.text);
  const Result<std::string> text = DistributionSources(parsed, "bookworm");
  ASSERT_EQ(text.has_value(), row.accepted) << (text ? *text : text.error().message);
  const std::string said = text ? *text : text.error().message;
  EXPECT_NE(said.find(text ? row.contains : "bookworm"), std::string::npos) << said;
}

INSTANTIATE_TEST_SUITE_P(
    Table,
    Sources,
    testing::Values(
        Row{"OneLine", "deb http://m.test/debian bookworm main contrib\n", false, true,
            "URIs: http://m.test/debian\nSuites: bookworm\nComponents: main\n"},
        Row{"OneLineOptions",
            "deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg trusted=yes] "
            "http://m.test/debian bookworm main # comment\n",
            false, true, "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\nTrusted: yes"},
        Row{"CommentedOut", "# deb http://m.test/debian bookworm main\n", false, false, ""},
        Row{"SourcePackages", "deb-src http://m.test/debian bookworm main\n", false, false, ""},
        // One archive carries all releases, so its mirror is asked for the one that is wanted.
        Row{"OtherSuite", "deb http://m.test/debian trixie main\n", false, true,
            "URIs: http://m.test/debian\nSuites: bookworm\nComponents: main\n"},
        Row{"UnknownSuite", "deb http://m.test/debian stretch main\n", false, false, ""},
        Row{"NoMain", "deb http://m.test/linux/debian bookworm stable\n", false, false, ""},
        Row{"ThirdPartyKey",
            "deb [signed-by=/etc/apt/keyrings/vendor.gpg] http://v.test/debian bookworm main\n",
            false, false, ""},
        Row{"OnlySecurity", "deb http://m.test/security bookworm-security main\n", false, false,
            ""},
        Row{"BrokenOptions", "deb [arch=amd64 http://m.test/debian bookworm main\n", false, false,
            ""},
        Row{"Empty", "", false, false, ""},
        Row{"Deb822",
            "# comment\nTypes: deb deb-src\nURIs: http://m.test/debian\nSuites: bookworm "
            "bookworm-updates bookworm-backports\nComponents: main non-free\nSigned-By: "
            "/usr/share/keyrings/debian-archive-keyring.gpg\n\nTypes: deb\nURIs: "
            "http://m.test/security\nSuites: bookworm-security\nComponents: main\n",
            true, true, "Suites: bookworm bookworm-updates\n"},
        Row{"Deb822Disabled",
            "Types: deb\nURIs: http://m.test/debian\nSuites: bookworm\nComponents: main\nEnabled: "
            "no\n",
            true, false, ""},
        Row{"Deb822SourceOnly",
            "Types: deb-src\nURIs: http://m.test/debian\nSuites: bookworm\nComponents: main\n",
            true, false, ""},
        Row{"Deb822Continuation",
            "Types: deb\nURIs:\n http://m.test/debian\nSuites: bookworm\nComponents: main\n", true,
            true, "URIs: http://m.test/debian\n"},
        Row{"Deb822Garbage", "\x01\xff no colon here\n continuation of nothing\n", true, false,
            ""}),
    [](const testing::TestParamInfo<Row>& row) { return row.param.name; });

TEST(AptFolder, ReadsBothStylesAndNothingElse) {
  const TemporaryDirectory directory;
  const auto list_folder = directory.path() / "sources.list.d";
  ASSERT_TRUE(MakeDirectories(list_folder));
  ASSERT_TRUE(WriteFileAtomic(directory.path() / "sources.list", "deb http://a.test x main\n"));
  ASSERT_TRUE(WriteFileAtomic(list_folder / "b.list", "deb http://b.test x main\n"));
  ASSERT_TRUE(
      WriteFileAtomic(list_folder / "c.sources", "Types: deb\nURIs: http://c.test\nSuites: x\n"));
  ASSERT_TRUE(WriteFileAtomic(list_folder / "d.list.disabled", "deb http://d.test x main\n"));
  const std::vector<AptSource> sources = ReadAptSources(directory.path());
  ASSERT_EQ(sources.size(), 3U);
  EXPECT_EQ(sources[0].uris.at(0), "http://a.test");
  EXPECT_EQ(sources[1].uris.at(0), "http://b.test");
  EXPECT_EQ(sources[2].uris.at(0), "http://c.test");
  EXPECT_TRUE(ReadAptSources(directory.path() / "missing").empty());
}

TEST(AptNetwork, KeepsProxiesAndTimeChecksOnly) {
  const std::string options = NetworkOptions(
      "APT \"\";\nAcquire::http::Proxy \"http://p.test:3142\";\nAcquire::http \"\";\n"
      "Acquire::Check-Valid-Until \"false\";\nDPkg::Post-Invoke \"\";\nDir \"/\";\n");
  EXPECT_EQ(
      options,
      "Acquire::http::Proxy \"http://p.test:3142\";\nAcquire::Check-Valid-Until \"false\";\n");
}

}  // namespace
}  // namespace holdfast::sandbox
