#include "harness/base/files.h"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

namespace holdfast {
namespace fs = std::filesystem;

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = other.Release();
  }
  return *this;
}
int FileDescriptor::Release() { return std::exchange(fd_, -1); }
void FileDescriptor::Close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::string ErrnoText(int error) { return std::generic_category().message(error); }

Result<std::string> ReadFile(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error))
    return Fail(ErrorCode::kInvalidArgument, "{} is a directory, a file was expected",
                path.string());
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    return Fail(errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
                "cannot read {}: {}", path.string(), ErrnoText(errno));
  }
  std::ostringstream content;
  content << in.rdbuf();
  if (in.bad())
    return Fail(ErrorCode::kUnavailable, "cannot read {}: {}", path.string(), ErrnoText(errno));
  return std::move(content).str();
}

Status WriteAll(int fd, std::string_view bytes, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      if (errno == ENOSPC)
        return Fail(ErrorCode::kUnavailable,
                    "cannot write {}: the disk is full; free some space and run again", what);
      return Fail(ErrorCode::kUnavailable, "cannot write {}: {}", what, ErrnoText(errno));
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Status WriteFileAtomic(const fs::path& path, std::string_view content, unsigned mode) {
  const std::string temporary = path.string() + ".tmp" + std::to_string(::getpid());
  FileDescriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!file.valid())
    return Fail(ErrorCode::kUnavailable, "cannot create {}: {}", temporary, ErrnoText(errno));
  Status written = WriteAll(file.get(), content, path.string());
  if (written && ::fsync(file.get()) != 0 && errno != EINVAL) {
    written = Fail(ErrorCode::kUnavailable, "cannot sync {}: {}", path.string(), ErrnoText(errno));
  }
  file.Close();
  if (written && ::rename(temporary.c_str(), path.c_str()) != 0) {
    written =
        Fail(ErrorCode::kUnavailable, "cannot replace {}: {}", path.string(), ErrnoText(errno));
  }
  if (!written) ::unlink(temporary.c_str());
  return written;
}

Status MakeDirectories(const fs::path& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (error)
    return Fail(ErrorCode::kUnavailable, "cannot create directory {}: {}", path.string(),
                error.message());
  return {};
}

Status RemoveTree(const fs::path& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (error)
    return Fail(ErrorCode::kUnavailable, "cannot remove {}: {}", path.string(), error.message());
  return {};
}

TemporaryDirectory::TemporaryDirectory() {
  const char* base =
      std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): the environment is never changed.
  std::string pattern = (fs::path(base != nullptr ? base : "/tmp") / "holdfast-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) std::abort();
  path_ = pattern;
}
TemporaryDirectory::~TemporaryDirectory() {
  std::error_code error;
  fs::remove_all(path_, error);
}

namespace {

fs::path Environment(const char* name) {
  const char* value =
      std::getenv(name);  // NOLINT(concurrency-mt-unsafe): the environment is never changed.
  return value != nullptr ? fs::path(value) : fs::path();
}

fs::path Home() {
  if (fs::path home = Environment("HOME"); !home.empty()) return home;
  passwd entry{};
  passwd* found = nullptr;
  std::vector<char> buffer(16384);
  if (getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
    return entry.pw_dir;
  return "/tmp";
}

fs::path UserDirectory(const char* own, const char* xdg, const char* fallback) {
  if (fs::path path = Environment(own); !path.empty()) return path;
  if (fs::path path = Environment(xdg); !path.empty()) return path / "holdfast";
  return Home() / fallback / "holdfast";
}

}  // namespace

fs::path CacheDirectory() { return UserDirectory("HOLDFAST_CACHE", "XDG_CACHE_HOME", ".cache"); }
fs::path StateDirectory() {
  return UserDirectory("HOLDFAST_STATE", "XDG_STATE_HOME", ".local/state");
}

}  // namespace holdfast
