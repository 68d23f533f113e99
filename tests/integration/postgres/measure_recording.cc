// What recording costs: operations per second of the same load with recording on and off, against a
// real server. Not a test: it prints a table. Usage: measure_recording [seconds] [rounds]
#include <fmt/format.h>

#include "harness/base/strings.h"
#include "harness/run/load/load_generator.h"
#include "workloads/postgres/postgres.h"

#include "tests/integration/postgres/server.h"

namespace holdfast::run {
namespace {

using workloads::postgres::Server;

class OneAddress : public AddressBook {
 public:
  explicit OneAddress(workloads::Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
  std::optional<workloads::Endpoint> Lookup(const std::string&) override { return endpoint_; }

 private:
  workloads::Endpoint endpoint_;
};

double Measure(const Server& server, bool recording, Nanos duration) {
  const workloads::postgres::PostgresWorkload workload;
  const TemporaryDirectory directory;
  Clock& clock = SystemClock();
  const auto history = trace::HistoryWriter::Open(directory.path() / "history.jsonl",
                                                  {&clock, clock.Now()}, Json::object(), recording);
  if (!history) return 0;
  OneAddress addresses(server.endpoint());
  Watchdog watchdog(clock);
  watchdog.Start();
  LoadContext context;
  context.workload = &workload;
  context.deployment = &workloads::postgres::TestDeployment();
  context.addresses = &addresses;
  context.history = history->get();
  context.watchdog = &watchdog;
  context.clock = &clock;
  LoadOptions options;
  options.pods = {"pg-0"};
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

int Main(int seconds, int rounds) {
  Server server(0);
  if (const std::string trouble = server.Start(); !trouble.empty()) {
    fmt::print(stderr, "{}\n", trouble);
    return 3;
  }
  const auto session = server.Connect();
  if (!session || !workloads::postgres::PostgresWorkload().Prepare(**session)) return 3;
  for (int round = 0; round < rounds; ++round) {
    const double off = Measure(server, false, std::chrono::seconds(seconds));
    const double on = Measure(server, true, std::chrono::seconds(seconds));
    fmt::print("recording off {:.0f}/s, on {:.0f}/s: {:.1f} %\n", off, on, 100 * on / off);
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
  return holdfast::run::Main(number(1, 5), number(2, 3));
}
