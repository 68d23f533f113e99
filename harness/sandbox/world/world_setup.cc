#include "harness/sandbox/world/world_setup.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "harness/base/process.h"
#include "harness/base/strings.h"
#include "harness/sandbox/world/world_plan.h"

namespace holdfast::sandbox {
namespace {

sockaddr* Generic(sockaddr_in& address) {
  return reinterpret_cast<sockaddr*>(
      &address);  // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast)
}

Status WriteSetting(const char* path, const char* value) {
  const FileDescriptor file(::open(path, O_WRONLY | O_CLOEXEC));
  if (!file.valid() || ::write(file.get(), value, 1) != 1)
    return Fail(ErrorCode::kUnavailable, "cannot set {} to {}: {}", path, value, ErrnoText(errno));
  return {};
}

}  // namespace

Status OwnMounts() {
  // "Slave" and not "private": what the host unmounts must not be kept busy by us.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot detach the mounts from the host's: {}",
                ErrnoText(errno));
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    return Fail(
        ErrorCode::kUnavailable,
        "cannot mount /proc in a new pid namespace: {}; inside a container allow it with an "
        "unmasked /proc (docker: --security-opt systempaths=unconfined, or --privileged)",
        ErrnoText(errno));
  return {};
}

Status MountState(const std::filesystem::path& mount_point) {
  if (::mount("holdfast", mount_point.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") != 0)
    return Fail(ErrorCode::kUnavailable, "cannot mount a tmpfs on {}: {}", mount_point.string(),
                ErrnoText(errno));
  return {};
}

void UseClusterDns(const std::filesystem::path& scratch) {
  const std::filesystem::path file = scratch / "resolv.conf";
  const std::string text = fmt::format(
      "nameserver {}\nsearch default.svc.cluster.local svc.cluster.local cluster.local\n"
      "options ndots:5\n",
      kWorldIp);
  if (WriteFileAtomic(file, text))
    ::mount(file.c_str(), "/etc/resolv.conf", nullptr, MS_BIND, nullptr);
}

Status ConfigureNetwork(const std::string& commands) {
  ProcessOptions options;
  options.argv = {"ip", "-batch", "-"};
  options.input = commands;
  options.timeout = std::chrono::seconds(20);
  HOLDFAST_ASSIGN(const ProcessResult result, RunProcess(options));
  if (result.exit_code != 0)
    return Fail(ErrorCode::kUnavailable, "cannot set up the private network: {}",
                ReplaceAll(std::string(Trim(result.err)), "\n", "; "));
  return {};
}

Status ForwardPackets() {
  // Packets between nodes leave by the interface that they came in on; telling the senders so
  // would make them go around us.
  for (const char* path :
       {"/proc/sys/net/ipv4/conf/all/send_redirects",
        "/proc/sys/net/ipv4/conf/default/send_redirects", "/proc/sys/net/ipv4/conf/all/rp_filter",
        "/proc/sys/net/ipv4/conf/default/rp_filter"})
    HOLDFAST_RETURN_IF_ERROR(WriteSetting(path, "0"));
  return WriteSetting("/proc/sys/net/ipv4/ip_forward", "1");
}

Result<FileDescriptor> Listen(const std::string& ip, int port) {
  FileDescriptor fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  const int on = 1;
  if (!fd.valid() || ::inet_pton(AF_INET, ip.c_str(), &address.sin_addr) != 1 ||
      ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
      ::bind(fd.get(), Generic(address), sizeof address) != 0 || ::listen(fd.get(), 128) != 0)
    return Fail(ErrorCode::kUnavailable, "cannot listen on {}:{}: {}", ip, port, ErrnoText(errno));
  return fd;
}

int PortOf(const FileDescriptor& socket) {
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  ::getsockname(socket.get(), Generic(bound), &size);
  return ntohs(bound.sin_port);
}

}  // namespace holdfast::sandbox
