#include "tests/unit/check/recorded.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "harness/base/files.h"
#include "harness/base/strings.h"

namespace holdfast::check {
namespace {

namespace fs = std::filesystem;

const fs::path kExcerpts = fs::path(HOLDFAST_SOURCE_DIR) / "tests/data/check";

}  // namespace

std::vector<Recording> Recordings() {
  fs::path folder = fs::path(HOLDFAST_SOURCE_DIR) / "../shared/traces";
  std::error_code error;
  if (!fs::exists(folder / "expected.json", error)) folder = kExcerpts;
  std::vector<Recording> recordings;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() != ".jsonl") continue;
    // All of them in the nightly run; the short ones show the same.
    constexpr uintmax_t kShort = 450'000;
    if (std::getenv("HOLDFAST_ALL_RECORDINGS") == nullptr && entry.file_size() > kShort) continue;
    const auto text = ReadFile(entry.path());
    if (!text) continue;
    Recording recording{.name = entry.path().stem().string(), .lines = {}, .fails = {}};
    for (const std::string& line : Split(*text, '\n'))
      if (!line.empty()) recording.lines.emplace_back(line);
    if (GetString(recording.lines.at(0), {"target", "kind"}) == "Deployment") continue;
    recordings.push_back(std::move(recording));
  }
  std::sort(recordings.begin(), recordings.end(),
            [](const Recording& a, const Recording& b) { return a.name < b.name; });
  return recordings;
}

bool IsEvent(const Json& line, const std::string& resource, const std::string& type) {
  return GetString(line, {"kind"}) == "watch" && GetString(line, {"resource"}) == resource &&
         GetString(line, {"event", "type"}) != "BOOKMARK" &&
         (type.empty() || GetString(line, {"event", "type"}) == type);
}
Json& ObjectOf(Line& line) { return line.Edit()["event"]["object"]; }
std::string NameOf(const Json& line) {
  return GetString(line, {"event", "object", "metadata", "name"});
}
std::string UidOf(const Json& line) {
  return GetString(line, {"event", "object", "metadata", "uid"});
}

std::vector<size_t> Events(const Recording& recording,
                           const std::string& resource,
                           const std::string& type,
                           const std::string& name) {
  std::vector<size_t> places;
  for (size_t i = 0; i < recording.lines.size(); ++i)
    if (IsEvent(recording.lines[i], resource, type) &&
        (name.empty() || NameOf(recording.lines[i]) == name))
      places.push_back(i);
  return places;
}

void Exchange(Recording& recording, const std::string& a, const std::string& b) {
  for (Line& line : recording.lines)
    line = Line(ReplaceAll(ReplaceAll(ReplaceAll(line.Text(), a, "\x01"), b, a), "\x01", b));
}

void SwapTold(Recording& recording, size_t a, size_t b) {
  std::swap(recording.lines[a].Edit()["t"], recording.lines[b].Edit()["t"]);
  std::swap(ObjectOf(recording.lines[a])["metadata"]["resourceVersion"],
            ObjectOf(recording.lines[b])["metadata"]["resourceVersion"]);
  std::swap(recording.lines[a], recording.lines[b]);
}

std::optional<std::pair<size_t, size_t>> TwoCreations(const Recording& recording) {
  const std::vector<size_t> added = Events(recording, "pods", "ADDED");
  for (size_t i = 1; i < added.size(); ++i)
    if (NameOf(recording.lines[added[0]]) != NameOf(recording.lines[added[i]]))
      return std::pair(added[0], added[i]);
  return std::nullopt;
}

bool IsOrdered(const Recording& recording) {
  for (const size_t at : Events(recording, "statefulsets", "ADDED"))
    return GetString(recording.lines[at], {"event", "object", "spec", "podManagementPolicy"}) !=
           "Parallel";
  return false;
}

void Erase(Recording& recording, size_t at) {
  recording.lines.erase(recording.lines.begin() + static_cast<std::ptrdiff_t>(at));
}

std::string Failures(const Verdicts& verdicts) {
  std::string text;
  for (const CheckResult& check : verdicts.checks)
    if (check.verdict == Verdict::kFail || check.verdict == Verdict::kUnknown)
      text += fmt::format("\n  {} {}: {}", check.id, ToString(check.verdict), check.reason);
  return text;
}

}  // namespace holdfast::check
