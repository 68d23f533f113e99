// Where the sandbox's volumes really are: the side of a storage driver that makes and removes them.
#ifndef HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_VOLUME_BACKEND_H_
#define HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_VOLUME_BACKEND_H_

#include <filesystem>
#include <string>

#include "harness/base/result.h"

namespace holdfast::sandbox {

// Called from one thread. Both calls are repeatable: creating what is there keeps its content,
// removing what is not there is fine.
class VolumeBackend {
 public:
  VolumeBackend() = default;
  VolumeBackend(const VolumeBackend&) = delete;
  VolumeBackend& operator=(const VolumeBackend&) = delete;
  virtual ~VolumeBackend() = default;
  virtual Status Create(const std::string& name) = 0;
  virtual Status Remove(const std::string& name) = 0;
};

// A directory `root`/`name` per volume, mode 0777 as a pod's own user must be able to write.
class DirectoryBackend : public VolumeBackend {
 public:
  explicit DirectoryBackend(std::filesystem::path root) : root_(std::move(root)) {}
  Status Create(const std::string& name) override;
  Status Remove(const std::string& name) override;

 private:
  [[nodiscard]] Result<std::filesystem::path> PathOf(const std::string& name) const;
  std::filesystem::path root_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_CONTROLLERS_VOLUME_BACKEND_H_
