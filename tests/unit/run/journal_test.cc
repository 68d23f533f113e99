// The undo journal: what is in it after every kind of end, torn lines, bounds, and the mirror.
#include "harness/run/journal.h"

#include <gtest/gtest.h>

#include "harness/base/strings.h"

namespace holdfast::run {
namespace {

Json Fields(const std::string& name) {
  return {{"object", {{"kind", "Node"}, {"name", name}}}, {"previous", {{"unschedulable", false}}}};
}

class Mirror : public JournalMirror {
 public:
  Status Put(const Change& change) override {
    if (broken) return Fail(ErrorCode::kUnavailable, "the cluster does not answer");
    changes[change.id] = change;
    return {};
  }
  Status Remove(int id) override {
    changes.erase(id);
    return {};
  }
  std::map<int, Change> changes;
  bool broken = false;
};

struct JournalTest : testing::Test {
  TemporaryDirectory folder;
  std::filesystem::path one = folder.path() / "state" / "r.jsonl";
  std::filesystem::path two = folder.path() / "run" / "journal.jsonl";
  std::unique_ptr<Journal> Open() {
    auto journal = Journal::Open({one, two}, {{"run", "r"}});
    EXPECT_TRUE(journal) << (journal ? "" : journal.error().message);
    return *std::move(journal);
  }
};

TEST_F(JournalTest, EveryPlaceHasTheChangeBeforeRecordReturns) {
  const auto journal = Open();
  Mirror mirror;
  journal->SetMirror(&mirror);
  const auto change = journal->Record("cordon", Fields("a"));
  ASSERT_TRUE(change);
  for (const auto& path : {one, two}) {
    const auto content = ReadJournal(path);
    ASSERT_TRUE(content);
    ASSERT_EQ(content->pending.size(), 1U);
    EXPECT_EQ(content->pending[0].what, "cordon");
    EXPECT_EQ(GetString(content->pending[0].fields, {"object", "name"}), "a");
    EXPECT_EQ(GetString(content->header, {"run"}), "r");
  }
  EXPECT_EQ(mirror.changes.size(), 1U);
  ASSERT_TRUE(journal->Undone(*change));
  EXPECT_TRUE(ReadJournal(one)->pending.empty());
  EXPECT_TRUE(mirror.changes.empty());
}

TEST_F(JournalTest, TheLatestChangeComesFirst) {
  const auto journal = Open();
  for (const char* name : {"a", "b", "c"})
    ASSERT_TRUE(journal->Record("cordon", Fields(name)));
  ASSERT_TRUE(journal->Undone(journal->Pending()[1]));
  std::string names;
  const auto content = ReadJournal(one);
  ASSERT_TRUE(content);
  for (const Change& change : content->pending)
    names += GetString(change.fields, {"object", "name"});
  EXPECT_EQ(names, "ca");
}

TEST_F(JournalTest, AChangeThatTheMirrorRefusesMustNotBeMade) {
  const auto journal = Open();
  Mirror mirror;
  mirror.broken = true;
  journal->SetMirror(&mirror);
  EXPECT_FALSE(journal->Record("cordon", Fields("a")));
  // It is in the files all the same: undoing what was not done is harmless.
  EXPECT_EQ(journal->Pending().size(), 1U);
}

TEST_F(JournalTest, ATornLastLineIsAChangeThatWasNeverMade) {
  ASSERT_TRUE(Open()->Record("cordon", Fields("a")));
  const std::string whole = ReadFile(one).value();
  const size_t last = whole.rfind("{\"change\"");
  ASSERT_NE(last, std::string::npos);
  for (size_t cut = last; cut < whole.size() - 1; ++cut) {
    ASSERT_TRUE(WriteFileAtomic(one, whole.substr(0, cut)));
    const auto content = ReadJournal(one);
    ASSERT_TRUE(content) << cut;
    EXPECT_TRUE(content->pending.empty()) << cut;
  }
  ASSERT_TRUE(WriteFileAtomic(one, whole.substr(0, last) + "garbage\n" + whole.substr(last)));
  EXPECT_FALSE(ReadJournal(one));
}

TEST_F(JournalTest, IsTakenOverByALaterProcess) {
  ASSERT_TRUE(Open()->Record("cordon", Fields("a")));
  const auto journal = Open();
  ASSERT_EQ(journal->Pending().size(), 1U);
  const auto next = journal->Record("taint", Fields("b"));
  ASSERT_TRUE(next);
  EXPECT_EQ(next->id, 2);
}

TEST_F(JournalTest, StaysBounded) {
  const auto journal = Open();
  ASSERT_TRUE(journal->Record("cordon", Fields("stays")));
  for (int i = 0; i < 300; ++i) {
    const auto change = journal->Record("taint", Fields(std::string(1000, 'x')));
    ASSERT_TRUE(change);
    ASSERT_TRUE(journal->Undone(*change));
  }
  EXPECT_LT(std::filesystem::file_size(one), size_t{300} << 10U);
  const auto content = ReadJournal(one);
  ASSERT_TRUE(content);
  ASSERT_EQ(content->pending.size(), 1U);
  EXPECT_EQ(GetString(content->pending[0].fields, {"object", "name"}), "stays");
}

TEST_F(JournalTest, AForeignFileIsRefused) {
  ASSERT_TRUE(MakeDirectories(one.parent_path()));
  ASSERT_TRUE(WriteFileAtomic(one, "{\"format\":\"other/1\"}\n"));
  EXPECT_FALSE(Journal::Open({one}, Json::object()));
  EXPECT_EQ(ReadFile(one).value(), "{\"format\":\"other/1\"}\n");
}

}  // namespace
}  // namespace holdfast::run
