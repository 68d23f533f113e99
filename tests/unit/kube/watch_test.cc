// Watches against a TLS server that breaks in every way: nothing may be lost or told twice, and a
// lost place must be told as such.
#include <condition_variable>
#include <mutex>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/kube/client.h"
#include "harness/kube/resource.h"

#include "tests/unit/kube/scripted_server.h"

namespace holdfast::kube {
namespace {
using namespace std::chrono_literals;
using testing::Answer;
using testing::Chunk;
using ::testing::Contains;
using ::testing::ElementsAre;
using testing::Event;
using testing::FailureStatus;
using ::testing::HasSubstr;
using testing::LastChunk;
using testing::ListOf;
using testing::Object;
using testing::Refuse;
using testing::ScriptedReply;
using testing::ScriptedRequest;
using testing::ScriptedServer;
using testing::ServerIdentity;
using testing::WatchHead;
using Then = testing::ScriptedReply::Then;

const ServerIdentity& Identity() {
  static const ServerIdentity identity;
  return identity;
}

// Notes every call as a word: "list@10:2", "ADDED a@11", "gap", "trouble".
class Notes : public WatchHandler {
 public:
  void OnList(const std::string& version, size_t items) override {
    Note(fmt::format("list@{}:{}", version, items));
  }
  void OnEvent(const std::string& type, Json object) override {
    Note(fmt::format("{} {}@{}", type, GetString(object, {"metadata", "name"}),
                     GetString(object, {"metadata", "resourceVersion"})));
    EXPECT_EQ(GetString(object, {"kind"}), "Pod");
    EXPECT_EQ(GetString(object, {"apiVersion"}), "v1");
  }
  void OnGap(const std::string& reason) override {
    EXPECT_NE(reason, "");
    Note("gap");
  }
  void OnTrouble(const Error& error) override {
    const std::lock_guard lock(mutex_);
    troubles_.push_back(error);
    changed_.notify_all();
  }
  // All but troubles, once there are `count` of them.
  std::vector<std::string> Wait(size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 30s, [&] { return words_.size() >= count; }));
    return words_;
  }
  std::vector<Error> WaitForTroubles(size_t count) {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, 30s, [&] { return troubles_.size() >= count; }));
    return troubles_;
  }

 private:
  void Note(std::string word) {
    const std::lock_guard lock(mutex_);
    words_.push_back(std::move(word));
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> words_;
  std::vector<Error> troubles_;
};

bool IsWatch(const ScriptedRequest& request) {
  return request.target.find("watch=1") != std::string::npos;
}

// Lists and watches are answered in the order given; the last watch answer repeats by holding.
struct Script {
  std::vector<ScriptedReply> lists;
  std::vector<ScriptedReply> watches;
  size_t list = 0;
  size_t watch = 0;
  std::vector<std::string> versions = {};  // Asked for by the watches.

  ScriptedReply operator()(const ScriptedRequest& request) {
    if (!IsWatch(request)) return lists.at(std::min(list++, lists.size() - 1));
    const size_t at = request.target.find("resourceVersion=") + 16;
    versions.push_back(request.target.substr(at, request.target.find('&', at) - at));
    EXPECT_THAT(request.target, HasSubstr("allowWatchBookmarks=true"));
    if (watch < watches.size()) return watches[watch++];
    return {{WatchHead()}, {}, Then::kHold};
  }
};

ScriptedReply Stream(std::vector<std::string> pieces, Then then = Then::kKeepOpen) {
  pieces.insert(pieces.begin(), WatchHead());
  return {std::move(pieces), {}, then};
}

class Watching : public ::testing::Test {
 protected:
  // Starts the server and the watch; the script is read back after the notes have come.
  void Run(Script script, ClientOptions options = {}) {
    script_ = std::move(script);
    server_ = std::make_unique<ScriptedServer>(
        Identity(), [this](const ScriptedRequest& request) { return script_(request); });
    options.first_backoff = 1ms;
    options.most_backoff = 20ms;
    client_ = Client::Create(server_->Access(), options).value();
    handle_ = client_->Watch(resources::kPods, "db", notes_);
  }
  // The watch and the server end, in the order that leaves no call under way.
  void TearDown() override {
    handle_.reset();
    client_.reset();
    server_.reset();
  }
  std::vector<std::string> Versions() {
    TearDown();
    return script_.versions;
  }
  Notes notes_;
  Script script_;
  std::unique_ptr<ScriptedServer> server_;
  std::unique_ptr<Client> client_;
  std::unique_ptr<WatchHandle> handle_;
};

TEST_F(Watching, ListsThenTellsEvents) {
  Run({{Answer(200, ListOf({Object("a", "8"), Object("b", "9")}, "10"))},
       {Stream({Event("ADDED", Object("c", "11")) + Event("MODIFIED", Object("a", "12")),
                Event("DELETED", Object("b", "13"))},
               Then::kHold)}});
  EXPECT_THAT(notes_.Wait(6), ElementsAre("list@10:2", "LIST a@8", "LIST b@9", "ADDED c@11",
                                          "MODIFIED a@12", "DELETED b@13"));
  EXPECT_THAT(Versions(), ElementsAre("10"));
}

TEST_F(Watching, ReadsAListInPagesAndBeginsAnExpiredOneAgain) {
  Run({{Answer(200, ListOf({Object("old", "1")}, "10", "t1")), Refuse(410, "Expired", "too old"),
        Answer(200, ListOf({Object("a", "11")}, "20", "t2")),
        Answer(200, ListOf({Object("b", "12")}, "20"))},
       {}});
  EXPECT_THAT(notes_.Wait(3), ElementsAre("list@20:2", "LIST a@11", "LIST b@12"));
  TearDown();
  EXPECT_EQ(script_.list, 4U);
}

TEST_F(Watching, EventsMayComeInAnyFragments) {
  const std::string line = DumpJson(Json{{"type", "ADDED"}, {"object", Object("a", "11")}}) + "\n";
  std::vector<std::string> pieces;
  for (const char c : line)
    pieces.push_back(Chunk(std::string(1, c)));
  // And a chunk head cut apart from its chunk.
  const std::string next = Event("ADDED", Object("b", "12"));
  pieces.push_back(next.substr(0, 1));
  pieces.push_back(next.substr(1));
  Run({{Answer(200, ListOf({}, "10"))}, {Stream(pieces, Then::kHold)}});
  EXPECT_THAT(notes_.Wait(3), ElementsAre("list@10:0", "ADDED a@11", "ADDED b@12"));
}

TEST_F(Watching, ResumesAfterANormalEndFromTheLastBookmark) {
  Run({{Answer(200, ListOf({}, "10"))},
       {Stream({Event("ADDED", Object("a", "11")),
                Event("BOOKMARK", Json{{"metadata", {{"resourceVersion", "40"}}}}), LastChunk()}),
        Stream({Event("ADDED", Object("b", "41"))}, Then::kHold)}});
  EXPECT_THAT(notes_.Wait(3), ElementsAre("list@10:0", "ADDED a@11", "ADDED b@41"));
  EXPECT_THAT(Versions(), ElementsAre("10", "40"));
}

TEST_F(Watching, ACutMidEventIsResumedWithoutGapAndWithoutTheTornLine) {
  const std::string whole = DumpJson(Json{{"type", "ADDED"}, {"object", Object("b", "12")}}) + "\n";
  Run({{Answer(200, ListOf({}, "10"))},
       {Stream({Event("ADDED", Object("a", "11")), Chunk(whole.substr(0, 20))}, Then::kClose),
        Stream({Chunk(whole.substr(0, whole.size() - 1)), LastChunk()}),
        Stream({Chunk(whole)}, Then::kHold)}});
  EXPECT_THAT(notes_.Wait(3), ElementsAre("list@10:0", "ADDED a@11", "ADDED b@12"));
  EXPECT_THAT(Versions(), ElementsAre("10", "11", "11"));
}

TEST_F(Watching, ACutInAChunksHeadIsResumed) {
  Run({{Answer(200, ListOf({}, "10"))},
       {Stream({Event("ADDED", Object("a", "11")), "5"}, Then::kClose),
        Stream({Event("ADDED", Object("b", "12"))}, Then::kHold)}});
  EXPECT_THAT(notes_.Wait(3), ElementsAre("list@10:0", "ADDED a@11", "ADDED b@12"));
  EXPECT_EQ(notes_.WaitForTroubles(1).at(0).code, ErrorCode::kUnavailable);
}

TEST_F(Watching, AnExpiredEventIsAGapAndANewList) {
  Run({{Answer(200, ListOf({Object("a", "9")}, "10")),
        Answer(200, ListOf({Object("b", "90")}, "91"))},
       {Stream({Event("ERROR", FailureStatus(410, "Expired", "too old resource version: 10 (50)"))},
               Then::kHold),
        Stream({Event("ADDED", Object("c", "92"))}, Then::kHold)}});
  EXPECT_THAT(notes_.Wait(6),
              ElementsAre("list@10:1", "LIST a@9", "gap", "list@91:1", "LIST b@90", "ADDED c@92"));
  EXPECT_THAT(Versions(), ElementsAre("10", "91"));
}

TEST_F(Watching, An410AnswerIsAGapToo) {
  Run({{Answer(200, ListOf({}, "10")), Answer(200, ListOf({}, "91"))},
       {Refuse(410, "Gone", "compacted")}});
  EXPECT_THAT(notes_.Wait(3), ElementsAre("list@10:0", "gap", "list@91:0"));
}

TEST_F(Watching, AnotherErrorEventIsTroubleAndNoGap) {
  Run({{Answer(200, ListOf({}, "10"))},
       {Stream({Event("ADDED", Object("a", "11")),
                Event("ERROR", FailureStatus(500, "InternalError", "etcd is away"))},
               Then::kHold),
        Refuse(503, "ServiceUnavailable", "starting"), Answer(429, "busy"),
        Stream({Event("ADDED", Object("b", "12"))}, Then::kHold)}});
  EXPECT_THAT(notes_.Wait(3), ElementsAre("list@10:0", "ADDED a@11", "ADDED b@12"));
  const std::vector<Error> troubles = notes_.WaitForTroubles(3);
  EXPECT_EQ(troubles[0].http_status, 500);
  EXPECT_EQ(troubles[1].http_status, 503);
  EXPECT_EQ(troubles[2].http_status, 429);
  EXPECT_THAT(Versions(), ElementsAre("10", "11", "11", "11"));
}

TEST_F(Watching, GoesOnTryingAListThatIsRefused) {
  Run({{Refuse(403, "Forbidden", "may not list pods"), Answer(200, "<html>"),
        Refuse(503, "ServiceUnavailable", "starting"), Answer(200, Json{{"items", Json::array()}}),
        Answer(200, ListOf({}, "10"))},
       {}});
  EXPECT_THAT(notes_.Wait(1), ElementsAre("list@10:0"));
  const std::vector<Error> troubles = notes_.WaitForTroubles(4);
  EXPECT_EQ(troubles[0].http_status, 403);
  EXPECT_EQ(troubles[0].code, ErrorCode::kRefused);
}

TEST_F(Watching, AnEventThatIsNoneThreeTimesAtOnePlaceIsAGap) {
  const ScriptedReply garbage = Stream({Chunk("not json\n")}, Then::kHold);
  const ScriptedReply array = Stream({Chunk("{\"type\":\"ADDED\",\"object\":[]}\n")}, Then::kHold);
  Run({{Answer(200, ListOf({}, "10")), Answer(200, ListOf({}, "20"))}, {garbage, array, garbage}});
  EXPECT_THAT(notes_.Wait(3), ElementsAre("list@10:0", "gap", "list@20:0"));
  EXPECT_EQ(notes_.WaitForTroubles(2).size(), 2U);
  EXPECT_THAT(Versions(), Contains("10").Times(3));
}

TEST_F(Watching, AnEventThatIsTooLongCountsAsBroken) {
  const ScriptedReply endless = Stream({Chunk(std::string(3000, 'x'))}, Then::kHold);
  ClientOptions options;
  options.max_event_bytes = 2000;
  Run({{Answer(200, ListOf({}, "10")), Answer(200, ListOf({}, "20"))}, {endless, endless, endless}},
      options);
  EXPECT_THAT(notes_.Wait(3), ElementsAre("list@10:0", "gap", "list@20:0"));
}

TEST_F(Watching, AServerThatWentBackInTimeIsAGap) {
  Json status = FailureStatus(504, "Timeout", "Too large resource version: 10, current: 5");
  status["details"]["causes"] = Json::array({Json{{"reason", "ResourceVersionTooLarge"}}});
  const ScriptedReply behind = Stream({Event("ERROR", status)}, Then::kHold);
  Run({{Answer(200, ListOf({}, "10")), Answer(200, ListOf({}, "5"))},
       {behind, Answer(504, status), behind}});
  EXPECT_THAT(notes_.Wait(3), ElementsAre("list@10:0", "gap", "list@5:0"));
}

TEST_F(Watching, AStreamThatIsSilentTooLongIsOpenedAgain) {
  ClientOptions options;
  options.watch_silence = 1s;
  Run({{Answer(200, ListOf({}, "10"))},
       {Stream({Event("ADDED", Object("a", "11"))}, Then::kHold),
        Stream({Event("ADDED", Object("b", "12"))}, Then::kHold)}},
      options);
  EXPECT_THAT(notes_.Wait(3), ElementsAre("list@10:0", "ADDED a@11", "ADDED b@12"));
  EXPECT_THAT(Versions(), ::testing::Not(::testing::IsEmpty()));
}

TEST_F(Watching, EachWatchHasAConnectionOfItsOwn) {
  Run({{Answer(200, ListOf({}, "10"))}, {}});
  Notes more;
  const auto second = client_->Watch(resources::kPods, "", more);
  more.Wait(1);
  ASSERT_TRUE(client_->GetRaw("/version"));
  notes_.Wait(1);
  std::set<int> watching;
  std::set<int> asking;
  for (const ScriptedRequest& request : server_->Requests())
    (IsWatch(request) ? watching : asking).insert(request.connection);
  for (const int connection : watching)
    EXPECT_THAT(asking, ::testing::Not(Contains(connection)));
}

// A handler that ends its own watch from inside a call.
class EndsItself : public Notes {
 public:
  void OnEvent(const std::string& type, Json object) override {
    {
      const std::lock_guard lock(mutex_);
      handle_.reset();
    }
    Notes::OnEvent(type, std::move(object));
  }
  void Own(std::unique_ptr<WatchHandle> handle) {
    const std::lock_guard lock(mutex_);
    handle_ = std::move(handle);
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<WatchHandle> handle_;
};

TEST(WatchEnd, NoCallIsMadeAfterTheHandleIsGone) {
  const auto feeder = std::make_shared<testing::Feeder>();
  ScriptedServer server(Identity(), [&](const ScriptedRequest& request) {
    if (IsWatch(request)) return ScriptedReply{{WatchHead()}, feeder, Then::kHold};
    return Answer(200, ListOf({}, "10"));
  });
  const auto client = Client::Create(server.Access()).value();
  EndsItself handler;
  handler.Own(client->Watch(resources::kPods, "db", handler));
  feeder->Push(Event("ADDED", Object("a", "11")) + Event("ADDED", Object("b", "12")));
  EXPECT_THAT(handler.Wait(2), ElementsAre("list@10:0", "ADDED a@11"));
  ASSERT_TRUE(client->GetRaw("/version")) << "the loop must go on";
  EXPECT_THAT(handler.Wait(2), ElementsAre("list@10:0", "ADDED a@11"));
}

TEST(WatchEnd, AClientMayGoBeforeItsWatches) {
  Script script{{Answer(200, ListOf({}, "10"))}, {}};
  ScriptedServer server(Identity(),
                        [&](const ScriptedRequest& request) { return script(request); });
  Notes notes;
  auto client = Client::Create(server.Access()).value();
  auto handle = client->Watch(resources::kPods, "db", notes);
  notes.Wait(1);
  client.reset();
  handle.reset();
}

}  // namespace
}  // namespace holdfast::kube
