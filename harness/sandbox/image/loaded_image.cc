#include "harness/sandbox/image/loaded_image.h"

#include <algorithm>

#include "harness/base/files.h"
#include "harness/base/strings.h"

namespace holdfast::sandbox {
namespace fs = std::filesystem;
namespace {

std::vector<std::string> Words(const Json& array) {
  std::vector<std::string> words;
  for (const Json& word : array)
    if (word.is_string()) words.push_back(word.get<std::string>());
  return words;
}

// The fields of the line of passwd(5) that begins with `wanted`.
std::vector<std::string> FindLine(const std::string& text, const std::string& wanted) {
  for (const std::string& line : Split(text, '\n')) {
    std::vector<std::string> fields = Split(line, ':');
    if (fields.size() >= 4 && fields[0] == wanted) return fields;
  }
  return {};
}

}  // namespace

fs::path LoadedImageFolder(const fs::path& cache, const std::string& name) {
  return cache / "loaded" / ReplaceAll(name, ":", "_");
}

std::optional<Image> FindLoadedImage(const fs::path& cache, const std::string& name) {
  const fs::path folder = LoadedImageFolder(cache, name);
  const auto text = ReadFile(folder / "image.json");
  const auto json = text ? ParseJson(*text) : Result<Json>(Fail(text.error()));
  if (!json || GetString(*json, {"name"}) != name) return std::nullopt;
  Image image;
  image.name = name;
  image.root = folder / "root";
  for (const std::string& entry : Words(GetArray(*json, {"environment"}))) {
    const size_t equals = entry.find('=');
    if (equals != std::string::npos)
      image.environment[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  image.entry_point = Words(GetArray(*json, {"entryPoint"}));
  image.command = Words(GetArray(*json, {"command"}));
  image.uid = static_cast<int>(GetInt(*json, {"uid"}));
  image.gid = static_cast<int>(GetInt(*json, {"gid"}));
  image.working_directory = GetString(*json, {"workingDirectory"}, "/");
  image.digest = GetString(*json, {"digest"});
  return image;
}

std::vector<std::string> LoadedImageNames(const fs::path& cache) {
  std::vector<std::string> names;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(cache / "loaded", error)) {
    const auto text = ReadFile(entry.path() / "image.json");
    const auto json = text ? ParseJson(*text) : Result<Json>(Fail(text.error()));
    if (json) names.push_back(GetString(*json, {"name"}));
  }
  std::ranges::sort(names);
  return names;
}

std::optional<UserAndGroup> ParseImageUser(const std::string& user,
                                           const std::string& passwd,
                                           const std::string& group) {
  if (user.empty()) return UserAndGroup{};
  const size_t colon = user.find(':');
  const std::string name = user.substr(0, colon);
  UserAndGroup found;
  const std::vector<std::string> line = FindLine(passwd, name);
  const auto number = ParseInt(name);
  if (line.empty() && !number) return std::nullopt;
  found.uid = static_cast<int>(line.empty() ? *number : ParseInt(line[2]).value_or(0));
  found.gid = static_cast<int>(line.empty() ? 0 : ParseInt(line[3]).value_or(0));
  if (colon == std::string::npos) return found;
  const std::string group_name = user.substr(colon + 1);
  const auto group_number = ParseInt(group_name);
  if (group_number) {
    found.gid = static_cast<int>(*group_number);
    return found;
  }
  for (const std::string& entry : Split(group, '\n')) {
    const std::vector<std::string> fields = Split(entry, ':');
    if (fields.size() >= 3 && fields[0] == group_name) {
      found.gid = static_cast<int>(ParseInt(fields[2]).value_or(0));
      return found;
    }
  }
  return std::nullopt;
}

Json LoadedImageRecord(const std::string& name,
                       const std::string& digest,
                       const Json& config,
                       const UserAndGroup& user) {
  return {{"name", name},
          {"digest", digest},
          {"environment", GetArray(config, {"config", "Env"})},
          {"entryPoint", GetArray(config, {"config", "Entrypoint"})},
          {"command", GetArray(config, {"config", "Cmd"})},
          {"workingDirectory", GetString(config, {"config", "WorkingDir"}, "/")},
          {"uid", user.uid},
          {"gid", user.gid}};
}

}  // namespace holdfast::sandbox
