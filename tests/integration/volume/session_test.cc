// The driver and the scripts of the workload "volume" with a real web server: what is on disk, and
// what a client is told when things break.
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <future>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/base/strings.h"
#include "workloads/volume/volume.h"

#include "tests/integration/pods/local_pod.h"
#include "tests/integration/pods/recorded.h"

namespace holdfast::workloads::volume {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;

const VolumeWorkload& Volume() {
  static const VolumeWorkload workload(VolumeWorkload::Kind::kStatefulSet);
  return workload;
}

Deployment MakeDeployment() {
  Deployment made;
  made.ns = "test";
  made.name = "vol";
  made.run_id = "test";
  made.run_number = 7;
  made.replicas = 2;
  made.parameters = Json::object();
  return made;
}

class VolumeTest : public testing::Test {
 protected:
  VolumeTest() : pod_(Volume(), MakeDeployment(), 0, "busybox:1") {}
  void SetUp() override { ASSERT_EQ(pod_.Start(), ""); }
  std::unique_ptr<Session> Open() const { return *pod_.Connect(); }
  std::string File(const std::string& path) const {
    return ReadFile(pod_.volume() / path).value_or("(no file)");
  }
  LocalPod pod_;
};

TEST_F(VolumeTest, AddsAndReadsNewestFirst) {
  const auto session = Open();
  for (const int64_t value : {11, 12, 13, 13})
    ASSERT_EQ(session->Add("w0", value).type, OutcomeType::kOk);
  const Outcome read = session->Read("w0", 3);
  ASSERT_EQ(read.type, OutcomeType::kOk) << read.error;
  EXPECT_EQ(read.value, Json({13, 13, 12}));
  EXPECT_EQ(GetString(read.extra, {"role"}), "primary");
  EXPECT_EQ(GetString(read.extra, {"uid"}), "uid-of-vol-0");
  EXPECT_EQ(session->ReadAll("w0").value, Json({13, 13, 12, 11}));
  EXPECT_EQ(session->ReadAll("nothing").value, Json::array());
  const Outcome padded = session->Execute(
      {.function = Function::kAdd, .key = "w1", .value = 5, .padding = 3000});
  EXPECT_EQ(padded.type, OutcomeType::kOk) << padded.error;
  EXPECT_GT(File("keys/w1").size(), 3000U);
  EXPECT_EQ(session->ReadAll("w1").value, Json({5}));
  EXPECT_EQ(session->Execute({.function = Function::kCas, .key = "r", .value = {1, 2}}).error_class,
            "unsupported");
}

TEST_F(VolumeTest, TornAndForeignBlocksAreSeen) {
  const auto session = Open();
  ASSERT_EQ(session->Add("w0", 1).type, OutcomeType::kOk);
  ASSERT_EQ(session->Add("w1", 7).type, OutcomeType::kOk);
  {
    std::ofstream out(pod_.volume() / "keys/w0", std::ios::app);
    out << "\n2 99";  // Half a block, without its newline.
  }
  ASSERT_EQ(session->Add("w0", 3).type, OutcomeType::kOk);
  const Outcome read = session->ReadAll("w0");
  EXPECT_EQ(read.value, Json({3, 1}));
  EXPECT_EQ(GetInt(read.extra, {"torn"}), 1);
  // The block of another key has a good checksum, but not here.
  std::ofstream(pod_.volume() / "keys/w2") << File("keys/w1");
  const Outcome foreign = session->ReadAll("w2");
  EXPECT_EQ(foreign.value, Json::array());
  EXPECT_EQ(GetInt(foreign.extra, {"torn"}), 1);
}

TEST_F(VolumeTest, ProbesThePodItTalksTo) {
  const auto session = Open();
  const auto probe = session->Probe();
  ASSERT_TRUE(probe) << probe.error().message;
  EXPECT_EQ(GetString(*probe, {"hostname"}), "vol-0");
  EXPECT_EQ(GetString(*probe, {"marker", "pod"}), "vol-0");
  EXPECT_EQ(GetString(*probe, {"marker", "nonce"}).size(), 36U);
  const Json& mounts = GetArray(*probe, {"mounts"});
  ASSERT_EQ(mounts.size(), 2U);
  EXPECT_EQ(GetString(mounts, {"0", "path"}), "/");
  EXPECT_EQ(GetString(mounts, {"1", "path"}), "/tmp/mounts/data");
  EXPECT_FALSE(GetBool(mounts, {"1", "readOnly"}, true));
  EXPECT_THAT(GetString(mounts, {"1", "device"}), MatchesRegex("[0-9]+:[0-9]+"));
  EXPECT_EQ(GetArray(*probe, {"files"}).size(), 4U);
  EXPECT_GT(GetInt(*probe, {"space", "size"}), 0);
  EXPECT_THAT(GetString(*probe, {"witness", "lines", "0"}),
              MatchesRegex("start vol-0 uid-of-vol-0 local 0 [0-9]+\\.[0-9][0-9]"));
}

TEST_F(VolumeTest, AnotherPodAtTheAddressIsRefused) {
  Endpoint elsewhere = pod_.endpoint();
  elsewhere.pod = "vol-1";
  const auto session = Volume().Connect(pod_.deployment(), elsewhere, std::chrono::seconds(2));
  ASSERT_TRUE(session);
  const Outcome outcome = (*session)->Add("w0", 1);
  EXPECT_EQ(outcome.type, OutcomeType::kFail);
  EXPECT_EQ(outcome.error_class, "http-421");
  EXPECT_THAT(outcome.error, HasSubstr("vol-0"));
  EXPECT_EQ(File("keys/w0"), "(no file)");
}

TEST_F(VolumeTest, UnwritableFileIsAFail) {
  const auto session = Open();
  ASSERT_TRUE(MakeDirectories(pod_.volume() / "keys/w0"));  // A folder cannot be appended to.
  const Outcome outcome = session->Add("w0", 1);
  EXPECT_EQ(outcome.type, OutcomeType::kFail);
  EXPECT_EQ(outcome.error_class, "http-403");
}

TEST_F(VolumeTest, StopsWithinASecondAndKeepsItsFiles) {
  {
    const auto session = Open();
    ASSERT_EQ(session->Add("w0", 1).type, OutcomeType::kOk);
  }
  const std::string marker = File("holdfast-marker");
  const Nanos asked = SystemClock().Now();
  EXPECT_EQ(pod_.Stop(SIGTERM), 0) << pod_.LogText();
  RecordProperty("stop_milliseconds", static_cast<int>((SystemClock().Now() - asked).count() / 1'000'000));
  const std::vector<std::string> witness = Split(File("witness"), '\n');
  ASSERT_GE(witness.size(), 3U);
  EXPECT_THAT(witness[witness.size() - 2], HasSubstr("stop vol-0 uid-of-vol-0 local"));
  const auto gone = Open();
  const Outcome refused = gone->Add("w0", 2);
  EXPECT_EQ(refused.type, OutcomeType::kFail);
  EXPECT_EQ(refused.error_class, "connection-refused");
  ASSERT_EQ(pod_.Start(), "");
  EXPECT_EQ(Open()->ReadAll("w0").value, Json({1}));
  EXPECT_EQ(File("holdfast-marker"), marker);
}

TEST_F(VolumeTest, ADestroyedVolumeLosesEveryAcknowledgedWrite) {
  Recorded clients(Volume(), pod_.deployment(), "vol-0");
  clients.MoveTo(pod_.endpoint());
  ASSERT_TRUE(clients.Add(4));
  ASSERT_TRUE(clients.FinalRead());
  EXPECT_EQ(clients.Judge("HX-LOST").verdict, check::Verdict::kPass) << "nothing is gone yet";
  pod_.Stop(SIGKILL);
  ASSERT_TRUE(RemoveTree(pod_.volume()));
  ASSERT_TRUE(MakeDirectories(pod_.volume()));
  ASSERT_EQ(pod_.Start(), "");
  clients.MoveTo(pod_.endpoint());
  ASSERT_TRUE(clients.FinalRead());
  const check::CheckResult lost = clients.Judge("HX-LOST");
  EXPECT_EQ(lost.verdict, check::Verdict::kFail) << lost.reason;
  EXPECT_EQ(lost.findings.size(), 4U) << lost.reason;
}

// Holds a request inside the server: its file is a pipe that nobody reads.
class HeldTest : public VolumeTest {
 protected:
  void Hold(const std::string& key) {
    const std::string path = pod_.volume() / "keys" / key;
    ASSERT_EQ(::mkfifo(path.c_str(), 0666), 0);
  }
};

TEST_F(HeldTest, KilledInMidRequestIsInfo) {
  Hold("w0");
  auto session = Open();
  auto pending = std::async(std::launch::async, [&] { return session->Add("w0", 1); });
  const Deadline deadline(SystemClock(), std::chrono::seconds(20));
  while (!pod_.Runs("op") && !deadline.Passed())
    SystemClock().SleepFor(std::chrono::milliseconds(5), {});
  pod_.Stop(SIGKILL);
  const Outcome outcome = pending.get();
  EXPECT_EQ(outcome.type, OutcomeType::kInfo);
  EXPECT_EQ(outcome.error_class, "connection-lost");
  EXPECT_TRUE(outcome.connection_lost);
}

TEST_F(HeldTest, InterruptEndsACallOnAFrozenServer) {
  auto session = Open();
  ASSERT_TRUE(pod_.Freeze());
  auto write = std::async(std::launch::async, [&] { return session->Add("w0", 1); });
  // Connecting is the kernel's work; the server itself never answers.
  while (write.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready)
    session->Interrupt();
  const Outcome outcome = write.get();
  auto reading = Open();
  auto read = std::async(std::launch::async, [&] { return reading->Read("w0", 5); });
  while (read.wait_for(std::chrono::milliseconds(50)) != std::future_status::ready)
    reading->Interrupt();
  const Outcome failed = read.get();
  ASSERT_TRUE(pod_.Thaw());
  EXPECT_EQ(outcome.type, OutcomeType::kInfo);
  EXPECT_EQ(outcome.error_class, "deadline");
  EXPECT_TRUE(outcome.connection_lost);
  EXPECT_EQ(failed.type, OutcomeType::kFail);
  EXPECT_EQ(failed.error_class, "deadline");
}

}  // namespace
}  // namespace holdfast::workloads::volume
