// A scale cycle of a quorum in the embedded sandbox: every member joins before its pod comes and leaves
// before its pod goes, as the recorded evidence shows.
#include <algorithm>
#include <filesystem>
#include <set>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"

namespace holdfast {
namespace {

constexpr const char* kSuite = R"(
suite: etcd-members
workload: {etcd: {replicas: 3}}
load: {writers: 2, readers: 1, rate: 100/s, minimum-acks: 20, sentinel-rows: 10}
scenarios:
  - name: grow-and-shrink
    steps: [scale: {to: 4}, settle: {within: 3m}, scale: {to: 3}]
    limits: {settle: 4m}
)";

std::vector<Json> Lines(const std::filesystem::path& path) {
  std::vector<Json> lines;
  for (const std::string& line : Split(ReadFile(path).value_or(""), '\n'))
    if (!line.empty()) lines.push_back(ParseJson(line).value_or(Json::object()));
  return lines;
}

// Index of the first line that `matches`, or the number of lines.
template <typename Predicate>
size_t First(const std::vector<Json>& lines, Predicate matches) {
  return static_cast<size_t>(std::find_if(lines.begin(), lines.end(), matches) - lines.begin());
}

// Where the first action of this verb was answered with success.
size_t Done(const std::vector<Json>& lines, const std::string& verb) {
  std::set<int64_t> ids;
  return First(lines, [&](const Json& line) {
    const std::string kind = GetString(line, {"kind"});
    if (kind == "action" && GetString(line, {"verb"}) == verb) ids.insert(GetInt(line, {"id"}));
    return kind == "action-result" && ids.contains(GetInt(line, {"id"})) && GetBool(line, {"ok"});
  });
}

TEST(MembershipTest, MembersJoinBeforeTheirPodsAndLeaveBeforeThem) {
  const TemporaryDirectory folder;
  const auto suite = folder.path() / "suite.yaml";
  const auto out = folder.path() / "run";
  ASSERT_TRUE(WriteFileAtomic(suite, kSuite));
  ProcessOptions options;
  options.argv = {HOLDFAST_PROGRAM, "run", suite.string(), "--out", out.string(), "--seed", "7"};
  options.timeout = std::chrono::minutes(8);
  const auto played = RunProcess(options);
  ASSERT_TRUE(played) << played.error().message;
  EXPECT_EQ(played->exit_code, 0) << played->out << played->err;

  const std::vector<Json> lines = Lines(out / "trace.jsonl");
  const auto pod = [&](const auto& seen) {
    return First(lines, [&](const Json& line) {
      return GetString(line, {"resource"}) == "pods" &&
             GetString(line, {"event", "object", "metadata", "name"}) == "etcd-3" && seen(line);
    });
  };
  const size_t joined = Done(lines, "add-member");
  const size_t created = pod([](const Json&) { return true; });
  const size_t left = Done(lines, "remove-member");
  const size_t deleted = pod([](const Json& line) {
    return FindPath(line, {"event", "object", "metadata", "deletionTimestamp"}) != nullptr;
  });
  EXPECT_LT(joined, created);
  EXPECT_LT(created, left);
  EXPECT_LT(left, deleted);
  EXPECT_LT(deleted, lines.size());
  // Nothing of a member that left is kept, or its ordinal could never join again.
  const size_t claim_gone = First(lines, [](const Json& line) {
    return GetString(line, {"resource"}) == "persistentvolumeclaims" &&
           GetString(line, {"event", "type"}) == "DELETED" &&
           GetString(line, {"event", "object", "metadata", "name"}) == "data-etcd-3";
  });
  EXPECT_LT(deleted, claim_gone);
  EXPECT_LT(claim_gone, lines.size());
}

}  // namespace
}  // namespace holdfast
