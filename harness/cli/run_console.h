// Connects a run's progress to the console report and judges each scenario as soon as it is over.
#ifndef HOLDFAST_HARNESS_CLI_RUN_CONSOLE_H_
#define HOLDFAST_HARNESS_CLI_RUN_CONSOLE_H_

#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "harness/base/clock.h"
#include "harness/run/progress.h"
#include "reports/console_report.h"

namespace holdfast::cli {

// Thread-safe.
class RunConsole : public run::ProgressObserver {
 public:
  // `judge` is called on the run's thread at the end of each scenario and gives what to show for
  // it.
  using Judge = std::function<std::pair<check::Verdict, std::string>(
      const std::string& scenario, const std::map<std::string, double>& seconds)>;
  RunConsole(reports::ConsoleReport& console, Judge judge);
  void Phase(const std::string& text) override { console_.Phase(text); }
  void Pod(int ordinal, const std::string& name, const std::string& state) override;
  void Operations(int64_t ok, int64_t failed, int64_t unknown) override {
    console_.Operations(ok, failed, unknown);
  }
  void ScenarioBegin(const std::string& name) override;
  void ScenarioEnd(const std::string& name) override;
  void Line(const std::string& text) override { console_.Line(text); }
  [[nodiscard]] std::map<std::string, double> seconds() const;

 private:
  reports::ConsoleReport& console_;
  Judge judge_;
  mutable std::mutex mutex_;
  std::map<std::string, Nanos> begun_;
  std::map<std::string, double> seconds_;
  std::jthread ticker_;
};

}  // namespace holdfast::cli

#endif  // HOLDFAST_HARNESS_CLI_RUN_CONSOLE_H_
