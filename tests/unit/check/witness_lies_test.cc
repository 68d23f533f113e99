// Witness files that contradict the watches, and their nearest lawful neighbours.
#include <fmt/format.h>

#include "tests/unit/check/rule_rows.h"

namespace holdfast::check {
namespace {

constexpr int64_t kWall = 1'800'000'000;  // Of the builder, at t = 0.

std::string Beat(const char* event, const char* pod, const char* uid, const char* node, int counter,
                 double t) {
  return fmt::format("{} {} {} {} {} {}.500000000", event, pod, uid, node, counter,
                     kWall + static_cast<int64_t>(t));
}

using Lines = std::vector<std::string>;

Json File(const char* claim, const char* claim_uid, const Lines& lines, const char* volume = "") {
  return {{"kind", "volume-file"}, {"claim", claim}, {"claimUid", claim_uid},
          {"volume", volume},      {"path", "/data/w"}, {"lines", lines}};
}

// Pod pg-0 is Ready for 20 s, and comes back with uid u0b; all nodes are well.
TraceText TwoLives(bool forced = false) {
  TraceText trace;
  trace.Open("nodes");
  for (const char* node : {"n0", "n1"})
    trace.Node(node, "True");
  trace.Set(2).Up(0, "u0").Up(1, "u1").Wait(20);
  return trace.Action("delete", "pods", "pg-0", "u0", forced)
      .Terminate(0)
      .Wait(1)
      .Gone(0)
      .Up(0, "u0b")
      .Wait(5);
}

const Lines kOwn = {
    Beat("start", "pg-0", "u0", "n0", 0, 1), Beat("beat", "pg-0", "u0", "n0", 1, 10),
    Beat("stop", "pg-0", "u0", "n0", 2, 20), Beat("start", "pg-0", "u0b", "n0", 0, 23)};
const Lines kOther = {Beat("start", "pg-1", "u1", "n1", 0, 2), Beat("beat", "pg-1", "u1", "n1", 1, 3)};

TraceText With(const Json& file, bool forced = false) {
  return TwoLives(forced)
      .Line(File("data-pg-1", "claim-data-pg-1", kOther))
      .Line(file)
      .Wait(1)
      .End();
}

TraceText Own(const Lines& lines, bool forced = false) {
  return With(File("data-pg-0", "claim-data-pg-0", lines), forced);
}

Lines Without(size_t line) {
  Lines lines = kOwn;
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(line));
  return lines;
}
Lines Changed(size_t line, const std::string& text) {
  Lines lines = kOwn;
  lines[line] = text;
  return lines;
}

// The claim was there before the record began, so that it may hold lines of anybody before.
TraceText Listed(const Lines& lines) {
  TraceText trace = Own(lines);
  for (std::string& line : trace.lines()) {
    const size_t at = line.find("\"type\":\"ADDED\"");
    if (at == std::string::npos || line.find("\"uid\":\"claim-data-pg-0\"") == std::string::npos ||
        line.find("\"persistentvolumeclaims\"") == std::string::npos)
      continue;
    line.replace(at, 14, "\"type\":\"LIST\"");
  }
  return trace;
}

TEST(WitnessLies, WhoWrote) {
  const std::string stranger = Beat("start", "pg-0", "nobody", "n0", 0, 22);
  const std::string before = Beat("start", "pg-0", "nobody", "n0", 0, 0);
  const std::string long_before = Beat("start", "pg-0", "nobody", "n0", 0, -500);
  Lines first = kOwn;
  first.insert(first.begin(), before);
  Lines used_again = kOwn;
  used_again.insert(used_again.begin(), long_before);
  Lines between = kOwn;
  between.insert(between.begin() + 3, stranger);
  TraceText unseen = TwoLives();
  Gap(unseen, "pods");
  unseen.Line(File("data-pg-0", "claim-data-pg-0", between)).Wait(1).End();
  ExpectVerdicts({
      {"its own lines", "SS-AMO-2", "pass", Own(kOwn)},
      {"a uid that no pod ever had", "SS-AMO-2", "fail", Own(between)},
      {"a pod that may have lived in a gap", "SS-AMO-2", "unknown", unseen},
      {"an unknown uid before all known ones", "SS-AMO-2", "unknown", Own(first)},
      {"a directory that was used before", "SS-AMO-2", "pass", Own(used_again)},
      {"a claim that is older than the record", "SS-AMO-2", "pass", Listed(first)},
      {"another's lines", "SS-DATA-2", "fail",
       With(File("data-pg-0", "claim-data-pg-0", kOther))},
      {"no foreign line", "SS-DATA-2", "not-applicable", Own(kOwn)},
  });
}

TEST(WitnessLies, WhatItSays) {
  ExpectVerdicts({
      {"another node", "SS-AMO-2", "unknown",
       Own(Changed(1, Beat("beat", "pg-0", "u0", "n7", 1, 10)))},
      {"another pod's name", "SS-AMO-2", "unknown",
       Own(Changed(1, Beat("beat", "pg-1", "u0", "n0", 1, 10)))},
      {"a clock that goes back", "SS-AMO-2", "unknown",
       Own(Changed(2, Beat("stop", "pg-0", "u0", "n0", 2, 6)))},
      {"a clock that is read in whole seconds", "SS-AMO-2", "pass",
       Own(Changed(2, Beat("stop", "pg-0", "u0", "n0", 2, 8)))},
      {"another claim's uid", "SS-AMO-2", "unknown", With(File("data-pg-0", "claim-x", kOwn))},
      {"another volume", "SS-AMO-2", "unknown",
       With(File("data-pg-0", "claim-data-pg-0", kOwn, "pv-x"))},
      {"its volume", "SS-AMO-2", "pass",
       With(File("data-pg-0", "claim-data-pg-0", kOwn, "pv-data-pg-0"))},
  });
}

TEST(WitnessLies, WhatIsLost) {
  const Lines first_lost = {kOwn[3]};
  const Lines torn = {kOwn[0], kOwn[1], "beat pg-0 u0 n0start pg-0 u0b n0 0 1800000023.5",
                      Beat("beat", "pg-0", "u0b", "n0", 1, 24)};
  Lines silent = kOwn;
  silent[3] = Beat("beat", "pg-0", "u0b", "n0", 1, 24);
  ExpectVerdicts({
      {"all there", "SS-DATA-4", "pass", Own(kOwn)},
      {"a life lost", "SS-DATA-4", "fail", Own(first_lost)},
      {"nothing left", "SS-DATA-4", "fail", Own({})},
      {"a life that was killed by force", "SS-DATA-4", "pass", Own(first_lost, true)},
      {"a life that may hide in a torn line", "SS-DATA-4", "pass",
       Own({"beat pg-0 u0 n", kOwn[3]})},
      {"nobody writes here", "SS-DATA-4", "pass",
       TwoLives().Line(File("data-pg-0", "claim-data-pg-0", {})).Wait(1).End()},
      {"every start", "SS-DATA-8", "pass", Own(kOwn)},
      {"a start lost", "SS-DATA-8", "fail", Own(silent)},
      {"the first start cut off", "SS-DATA-8", "unknown", Own(Without(0))},
      {"a start in a torn line", "SS-DATA-8", "unknown", Own(torn)},
  });
}

// What an earlier copy showed is not told again in a later scenario.
TEST(WitnessLies, ToldOnce) {
  const Json foreign = File("data-pg-0", "claim-data-pg-0", kOther);
  TraceText trace = TwoLives();
  trace.Scenario("s1", "begin").Line(foreign).Wait(1).Scenario("s1", "end");
  trace.Scenario("s2", "begin").Line(foreign).Wait(1).Scenario("s2", "end").End();
  const Verdicts verdicts = CheckTrace(trace.Text());
  EXPECT_EQ(Find(verdicts, "SS-DATA-2", "s1").verdict, Verdict::kFail);
  EXPECT_EQ(Find(verdicts, "SS-DATA-2", "s2").verdict, Verdict::kNotApplicable);
  EXPECT_EQ(Find(verdicts, "SS-DATA-4", "s1").verdict, Verdict::kFail);
  EXPECT_EQ(Find(verdicts, "SS-DATA-4", "s2").verdict, Verdict::kPass);
}

TEST(WitnessLies, TheTargetIsNotThere) {
  TraceText other;
  other.Set(1, At("/metadata/name", "web")).Up(0, "u0").Wait(6).End();
  ExpectVerdicts({
      {"the target", "SS-ID-2", "pass", Own(kOwn)},
      {"another set", "SS-ID-2", "unknown", other},
  });
}

}  // namespace
}  // namespace holdfast::check
