// Users, environment, command and mounts of one container.
#include "harness/sandbox/node/container_spec_builder.h"

#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "harness/sandbox/node/pod_files.h"

namespace holdfast::sandbox::node {

UserIds ContainerUser(const Json& pod, const Json& container, const Image& image) {
  const auto id = [&](const char* key, int64_t fallback) {
    return static_cast<int>(GetInt(container, {"securityContext", key},
                                   GetInt(pod, {"spec", "securityContext", key}, fallback)));
  };
  UserIds ids;
  ids.uid = id("runAsUser", image.uid);
  ids.gid = id("runAsGroup", ids.uid == image.uid ? image.gid : 0);
  return ids;
}

std::string HomeDirectory(const std::string& passwd, int uid) {
  for (const std::string& line : Split(passwd, '\n')) {
    const std::vector<std::string> fields = Split(line, ':');
    if (fields.size() >= 6 && ParseInt(fields[2]) == uid && !fields[5].empty()) return fields[5];
  }
  return "/";
}

Result<ContainerSpec> BuildContainerSpec(const Json& pod,
                                         const Json& container,
                                         const Image& image,
                                         const PodSurroundings& surroundings) {
  HOLDFAST_ASSIGN(Environment environment,
                  ContainerEnvironment(pod, container, image.environment, surroundings.values));
  ContainerSpec spec;
  spec.image_root = image.root;
  const UserIds user = ContainerUser(pod, container, image);
  spec.uid = user.uid;
  spec.gid = user.gid;
  const bool never_root = GetBool(container, {"securityContext", "runAsNonRoot"},
                                  GetBool(pod, {"spec", "securityContext", "runAsNonRoot"}));
  if (never_root && user.uid == 0)
    return Fail(ErrorCode::kInvalidArgument,
                "container has runAsNonRoot and image will run as root (container: {})",
                GetString(container, {"name"}));
  spec.read_only_root = GetBool(container, {"securityContext", "readOnlyRootFilesystem"});
  spec.terminal = GetBool(container, {"tty"});
  spec.keep_input = GetBool(container, {"stdin"});
  if (!environment.contains("HOME"))
    environment["HOME"] = HomeDirectory(ReadFile(image.root / "etc/passwd").value_or(""), user.uid);
  HOLDFAST_ASSIGN(spec.argv,
                  ContainerCommand(container, image.entry_point, image.command, environment));
  for (const auto& [name, value] : environment)
    spec.environment.push_back(name + "=" + value);
  spec.working_directory = GetString(container, {"workingDir"}, image.working_directory);
  if (spec.working_directory.empty()) spec.working_directory = "/";
  spec.hostname = surroundings.wrong_host_name ? GetString(pod, {"metadata", "uid"})
                  : GetBool(pod, {"spec", "setHostnameAsFQDN"})
                      ? PodFullName(pod, surroundings.values.cluster_domain)
                      : PodHostname(pod);
  spec.network_pid = surroundings.network_pid;
  for (const char* file : {"hosts", "resolv.conf", "hostname"})
    spec.mounts.push_back({surroundings.pod_directory / file, std::string("/etc/") + file, false});
  HOLDFAST_ASSIGN(const auto mounts,
                  ContainerMounts(pod, container, surroundings.volumes, environment));
  spec.mounts.insert(spec.mounts.end(), mounts.begin(), mounts.end());
  return spec;
}

}  // namespace holdfast::sandbox::node
