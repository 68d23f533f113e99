// Volumes as directories.
#include "harness/sandbox/controllers/volume_backend.h"

#include "harness/base/files.h"

namespace holdfast::sandbox {

Result<std::filesystem::path> DirectoryBackend::PathOf(const std::string& name) const {
  if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
    return Fail(ErrorCode::kInvalidArgument, "\"{}\" cannot be the name of a volume", name);
  }
  return root_ / name;
}

Status DirectoryBackend::Create(const std::string& name) {
  HOLDFAST_ASSIGN(const std::filesystem::path path, PathOf(name));
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(path));
  std::error_code error;
  std::filesystem::permissions(path, std::filesystem::perms::all, error);
  if (error) {
    return Fail(ErrorCode::kInternal, "cannot open the volume {} to all users: {}", path.string(),
                error.message());
  }
  return {};
}

Status DirectoryBackend::Remove(const std::string& name) {
  HOLDFAST_ASSIGN(const std::filesystem::path path, PathOf(name));
  return RemoveTree(path);
}

}  // namespace holdfast::sandbox
