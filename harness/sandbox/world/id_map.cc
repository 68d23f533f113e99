#include "harness/sandbox/world/id_map.h"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"

namespace holdfast::sandbox {
namespace {

constexpr uid_t kNeededIds = 65536;  // So that "nobody", 65534, exists as well.

std::string UserName() {
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 16384> buffer{};
  if (getpwuid_r(::getuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return "";
  return entry.pw_name;
}

std::optional<std::pair<IdRange, IdRange>> Subordinates() {
  const std::string user = UserName();
  const auto uids =
      FindSubordinateIds(ReadFile("/etc/subuid").value_or(""), user, ::getuid(), kNeededIds);
  const auto gids =
      FindSubordinateIds(ReadFile("/etc/subgid").value_or(""), user, ::getuid(), kNeededIds);
  if (!uids || !gids || !FindProgram("newuidmap") || !FindProgram("newgidmap")) return std::nullopt;
  return std::pair(*uids, *gids);
}

// The kernel takes these files in one write only.
Status WriteProcFile(const std::string& path, const std::string& text) {
  const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid() || ::write(file.get(), text.data(), text.size()) < 0)
    return Fail(ErrorCode::kUnavailable, "cannot write {}: {}", path, ErrnoText(errno));
  return {};
}

Status WriteFull(pid_t pid) {
  const auto ranges = Subordinates();
  if (!ranges) return Fail(ErrorCode::kNotFound, "no subordinate ids");
  const auto run = [&](const char* program, uid_t own, const IdRange& range) -> Status {
    const Result<std::string> done =
        RunChecked({program, std::to_string(pid), "0", std::to_string(own), "1", "1",
                    std::to_string(range.first), std::to_string(range.count)});
    if (!done) return Fail(done.error());
    return {};
  };
  HOLDFAST_RETURN_IF_ERROR(run("newuidmap", ::getuid(), ranges->first));
  return run("newgidmap", ::getgid(), ranges->second);
}

}  // namespace

std::optional<IdRange> FindSubordinateIds(std::string_view text,
                                          const std::string& user,
                                          uid_t uid,
                                          uid_t needed) {
  for (const std::string& line : Split(text, '\n')) {
    const std::vector<std::string> fields = Split(Trim(line), ':');
    if (fields.size() != 3 || fields[0].empty()) continue;
    if (fields[0] != user && fields[0] != std::to_string(uid)) continue;
    const std::optional<int64_t> first = ParseInt(fields[1]);
    const std::optional<int64_t> count = ParseInt(fields[2]);
    if (!first || !count || *first < 1 || *count < needed || *first + *count > UINT32_MAX) continue;
    return IdRange{static_cast<uid_t>(*first), needed};
  }
  return std::nullopt;
}

IdMap ChooseIdMap() {
  if (::geteuid() == 0) return IdMap::kHost;
  return Subordinates() ? IdMap::kFull : IdMap::kSingle;
}

Status WriteIdMap(pid_t pid, IdMap map) {
  if (map == IdMap::kHost) return {};
  if (map == IdMap::kFull) return WriteFull(pid);
  const std::string proc = "/proc/" + std::to_string(pid);
  HOLDFAST_RETURN_IF_ERROR(WriteProcFile(proc + "/setgroups", "deny"));
  HOLDFAST_RETURN_IF_ERROR(WriteProcFile(proc + "/gid_map", fmt::format("0 {} 1\n", ::getegid())));
  return WriteProcFile(proc + "/uid_map", fmt::format("0 {} 1\n", ::geteuid()));
}

}  // namespace holdfast::sandbox
