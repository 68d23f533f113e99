// Files and directories as values and errors.
#ifndef HOLDFAST_HARNESS_BASE_FILES_H_
#define HOLDFAST_HARNESS_BASE_FILES_H_

#include <filesystem>
#include <string>
#include <string_view>

#include "harness/base/result.h"

namespace holdfast {

// Owns a file descriptor; closes it.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(other.Release()) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { Close(); }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  int Release();
  void Close();

 private:
  int fd_ = -1;
};

Result<std::string> ReadFile(const std::filesystem::path& path);
// The file is either the old or the new one, never half: temporary file, fsync, rename. `mode` as
// in open(2).
Status WriteFileAtomic(const std::filesystem::path& path,
                       std::string_view content,
                       unsigned mode = 0644);
Status MakeDirectories(const std::filesystem::path& path);
// Removes `path` and everything below; a path that is not there is fine.
Status RemoveTree(const std::filesystem::path& path);
// Writes all of `bytes` or says why not (ENOSPC becomes a sentence that names `what`).
Status WriteAll(int fd, std::string_view bytes, std::string_view what);
// The text of errno, e.g. "No such file or directory"; thread-safe.
std::string ErrnoText(int error);
// A new directory under $TMPDIR, removed with everything in it on destruction.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};
// $XDG_CACHE_HOME/holdfast or ~/.cache/holdfast (HOLDFAST_CACHE overrides): images and other things
// that can be made again.
std::filesystem::path CacheDirectory();
// $XDG_STATE_HOME/holdfast or ~/.local/state/holdfast (HOLDFAST_STATE overrides): undo journals,
// running sandboxes.
std::filesystem::path StateDirectory();

}  // namespace holdfast

#endif  // HOLDFAST_HARNESS_BASE_FILES_H_
