// What a fresh set of namespaces needs before anything can live in it: mounts and network.
#ifndef HOLDFAST_HARNESS_SANDBOX_WORLD_WORLD_SETUP_H_
#define HOLDFAST_HARNESS_SANDBOX_WORLD_WORLD_SETUP_H_

#include <filesystem>
#include <string>

#include "harness/base/files.h"
#include "harness/base/result.h"

namespace holdfast::sandbox {

// Cuts the mount namespace off from the host's (mounts made here stay here) and mounts this pid
// namespace's /proc.
Status OwnMounts();
// A tmpfs on `mount_point`, readable by everybody inside.
Status MountState(const std::filesystem::path& mount_point);
// Sends the resolver of every program in this mount namespace to the cluster's DNS. Not possible
// everywhere; then names are resolved as outside.
void UseClusterDns(const std::filesystem::path& scratch);
// One `ip -batch` with these commands.
Status ConfigureNetwork(const std::string& commands);
// This network namespace passes packets on between its interfaces.
Status ForwardPackets();
// Bound and listening; port 0: any.
Result<FileDescriptor> Listen(const std::string& ip, int port);
int PortOf(const FileDescriptor& socket);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_WORLD_WORLD_SETUP_H_
