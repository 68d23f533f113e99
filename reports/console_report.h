// What a person sees while a run goes on: on a terminal a small block that is redrawn in place, in
// a pipe plain lines, one per event.
#ifndef HOLDFAST_REPORTS_CONSOLE_REPORT_H_
#define HOLDFAST_REPORTS_CONSOLE_REPORT_H_

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/base/clock.h"
#include "harness/check/verdict.h"
#include "reports/summary.h"

namespace holdfast::reports {

struct ConsoleOptions {
  bool live = false;           // Redraw a block with ANSI sequences; else plain lines.
  bool color = false;          // Only with live.
  std::function<int()> width;  // Columns of the terminal, asked at every redraw; null is 80.
};

// By isatty, TERM (dumb is a pipe) and NO_COLOR (https://no-color.org).
ConsoleOptions DetectConsole(int fd);

// Thread-safe. The sink gets whole redraws in one call, under a lock; it must not call back.
class ConsoleReport {
 public:
  using Sink = std::function<void(std::string_view)>;

  // Time is counted from here. `clock` must outlive the report.
  ConsoleReport(Sink sink, ConsoleOptions options, const Clock& clock);
  ConsoleReport(const ConsoleReport&) = delete;
  ConsoleReport& operator=(const ConsoleReport&) = delete;
  // Calls End.
  ~ConsoleReport();

  // `expected` is how long the plan thinks it will take; zero when it does not know.
  void Begin(std::string_view suite, int scenarios, Nanos expected);
  void ScenarioBegin(std::string_view name);
  // "deploying postgres", "pod-delete pg-0", "waiting for pg-0 to be ready".
  void Phase(std::string_view text);
  // "pending", "running", "ready", "terminating", "failed"; an empty state removes the pod.
  void Pod(int ordinal, std::string_view state);
  // Totals since the run began; `info` are those of unknown outcome.
  void Operations(int64_t ok, int64_t fail, int64_t info);
  void ScenarioEnd(std::string_view name, check::Verdict verdict, std::string_view reason);
  // A line that stays, such as a warning.
  void Line(std::string_view text);
  // Call a few times per second: redraws the block so that clocks move; nothing in a pipe.
  void Tick();
  // Removes the block; lines printed by others now start at the left. Idempotent.
  void End();

 private:
  using Segment = std::pair<std::string, Color>;

  [[nodiscard]] Nanos Elapsed() const { return clock_.Now() - begun_; }
  void Event(std::string_view plain);          // A line in a pipe; in the block a redraw.
  void Permanent(const std::string& colored);  // Above the block, or a line.
  void Redraw(std::string_view above, bool forced);
  [[nodiscard]] std::string Erase() const;
  [[nodiscard]] std::string Block() const;
  [[nodiscard]] std::string StatusLine(size_t width) const;
  [[nodiscard]] double Rate() const;
  [[nodiscard]] std::string OperationsText() const;

  std::mutex mutex_;
  Sink sink_;
  ConsoleOptions options_;
  const Clock& clock_;
  Nanos begun_;
  Nanos expected_{0};
  int scenarios_ = 0;
  int scenario_ = 0;  // 1-based; 0 before the first.
  std::string scenario_name_;
  std::string phase_ = "starting";
  std::map<int, std::string> pods_;
  int64_t ok_ = 0;
  int64_t fail_ = 0;
  int64_t info_ = 0;
  bool has_operations_ = false;
  std::deque<std::pair<Nanos, int64_t>> samples_;  // The last seconds' totals, for the rate.
  Nanos last_operations_line_{0};
  Nanos last_redraw_{0};
  int lines_drawn_ = 0;
  bool ended_ = false;
};

}  // namespace holdfast::reports

#endif  // HOLDFAST_REPORTS_CONSOLE_REPORT_H_
