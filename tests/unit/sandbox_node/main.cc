// The test program is also the program whose parts it starts, and it runs in namespaces of its own
// so that bridges, mounts and forwarding never touch the machine.
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include <gtest/gtest.h>

#include "harness/base/files.h"
#include "harness/sandbox/node/node_parts.h"

namespace {

bool WriteMap(const char* path, const std::string& text) {
  FILE* file = std::fopen(path, "we");
  if (file == nullptr) return false;
  const bool written = std::fputs(text.c_str(), file) >= 0;
  return std::fclose(file) == 0 && written;
}

bool EnterPrivateNamespaces() {
  const uid_t uid = ::getuid();
  const gid_t gid = ::getgid();
  if (::unshare((uid == 0 ? 0 : CLONE_NEWUSER) | CLONE_NEWNET | CLONE_NEWNS) != 0) return false;
  if (uid != 0 && (!WriteMap("/proc/self/setgroups", "deny") ||
                   !WriteMap("/proc/self/uid_map", "0 " + std::to_string(uid) + " 1") ||
                   !WriteMap("/proc/self/gid_map", "0 " + std::to_string(gid) + " 1")))
    return false;
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  int exit_code = 0;
  if (holdfast::sandbox::RunNodePart(argc, argv, exit_code)) return exit_code;
  ::testing::InitGoogleTest(&argc, argv);
  if (!::testing::GTEST_FLAG(list_tests) && !EnterPrivateNamespaces()) {
    std::fprintf(stderr, "this machine allows no namespaces, which these tests need\n");
    return 1;
  }
  return RUN_ALL_TESTS();
}
