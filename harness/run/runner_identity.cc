#include "harness/run/runner_identity.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>

#include "harness/base/files.h"
#include "harness/base/strings.h"

namespace holdfast::run {
namespace {

std::string HostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return ReplaceAll(name.data(), "_", "-");
}

std::string BootId() {
  const auto text = ReadFile("/proc/sys/kernel/random/boot_id");
  return text ? std::string(Trim(*text)) : "unknown";
}

std::string PidNamespace() {
  struct stat info {};
  return ::stat("/proc/self/ns/pid", &info) == 0 ? std::to_string(info.st_ino) : "unknown";
}

// Field 22 of /proc/PID/stat: when the process began. The name in field 2 may contain anything, so
// counting begins after its last parenthesis. Empty when there is no such process, or it is a
// zombie.
std::string StartOf(const std::string& pid) {
  const auto text = ReadFile("/proc/" + pid + "/stat");
  if (!text) return "";
  const size_t end = text->rfind(')');
  if (end == std::string::npos) return "";
  const std::vector<std::string> fields = Split(std::string_view(*text).substr(end + 2), ' ');
  if (fields.size() < 20 || fields[0] == "Z" || fields[0] == "X") return "";
  return fields[19];
}

}  // namespace

std::string RunnerIdentity() {
  const std::string pid = std::to_string(::getpid());
  return Join({HostName(), BootId(), PidNamespace(), pid, StartOf(pid)}, "_");
}

Liveness LivenessOf(const std::string& identity) {
  const std::vector<std::string> parts = Split(identity, '_');
  if (parts.size() != 5 || parts[1] != BootId() || parts[2] != PidNamespace() ||
      parts[1] == "unknown")
    return Liveness::kUnknown;
  if (!ParseInt(parts[3])) return Liveness::kUnknown;
  return StartOf(parts[3]) == parts[4] ? Liveness::kAlive : Liveness::kDead;
}

}  // namespace holdfast::run
