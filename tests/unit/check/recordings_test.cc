// The judge on recordings of Kubernetes 1.36.2, and on altered copies of them. The full set lies
// beside the repository; without it the excerpts in tests/data/check are judged.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/random.h"
#include "harness/base/strings.h"

#include "tests/unit/check/record_builder.h"

namespace holdfast::check {
namespace {

namespace fs = std::filesystem;

const fs::path kExcerpts = fs::path(HOLDFAST_SOURCE_DIR) / "tests/data/check";

fs::path Recordings() {
  const fs::path all = fs::path(HOLDFAST_SOURCE_DIR) / "../shared/traces";
  std::error_code error;
  return fs::exists(all / "expected.json", error) ? all : kExcerpts;
}

bool Known(const std::string& id) {
  const auto& texts = Guarantees();
  return std::any_of(texts.begin(), texts.end(),
                     [&](const GuaranteeText& text) { return text.id == id; });
}

bool Contains(const Json& list, const std::string& id) {
  return std::any_of(list.begin(), list.end(),
                     [&](const Json& entry) { return entry.is_string() && entry == Json(id); });
}

// What the recordings decide together, printed with the test.
TEST(Recordings, DecideMostGuarantees) {
  const size_t least = Recordings() == kExcerpts ? 30 : 70;
  std::map<std::string, int> passed;
  for (const auto& entry : fs::directory_iterator(Recordings())) {
    if (entry.path().extension() != ".jsonl") continue;
    auto verdicts = CheckPath(entry.path());
    ASSERT_TRUE(verdicts) << verdicts.error().message;
    for (const CheckResult& check : verdicts->checks)
      if (check.verdict == Verdict::kPass) ++passed[check.id];
  }
  std::string undecided;
  for (const GuaranteeText& text : Guarantees())
    if (!passed.contains(text.id)) undecided += " " + text.id;
  EXPECT_GE(passed.size(), least) << "never passed:" << undecided;
  std::printf("%zu of %zu ids passed; not exercised:%s\n", passed.size(), Guarantees().size(),
              undecided.c_str());
}

TEST(Recordings, GiveTheExpectedVerdicts) {
  auto text = ReadFile(Recordings() / "expected.json");
  ASSERT_TRUE(text);
  auto expected = ParseJson(*text);
  ASSERT_TRUE(expected);
  int judged = 0;
  for (const auto& [name, entry] : expected->items()) {
    if (!entry.is_object()) continue;
    SCOPED_TRACE(name);
    auto verdicts = CheckPath(Recordings() / (name + ".jsonl"));
    ASSERT_TRUE(verdicts) << verdicts.error().message;
    ++judged;
    const Json& fail = GetArray(entry, {"fail"});
    for (const CheckResult& check : verdicts->checks) {
      const bool must = Contains(fail, check.id);
      const bool may = must || Contains(GetArray(entry, {"may_fail"}), check.id);
      EXPECT_TRUE(!must || check.verdict == Verdict::kFail) << check.id << ": " << check.reason;
      EXPECT_TRUE(may || check.verdict != Verdict::kFail) << check.id << ": " << check.reason;
      EXPECT_NE(check.verdict, Verdict::kUnknown) << check.id << ": " << check.reason;
    }
    for (const Json& id : GetArray(entry, {"must_decide"})) {
      if (!Known(id.get<std::string>())) continue;
      EXPECT_EQ(Find(*verdicts, id.get<std::string>(), "trace").verdict, Verdict::kPass) << id;
    }
  }
  EXPECT_GT(judged, 0);
}

std::vector<std::string> Excerpt() {
  auto text = ReadFile(kExcerpts / "container-crash.jsonl");
  if (!text) return {};
  std::vector<std::string> lines = Split(*text, '\n');
  lines.pop_back();
  return lines;
}

// The first line that holds all of these texts.
size_t LineWith(const std::vector<std::string>& lines, const std::vector<std::string>& texts) {
  for (size_t i = 0; i < lines.size(); ++i)
    if (std::all_of(texts.begin(), texts.end(), [&](const std::string& text) {
          return lines[i].find(text) != std::string::npos;
        }))
      return i;
  ADD_FAILURE() << "no such line";
  return 0;
}

int ExitOf(const std::vector<std::string>& lines) {
  return CheckTrace(Join(lines, "\n") + "\n").exit;
}

const std::vector<std::string> kReady = {R"("resource": "pods")", R"("name": "web-0")",
                                         R"({"type": "Ready", "observedGeneration": 1, "status": )"
                                         R"("True")"};

TEST(AlteredCopies, TheUnalteredOneIsGreen) { EXPECT_EQ(ExitOf(Excerpt()), 0); }

TEST(AlteredCopies, AReadinessRemoved) {
  auto lines = Excerpt();
  const size_t second = LineWith(lines, {R"("resource": "pods")", R"("type": "ADDED")", "web-1"});
  for (size_t i = 0; i < second; ++i)
    if (lines[i].find(R"("resource": "pods")") != std::string::npos)
      lines[i] = ReplaceAll(lines[i], R"("status": "True")", R"("status": "False")");
  EXPECT_EQ(ExitOf(lines), 1);
  lines = Excerpt();
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(LineWith(lines, kReady)));
  EXPECT_NE(ExitOf(lines), 0);
}

TEST(AlteredCopies, ClaimsExchanged) {
  std::string text = Join(Excerpt(), "\n") + "\n";
  text = ReplaceAll(text, R"("claimName": "data-web-0")", R"("claimName": "X")");
  text = ReplaceAll(text, R"("claimName": "data-web-1")", R"("claimName": "data-web-0")");
  text = ReplaceAll(text, R"("claimName": "X")", R"("claimName": "data-web-1")");
  const Verdicts verdicts = CheckTrace(text);
  EXPECT_EQ(verdicts.exit, 1);
  const CheckResult result = Find(verdicts, "SS-ID-7", "trace");
  EXPECT_EQ(result.verdict, Verdict::kFail);
  EXPECT_THAT(result.reason, testing::HasSubstr("web-0"));
  EXPECT_THAT(result.reason, testing::HasSubstr("data-web-1"));
}

TEST(AlteredCopies, UidsSwappedInOneEvent) {
  auto lines = Excerpt();
  const std::string first = "201555f2-8397-41cf-96a5-db523dd87e36";
  const std::string second = "67a9d54c-c4c4-4862-9f22-69ef20e6c947";
  const size_t at = LineWith(lines, {R"("type": "MODIFIED")", second, R"("resource": "pods")"});
  lines[at] = ReplaceAll(lines[at], second, first);
  EXPECT_NE(ExitOf(lines), 0);
}

TEST(AlteredCopies, EventsReordered) {
  const auto original = Excerpt();
  for (const char* resource : {"pods", "statefulsets", "persistentvolumeclaims"}) {
    auto lines = original;
    std::vector<size_t> places;
    for (size_t i = 0; i < lines.size(); ++i)
      if (lines[i].find(R"("resource": ")" + std::string(resource) + R"(", "event")") !=
          std::string::npos)
        places.push_back(i);
    ASSERT_GT(places.size(), 3U) << resource;
    std::swap(lines[places[1]], lines[places[2]]);
    EXPECT_NE(ExitOf(lines), 0) << resource;
  }
}

TEST(AlteredCopies, ALineDropped) {
  const auto original = Excerpt();
  const std::vector<std::vector<std::string>> dropped = {
      {R"("kind": "end")"},
      {R"("kind": "watch-open", "resource": "pods")"},
      {R"("kind": "action")"},
      {R"("resource": "pods")", R"("type": "ADDED")", R"("name": "web-0")"},
      {R"("resource": "persistentvolumeclaims")", R"("type": "ADDED")"},
  };
  for (const auto& texts : dropped) {
    auto lines = original;
    lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(LineWith(lines, texts)));
    EXPECT_NE(ExitOf(lines), 0) << texts[0];
  }
}

TEST(AlteredCopies, AGapAndATimeThatGoesBack) {
  auto lines = Excerpt();
  ASSERT_GT(lines.size(), 60U);
  const auto before = ParseJson(lines[49]);
  ASSERT_TRUE(before);
  Json gap = {{"kind", "gap"}, {"resource", "pods"}, {"reason", "410"}};
  gap["t"] = before->at("t");
  lines.insert(lines.begin() + 50, DumpJson(gap));
  EXPECT_EQ(ExitOf(lines), 3);
  lines = Excerpt();
  std::swap(lines[30], lines[50]);
  EXPECT_NE(ExitOf(lines), 0);
}

TEST(AlteredCopies, DamagedBytesNeverCrash) {
  const std::string text = Join(Excerpt(), "\n") + "\n";
  Random random(42);
  for (int round = 0; round < 25; ++round) {
    std::string copy = text;
    if (round % 2 == 0) copy.resize(random.Below(copy.size()));
    for (int flips = 0; flips < 20 && !copy.empty(); ++flips)
      copy[random.Below(copy.size())] = static_cast<char>(random.Below(256));
    const TemporaryDirectory directory;
    ASSERT_TRUE(WriteFileAtomic(directory.path() / "t.jsonl", copy));
    const auto verdicts = CheckPath(directory.path() / "t.jsonl");
    EXPECT_TRUE(!verdicts || verdicts->exit != 0) << round;
  }
}

TEST(CheckPathErrors, NameWhatIsWrong) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(WriteFileAtomic(directory.path() / "other.txt", "hello\n"));
  ASSERT_TRUE(WriteFileAtomic(directory.path() / "empty.txt", ""));
  EXPECT_THAT(CheckPath(directory.path() / "other.txt").error().message,
              testing::HasSubstr("not a trace"));
  EXPECT_THAT(CheckPath(directory.path() / "empty.txt").error().message,
              testing::HasSubstr("not a trace"));
  EXPECT_FALSE(CheckPath(directory.path() / "absent"));
  EXPECT_FALSE(CheckPath(directory.path()));
  ASSERT_TRUE(WriteFileAtomic(directory.path() / "run.json", R"({"format":"holdfast-run/1"})"));
  EXPECT_THAT(CheckPath(directory.path()).error().message, testing::HasSubstr("trace.jsonl"));
}

TEST(Catalogue, IsCompleteAndUnique) {
  std::vector<std::string> ids;
  for (const GuaranteeText& text : Guarantees()) {
    EXPECT_FALSE(text.title.empty() || text.paragraph.empty() || text.since.empty() ||
                 text.applies.empty())
        << text.id;
    ids.push_back(text.id);
  }
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
  for (const CheckResult& check : CheckTrace(Healthy().End().Text()).checks)
    EXPECT_TRUE(Known(check.id)) << check.id;
}

}  // namespace
}  // namespace holdfast::check
