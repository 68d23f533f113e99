// One container: a writable layer over an image, bubblewrap around the command, its output in a
// log file, and commands executed inside it later.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_CONTAINER_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_CONTAINER_H_

#include <sys/types.h>

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/node/container_log.h"
#include "harness/sandbox/node/output_tap.h"

namespace holdfast::sandbox::node {

struct BindMount {
  std::filesystem::path source;
  std::string target;  // Inside the container.
  bool read_only = false;
};

struct ContainerSpec {
  std::string id;                          // 64 hexadecimal characters.
  std::filesystem::path image_root;        // Never written to.
  std::filesystem::path layer_directory;   // Writable layer; made anew at the start.
  std::vector<std::string> argv;           // Looked up on the container's PATH.
  std::vector<std::string> environment{};  // "NAME=value", all of it.
  std::string working_directory = "/";
  int uid = 0;  // What the world's root is called inside.
  int gid = 0;
  std::string hostname = "localhost";
  pid_t network_pid = 0;  // A process in the pod's network namespace; 0: stay in ours.
  std::vector<BindMount> mounts{};
  std::filesystem::path log_file;
  bool read_only_root = false;
  bool keep_input = false;  // Standard input is a pipe for attached clients, else empty.
  bool terminal = false;    // All three streams are one terminal; implies keep_input.
};

struct ContainerExit {
  int exit_code = 0;        // 128 + signal when killed by one.
  std::string start_error;  // Not empty: the command never ran, and why.
};

// Thread-safe. The thread that calls Start must outlive the container (see Spawn).
class Container {
 public:
  // Returns when the command runs (or has already ended). `on_exit` is called once, from another
  // thread, after the log is complete. Errors say what the machine lacks, e.g. that it refuses
  // overlay mounts.
  static Result<std::shared_ptr<Container>> Start(ContainerSpec spec,
                                                  Clock& clock,
                                                  std::function<void()> on_exit);
  Container(const Container&) = delete;
  Container& operator=(const Container&) = delete;
  // Kills what still runs, waits for it and removes the writable layer.
  ~Container();

  [[nodiscard]] const ContainerSpec& spec() const { return spec_; }
  // The container's first process as this process sees it.
  [[nodiscard]] pid_t init_pid() const { return init_pid_; }
  [[nodiscard]] Nanos started_wall() const { return started_wall_; }
  // To the container's first process; nothing happens when it has ended. As everywhere, PID 1 of a
  // pid namespace gets only signals it handles, and SIGKILL.
  void Signal(int signal);
  [[nodiscard]] std::optional<ContainerExit> exit() const;
  [[nodiscard]] Nanos finished_wall() const;
  // Waits for the end; nullopt when it did not come in time.
  std::optional<ContainerExit> Wait(Nanos timeout);
  // All output from now on; dropped by letting go of it.
  std::shared_ptr<OutputTap> Tap();
  // A descriptor of its own on which to write the command's input (of the terminal's master, with
  // one); not valid when the input is not kept or has been ended.
  FileDescriptor OpenInput();
  // No more input; for a container that takes it once (stdinOnce).
  void EndInput();

 private:
  Container(ContainerSpec spec, Clock& clock, std::function<void()> on_exit);
  Status Launch();
  Status AwaitFirstProcess(FileDescriptor info);
  void AwaitCommand();
  void Pump(FileDescriptor out, FileDescriptor err, ContainerLogWriter log);
  std::vector<std::shared_ptr<OutputTap>> LiveTaps();

  ContainerSpec spec_;
  Clock& clock_;
  std::function<void()> on_exit_;
  pid_t outer_pid_ = 0;  // bubblewrap itself.
  pid_t init_pid_ = 0;
  FileDescriptor outer_pidfd_;
  FileDescriptor init_pidfd_;
  Nanos started_wall_{0};
  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::optional<ContainerExit> exit_;
  Nanos finished_wall_{0};
  FileDescriptor input_;
  std::vector<std::weak_ptr<OutputTap>> taps_;
  std::jthread pump_;
};

// What the part "__container" is told; the environment travels as its own environment.
Json EncodeContainerSpec(const ContainerSpec& spec);
ContainerSpec DecodeContainerSpec(const Json& json);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_CONTAINER_H_
