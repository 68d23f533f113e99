// Walks a path component by component below a root.
#include "harness/sandbox/node/root_path.h"

#include <deque>

namespace holdfast::sandbox::node {

Result<std::filesystem::path> ResolveInRoot(const std::filesystem::path& root,
                                            const std::filesystem::path& path) {
  constexpr int kMostLinks = 40;
  std::deque<std::filesystem::path> left(path.begin(), path.end());
  std::filesystem::path done;
  int links = 0;
  while (!left.empty()) {
    const std::filesystem::path part = left.front();
    left.pop_front();
    if (part.empty() || part == "." || part == "/") continue;
    if (part == "..") {
      done = done.parent_path();
      continue;
    }
    std::error_code error;
    const auto target = std::filesystem::read_symlink(root / done / part, error);
    if (error) {  // Not a link, or not there.
      done /= part;
      continue;
    }
    if (++links > kMostLinks)
      return Fail(ErrorCode::kInvalidArgument, "too many symbolic links in '{}'", path.string());
    if (target.is_absolute()) done.clear();
    left.insert(left.begin(), target.begin(), target.end());
  }
  return done;
}

}  // namespace holdfast::sandbox::node
