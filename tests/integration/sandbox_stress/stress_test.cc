// Several clients write at random through the real server while others watch, and some behave
// badly. Afterwards every watcher must know exactly what the store holds. HOLDFAST_STRESS_SECONDS
// sets how long, HOLDFAST_SEED the seed.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "harness/base/random.h"
#include "harness/base/strings.h"

#include "tests/unit/sandbox_api/server_fixture.h"

namespace holdfast::sandbox {
namespace {

constexpr int kWriters = 4;
constexpr int kWatchers = 3;

int64_t FromEnvironment(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : ParseInt(text).value_or(otherwise);
}

struct Kind {
  const char* path;
  const char* resource;
};
constexpr Kind kKinds[] = {
    {"/api/v1/namespaces/default/pods", "pods"},
    {"/api/v1/namespaces/default/configmaps", "configmaps"},
    {"/apis/apps/v1/namespaces/default/statefulsets", "statefulsets"},
};

std::string BodyOf(const Kind& kind, const std::string& name, uint64_t number) {
  Json object = {{"metadata", {{"name", name}, {"labels", {{"n", std::to_string(number % 5)}}}}}};
  const Json spec = {{"containers", {{{"name", "c"}, {"image", "i:" + std::to_string(number)}}}}};
  if (std::string(kind.resource) == "pods") object["spec"] = spec;
  if (std::string(kind.resource) == "configmaps") object["data"] = {{"k", std::to_string(number)}};
  if (std::string(kind.resource) == "statefulsets")
    object["spec"] = {{"serviceName", "s"},
                      {"replicas", number % 7},
                      {"selector", {{"matchLabels", {{"a", "b"}}}}},
                      {"template", {{"metadata", {{"labels", {{"a", "b"}}}}}, {"spec", spec}}}};
  return DumpJson(object);
}

class StressTest : public ServerTest {
 protected:
  void Write(uint64_t seed) {
    Random random(seed);
    while (!stop_) {
      const Kind& kind = kKinds[random.Below(3)];
      const std::string name = "o" + std::to_string(random.Below(12));
      const std::string at = std::string(kind.path) + "/" + name;
      HttpAnswer answer;
      switch (random.Below(8)) {
        case 0:
        case 1:
          answer = Call({"POST", kind.path, BodyOf(kind, name, random.Below(100))});
          break;
        case 2:
          answer = Call({"PATCH", at,
                         DumpJson({{"metadata",
                                    {{"annotations", {{"x", std::to_string(random.Below(9))}}}}}}),
                         "application/merge-patch+json"});
          break;
        case 3: {
          Json wanted = *ParseJson(BodyOf(kind, name, random.Below(100)));
          wanted["apiVersion"] = std::string(kind.resource) == "statefulsets" ? "apps/v1" : "v1";
          wanted["kind"] = FindResource(kind.resource)->kind;
          answer = Call({"PATCH", at + "?fieldManager=m" + std::to_string(seed) + "&force=true",
                         DumpJson(wanted), "application/apply-patch+yaml"});
          break;
        }
        case 4:
          answer = Call({"DELETE", at});
          break;
        case 5: {
          Json read = Call({.path = at}).Parsed();
          if (GetString(read, {"kind"}) == "Status") continue;
          read["metadata"]["annotations"]["y"] = std::to_string(random.Below(9));
          answer = Call({"PUT", at, DumpJson(read)});
          break;
        }
        case 6:
          answer = Call({"PATCH", at, R"([{"op":"add","path":"/metadata/labels/z","value":"1"}])",
                         "application/json-patch+json"});
          break;
        default:
          answer = Call({.path = std::string(kind.path) + "?limit=3"});
      }
      ++requests_;
      EXPECT_NE(answer.status, 0);
      EXPECT_LT(answer.status, 500) << answer.body;
    }
  }

  // Follows one kind from its first list on; what it knows in the end comes out in `known`.
  void Watch(const Kind& kind, std::map<std::string, std::string>& known) {
    const Json list = Get(kind.path).Parsed();
    uint64_t version = Number(list["metadata"]);
    for (const Json& item : GetArray(list, {"items"}))
      known[GetString(item, {"metadata", "name"})] =
          GetString(item, {"metadata", "resourceVersion"});
    while (!quiet_ || version < store_.Version()) {
      const HttpAnswer answer =
          Get(fmt::format("{}?watch=1&timeoutSeconds=1&allowWatchBookmarks=true&resourceVersion={}",
                          kind.path, version));
      ASSERT_EQ(answer.status, 200);
      for (const Json& event : answer.Lines()) {
        const std::string type = GetString(event, {"type"});
        const Json& metadata = GetObject(event, {"object", "metadata"});
        const uint64_t at = Number(metadata);
        if (type == "BOOKMARK") {
          EXPECT_GE(at, version);
          version = at;
          continue;
        }
        ASSERT_TRUE(type == "ADDED" || type == "MODIFIED" || type == "DELETED") << event;
        EXPECT_GT(at, version) << event;
        version = at;
        const std::string name = GetString(metadata, {"name"});
        EXPECT_EQ(known.contains(name), type != "ADDED") << event;
        if (type == "DELETED") {
          known.erase(name);
        } else {
          known[name] = GetString(metadata, {"resourceVersion"});
        }
        ++events_;
      }
    }
  }

  // Connections that say nothing, or nonsense, and stay.
  std::vector<FileDescriptor> OpenBadOnes() {
    std::vector<FileDescriptor> open;
    for (int i = 0; i < 20; ++i) {
      FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(static_cast<uint16_t>(port_));
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      EXPECT_EQ(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
      const std::string text = i % 2 == 0 ? "" : std::string(size_t{100}, '\x16');
      ::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
      open.push_back(std::move(fd));
    }
    return open;
  }

  static uint64_t Number(const Json& metadata) {
    return static_cast<uint64_t>(
        ParseInt(GetString(metadata, {"resourceVersion"}, "0")).value_or(0));
  }

  std::atomic<bool> stop_{false};
  std::atomic<bool> quiet_{false};
  std::atomic<int64_t> requests_{0};
  std::atomic<int64_t> events_{0};
};

TEST_F(StressTest, WatchersKnowWhatTheStoreHolds) {
  const auto seconds = FromEnvironment("HOLDFAST_STRESS_SECONDS", 60);
  const auto seed = static_cast<uint64_t>(FromEnvironment("HOLDFAST_SEED", 1));
  std::printf("seed %llu, %lld s\n", static_cast<unsigned long long>(seed),
              static_cast<long long>(seconds));
  const std::vector<FileDescriptor> bad = OpenBadOnes();
  std::vector<std::map<std::string, std::string>> known(kWatchers);
  std::vector<std::thread> watchers;
  for (int i = 0; i < kWatchers; ++i)
    watchers.emplace_back([this, i, &known] { Watch(kKinds[i], known[static_cast<size_t>(i)]); });
  std::vector<std::thread> writers;
  for (uint64_t i = 0; i < kWriters; ++i)
    writers.emplace_back([this, seed, i] { Write(seed * 100 + i); });
  SystemClock().SleepFor(std::chrono::seconds(seconds), {});
  stop_ = true;
  for (std::thread& writer : writers)
    writer.join();
  quiet_ = true;
  for (std::thread& watcher : watchers)
    watcher.join();
  for (size_t i = 0; i < kWatchers; ++i) {
    std::map<std::string, std::string> held;
    for (const ObjectPtr& object : store_.List(kKinds[i].resource, "default"))
      held[GetString(object->json, {"metadata", "name"})] = std::to_string(object->version);
    EXPECT_EQ(known[i], held) << kKinds[i].resource;
  }
  std::printf("%lld requests, %lld events\n", static_cast<long long>(requests_.load()),
              static_cast<long long>(events_.load()));
  EXPECT_GT(requests_, seconds);
  EXPECT_GT(events_, seconds);
}

TEST_F(StressTest, AHundredWatchesSeeEveryWriteInOrder) {
  constexpr size_t kMany = 100;
  constexpr size_t kWrites = 100;
  const std::string path = kKinds[1].path;
  const uint64_t start = store_.Version();
  std::atomic<uint64_t> last{UINT64_MAX};
  std::vector<std::vector<uint64_t>> seen(kMany);
  std::vector<std::thread> watchers;
  const Nanos began = SystemClock().Now();
  for (std::vector<uint64_t>& mine : seen)
    watchers.emplace_back([&] {
      // From where it was, when the server ends the watch before the last write.
      while (mine.empty() || mine.back() < last) {
        const uint64_t from = mine.empty() ? start : mine.back();
        const HttpAnswer answer =
            Get(fmt::format("{}?watch=1&timeoutSeconds=2&resourceVersion={}", path, from));
        if (answer.status == 0) continue;  // The machine was too busy for the client's patience.
        ASSERT_EQ(answer.status, 200);
        for (const Json& event : answer.Lines())
          mine.push_back(Number(GetObject(event, {"object", "metadata"})));
      }
    });
  std::vector<uint64_t> written;
  for (uint64_t i = 0; i < kWrites; ++i) {
    const HttpAnswer answer = Call({"POST", path, BodyOf(kKinds[1], fmt::format("c{}", i), i)});
    EXPECT_EQ(answer.status, 201) << answer.body;
    written.push_back(Number(GetObject(answer.Parsed(), {"metadata"})));
  }
  const double writing = std::chrono::duration<double>(SystemClock().Now() - began).count();
  last = written.back();
  for (std::thread& watcher : watchers)
    watcher.join();
  for (const std::vector<uint64_t>& mine : seen)
    EXPECT_EQ(mine, written);
  std::printf("%zu watches, %zu writes in %.2f s: %.0f events/s\n", kMany, kWrites, writing,
              static_cast<double>(kMany * kWrites) / writing);
}

}  // namespace
}  // namespace holdfast::sandbox
