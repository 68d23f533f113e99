#include "workloads/inside.h"

#include <algorithm>

#include "harness/base/strings.h"

namespace holdfast::workloads {
namespace {

std::vector<std::string> Words(std::string_view line) {
  std::vector<std::string> words;
  size_t at = 0;
  while ((at = line.find_first_not_of(" \t\r", at)) != std::string_view::npos) {
    const size_t end = std::min(line.find_first_of(" \t\r", at), line.size());
    words.emplace_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

bool Holds(std::string_view mount, std::string_view path) {
  if (mount == "/" || path == mount) return true;
  return path.starts_with(mount) && path.size() > mount.size() && path[mount.size()] == '/';
}

// Whether `name` is among comma-separated mount options.
bool Option(std::string_view options, std::string_view name) {
  const std::vector<std::string> all = Split(options, ',');
  return std::find(all.begin(), all.end(), name) != all.end();
}

}  // namespace

std::vector<std::string> HostsLine(std::string_view hosts, std::string_view hostname) {
  for (const std::string& line : Split(hosts, '\n')) {
    const std::vector<std::string> words = Words(std::string_view(line).substr(0, line.find('#')));
    if (words.size() < 2) continue;
    if (std::find(words.begin() + 1, words.end(), hostname) != words.end()) return words;
  }
  return {};
}

Json MountOf(std::string_view mountinfo, std::string_view path) {
  Json best;
  size_t longest = 0;
  for (const std::string& line : Split(mountinfo, '\n')) {
    // Fields 3 to 6: device, root within the file system, mount point, options; the last word
    // holds the file system's own options.
    const std::vector<std::string> words = Words(line);
    if (words.size() < 6 || !Holds(words[4], path) || words[4].size() < longest) continue;
    longest = words[4].size();
    best = {{"device", words[2]},
            {"path", words[4]},
            {"root", words[3]},
            {"readOnly", Option(words[5], "ro") || Option(words.back(), "ro")}};
  }
  return best;
}

Json RootAndMountOf(std::string_view mountinfo, std::string_view path) {
  Json mounts = Json::array();
  const Json root = MountOf(mountinfo, "/");
  const Json mount = MountOf(mountinfo, path);
  if (!root.is_null()) mounts.push_back(root);
  if (!mount.is_null() && mount != root) mounts.push_back(mount);
  return mounts;
}

Json ParseMarker(std::string_view text) {
  const std::vector<std::string> words = Words(Trim(text));
  if (words.size() != 2) return nullptr;
  return {{"pod", words[0]}, {"nonce", words[1]}};
}

}  // namespace holdfast::workloads
