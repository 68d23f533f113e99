#include "harness/cli/run_console.h"

#include <algorithm>

namespace holdfast::cli {

RunConsole::RunConsole(reports::ConsoleReport& console, Judge judge)
    : console_(console),
      judge_(std::move(judge)) {
  ticker_ = std::jthread([this](const std::stop_token& stop) {
    while (SystemClock().SleepFor(std::chrono::milliseconds(250), stop))
      console_.Tick();
  });
}

void RunConsole::Pod(int ordinal, const std::string& /*name*/, const std::string& state) {
  std::string lower = state == "gone" ? "" : state;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  console_.Pod(ordinal, lower);
}

void RunConsole::ScenarioBegin(const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    begun_[name] = SystemClock().Now();
  }
  console_.ScenarioBegin(name);
}

void RunConsole::ScenarioEnd(const std::string& name) {
  {
    const std::lock_guard lock(mutex_);
    seconds_[name] = std::chrono::duration<double>(SystemClock().Now() - begun_[name]).count();
  }
  console_.Phase("judging the evidence");
  const auto [verdict, reason] = judge_(name, seconds());
  console_.ScenarioEnd(name, verdict, reason);
}

std::map<std::string, double> RunConsole::seconds() const {
  const std::lock_guard lock(mutex_);
  return seconds_;
}

}  // namespace holdfast::cli
