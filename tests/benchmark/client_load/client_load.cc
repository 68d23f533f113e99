// What the client load costs: operations per second of the same loop with recording off and on, and
// of the system's own tool with the same statement and number of clients, against one real server.
// The three take short turns, so that a machine that grows busy slows them alike; each row is the
// median of its rounds, ratios are those of turns side by side. The processor time that our own process
// needs for an operation, without and with recording, does not depend on who else is busy.
// Usage: benchmark_client_load [seconds] [rounds] [clients] [system]
#include <sys/resource.h>

#include <algorithm>

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

struct Plan {
  int seconds;
  int rounds;
  int clients;
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

Nanos ProcessorTime() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

struct Speed {
  double per_second = 0;
  double processor_micros = 0;  // Of this process, for one operation.
};

// Acknowledged operations of `writers` clients in a closed loop.
Speed Measure(const workloads::Workload& workload,
               const LocalPod& pod,
               int writers,
               bool recording,
               Nanos duration) {
  const TemporaryDirectory directory;
  Clock& clock = SystemClock();
  const auto history = trace::HistoryWriter::Open(directory.path() / "history.jsonl",
                                                  {&clock, clock.Now()}, Json::object(), recording);
  if (!history) return {};
  OneAddress addresses(pod.endpoint());
  Watchdog watchdog(clock);
  watchdog.Start();
  Latency latency;
  LoadContext context;
  context.workload = &workload;
  context.deployment = &pod.deployment();
  context.addresses = &addresses;
  context.history = history->get();
  context.watchdog = &watchdog;
  context.clock = &clock;
  if (recording) context.latency = &latency;
  LoadOptions options;
  options.writers = writers;
  options.readers = 0;
  options.pods = {pod.name()};
  const auto load = LoadGenerator::Create(context, options);
  if (!load) return {};
  (*load)->Start();
  clock.SleepFor(std::chrono::milliseconds(500), {});  // Connections and caches.
  const Nanos begin = clock.Now();
  const Nanos used = ProcessorTime();
  const auto before = (*load)->counts();
  clock.SleepFor(duration, {});
  const auto done = static_cast<double>((*load)->counts().ok - before.ok);
  const std::chrono::duration<double> seconds = clock.Now() - begin;
  const std::chrono::duration<double, std::micro> processor = ProcessorTime() - used;
  return {done / seconds.count(), done > 0 ? processor.count() / done : 0};
}

// The number after `word` in the output of a tool; 0 when it is not there.
double NumberAfter(const std::string& text, const std::string& word) {
  const size_t at = text.find(word);
  return at == std::string::npos ? 0 : std::strtod(text.c_str() + at + word.size(), nullptr);
}

double Pgbench(LocalPod& pod, const Plan& plan) {
  const std::string script = fmt::format(
      "printf '%s\\n' '\\set p 0' '\\set v random(1, 1000000000)' "
      "\"INSERT INTO holdfast (key, value, padding) VALUES ('bench', :v, "
      "CASE WHEN :p > 0 THEN repeat('x', :p) END);\" >/tmp/s.sql; "
      "PGPASSWORD=s3cretWord exec /usr/lib/postgresql/15/bin/pgbench -n -M prepared -f /tmp/s.sql "
      "-h 127.0.0.1 -p {} -U postgres -c {} -j 2 -T {} postgres",
      pod.port(), plan.clients, plan.seconds);
  const auto done = pod.RunProgram({"sh", "-c", script});
  if (!done || done->exit_code != 0) fmt::print(stderr, "pgbench: {}\n", done ? done->err : "");
  return done ? NumberAfter(done->out, "tps = ") : 0;
}

// mysqlslap takes a number of queries, not a time: as many as the loop has shown to be possible.
double Mysqlslap(LocalPod& pod, const Plan& plan, double expected) {
  const auto queries = static_cast<int64_t>(std::max(expected * plan.seconds, 100.0));
  const auto done = pod.RunProgram(
      {"mysqlslap", "--no-defaults", "-h", "127.0.0.1", "-P", std::to_string(pod.port()),
       "--protocol=tcp", "-u", "admin", "-ps3cretWord", "--create-schema=holdfast", "--no-drop",
       "--iterations=1", fmt::format("--concurrency={}", plan.clients),
       fmt::format("--number-of-queries={}", queries),
       "--query=INSERT INTO holdfast.entries (k, v, padding) VALUES ('bench', 4711, NULL)"});
  if (!done || done->exit_code != 0) fmt::print(stderr, "mysqlslap: {}\n", done ? done->err : "");
  const double seconds =
      done ? NumberAfter(done->out, "Average number of seconds to run all queries: ") : 0;
  return seconds > 0 ? static_cast<double>(queries) / seconds : 0;
}

// etcd's own check runs for a minute with 500 clients of its own, so that only a ratio can be told.
double CheckPerf(LocalPod& pod) {
  const auto done = pod.RunProgram({"etcdctl", fmt::format("--endpoints=127.0.0.1:{}", pod.port()),
                                    "check", "perf", "--load=l"},
                                   std::chrono::minutes(3));
  if (!done) return 0;
  const std::string text = done->out + done->err;
  return std::max(NumberAfter(text, "Throughput is "), NumberAfter(text, "Throughput too low: "));
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

std::string Percent(const std::vector<double>& ratios) {
  return ratios.empty() ? "-" : fmt::format("{:.1f}%", 100 * Median(ratios));
}

void Run(const Subject& subject, const Plan& plan, LocalPod& pod) {
  const workloads::Workload& workload = *workloads::FindWorkload(subject.workload);
  const std::string name = subject.workload;
  const Nanos duration = std::chrono::seconds(plan.seconds);
  Measure(workload, pod, plan.clients, false, std::chrono::seconds(1));  // Warm.
  std::vector<double> tool;
  std::vector<double> off;
  std::vector<double> on;
  std::vector<double> on_to_off;
  std::vector<double> on_to_tool;
  std::vector<double> micros_off;
  std::vector<double> micros_on;
  for (int round = 0; round < plan.rounds; ++round) {
    const auto measure = [&](bool recording) {
      const Speed speed = Measure(workload, pod, plan.clients, recording, duration);
      (recording ? on : off).push_back(speed.per_second);
      (recording ? micros_on : micros_off).push_back(speed.processor_micros);
    };
    // Whoever goes first is not always the same.
    measure(round % 2 == 1);
    measure(round % 2 == 0);
    if (name == "postgres") tool.push_back(Pgbench(pod, plan));
    if (name == "mysql") tool.push_back(Mysqlslap(pod, plan, off.back()));
    if (off.back() > 0) on_to_off.push_back(on.back() / off.back());
    if (!tool.empty() && tool.back() > 0) on_to_tool.push_back(on.back() / tool.back());
  }
  if (name == "etcd") {
    tool.push_back(CheckPerf(pod));
    if (tool.back() > 0) on_to_tool.push_back(Median(on) / tool.back());
  }
  fmt::print("{:<10} {:>8} {:>10.0f} {:>10.0f} {:>8} {:>12.0f} {:>8} {:>8.1f} {:>8.1f}   rounds:",
             name, plan.clients, Median(off), Median(on), Percent(on_to_off), Median(tool),
             Percent(on_to_tool), Median(micros_off), Median(micros_on));
  for (const double ratio : on_to_off)
    fmt::print(" {:.2f}", ratio);
  fmt::print("\n");
  std::fflush(stdout);
}

int Main(const Plan& plan, const std::string& only) {
  const int etcd_port = workloads::FreePort();
  const Subject subjects[] = {
      {"postgres", "postgres:15", {}},
      {"mariadb", "mariadb:10.11", {}},
      {"mysql", "mysql:9", {}},
      {"etcd",
       "etcd:3.4",
       {{"MEMBERS", "etcd-0=http://etcd-0.etcd.test.svc:" + std::to_string(etcd_port + 1)},
        {"MEMBERS_STATE", "new"}}},
      {"volume", "busybox:1", {}},
  };
  fmt::print("{:<10} {:>8} {:>10} {:>10} {:>8} {:>12} {:>8} {:>8} {:>8}\n", "system", "clients",
             "off/s", "on/s", "on/off", "own tool/s", "on/tool", "us off", "us on");
  int failed = 0;
  for (const Subject& subject : subjects) {
    const std::string name = subject.workload;
    if (!only.empty() && only != name) continue;
    const int port = name == "etcd" ? etcd_port : workloads::FreePort();
    const workloads::Workload& workload = *workloads::FindWorkload(name);
    LocalPod pod(workload, MakeDeployment(workload, port), 0, subject.image, subject.environment);
    if (const std::string trouble = pod.Start(); !trouble.empty()) {
      fmt::print(stderr, "{}: {}\n", name, trouble);
      ++failed;
      continue;
    }
    Run(subject, plan, pod);
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace holdfast::run

int main(int argc, char** argv) {
  const auto number = [&](int index, int64_t fallback) {
    return static_cast<int>(argc > index ? holdfast::ParseInt(argv[index]).value_or(fallback)
                                         : fallback);
  };
  return holdfast::run::Main({number(1, 2), number(2, 9), number(3, 8)}, argc > 4 ? argv[4] : "");
}
