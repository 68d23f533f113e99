// The part "__pod-holder": the process that keeps a pod's network namespace.
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "harness/base/files.h"
#include "harness/sandbox/node/part_main.h"

namespace holdfast::sandbox::node {
namespace {

bool RaiseLoopback() {
  const FileDescriptor fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, "lo", IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  return fd.valid() && ::ioctl(fd.get(), SIOCSIFFLAGS, &request) == 0;
}

// Settings that a kernel may lack are no reason to refuse the pod.
void SetSysctl(const char* path, std::string_view value) {
  const FileDescriptor fd(::open(path, O_WRONLY | O_CLOEXEC));
  if (fd.valid()) static_cast<void>(WriteAll(fd.get(), value, path));
}

}  // namespace

int PodHolderMain() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::unshare(CLONE_NEWNET) != 0 || !RaiseLoopback()) return 1;
  // As container runtimes do: any user may listen on low ports; no IPv6 address detection.
  SetSysctl("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
  SetSysctl("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
  if (!WriteAll(STDOUT_FILENO, "ready\n", "the agent's pipe")) return 1;
  while (true)
    ::pause();
}

}  // namespace holdfast::sandbox::node
