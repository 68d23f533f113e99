// The real program, started and watched from outside: what it prints, which processes it has, and
// what is left of it.
#ifndef HOLDFAST_TESTS_INTEGRATION_INTERRUPT_RUNNING_H_
#define HOLDFAST_TESTS_INTEGRATION_INTERRUPT_RUNNING_H_

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/json.h"

namespace holdfast {

// A folder with a small suite (one server, one pod delete), a state and a TMPDIR of its own.
struct Place {
  TemporaryDirectory folder;
  std::filesystem::path out = folder.path() / "run";
  std::filesystem::path suite = folder.path() / "small.yaml";
  std::filesystem::path temporary = folder.path() / "tmp";
  std::filesystem::path state = folder.path() / "state";

  // `image`: of the workload, when not the default one.
  explicit Place(const std::string& image = "");
  // The command line that plays the suite into `out`.
  [[nodiscard]] std::vector<std::string> Command() const;
  [[nodiscard]] std::vector<std::string> Environment() const;
};

// One process and its descendants by process id and start time.
using Family = std::map<pid_t, std::string>;
Family FamilyOf(pid_t pid);
// Those of the family that still live after ten seconds, with their command lines.
std::vector<std::string> LeftOf(const Family& family);
// Network devices and mounts of the machine, as text.
std::string DevicesAndMounts();

// A started program; killed in the end if it still runs.
class Running {
 public:
  Running(const std::vector<std::string>& argv, const std::vector<std::string>& environment);
  explicit Running(const Place& place) : Running(place.Command(), place.Environment()) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running();

  [[nodiscard]] pid_t pid() const { return pid_; }
  // Both standard streams up to now.
  [[nodiscard]] const std::string& output() const { return output_; }
  // Waits until the output has the text; false when the program ended, or a minute passed.
  bool AwaitText(const std::string& text);
  bool Await(const std::function<bool()>& condition);
  void Signal(int signal) const;
  // Waits for its end; 128 + signal when killed by one, -1 when it does not end in two minutes.
  int Wait();

 private:
  // Reads what is there within a few milliseconds; false at the end of the output.
  bool Fill();

  pid_t pid_ = 0;
  FileDescriptor pipe_;
  std::string output_;
  std::optional<int> exit_code_;
};

// The last line that is not empty.
std::string LastLine(const std::string& text);

}  // namespace holdfast

#endif  // HOLDFAST_TESTS_INTEGRATION_INTERRUPT_RUNNING_H_
