// Loading images: docker archives and OCI layouts made on the spot with tar.
#include "harness/sandbox/image/image_archive.h"

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"
#include "harness/sandbox/image/image.h"
#include "harness/sandbox/image/loaded_image.h"

namespace holdfast::sandbox {
namespace {
namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

void Quiet(const std::string& /*line*/) {}

class Archives : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path Path(const std::string& name) const { return directory_.path() / name; }
  void Write(const std::string& name, const std::string& content, unsigned mode = 0644) {
    ASSERT_TRUE(MakeDirectories(Path(name).parent_path()));
    ASSERT_TRUE(WriteFileAtomic(Path(name), content, mode));
  }
  void Tar(const std::string& folder, const std::string& tar) {
    const auto made = RunChecked({"tar", "-cf", Path(tar).string(), "-C", Path(folder).string(), "."});
    ASSERT_TRUE(made) << made.error().message;
  }
  // Two layers: the second removes a file, empties a folder, and replaces another file.
  void MakeLayers() {
    Write("a/etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:1234:56:::/bin/sh\n");
    Write("a/bin/run", "#!/bin/sh\n", 0755);
    Write("a/gone", "1");
    Write("a/stays", "1");
    Write("a/emptied/old", "1");
    std::error_code error;
    fs::create_symlink("bin", Path("a/sbin"), error);
    Write("b/.wh.gone", "");
    Write("b/emptied/.wh..wh..opq", "");
    Write("b/stays", "2");
    Write("b/sbin/more", "#!/bin/sh\n", 0755);
    Tar("a", "image/a.tar");
    // Without entries for directories: one would take the link's place.
    const auto made = RunChecked({"sh", "-c", "cd \"$0\" && find . -type f | tar -czf \"$1\" -T -",
                                  Path("b").string(), Path("image/b.tar").string()});
    ASSERT_TRUE(made) << made.error().message;
  }
  const std::string config_ = DumpJson(
      {{"config",
        {{"Env", {"PATH=/bin", "MODE=x=y"}},
         {"Entrypoint", {"/bin/run"}},
         {"Cmd", {"serve"}},
         {"User", "app"},
         {"WorkingDir", "/srv"}}}});
  TemporaryDirectory directory_;
};

TEST_F(Archives, DockerSave) {
  ASSERT_TRUE(MakeDirectories(Path("image")));
  MakeLayers();
  Write("image/config.json", config_);
  Write("image/manifest.json",
        R"([{"Config":"config.json","RepoTags":["vendor.example/db:7"],"Layers":["a.tar","b.tar"]}])");
  Tar("image", "image.tar");
  const auto loaded = LoadImageArchive(Path("cache"), Path("image.tar"), "", Quiet);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_THAT(*loaded, ElementsAre("db:7"));
  const auto image = FindImage(Path("cache"), "anywhere.example/x/db:7");
  ASSERT_TRUE(image) << image.error().message;
  EXPECT_THAT(image->entry_point, ElementsAre("/bin/run"));
  EXPECT_THAT(image->command, ElementsAre("serve"));
  EXPECT_EQ(image->environment.at("MODE"), "x=y");
  EXPECT_EQ(image->uid, 1234);
  EXPECT_EQ(image->gid, 56);
  EXPECT_EQ(image->working_directory, "/srv");
  EXPECT_EQ(image->digest, "sha256:" + Sha256Hex(config_));
  EXPECT_FALSE(fs::exists(image->root / "gone"));
  EXPECT_FALSE(fs::exists(image->root / "emptied/old"));
  EXPECT_EQ(ReadFile(image->root / "stays").value_or(""), "2");
  EXPECT_TRUE(fs::is_symlink(image->root / "sbin")) << "a link of a lower layer is followed";
  EXPECT_TRUE(fs::exists(image->root / "bin/more"));
  EXPECT_TRUE(fs::exists(image->root / "etc/hosts"));
  EXPECT_THAT(LoadedImageNames(Path("cache")), ElementsAre("db:7"));
}

TEST_F(Archives, OciLayout) {
  ASSERT_TRUE(MakeDirectories(Path("image")));
  MakeLayers();
  const auto blob = [&](const std::string& content) -> Json {
    const std::string digest = Sha256Hex(content);
    Write("layout/blobs/sha256/" + digest, content);
    return {{"digest", "sha256:" + digest}};
  };
  const Json manifest = {{"config", blob(config_)},
                         {"layers",
                          {blob(ReadFile(Path("image/a.tar")).value()),
                           blob(ReadFile(Path("image/b.tar")).value())}}};
  Json other = blob("{}");
  other["platform"] = {{"architecture", "arm64"}, {"os", "linux"}};
  Write("layout/index.json", DumpJson({{"manifests", {other, blob(DumpJson(manifest))}}}));
  const auto unnamed = LoadImageArchive(Path("cache"), Path("layout"), "", Quiet);
  ASSERT_FALSE(unnamed);
  EXPECT_THAT(unnamed.error().message, HasSubstr("--as"));
  const auto loaded = LoadImageArchive(Path("cache"), Path("layout"), "db:8", Quiet);
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_TRUE(FindImage(Path("cache"), "db:8"));
  Write("layout/blobs/sha256/" + Sha256Hex(config_), "{}");
  const auto altered = LoadImageArchive(Path("cache"), Path("layout"), "db:9", Quiet);
  ASSERT_FALSE(altered);
  EXPECT_THAT(altered.error().message, HasSubstr("does not match its digest"));
}

TEST_F(Archives, WhatIsWrongIsSaid) {
  EXPECT_EQ(LoadImageArchive(Path("cache"), Path("none"), "", Quiet).error().code,
            ErrorCode::kNotFound);
  Write("empty/file", "x");
  Tar("empty", "empty.tar");
  EXPECT_THAT(LoadImageArchive(Path("cache"), Path("empty.tar"), "", Quiet).error().message,
              HasSubstr("neither manifest.json"));
  Write("text", "this is no archive at all, only some text that is long enough to be looked at");
  EXPECT_FALSE(LoadImageArchive(Path("cache"), Path("text"), "", Quiet));
  Write("out/config.json", "{}");
  Write("out/manifest.json",
        R"([{"Config":"config.json","RepoTags":["x:1"],"Layers":["../../etc/passwd"]}])");
  EXPECT_THAT(LoadImageArchive(Path("cache"), Path("out"), "", Quiet).error().message,
              HasSubstr("outside"));
}

// A link that points out of the root must not let a later entry be written there.
TEST_F(Archives, NothingIsWrittenOutsideOfTheRoot) {
  ASSERT_TRUE(MakeDirectories(Path("one")));
  ASSERT_TRUE(MakeDirectories(Path("outside")));
  std::error_code error;
  fs::create_symlink(Path("outside"), Path("one/way"), error);
  Tar("one", "one.tar");
  Write("two/way/file", "x");
  Tar("two", "two.tar");
  ASSERT_TRUE(MakeDirectories(Path("root")));
  ASSERT_TRUE(ApplyLayer(Path("one.tar"), Path("root")));
  const Status second = ApplyLayer(Path("two.tar"), Path("root"));
  EXPECT_FALSE(fs::exists(Path("outside/file"))) << (second ? "" : second.error().message);
}

TEST(ImageUser, Table) {
  const std::string passwd = "root:x:0:0::/root:/bin/sh\nmysql:x:999:998:::\n";
  const std::string group = "root:x:0:\nmysql:x:997:\n";
  struct Row {
    std::string user;
    int uid;
    int gid;
  };
  for (const Row& row : std::vector<Row>{{"", 0, 0},
                                         {"root", 0, 0},
                                         {"mysql", 999, 998},
                                         {"mysql:mysql", 999, 997},
                                         {"mysql:5", 999, 5},
                                         {"1000", 1000, 0},
                                         {"1000:1001", 1000, 1001}}) {
    const auto user = ParseImageUser(row.user, passwd, group);
    ASSERT_TRUE(user) << row.user;
    EXPECT_EQ(user->uid, row.uid) << row.user;
    EXPECT_EQ(user->gid, row.gid) << row.user;
  }
  EXPECT_FALSE(ParseImageUser("nobody", passwd, group));
  EXPECT_FALSE(ParseImageUser("mysql:nogroup", passwd, group));
}

}  // namespace
}  // namespace holdfast::sandbox
