// The tree keeps its own rules: a folder includes only what its row of the layering table names,
// files are small and say what they are for, and words that would make tests or waits unsound do
// not appear.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/strings.h"

namespace holdfast {
namespace {

namespace fs = std::filesystem;

const std::set<std::string> kEverything{"harness/base",    "harness/kube",  "harness/trace",
                                        "harness/observe", "harness/check", "harness/suite",
                                        "harness/sandbox", "harness/run",   "harness/cli",
                                        "workloads",       "faults",        "reports"};

// The table. A folder may always include itself.
const std::map<std::string, std::set<std::string>> kMayInclude{
    {"harness/base", {}},
    {"harness/kube", {"harness/base"}},
    {"harness/trace", {"harness/base"}},
    {"harness/observe", {"harness/base", "harness/kube", "harness/trace"}},
    {"harness/check", {"harness/base", "harness/trace"}},
    {"harness/suite", {"harness/base"}},
    {"harness/sandbox", {"harness/base"}},
    {"workloads", {"harness/base", "harness/kube", "harness/trace"}},
    {"faults", {"harness/base", "harness/kube", "harness/trace"}},
    {"reports", {"harness/base", "harness/trace", "harness/check"}},
    {"harness/run",
     {"harness/base", "harness/kube", "harness/trace", "harness/observe", "harness/check",
      "harness/suite", "workloads", "faults"}},
    {"harness/cli", kEverything},
};

// "harness/kube/client.h" -> "harness/kube"; "" for what is in no layer.
std::string LayerOf(const std::string& path) {
  for (const std::string& layer : kEverything) {
    if (path.starts_with(layer + "/")) return layer;
  }
  return "";
}

// The includes of `text` that break the table when it stands in `path`.
std::vector<std::string> Breaches(const std::string& path, const std::string& text) {
  std::vector<std::string> breaches;
  const std::string layer = LayerOf(path);
  for (const std::string& line : Split(text, '\n')) {
    const std::string_view trimmed = Trim(line);
    if (!trimmed.starts_with("#include \"")) continue;
    const std::vector<std::string> parts = Split(trimmed, '"');
    const std::string& included = parts.at(1);
    const std::string other = LayerOf(included);
    if (other.empty()) {
      breaches.push_back(path + " includes \"" + included +
                         "\", which is not a path from the root");
    } else if (other != layer && !kMayInclude.at(layer).contains(other)) {
      breaches.push_back(path + " includes \"" + included + "\"; " + layer + " may not include " +
                         other);
    }
  }
  return breaches;
}

struct SourceFile {
  std::string path;
  std::string text;
};

const std::vector<SourceFile>& Sources() {
  static const std::vector<SourceFile> kSources = [] {
    std::vector<SourceFile> sources;
    const fs::path root = HOLDFAST_SOURCE_DIR;
    for (const char* top : {"harness", "workloads", "faults", "reports", "tests"}) {
      for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
        const std::string extension = entry.path().extension();
        if (entry.is_regular_file() && (extension == ".h" || extension == ".cc")) {
          sources.push_back({fs::relative(entry.path(), root), ReadFile(entry.path()).value()});
        }
      }
    }
    return sources;
  }();
  return kSources;
}

TEST(Layering, TheTableIsKept) {
  ASSERT_GT(Sources().size(), 50U);
  for (const SourceFile& file : Sources()) {
    if (LayerOf(file.path).empty()) continue;
    for (const std::string& breach : Breaches(file.path, file.text))
      ADD_FAILURE() << breach;
  }
}

TEST(Layering, ABreachIsSeen) {
  EXPECT_EQ(Breaches("harness/check/x.cc", "#include \"harness/kube/client.h\"\n").size(), 1U);
  EXPECT_EQ(Breaches("harness/sandbox/api/x.cc", "#include \"harness/kube/client.h\"\n").size(),
            1U);
  EXPECT_EQ(Breaches("faults/x.cc", "#include \"fault.h\"\n").size(), 1U);
  EXPECT_TRUE(
      Breaches("harness/run/x.cc", "#include \"harness/kube/client.h\"\n#include <vector>\n")
          .empty());
}

TEST(Tree, OnlyTheAgreedTopLevelExists) {
  const std::set<std::string> agreed{"CMakeLists.txt", "harness",      "suites", "workloads",
                                     "faults",         "reports",      "tests",  "README.md",
                                     "build",          "holdfast-runs"};
  for (const auto& entry : fs::directory_iterator(HOLDFAST_SOURCE_DIR)) {
    const std::string name = entry.path().filename();
    EXPECT_TRUE(name.starts_with('.') || name == "CMakeUserPresets.json" || agreed.contains(name))
        << name;
  }
}

TEST(Tree, FilesAreSmallAndSayWhatTheyAreFor) {
  for (const SourceFile& file : Sources()) {
    const auto lines = std::count(file.text.begin(), file.text.end(), '\n');
    EXPECT_LE(lines, 700) << file.path;
    EXPECT_EQ(file.text.find('\t'), std::string::npos) << file.path << " contains a tab";
    EXPECT_EQ(file.text.find('\r'), std::string::npos)
        << file.path << " contains a carriage return";
    const bool says = !file.path.ends_with(".h") || file.text.starts_with("// ");
    EXPECT_TRUE(says) << file.path << " does not say what it is for";
  }
}

TEST(Tree, ForbiddenWordsDoNotAppear) {
  // Each word with what to use instead. The words are put together here so that this file passes
  // its own test.
  const std::vector<std::pair<std::string, std::string>> forbidden{
      {std::string("sleep_") + "for(", "Clock::SleepFor"},
      {std::string("usl") + "eep(", "Clock::SleepFor"},
      {std::string("std::ra") + "nd(", "Random"},
      {std::string("random_") + "device", "OsEntropy"},
      {std::string(" sys") + "tem(\"", "RunProcess"},
      {std::string("pop") + "en(", "RunProcess"},
      {std::string("using name") + "space ", "a full name"},
      {std::string("FIX") + "ME", "an issue"},
      {std::string("TO") + "DO", "an issue"},
  };
  for (const SourceFile& file : Sources()) {
    // Literals have no other way in.
    const std::string text =
        ReplaceAll(file.text, std::string("using name") + "space std::chrono_literals;", "");
    for (const auto& [word, instead] : forbidden) {
      EXPECT_EQ(text.find(word), std::string::npos)
          << file.path << " contains '" << word << "'; use " << instead;
    }
  }
}

}  // namespace
}  // namespace holdfast
