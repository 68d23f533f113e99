#include "workloads/postgres/probe.h"

#include <algorithm>

#include "harness/base/strings.h"

namespace holdfast::workloads::postgres {
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
    // Fields 3, 4 and 5: device, root within the file system, mount point.
    const std::vector<std::string> words = Words(line);
    if (words.size() < 5 || !Holds(words[4], path) || words[4].size() < longest) continue;
    longest = words[4].size();
    best = {{"device", words[2]}, {"path", words[4]}, {"root", words[3]}};
  }
  return best;
}

Json ParseMarker(std::string_view text) {
  const std::vector<std::string> words = Words(Trim(text));
  if (words.size() != 2) return nullptr;
  return {{"pod", words[0]}, {"nonce", words[1]}};
}

}  // namespace holdfast::workloads::postgres
