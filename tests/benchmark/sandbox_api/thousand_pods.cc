// What the API and its store cost when 1,000 pods are created, bound, made ready and deleted by way
// of requests, while four watches follow. Without sockets and without controllers: those have
// benchmarks of their own.
#include <atomic>
#include <cstdio>
#include <deque>
#include <string>
#include <thread>
#include <vector>

#include "harness/sandbox/api/handler.h"

namespace holdfast::sandbox {
namespace {

constexpr int kPods = 1000;
constexpr int kWatches = 4;
constexpr const char* kPath = "/api/v1/namespaces/default/pods";

// Counts the bytes of a watch.
class Sink : public ResponseStream {
 public:
  explicit Sink(std::atomic<bool>& over) : over_(over) {}
  bool Begin(int, std::string_view) override { return true; }
  bool Write(std::string_view piece) override {
    bytes += piece.size();
    for (const char c : piece)
      lines += c == '\n' ? 1 : 0;
    return true;
  }
  bool Gone() override { return over_; }
  size_t bytes = 0;
  size_t lines = 0;

 private:
  std::atomic<bool>& over_;
};

HttpRequest To(const std::string& method, const std::string& path, const Json& body = Json()) {
  HttpRequest request;
  request.method = method;
  request.path = path;
  request.authorization = "Bearer t";
  request.user_agent = "holdfast-node";
  if (!body.is_null()) request.body = DumpJson(body);
  request.content_type =
      method == "PATCH" ? "application/strategic-merge-patch+json" : "application/json";
  return request;
}

Json PodNamed(const std::string& name) {
  const Json container = {
      {"name", "main"},
      {"image", "volume:1"},
      {"env", {{{"name", "POD"}, {"valueFrom", {{"fieldRef", {{"fieldPath", "metadata.name"}}}}}}}},
      {"volumeMounts", {{{"name", "data"}, {"mountPath", "/data"}}}},
      {"readinessProbe", {{"exec", {{"command", {"true"}}}}}}};
  return {{"metadata", {{"name", name}, {"labels", {{"app", "web"}}}}},
          {"spec",
           {{"containers", {container}},
            {"volumes",
             {{{"name", "data"}, {"persistentVolumeClaim", {{"claimName", "data-" + name}}}}}}}}};
}

class Run {
 public:
  // Milliseconds for `step` on every pod.
  template <typename Step>
  double Timed(const char* what, Step step) {
    const Nanos begin = SystemClock().Now();
    for (int i = 0; i < kPods; ++i) {
      const HttpResponse response = step("web-" + std::to_string(i));
      if (response.status >= 300) {
        std::printf("%s: %d %s\n", what, response.status, response.body.c_str());
        return 0;
      }
    }
    const double taken = static_cast<double>((SystemClock().Now() - begin).count()) / 1e6;
    std::printf("%-28s %8.1f ms, %6.1f us each\n", what, taken, taken * 1000 / kPods);
    return taken;
  }

  void Play() {
    (void)registry_.Create("namespaces", "", {{"metadata", {{"name", "default"}}}});
    std::atomic<bool> over{false};
    std::deque<Sink> sinks;
    for (int i = 0; i < kWatches; ++i)
      sinks.emplace_back(over);
    std::vector<std::thread> watches;
    for (Sink& sink : sinks)
      watches.emplace_back([&] {
        HttpRequest request = To("GET", kPath);
        request.query = {{"watch", "1"},
                         {"resourceVersion", std::to_string(registry_.store().Version())}};
        handler_.AnswerStream(request, sink);
      });
    double total = 0;
    total += Timed("create", [&](const std::string& name) {
      return handler_.Answer(To("POST", kPath, PodNamed(name)));
    });
    total += Timed("bind", [&](const std::string& name) {
      return handler_.Answer(To("POST", std::string(kPath) + "/" + name + "/binding",
                                {{"target", {{"kind", "Node"}, {"name", "n1"}}}}));
    });
    for (const char* phase : {"Pending", "Running"})
      total += Timed(phase, [&](const std::string& name) {
        Json conditions = Json::array();
        for (const char* type : {"Initialized", "Ready", "ContainersReady"})
          conditions.push_back({{"type", type},
                                {"status", phase[0] == 'R' ? "True" : "False"},
                                {"lastTransitionTime", "2026-01-01T00:00:00Z"}});
        return handler_.Answer(To("PATCH", std::string(kPath) + "/" + name + "/status",
                                  {{"status", {{"phase", phase}, {"conditions", conditions}}}}));
      });
    total += Timed("get", [&](const std::string& name) {
      return handler_.Answer(To("GET", std::string(kPath) + "/" + name));
    });
    total += Timed("delete with grace", [&](const std::string& name) {
      return handler_.Answer(To("DELETE", std::string(kPath) + "/" + name));
    });
    const Nanos begin = SystemClock().Now();
    for (int i = 0; i < 20; ++i)
      (void)handler_.Answer(To("GET", kPath));
    std::printf("%-28s %8.1f ms each\n", "list of 1,000",
                static_cast<double>((SystemClock().Now() - begin).count()) / 2e7);
    total += Timed("delete at once", [&](const std::string& name) {
      return handler_.Answer(
          To("DELETE", std::string(kPath) + "/" + name, {{"gracePeriodSeconds", 0}}));
    });
    over = true;
    handler_.Stop();
    for (std::thread& watch : watches)
      watch.join();
    for (const Sink& sink : sinks)
      std::printf("watch: %zu events, %zu bytes\n", sink.lines, sink.bytes);
    std::printf("total %.1f ms for %d pods\n", total, kPods);
  }

 private:
  Store store_{SystemClock()};
  Registry registry_{store_, SystemClock()};
  ApiHandler handler_{registry_, "t",
                      [](const std::string&, const std::string&, int) -> Result<FileDescriptor> {
                        return Fail(ErrorCode::kUnavailable, "there is no node here");
                      }};
};

}  // namespace
}  // namespace holdfast::sandbox

int main() { holdfast::sandbox::Run().Play(); }
