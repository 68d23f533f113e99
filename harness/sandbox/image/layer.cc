// ApplyLayer, by libarchive. Source of the whiteout rules: the OCI image specification, layer.md.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>

#include <archive.h>
#include <archive_entry.h>

#include "harness/base/files.h"
#include "harness/sandbox/image/image_archive.h"
#include "harness/sandbox/node/root_path.h"

namespace holdfast::sandbox {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";

struct CloseArchive {
  void operator()(archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<archive, CloseArchive>;

Error Broken(const fs::path& layer, std::string_view what) {
  return {ErrorCode::kInvalidArgument, fmt::format("layer {}: {}", layer.string(), what), 0, {}};
}

// Where an entry belongs: its parent followed through links, its own name not.
Result<fs::path> PlaceOf(const fs::path& root, const fs::path& inside) {
  HOLDFAST_ASSIGN(const fs::path parent, node::ResolveInRoot(root, inside.parent_path()));
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(root / parent));
  return root / parent / inside.filename();
}

Status WriteContent(archive* reader, const fs::path& place, mode_t mode) {
  HOLDFAST_RETURN_IF_ERROR(RemoveTree(place));
  const FileDescriptor file(
      ::open(place.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file.valid())
    return Fail(ErrorCode::kUnavailable, "cannot write {}: {}", place.string(), ErrnoText(errno));
  std::array<char, 65536> block{};
  while (true) {
    const la_ssize_t size = archive_read_data(reader, block.data(), block.size());
    if (size < 0)
      return Fail(ErrorCode::kInvalidArgument, "{}: {}", place.string(),
                  archive_error_string(reader));
    if (size == 0) break;
    HOLDFAST_RETURN_IF_ERROR(
        WriteAll(file.get(), {block.data(), static_cast<size_t>(size)}, place.string()));
  }
  ::fchmod(file.get(), (mode & 0777) | 0400);
  return {};
}

Status ApplyEntry(archive* reader, archive_entry* entry, const fs::path& root) {
  const char* name = archive_entry_pathname(entry);
  if (name == nullptr) return {};
  const fs::path inside = fs::path("/" + std::string(name)).lexically_normal();
  std::string leaf = inside.filename().string();
  if (leaf.empty() && inside != "/") leaf = inside.parent_path().filename().string();
  if (leaf.empty() || inside == "/") return {};
  const fs::path clean = inside.filename().empty() ? inside.parent_path() : inside;
  HOLDFAST_ASSIGN(const fs::path place, PlaceOf(root, clean));
  if (leaf == kOpaque) {
    std::error_code error;
    for (const auto& child : fs::directory_iterator(place.parent_path(), error))
      HOLDFAST_RETURN_IF_ERROR(RemoveTree(child.path()));
    return {};
  }
  if (leaf.starts_with(kWhiteout))
    return RemoveTree(place.parent_path() / leaf.substr(kWhiteout.size()));
  if (const char* target = archive_entry_hardlink(entry)) {
    HOLDFAST_ASSIGN(const fs::path source, PlaceOf(root, fs::path("/" + std::string(target))));
    HOLDFAST_RETURN_IF_ERROR(RemoveTree(place));
    if (::linkat(AT_FDCWD, source.c_str(), AT_FDCWD, place.c_str(), 0) != 0)
      return Fail(ErrorCode::kInvalidArgument, "cannot link {} to {}: {}", name, target,
                  ErrnoText(errno));
    return {};
  }
  const mode_t mode = archive_entry_mode(entry);
  struct stat there {};
  const bool exists = ::lstat(place.c_str(), &there) == 0;
  switch (archive_entry_filetype(entry)) {
    case AE_IFREG:
      return WriteContent(reader, place, mode);
    case AE_IFDIR:
      if (exists && !S_ISDIR(there.st_mode)) HOLDFAST_RETURN_IF_ERROR(RemoveTree(place));
      HOLDFAST_RETURN_IF_ERROR(MakeDirectories(place));
      ::chmod(place.c_str(), (mode & 01777) | 0700);
      return {};
    case AE_IFLNK:
      HOLDFAST_RETURN_IF_ERROR(RemoveTree(place));
      if (::symlink(archive_entry_symlink(entry), place.c_str()) != 0)
        return Fail(ErrorCode::kUnavailable, "cannot link {}: {}", name, ErrnoText(errno));
      return {};
    default:
      return {};  // Devices, pipes and sockets: a container has a /dev of its own.
  }
}

}  // namespace

Status ApplyLayer(const fs::path& layer, const fs::path& root) {
  const Reader reader(archive_read_new());
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_tar(reader.get());
  archive_read_support_format_empty(reader.get());
  if (archive_read_open_filename(reader.get(), layer.c_str(), 65536) != ARCHIVE_OK)
    return Fail(Broken(layer, archive_error_string(reader.get())));
  while (true) {
    archive_entry* entry = nullptr;
    const int next = archive_read_next_header(reader.get(), &entry);
    if (next == ARCHIVE_EOF) return {};
    if (next < ARCHIVE_WARN) return Fail(Broken(layer, archive_error_string(reader.get())));
    HOLDFAST_RETURN_IF_ERROR(ApplyEntry(reader.get(), entry, root));
  }
}

}  // namespace holdfast::sandbox
