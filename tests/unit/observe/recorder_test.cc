// The recorder with the real client against a scripted API server: what stands in the trace, what
// can be waited on, and when it refuses to begin.
#include "harness/observe/recorder.h"

#include <atomic>
#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/strings.h"

#include "tests/unit/kube/scripted_server.h"

namespace holdfast::observe {
namespace {
using namespace std::chrono_literals;
using kube::testing::Answer;
using kube::testing::Event;
using kube::testing::FailureStatus;
using kube::testing::Feeder;
using kube::testing::ListOf;
using kube::testing::Object;
using kube::testing::Refuse;
using kube::testing::ScriptedReply;
using kube::testing::ScriptedRequest;
using kube::testing::ScriptedServer;
using kube::testing::WatchHead;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace resources = kube::resources;

// What every watch of a resource is sent: pods are watched twice, and each watch sees it all from where
// its list ended.
class Broadcast {
 public:
  void Push(const std::string& bytes) {
    log_.push_back(bytes);
    for (const auto& feeder : feeders_)
      feeder->Push(bytes);
  }
  void Listed() { begins_.push_back(log_.size()); }
  std::shared_ptr<Feeder> Watch() {
    auto feeder = std::make_shared<Feeder>();
    const size_t begin = begins_.empty() ? log_.size() : begins_.front();
    if (!begins_.empty()) begins_.pop_front();
    for (size_t i = begin; i < log_.size(); ++i)
      feeder->Push(log_[i]);
    feeders_.push_back(feeder);
    return feeder;
  }

 private:
  std::vector<std::string> log_;
  std::deque<size_t> begins_;  // Of lists whose watch has not come yet.
  std::vector<std::shared_ptr<Feeder>> feeders_;
};

// One resource of the scripted cluster.
struct Served {
  Json list = ListOf({}, "10");
  int refusal = 0;  // Answered to lists instead, when not 0.
  Broadcast events;
};

class Recording : public ::testing::Test {
 protected:
  Recording()
      : server_(kube::testing::ServerIdentity{},
                [this](const ScriptedRequest& request) { return Serve(request); }) {
    client_ = kube::Client::Create(server_.Access()).value();
    trace_ = trace::TraceWriter::Open(directory_.path() / "trace.jsonl",
                                      {&SystemClock(), SystemClock().Now()})
                 .value();
  }

  ScriptedReply Serve(const ScriptedRequest& request) {
    const std::string path = Split(request.target, '?')[0];
    const std::string plural = path.substr(path.rfind('/') + 1);
    const std::lock_guard lock(mutex_);
    paths_.insert(path);
    Served& served = served_[plural];
    if (served.refusal != 0) return Refuse(served.refusal, "No", "not for you");
    if (request.target.find("watch=1") == std::string::npos) {
      served.events.Listed();
      return Answer(200, served.list);
    }
    return {{WatchHead()}, served.events.Watch(), ScriptedReply::Then::kHold};
  }
  Served& On(const std::string& plural) { return served_[plural]; }
  void Push(const std::string& plural, const std::string& type, const Json& object) {
    const std::lock_guard lock(mutex_);
    served_[plural].events.Push(Event(type, object));
  }

  Result<std::unique_ptr<Recorder>> Try(std::vector<kube::Resource> resources, Nanos limit = 30s) {
    return Recorder::Start(*client_, *trace_, {"db", std::move(resources)},
                           Deadline(SystemClock(), limit));
  }
  void Start(std::vector<kube::Resource> resources) {
    auto recorder = Try(std::move(resources));
    ASSERT_TRUE(recorder) << recorder.error().message;
    recorder_ = *std::move(recorder);
  }
  Status Await(const std::function<bool(const ClusterView&)>& condition, Nanos limit = 30s) {
    return recorder_->WaitUntil("waiting", condition, [](const ClusterView&) { return "not yet"; },
                                Deadline(SystemClock(), limit), {});
  }
  // Waits until the object has this version.
  void AwaitVersion(const std::string& plural,
                    const std::string& name,
                    const std::string& version) {
    const Status arrived = Await([&](const ClusterView& view) {
      const auto object = view.Find(plural, name);
      return object && GetString(*object, {"metadata", "resourceVersion"}) == version;
    });
    ASSERT_TRUE(arrived) << plural << " " << name << "@" << version;
  }

  // The lines of the trace without their times: "open pods@10:1", "pods LIST a@9", "gap pods".
  std::vector<std::string> Lines() {
    std::vector<std::string> words;
    for (const Json& line : TraceLines()) {
      const std::string kind = GetString(line, {"kind"});
      const std::string resource = GetString(line, {"resource"});
      if (kind == "watch-open")
        words.push_back(fmt::format("open {}@{}:{}", resource, GetString(line, {"resourceVersion"}),
                                    GetInt(line, {"items"}, -1)));
      else if (kind == "gap")
        words.push_back("gap " + resource);
      else
        words.push_back(
            fmt::format("{} {} {}@{}", resource, GetString(line, {"event", "type"}),
                        GetString(line, {"event", "object", "metadata", "name"}),
                        GetString(line, {"event", "object", "metadata", "resourceVersion"})));
    }
    return words;
  }
  std::vector<Json> TraceLines() {
    std::vector<Json> lines;
    const std::string text = ReadFile(directory_.path() / "trace.jsonl").value();
    for (const std::string& line : Split(Trim(text), '\n')) {
      if (!line.empty()) lines.push_back(ParseJson(line).value());
    }
    return lines;
  }

  TemporaryDirectory directory_;
  std::mutex mutex_;
  std::map<std::string, Served> served_;
  std::set<std::string> paths_;
  ScriptedServer server_;
  std::unique_ptr<kube::Client> client_;
  std::unique_ptr<trace::TraceWriter> trace_;
  std::unique_ptr<Recorder> recorder_;
};

TEST_F(Recording, WritesTheLinesOfTheTraceFormat) {
  Json pod = Object("web-0", "9");
  pod["metadata"]["managedFields"] = Json::array({1});
  On("pods").list = ListOf({pod}, "10");
  Start({resources::kPods});
  pod["metadata"]["resourceVersion"] = "11";
  Push("pods", "MODIFIED", pod);
  Push("pods", "BOOKMARK", Json{{"metadata", {{"resourceVersion", "12"}}}});
  Push("pods", "DELETED", Object("web-0", "13"));
  ASSERT_TRUE(Await([](const ClusterView& view) { return view.All("pods").empty(); }));
  std::vector<Json> lines = TraceLines();
  ASSERT_EQ(lines.size(), 4U);
  for (Json& line : lines)
    EXPECT_EQ(line.erase("t"), 1U);
  Json expected = Object("web-0", "9");
  expected["kind"] = "Pod";
  expected["apiVersion"] = "v1";
  EXPECT_EQ(
      lines[0],
      (Json{
          {"kind", "watch-open"}, {"resource", "pods"}, {"resourceVersion", "10"}, {"items", 1}}));
  EXPECT_EQ(lines[1], (Json{{"kind", "watch"},
                            {"resource", "pods"},
                            {"event", {{"type", "LIST"}, {"object", expected}}}}));
  expected["metadata"]["resourceVersion"] = "11";
  EXPECT_EQ(lines[2]["event"], (Json{{"type", "MODIFIED"}, {"object", expected}}));
  EXPECT_EQ(lines[3]["event"]["type"], "DELETED");
}

TEST_F(Recording, WatchesTheNamespaceAndTheCluster) {
  Start(DefaultResources());
  EXPECT_THAT(recorder_->NotWatched(), ElementsAre());
  EXPECT_EQ(Lines().size(), DefaultResources().size());
  EXPECT_TRUE(paths_.contains("/api/v1/namespaces/db/pods"));
  EXPECT_TRUE(paths_.contains("/apis/apps/v1/namespaces/db/statefulsets"));
  EXPECT_TRUE(paths_.contains("/api/v1/nodes"));
  EXPECT_TRUE(paths_.contains("/apis/storage.k8s.io/v1/volumeattachments"));
}

Json Volume(const std::string& name, const std::string& version, const std::string& claimed_from) {
  Json volume = Object(name, version);
  volume["spec"] = Json::object();
  if (!claimed_from.empty()) volume["spec"]["claimRef"] = Json{{"namespace", claimed_from}};
  return volume;
}

Json Attachment(const std::string& name, const std::string& version, const std::string& volume) {
  Json attachment = Object(name, version);
  attachment["spec"]["source"]["persistentVolumeName"] = volume;
  return attachment;
}

TEST_F(Recording, RecordsOfTheVolumesOnlyOurs) {
  On("persistentvolumes").list = ListOf(
      {Volume("ours", "1", "db"), Volume("theirs", "2", "other"), Volume("free", "3", "")}, "10");
  Start({resources::kPersistentVolumes, resources::kVolumeAttachments});
  Push("persistentvolumes", "MODIFIED", Volume("theirs", "11", "other"));
  Push("persistentvolumes", "MODIFIED", Volume("ours", "12", ""));
  Push("persistentvolumes", "MODIFIED", Volume("free", "13", "db"));
  AwaitVersion("persistentvolumes", "free", "13");
  Push("volumeattachments", "ADDED", Attachment("va-theirs", "14", "theirs"));
  Push("volumeattachments", "ADDED", Attachment("va-ours", "15", "ours"));
  Push("volumeattachments", "ADDED", Attachment("va-unknown", "16", "unknown"));
  AwaitVersion("volumeattachments", "va-unknown", "16");
  std::vector<std::string> volumes;
  std::vector<std::string> attachments;
  for (const std::string& line : Lines())
    (line.find("attachments") != std::string::npos ? attachments : volumes).push_back(line);
  EXPECT_THAT(volumes,
              ElementsAre("open persistentvolumes@10:1", "persistentvolumes LIST ours@1",
                          "persistentvolumes MODIFIED ours@12", "persistentvolumes LIST free@3",
                          "persistentvolumes MODIFIED free@13"));
  EXPECT_THAT(attachments,
              ElementsAre("open volumeattachments@10:0", "volumeattachments ADDED va-ours@15",
                          "volumeattachments ADDED va-unknown@16"));
}

Json Node(const std::string& version, const std::string& heartbeat, const std::string& ready) {
  Json node = Object("n1", version);
  node["status"]["conditions"] =
      Json::array({Json{{"type", "Ready"}, {"status", ready}, {"lastHeartbeatTime", heartbeat}}});
  return node;
}

TEST_F(Recording, LeavesOutHeartbeatsButShowsTheNewestState) {
  On("nodes").list = ListOf({Node("1", "t1", "True")}, "10");
  Start({resources::kNodes});
  Push("nodes", "MODIFIED", Node("11", "t2", "True"));
  AwaitVersion("nodes", "n1", "11");
  Push("nodes", "MODIFIED", Node("12", "t3", "False"));
  Push("nodes", "MODIFIED", Node("13", "t4", "False"));
  AwaitVersion("nodes", "n1", "13");
  EXPECT_THAT(Lines(), ElementsAre("open nodes@10:1", "nodes LIST n1@1", "nodes MODIFIED n1@12"));
}

TEST_F(Recording, AnEventThatComesAgainIsRecordedAndTakesTheViewNotBack) {
  On("pods").list = ListOf({Object("a", "1")}, "10");
  Start({resources::kPods});
  for (const char* version : {"11", "12", "11"})
    Push("pods", "MODIFIED", Object("a", version));
  Push("pods", "ADDED", Object("b", "13"));
  AwaitVersion("pods", "b", "13");
  recorder_->Look([](const ClusterView& view) {
    EXPECT_EQ(GetString(*view.Find("pods", "a"), {"metadata", "resourceVersion"}), "12");
  });
  const std::vector<std::string> lines = Lines();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), "pods MODIFIED a@11"), 2);
}

TEST_F(Recording, AGapIsToldAndTheStateAfterItIsTheList) {
  On("pods").list = ListOf({Object("a", "1"), Object("b", "2")}, "10");
  Start({resources::kPods});
  {
    const std::lock_guard lock(mutex_);
    On("pods").list = ListOf({Object("b", "20"), Object("c", "21")}, "30");
    On("pods").events.Push(Event("ERROR", FailureStatus(410, "Expired", "too old")));
  }
  AwaitVersion("pods", "c", "21");
  recorder_->Look([](const ClusterView& view) {
    EXPECT_EQ(view.Find("pods", "a"), nullptr);
    EXPECT_EQ(view.All("pods").size(), 2U);
    EXPECT_TRUE(view.All("nodes").empty());
  });
  EXPECT_THAT(Lines(), ElementsAre("open pods@10:2", "pods LIST a@1", "pods LIST b@2", "gap pods",
                                   "open pods@30:2", "pods LIST b@20", "pods LIST c@21"));
}

TEST_F(Recording, AConditionThatHoldsOnlyBetweenTwoEventsIsSeen) {
  On("pods").list = ListOf({Object("a", "1")}, "10");
  Start({resources::kPods});
  std::atomic<int> evaluations{0};
  std::jthread events([&] {
    while (evaluations == 0)
      std::this_thread::yield();
    // One write, so that both are applied in one go.
    const std::lock_guard lock(mutex_);
    On("pods").events.Push(Event("DELETED", Object("a", "11")) +
                            Event("ADDED", Object("a", "12")));
  });
  const Status seen = Await([&](const ClusterView& view) {
    ++evaluations;
    return view.Find("pods", "a") == nullptr;
  });
  EXPECT_TRUE(seen);
}

TEST_F(Recording, WaitingEndsInEveryWay) {
  On("pods").list = ListOf({Object("a", "1")}, "10");
  Start({resources::kPods});
  const auto never = [](const ClusterView&) { return false; };
  const auto explain = [](const ClusterView& view) {
    return fmt::format("{} of 3 pods are there", view.All("pods").size());
  };
  const Deadline past(SystemClock(), 0s);
  const Deadline later(SystemClock(), 30s);
  EXPECT_TRUE(Await([](const ClusterView& view) { return view.All("pods").size() == 1; }, 0s));
  const Status late = recorder_->WaitUntil("pods ready", never, explain, past, {});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kTimedOut);
  EXPECT_EQ(late.error().message, "pods ready: 1 of 3 pods are there");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(recorder_->WaitUntil("w", never, explain, later, stop.get_token()).error().code,
            ErrorCode::kCancelled);
  recorder_->Stop();
  EXPECT_EQ(recorder_->WaitUntil("w", never, explain, later, {}).error().code,
            ErrorCode::kCancelled);
}

TEST_F(Recording, TellsChangesAndNothingAfterStop) {
  std::atomic<int> told{0};
  Start({resources::kPods});
  recorder_->OnChange([&](const std::string& plural, const std::string& type, const Json& object) {
    EXPECT_EQ(plural + type + GetString(object, {"metadata", "name"}), "podsADDEDa");
    ++told;
  });
  Push("pods", "ADDED", Object("a", "11"));
  AwaitVersion("pods", "a", "11");
  recorder_->Stop();
  EXPECT_EQ(told, 1);
  Push("pods", "ADDED", Object("b", "12"));
  ASSERT_TRUE(client_->GetRaw("/version"));
  EXPECT_THAT(Lines(), ElementsAre("open pods@10:0", "pods ADDED a@11"));
}

TEST_F(Recording, WhatMayBeMissingIsNamed) {
  On("events").refusal = 403;
  On("volumeattachments").refusal = 404;
  Start({resources::kPods, resources::kEvents, resources::kVolumeAttachments});
  EXPECT_THAT(recorder_->NotWatched(), ElementsAre("events", "volumeattachments"));
  EXPECT_THAT(Lines(), ElementsAre("open pods@10:0"));
}

TEST_F(Recording, WhatIsNeededAndRefusedIsAnError) {
  for (const auto& [status, code] : {std::pair{403, ErrorCode::kRefused},
                                     {404, ErrorCode::kNotFound},
                                     {401, ErrorCode::kRefused}}) {
    {
      const std::lock_guard lock(mutex_);
      On("nodes").refusal = status;
    }
    const auto recorder = Try({resources::kPods, resources::kNodes});
    ASSERT_FALSE(recorder);
    EXPECT_EQ(recorder.error().code, code);
    EXPECT_THAT(recorder.error().message, HasSubstr("cannot record nodes: "));
    EXPECT_THAT(recorder.error().message, HasSubstr("not for you"));
  }
}

TEST_F(Recording, AServerThatDoesNotAnswerWellInTimeIsNamed) {
  On("nodes").refusal = 500;
  const auto recorder = Try({resources::kPods, resources::kNodes}, 1s);
  ASSERT_FALSE(recorder);
  EXPECT_EQ(recorder.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(recorder.error().message, HasSubstr("cannot record nodes: cannot list nodes: not"));
}

TEST_F(Recording, SecretsAreRefused) {
  const auto recorder = Try({resources::kPods, resources::kSecrets});
  ASSERT_FALSE(recorder);
  EXPECT_EQ(recorder.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(server_.Requests().size(), 0U);
}

}  // namespace
}  // namespace holdfast::observe
