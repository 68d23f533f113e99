#include "workloads/volume/reply.h"

#include "harness/base/strings.h"
#include "workloads/inside.h"

namespace holdfast::workloads::volume {
namespace {

// "== NAME" lines and what follows each.
std::vector<std::pair<std::string, std::string>> Sections(const std::string& content) {
  std::vector<std::pair<std::string, std::string>> sections;
  for (const std::string& line : Split(content, '\n')) {
    if (line.starts_with("== "))
      sections.emplace_back(line.substr(3), "");
    else if (!sections.empty())
      sections.back().second += line + "\n";
  }
  return sections;
}

std::vector<std::string> Words(std::string_view line) {
  std::vector<std::string> words;
  for (const std::string& word : Split(line, ' '))
    if (!word.empty()) words.push_back(word);
  return words;
}

// "NAME UID GID MODE DEVICE" lines of stat.
Json Files(const std::string& text) {
  Json files = Json::array();
  for (const std::string& line : Split(text, '\n')) {
    const std::vector<std::string> words = Words(line);
    if (words.size() != 5) continue;
    files.push_back({{"path", words[0]},
                     {"uid", ParseInt(words[1]).value_or(-1)},
                     {"gid", ParseInt(words[2]).value_or(-1)},
                     {"mode", words[3]},
                     {"st_dev", words[4]}});
  }
  return files;
}

// The second line of df -Pk: file system, size, used, available (KiB), use, mount point.
Json Space(const std::string& text) {
  const std::vector<std::string> lines = Split(text, '\n');
  const std::vector<std::string> words =
      lines.size() > 1 ? Words(lines[1]) : std::vector<std::string>();
  if (words.size() < 6) return nullptr;
  return {{"size", ParseInt(words[1]).value_or(0) * 1024},
          {"available", ParseInt(words[3]).value_or(0) * 1024}};
}

}  // namespace

std::optional<Reply> ParseReply(std::string_view body) {
  constexpr std::string_view kFrom = "from ";
  constexpr std::string_view kEnd = "end\n";
  const size_t line = body.find('\n');
  if (!body.starts_with(kFrom) || line == std::string_view::npos || !body.ends_with("\nend\n"))
    return std::nullopt;
  const std::vector<std::string> words = Words(body.substr(kFrom.size(), line - kFrom.size()));
  if (words.size() != 2) return std::nullopt;
  const std::string_view content = body.substr(line + 1, body.size() - line - 1 - kEnd.size());
  return Reply{.pod = words[0], .uid = words[1], .content = std::string(content)};
}

Json ParseProbe(const Reply& reply) {
  std::map<std::string, std::string> found;
  for (auto& [name, text] : Sections(reply.content))
    found[name] = text;
  for (const char* needed : {"hosts", "mountinfo", "marker", "mount", "files"})
    if (!found.contains(needed)) return nullptr;
  const std::vector<std::string> hosts = HostsLine(found["hosts"], reply.pod);
  Json probe = {{"hostname", reply.pod},
                {"uid-inside", reply.uid},
                {"hosts_line", hosts},
                {"mounts", RootAndMountOf(found["mountinfo"], Trim(found["mount"]))},
                {"files", Files(found["files"])}};
  for (const std::string& name : hosts)
    if (name.starts_with(reply.pod + ".")) probe["fqdn"] = name;
  if (const Json marker = ParseMarker(found["marker"]); !marker.is_null()) probe["marker"] = marker;
  for (const Json& file : probe["files"])
    if (GetString(file, {"path"}) == Trim(found["mount"])) probe["data"] = file;
  if (const Json space = Space(found["free"]); !space.is_null()) probe["space"] = space;
  return probe;
}

Json ParseNames(const std::string& content) {
  Json names = Json::object();
  for (const auto& [name, text] : Sections(content)) {
    Json addresses = Json::array();
    bool in_answer = false;
    for (const std::string& line : Split(text, '\n')) {
      if (line.starts_with("Name:")) in_answer = true;
      if (!in_answer || !line.starts_with("Address")) continue;
      // "Address: 10.0.0.1" or, in older versions, "Address 1: 10.0.0.1 name".
      const size_t colon = line.find(": ");
      if (colon == std::string::npos) continue;
      const std::vector<std::string> words = Words(line.substr(colon + 2));
      if (!words.empty()) addresses.push_back(words.front());
    }
    const bool none = text.find("NXDOMAIN") != std::string::npos ||
                      text.find("No answer") != std::string::npos;
    if (!addresses.empty() || none) names[name] = addresses;
  }
  return names;
}

std::vector<std::string> WitnessLines(const std::string& content) {
  std::vector<std::string> lines = Split(content, '\n');
  std::erase(lines, "");
  return lines;
}

}  // namespace holdfast::workloads::volume
