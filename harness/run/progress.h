// What a run tells while it goes on. The command line connects it to a report; a run knows no
// report.
#ifndef HOLDFAST_HARNESS_RUN_PROGRESS_H_
#define HOLDFAST_HARNESS_RUN_PROGRESS_H_

#include <cstdint>
#include <string>

namespace holdfast::run {

// Called from several threads, one call at a time is not promised. Must not block for long.
class ProgressObserver {
 public:
  ProgressObserver() = default;
  ProgressObserver(const ProgressObserver&) = delete;
  ProgressObserver& operator=(const ProgressObserver&) = delete;
  virtual ~ProgressObserver() = default;
  // What is being done now, in a few words.
  virtual void Phase(const std::string& text) = 0;
  // A pod of the target changed; state is "Pending", "Running", "Ready", "Terminating" or "gone".
  virtual void Pod(int ordinal, const std::string& name, const std::string& state) = 0;
  virtual void Operations(int64_t ok, int64_t failed, int64_t unknown) = 0;
  virtual void ScenarioBegin(const std::string& name) = 0;
  // All evidence of the scenario is in the run directory: it can be judged.
  virtual void ScenarioEnd(const std::string& name) = 0;
  // Something that a reader of a log wants to see.
  virtual void Line(const std::string& text) = 0;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_PROGRESS_H_
