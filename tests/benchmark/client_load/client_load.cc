// What the client load costs: operations per second of the same loop with recording off and on, and
// of the system's own tool with the same statement and number of clients, against one real server. Each
// pair runs at the same time, so that the server and whoever else is busy slow both alike; loop and tool
// are also measured one after the other, each alone with the server. A tool has a thread for each client,
// as the loop has. A row is the median of its rounds. The processor time that our process needs for an
// operation is measured alone, without and with recording.
// Usage: benchmark_client_load [seconds] [rounds] [clients of each] [system]
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

// Clients in a closed loop, from Create until its end.
class ClosedLoop {
 public:
  ClosedLoop(const workloads::Workload& workload, const LocalPod& pod, int writers, bool recording)
      : addresses_(pod.endpoint()),
        watchdog_(SystemClock()) {
    auto history = trace::HistoryWriter::Open(directory_.path() / "history.jsonl",
                                              {&SystemClock(), SystemClock().Now()},
                                              Json::object(), recording);
    if (!history) return;
    history_ = *std::move(history);
    watchdog_.Start();
    LoadContext context;
    context.workload = &workload;
    context.deployment = &pod.deployment();
    context.addresses = &addresses_;
    context.history = history_.get();
    context.watchdog = &watchdog_;
    context.clock = &SystemClock();
    if (recording) context.latency = &latency_;
    LoadOptions options;
    options.writers = writers;
    options.readers = 0;
    options.pods = {pod.name()};
    auto load = LoadGenerator::Create(context, options);
    if (!load) return;
    load_ = *std::move(load);
    load_->Start();
    SystemClock().SleepFor(std::chrono::milliseconds(300), {});  // Connections and caches.
  }
  // Acknowledged operations so far.
  [[nodiscard]] double Done() const {
    return load_ ? static_cast<double>(load_->counts().ok) : 0;
  }

 private:
  TemporaryDirectory directory_;
  OneAddress addresses_;
  std::unique_ptr<trace::HistoryWriter> history_;
  Watchdog watchdog_;
  Latency latency_;
  std::unique_ptr<LoadGenerator> load_;
};

double Seconds(Nanos time) { return std::chrono::duration<double>(time).count(); }

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
      "-h 127.0.0.1 -p {} -U postgres -c {} -j {} -T {} postgres",
      pod.port(), plan.clients, plan.clients, plan.seconds);
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

// Everything about one system; the loops are called "off" and "on".
class Row {
 public:
  Row(const Subject& subject, const Plan& plan, LocalPod& pod)
      : name_(subject.workload),
        workload_(*workloads::FindWorkload(name_)),
        plan_(plan),
        pod_(pod) {}

  void Measure() {
    for (int round = 0; round < plan_.rounds; ++round) {
      SideBySide();
      BesideTheTool();
      AfterTheTool();
    }
    for (const bool recording : {false, true})
      micros_[recording] = ProcessorMicros(recording);
    if (name_ == "etcd") {
      tool_.push_back(CheckPerf(pod_));
      if (tool_.back() > 0) on_to_tool_.push_back(Median(on_) / tool_.back());
    }
  }

  void Print() const {
    fmt::print("{:<10} {:>8} {:>8.0f} {:>8.0f} {:>8} {:>12.0f} {:>8} {:>8} {:>8.1f} {:>8.1f}   rounds:",
               name_,
               plan_.clients, Median(off_), Median(on_), Percent(on_to_off_), Median(tool_),
               Percent(on_to_tool_), Percent(alone_to_tool_), micros_[0], micros_[1]);
    for (const double ratio : on_to_off_)
      fmt::print(" {:.2f}", ratio);
    fmt::print("\n");
    std::fflush(stdout);
  }

 private:
  void SideBySide() {
    const ClosedLoop off(workload_, pod_, plan_.clients, false);
    const ClosedLoop on(workload_, pod_, plan_.clients, true);
    const Nanos begin = SystemClock().Now();
    const double off_before = off.Done();
    const double on_before = on.Done();
    SystemClock().SleepFor(std::chrono::seconds(plan_.seconds), {});
    const double off_done = off.Done() - off_before;
    const double on_done = on.Done() - on_before;
    const double seconds = Seconds(SystemClock().Now() - begin);
    off_.push_back(off_done / seconds);
    on_.push_back(on_done / seconds);
    if (off_done > 0) on_to_off_.push_back(on_done / off_done);
  }

  // The loop is watched for as long as the tool runs; the tool measures itself.
  void BesideTheTool() {
    if (name_ != "postgres" && name_ != "mysql") return;
    const ClosedLoop on(workload_, pod_, plan_.clients, true);
    const Nanos begin = SystemClock().Now();
    const double before = on.Done();
    const double tool = Tool(off_.back());
    const double done = on.Done() - before;
    tool_.push_back(tool);
    if (tool > 0) on_to_tool_.push_back(done / Seconds(SystemClock().Now() - begin) / tool);
  }

  // Each has the server for itself, one after the other.
  void AfterTheTool() {
    if (name_ != "postgres" && name_ != "mysql") return;
    const double tool = Tool(2 * off_.back());
    const ClosedLoop on(workload_, pod_, plan_.clients, true);
    const Nanos begin = SystemClock().Now();
    const double before = on.Done();
    SystemClock().SleepFor(std::chrono::seconds(plan_.seconds), {});
    const double rate = (on.Done() - before) / Seconds(SystemClock().Now() - begin);
    if (tool > 0) alone_to_tool_.push_back(rate / tool);
  }

  double Tool(double expected) {
    return name_ == "postgres" ? Pgbench(pod_, plan_) : Mysqlslap(pod_, plan_, expected);
  }

  double ProcessorMicros(bool recording) {
    const ClosedLoop loop(workload_, pod_, plan_.clients, recording);
    const Nanos used = ProcessorTime();
    const double before = loop.Done();
    SystemClock().SleepFor(std::chrono::seconds(plan_.seconds), {});
    const double done = loop.Done() - before;
    return done > 0 ? Seconds(ProcessorTime() - used) * 1e6 / done : 0;
  }

  const std::string name_;
  const workloads::Workload& workload_;
  const Plan plan_;
  LocalPod& pod_;
  std::vector<double> off_;
  std::vector<double> on_;
  std::vector<double> on_to_off_;
  std::vector<double> tool_;
  std::vector<double> on_to_tool_;
  std::vector<double> alone_to_tool_;
  double micros_[2] = {0, 0};
};

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
  fmt::print("{:<10} {:>8} {:>8} {:>8} {:>8} {:>12} {:>8} {:>8} {:>8} {:>8}\n", "system", "clients",
             "off/s", "on/s", "on/off", "own tool/s", "on/tool", "alone", "us off", "us on");
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
    Row row(subject, plan, pod);
    row.Measure();
    row.Print();
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
  return holdfast::run::Main({number(1, 2), number(2, 9), number(3, 4)}, argc > 4 ? argv[4] : "");
}
