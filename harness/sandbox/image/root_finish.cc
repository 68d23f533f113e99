#include "harness/sandbox/image/root_finish.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "harness/base/files.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"

namespace holdfast::sandbox {
namespace fs = std::filesystem;
namespace {

// The paths below `root` that match `pattern`, element by element.
std::vector<fs::path> Matches(const fs::path& root, const std::string& pattern) {
  std::vector<fs::path> found = {root};
  for (const std::string& element : Split(pattern, '/')) {
    std::vector<fs::path> next;
    for (const fs::path& folder : found) {
      std::error_code error;
      for (const auto& entry : fs::directory_iterator(folder, error))
        if (GlobMatch(element, entry.path().filename().string())) next.push_back(entry.path());
    }
    found = std::move(next);
  }
  return found;
}

// Owner, and permissions that let the owner read everything and remove it again.
Status OwnEverything(const fs::path& root) {
  const bool privileged = ::geteuid() == 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(root, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string path = entry->path().string();
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) continue;
    if (privileged && (info.st_uid != 0 || info.st_gid != 0) && ::lchown(path.c_str(), 0, 0) != 0)
      return Fail(ErrorCode::kInternal, "cannot own {}: {}", path, ErrnoText(errno));
    if (S_ISLNK(info.st_mode)) continue;
    const mode_t sticky = info.st_mode & S_ISVTX;
    const mode_t wanted =
        sticky | (info.st_mode & 0777) | (S_ISDIR(info.st_mode) ? mode_t{0755} : mode_t{0444});
    if ((info.st_mode & 07777) != wanted && ::chmod(path.c_str(), wanted) != 0)
      return Fail(ErrorCode::kInternal, "cannot open up {}: {}", path, ErrnoText(errno));
  }
  if (error)
    return Fail(ErrorCode::kInternal, "cannot walk {}: {}", root.string(), error.message());
  return {};
}

Status MakeLink(const fs::path& path, const std::string& target) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  fs::remove(path, error);
  fs::create_symlink(target, path, error);
  if (error)
    return Fail(ErrorCode::kUnavailable, "cannot link {}: {}", path.string(), error.message());
  return {};
}

Status WriteEtc(const ImageUser& user, const fs::path& root) {
  std::string passwd =
      "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n";
  std::string group = "root:x:0:\nnogroup:x:65534:\n";
  if (user.uid != 0) {
    passwd +=
        fmt::format("{0}:x:{1}:{2}:{0}:{3}:/bin/sh\n", user.name, user.uid, user.gid, user.home);
    group += fmt::format("{}:x:{}:\n", user.name, user.gid);
  }
  const std::vector<std::pair<std::string, std::string>> files = {
      {"passwd", passwd},
      {"group", group},
      {"nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nservices: files\n"},
      {"timezone", "Etc/UTC\n"},
      // Places that a container's own files are bound over.
      {"hosts", "127.0.0.1 localhost\n"},
      {"hostname", ""},
      {"resolv.conf", ""}};
  for (const auto& [name, content] : files) {
    // A package may have left a link here that points out of the root.
    std::error_code error;
    fs::remove(root / "etc" / name, error);
    HOLDFAST_RETURN_IF_ERROR(WriteFileAtomic(root / "etc" / name, content));
  }
  return {};
}

Status LinkApplets(const fs::path& root) {
  // In the root itself: it is linked against the root's libraries, not the machine's.
  HOLDFAST_ASSIGN(const std::string applets, RunChecked({"bwrap", "--ro-bind", root.string(), "/",
                                                         "/bin/busybox", "--list"}));
  for (const std::string& applet : Split(Trim(applets), '\n'))
    if (applet != "busybox") HOLDFAST_RETURN_IF_ERROR(MakeLink(root / "bin" / applet, "busybox"));
  return {};
}

Status MakeDirectory(const fs::path& path, unsigned mode) {
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(path));
  if (::chmod(path.c_str(), mode) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot set the mode of {}: {}", path.string(),
                ErrnoText(errno));
  return {};
}

}  // namespace

Status FinishRoot(const Recipe& recipe, const fs::path& root) {
  HOLDFAST_RETURN_IF_ERROR(OwnEverything(root));
  for (const std::string& pattern : recipe.remove)
    for (const fs::path& path : Matches(root, pattern))
      HOLDFAST_RETURN_IF_ERROR(RemoveTree(path));
  for (const char* folder : {"bin", "dev", "etc", "home", "mnt", "opt", "proc", "root", "run",
                             "sys", "usr/bin", "usr/local/bin", "var/lib", "var/log"})
    HOLDFAST_RETURN_IF_ERROR(MakeDirectory(root / folder, 0755));
  for (const char* folder : {"tmp", "var/tmp"})
    HOLDFAST_RETURN_IF_ERROR(MakeDirectory(root / folder, 01777));
  std::error_code error;
  fs::remove_all(root / "var/run", error);
  HOLDFAST_RETURN_IF_ERROR(MakeLink(root / "var/run", "../run"));
  if (fs::exists(root / "usr/share/zoneinfo/Etc/UTC", error))
    HOLDFAST_RETURN_IF_ERROR(MakeLink(root / "etc/localtime", "../usr/share/zoneinfo/Etc/UTC"));
  HOLDFAST_RETURN_IF_ERROR(WriteEtc(recipe.user, root));
  if (recipe.busybox_links) HOLDFAST_RETURN_IF_ERROR(LinkApplets(root));
  for (const auto& [path, target] : recipe.links)
    HOLDFAST_RETURN_IF_ERROR(MakeLink(root / path.substr(1), target));
  for (const ImageDirectory& directory : recipe.directories)
    HOLDFAST_RETURN_IF_ERROR(MakeDirectory(root / directory.path.substr(1), directory.mode));
  for (const ImageFile& file : recipe.files) {
    const fs::path path = root / file.path.substr(1);
    HOLDFAST_RETURN_IF_ERROR(MakeDirectories(path.parent_path()));
    fs::remove(path, error);  // A package may have left a link.
    HOLDFAST_RETURN_IF_ERROR(WriteFileAtomic(path, file.content, file.mode));
  }
  return {};
}

}  // namespace holdfast::sandbox
