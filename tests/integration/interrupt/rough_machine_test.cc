// Machines that are not as they should be: a full disk, a missing program, no image, a user without
// rights. And the secrets of a run that must not be found afterwards.
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/process.h"
#include "harness/base/strings.h"

#include "tests/integration/interrupt/running.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// `script` in a mount namespace of its own, before the command itself; "$0" is the first word.
std::vector<std::string> InOwnMounts(const std::string& script,
                                     const std::vector<std::string>& words) {
  std::vector<std::string> command = {"unshare", ::geteuid() == 0 ? "-m" : "-rm", "sh", "-ec",
                                      script};
  command.insert(command.end(), words.begin(), words.end());
  return command;
}

// The run directory is a file system of this size.
std::vector<std::string> OnSmallDisk(const Place& place, const std::string& size) {
  std::vector<std::string> words = {place.out.string()};
  for (const std::string& word : place.Command())
    words.push_back(word);
  return InOwnMounts("mkdir \"$0\"; mount -t tmpfs -o size=" + size + " tmpfs \"$0\"; exec \"$@\"",
                     words);
}

TEST(FullDisk, IsNamedBeforeAnythingIsDeployed) {
  const Place place;
  Running run(OnSmallDisk(place, "16m"), place.Environment());
  EXPECT_EQ(run.Wait(), 3) << run.output();
  EXPECT_THAT(LastLine(run.output()), HasSubstr("MiB are free at " + place.out.string()));
  EXPECT_THAT(run.output(), Not(HasSubstr("deploying")));
}

TEST(FullDisk, InTheMiddleOfARunIsNamedAndAllIsUndone) {
  const Place place;
  Running run(OnSmallDisk(place, "80m"), place.Environment());
  ASSERT_TRUE(run.AwaitText("pod 0: terminating")) << run.output();
  const Family family = FamilyOf(run.pid());
  const std::string filler = fmt::format("/proc/{}/root{}/filler", run.pid(), place.out.string());
  const FileDescriptor file(::open(filler.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
  ASSERT_TRUE(file.valid()) << filler;
  const std::string block(1 << 20, 'x');
  while (WriteAll(file.get(), block, filler)) {
  }
  for (size_t small = block.size() / 2; small > 0; small /= 2)
    static_cast<void>(WriteAll(file.get(), block.substr(0, small), filler));
  EXPECT_EQ(run.Wait(), 3) << run.output();
  EXPECT_THAT(LastLine(run.output()), AnyOf(HasSubstr("disk"), HasSubstr("space")));
  EXPECT_THAT(run.output(), HasSubstr("removing namespace"));
  EXPECT_THAT(LeftOf(family), IsEmpty());
}

TEST(MissingProgram, IsNamedBeforeAnythingIsDeployed) {
  const Place place;
  const fs::path programs = place.folder.path() / "bin";
  fs::create_directories(programs);
  for (const char* folder : {"/usr/bin", "/bin", "/usr/sbin", "/sbin"}) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      std::error_code exists;
      if (entry.path().filename() != "bwrap")
        fs::create_symlink(entry.path(), programs / entry.path().filename(), exists);
    }
  }
  std::vector<std::string> environment = place.Environment();
  environment.push_back("PATH=" + programs.string());
  Running run(place.Command(), environment);
  EXPECT_EQ(run.Wait(), 3) << run.output();
  EXPECT_THAT(LastLine(run.output()), HasSubstr("bubblewrap"));
  EXPECT_FALSE(fs::exists(place.out / "trace.jsonl"));
  EXPECT_TRUE(RunChecked({"xmllint", "--noout", (place.folder.path() / "asked.xml").string()}));
}

TEST(MissingImage, IsNamedWithThoseThatThereAre) {
  const Place place("example.org/postgres:99");
  Running run(place);
  EXPECT_THAT(run.Wait(), AnyOf(2, 3)) << run.output();
  EXPECT_THAT(LastLine(run.output()), HasSubstr("postgres:99"));
  EXPECT_THAT(LastLine(run.output()), HasSubstr("postgres:15"));
  EXPECT_FALSE(fs::exists(place.out / "trace.jsonl"));
}

// The image cache of whoever runs the tests, bound to where a user without rights can reach it.
std::vector<std::string> AsNobody(const std::string& first, std::vector<std::string> command) {
  if (::geteuid() != 0) return command;
  const std::string script = "chown -R 65534:65534 \"${0%/*}\"; chmod 755 \"${0%/*}\"; " + first +
                             "exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$@\"";
  return InOwnMounts(script, command);
}

TEST(AnotherUsersImages, AreRefusedBeforeAnythingIsDeployed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  const Place place;
  const fs::path cache = place.folder.path() / "cache";
  fs::create_directories(cache);
  std::vector<std::string> command = place.Command();
  command.insert(command.begin(), cache.string());
  std::vector<std::string> environment = place.Environment();
  environment.push_back("HOLDFAST_CACHE=" + cache.string());
  Running run(AsNobody("mount --bind '" + CacheDirectory().string() + "' \"$0\"; ", command),
              environment);
  EXPECT_EQ(run.Wait(), 3) << run.output();
  EXPECT_THAT(LastLine(run.output()), HasSubstr("belongs to another user"));
  EXPECT_THAT(LastLine(run.output()), HasSubstr("HOLDFAST_CACHE"));
}

// Environment values of this name in processes of the family.
std::set<std::string> EnvironmentValues(const Family& family, const std::string& name) {
  std::set<std::string> values;
  for (const auto& [pid, start] : family) {
    const auto text = ReadFile(fmt::format("/proc/{}/environ", pid));
    for (const std::string& variable : Split(text.value_or(""), '\0'))
      if (variable.starts_with(name + "=")) values.insert(variable.substr(name.size() + 1));
  }
  return values;
}

// The API's token, read from inside of the world.
std::set<std::string> Tokens(const Family& family, const fs::path& cache) {
  std::set<std::string> tokens;
  for (const auto& [pid, start] : family) {
    const auto token = ReadFile(
        fmt::format("/proc/{}/root{}", pid, (cache / "images/world-mount/token").string()));
    if (token && !Trim(*token).empty()) tokens.insert(std::string(Trim(*token)));
  }
  return tokens;
}

void ExpectNowhere(const Place& place, const std::string& output, const std::string& secret) {
  EXPECT_EQ(output.find(secret), std::string::npos) << "a secret is on the console";
  for (const auto& entry : fs::recursive_directory_iterator(place.folder.path())) {
    if (!entry.is_regular_file() || entry.path().string().find("/cache/") != std::string::npos)
      continue;
    EXPECT_EQ(ReadFile(entry.path()).value_or("").find(secret), std::string::npos)
        << "a secret is in " << entry.path();
  }
}

// A user without rights and with images of its own plays the suite; afterwards neither the
// database's password nor the API's token is anywhere.
TEST(UserWithoutRights, PlaysTheSuiteAndNoSecretIsLeft) {
  const Place place;
  const bool root = ::geteuid() == 0;
  const fs::path cache = root ? place.folder.path() / "cache" : CacheDirectory();
  std::vector<std::string> command = place.Command();
  std::vector<std::string> environment = place.Environment();
  if (root) {
    fs::create_directories(cache / "images");
    ASSERT_TRUE(RunChecked({"cp", "-a", (CacheDirectory() / "images" / "images").string(),
                            (cache / "images" / "images").string()}));
    command.insert(command.begin(), cache.string());
    environment.push_back("HOLDFAST_CACHE=" + cache.string());
    environment.push_back("HOME=" + place.folder.path().string());
  }
  Running run(AsNobody("", command), environment);
  ASSERT_TRUE(run.AwaitText("pod 0: ready")) << run.output();
  std::set<std::string> passwords;
  Family family;
  // The set-up container and the server have it; the probes come and go.
  EXPECT_TRUE(run.Await([&] {
    family = FamilyOf(run.pid());
    passwords = EnvironmentValues(family, "PGPASSWORD");
    return !passwords.empty();
  }));
  const std::set<std::string> tokens = Tokens(family, cache);
  EXPECT_EQ(run.Wait(), 0) << run.output();
  EXPECT_THAT(LeftOf(family), IsEmpty());
  ASSERT_EQ(passwords.size(), 1U);
  EXPECT_GE(passwords.begin()->size(), 24U);
  ASSERT_EQ(tokens.size(), 1U);
  for (const std::set<std::string>& secrets : {passwords, tokens})
    for (const std::string& secret : secrets)
      ExpectNowhere(place, run.output(), secret);
  ExpectNowhere(place, run.output(), "Bearer ");
}

}  // namespace
}  // namespace holdfast
