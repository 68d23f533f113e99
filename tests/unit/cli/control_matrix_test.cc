// What counts as caught, as missed and as a false alarm.
#include "harness/cli/control_matrix.h"

#include <filesystem>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/cli/vocabulary.h"

namespace holdfast::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const sandbox::DefectText kScale{sandbox::Defect::kScaleDownAscending,
                                 "scale-down-ascending",
                                 "wrong order",
                                 "SS-ORD-7",
                                 "fail",
                                 {"SS-ORD-8"},
                                 "scale-cycle"};
const sandbox::DefectText kWatch{sandbox::Defect::kWatchDropsEvent,
                                 "watch-drops-event",
                                 "a hole",
                                 "RUN-WATCH",
                                 "unknown",
                                 {},
                                 "scale-cycle"};

Json Check(const std::string& id, const std::string& verdict, bool accepted = false) {
  return {{"id", id}, {"verdict", verdict}, {"accepted", accepted}, {"findings", Json::array()}};
}

ControlRun Played(const sandbox::DefectText* defect, int exit, const std::vector<Json>& checks) {
  ControlRun run;
  run.suite = "scale-cycle";
  run.defect = defect;
  run.exit = exit;
  run.verdicts = Json{{"checks", checks}};
  run.last_line = "exit";
  return run;
}

TEST(Controls, TheRightGuaranteeCatches) {
  const ControlRow row =
      JudgeControl(Played(&kScale, 1, {Check("SS-ORD-7", "fail"), Check("SS-ID-1", "pass")}));
  EXPECT_TRUE(row.good) << row.sentence;
  EXPECT_THAT(row.found, ElementsAre("SS-ORD-7"));
}

TEST(Controls, WhatFollowsIsNoFalseAlarm) {
  EXPECT_TRUE(
      JudgeControl(Played(&kScale, 1, {Check("SS-ORD-7", "fail"), Check("SS-ORD-8", "fail")}))
          .good);
}

TEST(Controls, AnotherGuaranteeIsBlamedInVain) {
  const ControlRow both =
      JudgeControl(Played(&kScale, 1, {Check("SS-ORD-7", "fail"), Check("SS-ID-2", "fail")}));
  EXPECT_FALSE(both.good);
  EXPECT_THAT(both.unexpected, ElementsAre("SS-ID-2"));
  const ControlRow only = JudgeControl(Played(&kScale, 1, {Check("SS-ORD-8", "fail")}));
  EXPECT_FALSE(only.good);
  EXPECT_THAT(only.sentence, HasSubstr("missed"));
}

TEST(Controls, AGreenRunMissesTheDefect) {
  EXPECT_FALSE(JudgeControl(Played(&kScale, 0, {Check("SS-ORD-7", "pass")})).good);
  EXPECT_FALSE(JudgeControl(Played(&kScale, 3, {Check("SS-ORD-7", "unknown")})).good);
}

TEST(Controls, ADamagedRecordMustBeUnknownAndNothingMayFail) {
  EXPECT_TRUE(JudgeControl(Played(&kWatch, 3, {Check("RUN-WATCH", "unknown")})).good);
  EXPECT_FALSE(JudgeControl(Played(&kWatch, 0, {Check("RUN-WATCH", "pass")})).good);
  EXPECT_FALSE(
      JudgeControl(Played(&kWatch, 1, {Check("RUN-WATCH", "unknown"), Check("SS-ORD-2", "fail")}))
          .good);
}

TEST(Controls, TheHealthySystemMustPass) {
  EXPECT_TRUE(JudgeControl(Played(nullptr, 0, {Check("SS-ORD-7", "pass")})).good);
  EXPECT_FALSE(JudgeControl(Played(nullptr, 1, {Check("SS-ORD-7", "fail")})).good);
  const ControlRow undecided = JudgeControl(Played(nullptr, 3, {Check("SS-ORD-7", "unknown")}));
  EXPECT_FALSE(undecided.good);
  EXPECT_THAT(undecided.sentence, HasSubstr("not decided: SS-ORD-7"));
}

TEST(Controls, ARunWithoutVerdictsIsNoProof) {
  ControlRun run = Played(&kScale, 3, {});
  run.verdicts.reset();
  run.last_line = "no space left";
  const ControlRow row = JudgeControl(run);
  EXPECT_FALSE(row.good);
  EXPECT_THAT(row.sentence, HasSubstr("no space left"));
}

TEST(Controls, TheMatrixIsForPeopleAndMachines) {
  ControlRow caught = JudgeControl(Played(&kScale, 1, {Check("SS-ORD-7", "fail")}));
  caught.detected = 4.25;
  const ControlRow missed = JudgeControl(Played(&kWatch, 0, {}));
  const ControlRow healthy = JudgeControl(Played(nullptr, 0, {}));
  EXPECT_EQ(ControlsText({healthy, caught, missed}),
            "defect                suite        expected    found          after  result\n"
            "(healthy)             scale-cycle  -           -                  -  everything "
            "passed\n"
            "scale-down-ascending  scale-cycle  SS-ORD-7    SS-ORD-7       4.2 s  caught\n"
            "watch-drops-event     scale-cycle  RUN-WATCH   -                  -  missed: "
            "RUN-WATCH is not unknown (exit)\n"
            "1 of 2 defects caught by the right guarantee; 0 of 1 healthy runs with a false alarm "
            "or undecided\n");
  const Json json = ControlsJson({healthy, caught, missed});
  EXPECT_EQ(GetString(json, {"verdict"}), "fail");
  EXPECT_EQ(GetInt(json, {"caught"}), 1);
  EXPECT_EQ(GetInt(json, {"falseAlarms"}), 0);
  EXPECT_EQ(GetArray(json, {"rows"}).size(), 3U);
}

TEST(Controls, TheMomentOfAFindingIsThatOfItsEvidence) {
  const std::filesystem::path folder = testing::TempDir() + "holdfast-evidence";
  ASSERT_TRUE(MakeDirectories(folder));
  ASSERT_TRUE(WriteFileAtomic(folder / "trace.jsonl", "{\"t\":0}\n{\"t\":2.5}\n"));
  ASSERT_TRUE(WriteFileAtomic(folder / "history.jsonl", "{\"time\":1500000000}\n"));
  EXPECT_EQ(TimeOfEvidence(folder, "trace.jsonl", 2), 2.5);
  EXPECT_EQ(TimeOfEvidence(folder, "history.jsonl", 1), 1.5);
  EXPECT_EQ(TimeOfEvidence(folder, "trace.jsonl", 3), std::nullopt);
  std::filesystem::remove_all(folder);
}

TEST(DefectTable, EveryDefectIsNamedOnceAndPlayed) {
  std::set<std::string> names;
  for (const sandbox::DefectText& text : sandbox::AllDefects()) {
    EXPECT_TRUE(names.insert(text.name).second) << text.name;
    EXPECT_TRUE(text.verdict == "fail" || text.verdict == "unknown") << text.name;
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(HOLDFAST_SOURCE_DIR) /
                                        "suites/controls" / (text.suite + ".yaml")))
        << text.suite;
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(sandbox::Defect::kCount));
}

TEST(DefectTable, AnUnknownNameSuggestsTheNearest) {
  const auto defects = sandbox::Defects::FromNames({"wrong-hostname"});
  ASSERT_FALSE(defects);
  EXPECT_THAT(defects.error().message, HasSubstr("wrong-host-name"));
}

// The table is whole before anything is played: every guarantee it names is in the catalogue, every
// suite is there, and every name is used once.
TEST(Controls, TheTableOfDefectsIsWhole) {
  const std::vector<std::string> ids = GuaranteeIds();
  std::set<std::string> names;
  for (const sandbox::DefectText& defect : sandbox::AllDefects()) {
    EXPECT_TRUE(names.insert(defect.name).second) << defect.name;
    EXPECT_THAT(ids, testing::Contains(defect.guarantee)) << defect.name;
    for (const std::string& id : defect.follows) {
      EXPECT_THAT(ids, testing::Contains(id)) << defect.name;
      EXPECT_NE(id, defect.guarantee) << defect.name;
    }
    EXPECT_TRUE(std::filesystem::exists(std::filesystem::path(HOLDFAST_SOURCE_DIR) / "suites" /
                                        "controls" / (defect.suite + ".yaml")))
        << defect.name;
    EXPECT_FALSE(defect.title.empty()) << defect.name;
    EXPECT_THAT(defect.verdict, testing::AnyOf("fail", "unknown")) << defect.name;
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(sandbox::Defect::kCount));
}

}  // namespace
}  // namespace holdfast::cli
