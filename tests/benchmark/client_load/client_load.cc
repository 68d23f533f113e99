// What the client load costs: operations per second of the same loop with recording off and on, and
// of the system's own tool with the same statement and number of clients, against one real server.
// Usage: benchmark_client_load [seconds] [rounds] [clients]
#include <fmt/format.h>

#include "harness/base/strings.h"
#include "harness/run/load/load_generator.h"

#include "tests/integration/pods/local_pod.h"

namespace holdfast::run {
namespace {

using workloads::LocalPod;

class OneAddress : public AddressBook {
 public:
  explicit OneAddress(workloads::Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
  std::optional<workloads::Endpoint> Lookup(const std::string&) override { return endpoint_; }

 private:
  workloads::Endpoint endpoint_;
};

struct Subject {
  const char* workload;
  const char* image;
  LocalPod::Environment environment;
};

workloads::Deployment MakeDeployment(const workloads::Workload& workload, int port) {
  workloads::Deployment made;
  made.ns = "test";
  made.name = workload.GetTarget(Json::object()).name;
  made.run_id = "test";
  made.run_number = 7;
  made.replicas = 1;
  made.password = "s3cretWord";
  made.parameters = {{"port", port}};
  return made;
}

// Acknowledged operations per second of `writers` clients in a closed loop.
double Measure(const workloads::Workload& workload,
               const LocalPod& pod,
               int writers,
               bool recording,
               Nanos duration) {
  const TemporaryDirectory directory;
  Clock& clock = SystemClock();
  const auto history = trace::HistoryWriter::Open(directory.path() / "history.jsonl",
                                                  {&clock, clock.Now()}, Json::object(), recording);
  if (!history) return 0;
  OneAddress addresses(pod.endpoint());
  Watchdog watchdog(clock);
  watchdog.Start();
  LoadContext context;
  context.workload = &workload;
  context.deployment = &pod.deployment();
  context.addresses = &addresses;
  context.history = history->get();
  context.watchdog = &watchdog;
  context.clock = &clock;
  LoadOptions options;
  options.writers = writers;
  options.readers = 0;
  options.pods = {pod.name()};
  const auto load = LoadGenerator::Create(context, options);
  if (!load) return 0;
  (*load)->Start();
  clock.SleepFor(std::chrono::milliseconds(500), {});  // Connections and caches.
  const Nanos begin = clock.Now();
  const auto before = (*load)->counts();
  clock.SleepFor(duration, {});
  const auto after = (*load)->counts();
  const std::chrono::duration<double> seconds = clock.Now() - begin;
  return static_cast<double>(after.ok - before.ok) / seconds.count();
}

// The number after `word` in the output of a tool; 0 when it is not there.
double NumberAfter(const std::string& text, const std::string& word) {
  const size_t at = text.find(word);
  return at == std::string::npos ? 0 : std::strtod(text.c_str() + at + word.size(), nullptr);
}

// The same insert through the system's own tool: its operations per second, 0 without one.
double OwnTool(const Subject& subject, LocalPod& pod, int clients, int seconds) {
  const std::string port = std::to_string(pod.port());
  const std::string name = subject.workload;
  if (name == "postgres") {
    const std::string script =
        "echo \"INSERT INTO holdfast (key, value) VALUES ('bench', :client_id)\" >/tmp/s.sql; "
        "PGPASSWORD=s3cretWord /usr/lib/postgresql/15/bin/pgbench -n -M prepared -f /tmp/s.sql "
        "-h 127.0.0.1 -p " +
        port + " -U postgres -c " + std::to_string(clients) + " -j 2 -T " +
        std::to_string(seconds) + " postgres";
    const auto done = pod.RunProgram({"sh", "-c", script});
    return done ? NumberAfter(done->out, "tps = ") : 0;
  }
  if (name == "etcd") {
    // Its own check runs for a minute at a fixed rate; only the reached rate is comparable.
    const auto done = pod.RunProgram({"/usr/bin/env", "ETCDCTL_API=3", "etcdctl",
                                      "--endpoints=127.0.0.1:" + port, "check", "perf"});
    return done ? NumberAfter(done->out, "Throughput is ") : 0;
  }
  return 0;
}

int Main(int seconds, int rounds, int clients) {
  const int etcd_port = workloads::FreePort();
  const Subject subjects[] = {
      {"postgres", "postgres:15", {}},
      {"mariadb", "mariadb:10.11", {}},
      {"etcd",
       "etcd:3.4",
       {{"MEMBERS", "etcd-0=http://etcd-0.etcd.test.svc:" + std::to_string(etcd_port + 1)},
        {"MEMBERS_STATE", "new"}}},
      {"volume", "busybox:1", {}},
  };
  fmt::print("{:<10} {:>8} {:>12} {:>12} {:>8} {:>12} {:>8}\n", "system", "clients", "off/s",
             "on/s", "on/off", "own tool/s", "on/tool");
  for (const Subject& subject : subjects) {
    const workloads::Workload& workload = *workloads::FindWorkload(subject.workload);
    const int port =
        std::string(subject.workload) == "etcd" ? etcd_port : workloads::FreePort();
    LocalPod pod(workload, MakeDeployment(workload, port), 0, subject.image, subject.environment);
    if (const std::string trouble = pod.Start(); !trouble.empty()) {
      fmt::print(stderr, "{}: {}\n", subject.workload, trouble);
      continue;
    }
    const double tool = OwnTool(subject, pod, clients, seconds);
    for (int round = 0; round < rounds; ++round) {
      const Nanos duration = std::chrono::seconds(seconds);
      const double off = Measure(workload, pod, clients, false, duration);
      const double on = Measure(workload, pod, clients, true, duration);
      fmt::print("{:<10} {:>8} {:>12.0f} {:>12.0f} {:>7.1f}% {:>12.0f} {:>7.1f}%\n",
                 subject.workload, clients, off, on, off > 0 ? 100 * on / off : 0, tool,
                 tool > 0 ? 100 * on / tool : 0);
    }
  }
  return 0;
}

}  // namespace
}  // namespace holdfast::run

int main(int argc, char** argv) {
  const auto number = [&](int index, int64_t fallback) {
    return static_cast<int>(argc > index ? holdfast::ParseInt(argv[index]).value_or(fallback)
                                         : fallback);
  };
  return holdfast::run::Main(number(1, 5), number(2, 3), number(3, 8));
}
