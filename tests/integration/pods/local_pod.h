// One pod of a workload as processes on this machine: the containers of its manifest, run one after
// the other from the image's root by bubblewrap, on the loopback. For tests of drivers and scripts
// against real servers, without a cluster.
#ifndef HOLDFAST_TESTS_INTEGRATION_PODS_LOCAL_POD_H_
#define HOLDFAST_TESTS_INTEGRATION_PODS_LOCAL_POD_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/process.h"
#include "workloads/workload.h"

namespace holdfast::workloads {

// A port of the loopback that nobody uses, nor the next one; below those that the kernel gives to
// clients, so that none takes it before the server does. Others in each call.
int FreePort();

// Its processes die with it.
class LocalPod {
 public:
  using Environment = std::map<std::string, std::string>;
  // The pod "<deployment.name>-<ordinal>"; `deployment.parameters` gets a free "port" unless it has
  // one. Volumes are folders; their mount paths are replaced in commands and variables by paths
  // below /tmp. `environment` replaces variables of every container.
  LocalPod(const Workload& workload,
           Deployment deployment,
           int ordinal,
           const std::string& image,
           Environment environment = {});
  virtual ~LocalPod();
  LocalPod(const LocalPod&) = delete;
  LocalPod& operator=(const LocalPod&) = delete;

  // Runs the init containers, starts the main one and waits until Answers. Empty when it worked,
  // else what went wrong with the log.
  std::string Start();
  // Runs one init container, or "ready" (the readiness probe by exec), to its end.
  Result<ProcessResult> RunContainer(const std::string& name);
  // Any program of the image, in the place of the main container, beside it.
  Result<ProcessResult> RunProgram(const std::vector<std::string>& command,
                                   Nanos timeout = std::chrono::seconds(60));
  // Sends `signal` to the main container's first process and waits for its end: the exit code, 128
  // + signal when killed.
  int Stop(int signal);
  // Every process of the pod stands still when Freeze has returned, and goes on after Thaw.
  Status Freeze();
  Status Thaw();
  // Waits until more bytes of clients lie unread at the frozen pod's port than at Freeze: a request
  // is with it. False after 20 s.
  [[nodiscard]] bool AwaitUnread() const;
  // Whether a process of the pod has `argument` among its command line's words.
  [[nodiscard]] bool Runs(const std::string& argument) const;

  // Ok when a client can work; asked until it is.
  [[nodiscard]] virtual Status Answers() const;
  Result<std::unique_ptr<Session>> Connect(Nanos timeout = std::chrono::seconds(2)) const;
  [[nodiscard]] Endpoint endpoint() const { return {name_, "127.0.0.1", port_}; }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Deployment& deployment() const { return deployment_; }
  // The folder of a volume or volume claim template.
  [[nodiscard]] std::filesystem::path volume(const std::string& name = "data") const {
    return directory_.path() / "volumes" / name;
  }
  [[nodiscard]] std::string LogText() const;

 private:
  struct Container {
    std::vector<std::string> command;
    Environment environment;
    std::vector<std::string> volumes;
  };
  void AddContainer(const Json& container, const Environment& replaced, bool main);
  void WriteVolumes(const std::vector<Json>& manifests, const Json& pod);
  // The pod's /tmp: a probe sees the server's sockets.
  [[nodiscard]] std::string Temporary() const { return directory_.path() / "tmp"; }
  [[nodiscard]] std::vector<std::string> CommandLine(const Container& container) const;
  [[nodiscard]] std::vector<pid_t> Processes() const;
  [[nodiscard]] int64_t UnreadBytes() const;

  const Workload& workload_;
  Deployment deployment_;
  TemporaryDirectory directory_;
  std::string name_;
  std::string trouble_;
  std::string image_root_;
  Environment image_environment_;
  int port_ = 0;
  std::vector<std::string> init_;
  std::string main_;
  std::map<std::string, Container> containers_;
  pid_t wrapper_ = -1;  // bubblewrap; its only child is the container's first process.
  int64_t unread_at_freeze_ = 0;
};

}  // namespace holdfast::workloads

#endif  // HOLDFAST_TESTS_INTEGRATION_PODS_LOCAL_POD_H_
