// A root file system for tests, made of the host's static busybox (package busybox-static).
#ifndef HOLDFAST_TESTS_UNIT_SANDBOX_NODE_BUSYBOX_ROOT_H_
#define HOLDFAST_TESTS_UNIT_SANDBOX_NODE_BUSYBOX_ROOT_H_

#include <filesystem>
#include <string>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/result.h"
#include "harness/sandbox/node/container.h"

namespace holdfast::sandbox::node {

class BusyboxRoot {
 public:
  // Fails, naming the package, when the machine has no static busybox.
  Status Make() {
    const std::filesystem::path root = path();
    for (const char* folder : {"bin", "etc", "tmp", "proc", "dev", "run", "var"})
      HOLDFAST_RETURN_IF_ERROR(MakeDirectories(root / folder));
    std::error_code error;
    std::filesystem::copy_file("/bin/busybox", root / "bin/busybox", error);
    if (error)
      return Fail(ErrorCode::kNotFound, "/bin/busybox is missing: install 'busybox-static'");
    for (const char* name : {"sh", "cat", "echo", "sleep", "id", "hostname", "touch", "ls", "head",
                             "true", "pwd", "env", "wc", "kill", "nc", "ip", "readlink", "grep"})
      std::filesystem::create_symlink("busybox", root / "bin" / name, error);
    std::filesystem::create_symlink("/run", root / "var/run", error);
    return WriteFileAtomic(root / "etc/passwd", "root:x:0:0::/:/bin/sh\ndb:x:999:999::/:/bin/sh\n");
  }
  [[nodiscard]] std::filesystem::path path() const { return directory_.path() / "root"; }
  [[nodiscard]] std::filesystem::path state() const { return directory_.path() / "state"; }

  [[nodiscard]] ContainerSpec Spec(const std::string& id, const std::string& script) const {
    ContainerSpec spec;
    spec.id = id;
    spec.image_root = path();
    spec.layer_directory = state() / "layers" / id;
    spec.argv = {"sh", "-c", script};
    spec.environment = {"PATH=/bin", "GREETING=hello"};
    spec.log_file = state() / (id + ".log");
    return spec;
  }

 private:
  TemporaryDirectory directory_;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_TESTS_UNIT_SANDBOX_NODE_BUSYBOX_ROOT_H_
