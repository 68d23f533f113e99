// persistentVolumeClaim, emptyDir, configMap, secret, downwardAPI and projected volumes.
#include "harness/sandbox/node/pod_volumes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "harness/sandbox/node/root_path.h"

namespace holdfast::sandbox::node {
namespace {

constexpr int64_t kDefaultMode = 0644;

// Paths inside a volume never lead out of it.
Result<std::filesystem::path> InsideOf(const std::filesystem::path& directory,
                                       const std::string& path) {
  for (const auto& part : std::filesystem::path(path))
    if (part == ".." || part == "/")
      return Fail(ErrorCode::kInvalidArgument, "path '{}' leads out of its volume", path);
  HOLDFAST_ASSIGN(const auto inside, ResolveInRoot(directory, path));
  return directory / inside;
}

Status WriteEntry(const std::filesystem::path& directory,
                  const std::string& path,
                  const std::string& content,
                  int64_t mode) {
  HOLDFAST_ASSIGN(const auto file, InsideOf(directory, path));
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(file.parent_path()));
  return WriteFileAtomic(file, content, static_cast<unsigned>(mode & 0777));
}

// The keys of a ConfigMap or Secret, all or those of "items".
Status WriteObject(const Json& source,
                   const std::string& resource,
                   const std::string& name,
                   int64_t mode,
                   const PodContext& context,
                   const std::filesystem::path& directory) {
  const bool optional = GetBool(source, {"optional"});
  const auto object = context.get(resource, name);
  if (!object && object.error().code == ErrorCode::kNotFound && optional) return {};
  if (!object) return Fail(object.error());
  HOLDFAST_ASSIGN(const auto data, ObjectData(*object, resource == "secrets"));
  const Json& items = GetArray(source, {"items"});
  if (items.empty())
    for (const auto& [key, value] : data)
      HOLDFAST_RETURN_IF_ERROR(WriteEntry(directory, key, value, mode));
  for (const Json& item : items) {
    const auto found = data.find(GetString(item, {"key"}));
    if (found == data.end() && optional) continue;
    if (found == data.end())
      return Fail(ErrorCode::kNotFound, "references non-existent key '{}' of {} '{}'",
                  GetString(item, {"key"}), resource, name);
    HOLDFAST_RETURN_IF_ERROR(WriteEntry(directory, GetString(item, {"path"}), found->second,
                                        GetInt(item, {"mode"}, mode)));
  }
  return {};
}

Status WriteDownward(const Json& source,
                     int64_t mode,
                     const Json& pod,
                     const PodContext& context,
                     const std::filesystem::path& directory) {
  for (const Json& item : GetArray(source, {"items"})) {
    HOLDFAST_ASSIGN(const std::string value,
                    FieldReference(pod, context, GetString(item, {"fieldRef", "fieldPath"})));
    HOLDFAST_RETURN_IF_ERROR(
        WriteEntry(directory, GetString(item, {"path"}), value, GetInt(item, {"mode"}, mode)));
  }
  return {};
}

constexpr int64_t kTokenSeconds = 3600;

Status WriteToken(const Json& source,
                  const VolumeContext& context,
                  int64_t mode,
                  const std::filesystem::path& directory) {
  HOLDFAST_ASSIGN(const std::string token,
                  context.token(GetString(source, {"audience"}),
                                GetInt(source, {"expirationSeconds"}, kTokenSeconds)));
  return WriteEntry(directory, GetString(source, {"path"}), token, mode);
}

Status WriteProjected(const Json& projected,
                      const Json& pod,
                      const VolumeContext& context,
                      const std::filesystem::path& directory) {
  const int64_t mode = GetInt(projected, {"defaultMode"}, kDefaultMode);
  for (const Json& source : GetArray(projected, {"sources"})) {
    if (const Json* map = FindPath(source, {"configMap"})) {
      HOLDFAST_RETURN_IF_ERROR(
          WriteObject(*map, "configmaps", GetString(*map, {"name"}), mode, context.pod, directory));
    } else if (const Json* secret = FindPath(source, {"secret"})) {
      HOLDFAST_RETURN_IF_ERROR(
          WriteObject(*secret, "secrets", GetString(*secret, {"name"}), mode, context.pod, directory));
    } else if (const Json* downward = FindPath(source, {"downwardAPI"})) {
      HOLDFAST_RETURN_IF_ERROR(WriteDownward(*downward, mode, pod, context.pod, directory));
    } else if (const Json* token = FindPath(source, {"serviceAccountToken"})) {
      HOLDFAST_RETURN_IF_ERROR(WriteToken(*token, context, mode, directory));
    } else {
      return Fail(ErrorCode::kInvalidArgument,
                  "this projected source is not supported by the sandbox (configMap, secret, "
                  "downwardAPI and serviceAccountToken are): {}",
                  DumpJson(source));
    }
  }
  return {};
}

Status CheckAttached(const Json& volume, const VolumeContext& context) {
  const Json* csi = FindPath(volume, {"spec", "csi"});
  if (csi == nullptr) return {};  // Local volumes are not attached.
  const std::string name = GetString(volume, {"metadata", "name"});
  const auto attachment = context.get(
      "/apis/storage.k8s.io/v1/volumeattachments/" +
      AttachmentName(GetString(*csi, {"volumeHandle"}), GetString(*csi, {"driver"}),
                     context.node_name));
  if (attachment && GetBool(*attachment, {"status", "attached"}) &&
      FindPath(*attachment, {"metadata", "deletionTimestamp"}) == nullptr)
    return {};
  return Fail(ErrorCode::kUnavailable, "volume {} is not yet attached to node {}", name,
              context.node_name);
}

Result<std::filesystem::path> ClaimPath(const Json& pod,
                                        const std::string& claim_name,
                                        const VolumeContext& context) {
  const std::string ns = GetString(pod, {"metadata", "namespace"});
  const auto claim =
      context.get(fmt::format("/api/v1/namespaces/{}/persistentvolumeclaims/{}", ns, claim_name));
  if (!claim && claim.error().code == ErrorCode::kNotFound)
    return Fail(ErrorCode::kUnavailable, "persistentvolumeclaim \"{}\" not found", claim_name);
  if (!claim) return Fail(claim.error());
  const std::string name = GetString(*claim, {"spec", "volumeName"});
  if (GetString(*claim, {"status", "phase"}) != "Bound" || name.empty())
    return Fail(ErrorCode::kUnavailable, "claim {} is not yet bound", claim_name);
  HOLDFAST_ASSIGN(const Json volume, context.get("/api/v1/persistentvolumes/" + name));
  if (GetString(volume, {"spec", "claimRef", "uid"}) != GetString(*claim, {"metadata", "uid"}))
    return Fail(ErrorCode::kUnavailable, "volume {} belongs to another claim than {}", name,
                claim_name);
  HOLDFAST_RETURN_IF_ERROR(CheckAttached(volume, context));
  const auto volume_of = [&](const std::string& other) -> Result<std::string> {
    HOLDFAST_ASSIGN(const Json found, context.get(fmt::format(
        "/api/v1/namespaces/{}/persistentvolumeclaims/{}", ns, other)));
    return GetString(found, {"spec", "volumeName"});
  };
  MountedClaim mounted{.pod = GetString(pod, {"metadata", "name"}),
                       .pod_uid = GetString(pod, {"metadata", "uid"}),
                       .claim = claim_name,
                       .volume = name};
  if (const Json* csi = FindPath(volume, {"spec", "csi"}))
    mounted.in_use_as = fmt::format("kubernetes.io/csi/{}^{}", GetString(*csi, {"driver"}),
                                    GetString(*csi, {"volumeHandle"}));
  HOLDFAST_ASSIGN(const std::filesystem::path path, context.lives.Begin(mounted, volume_of));
  std::error_code error;
  if (!std::filesystem::is_directory(path, error))
    return Fail(ErrorCode::kNotFound, "the directory of volume {} does not exist", name);
  return path;
}

// A path of the node: one of the sandbox's node, never of the machine itself. A type that demands
// what is not there fails as with the kubelet.
Result<std::filesystem::path> HostPath(const Json& source, const VolumeContext& context) {
  const std::string wanted = GetString(source, {"path"});
  const std::string type = GetString(source, {"type"});
  HOLDFAST_ASSIGN(const auto path,
                  InsideOf(context.host_paths,
                           std::filesystem::path(wanted).relative_path().lexically_normal()));
  std::error_code error;
  const bool exists = std::filesystem::exists(path, error);
  if (!exists && (type == "Directory" || type == "File" || type == "Socket"))
    return Fail(ErrorCode::kNotFound, "hostPath type check failed: {} is not a {}", wanted,
                type == "Directory" ? "directory" : "file");
  if (!exists && type == "FileOrCreate") {
    HOLDFAST_RETURN_IF_ERROR(MakeDirectories(path.parent_path()));
    HOLDFAST_RETURN_IF_ERROR(WriteFileAtomic(path, ""));
  } else if (!exists) {
    HOLDFAST_RETURN_IF_ERROR(MakeDirectories(path));
  }
  return path;
}

// Fills a volume whose content comes from the API; false: it is of another kind.
Result<bool> WriteVolume(const Json& pod,
                         const Json& volume,
                         const VolumeContext& context,
                         const std::filesystem::path& directory) {
  const auto mode = [](const Json& source) {
    return GetInt(source, {"defaultMode"}, kDefaultMode);
  };
  Status written;
  if (const Json* map = FindPath(volume, {"configMap"}))
    written = WriteObject(*map, "configmaps", GetString(*map, {"name"}), mode(*map), context.pod,
                          directory);
  else if (const Json* secret = FindPath(volume, {"secret"}))
    written = WriteObject(*secret, "secrets", GetString(*secret, {"secretName"}), mode(*secret),
                          context.pod, directory);
  else if (const Json* downward = FindPath(volume, {"downwardAPI"}))
    written = WriteDownward(*downward, mode(*downward), pod, context.pod, directory);
  else if (const Json* projected = FindPath(volume, {"projected"}))
    written = WriteProjected(*projected, pod, context, directory);
  else
    return false;
  if (!written) return Fail(written.error());
  return true;
}

Result<std::filesystem::path> PrepareVolume(const Json& pod,
                                            const Json& volume,
                                            const VolumeContext& context) {
  if (FindPath(volume, {"persistentVolumeClaim"}) != nullptr)
    return ClaimPath(pod, GetString(volume, {"persistentVolumeClaim", "claimName"}), context);
  if (FindPath(volume, {"hostPath"}) != nullptr)
    return HostPath(GetObject(volume, {"hostPath"}), context);
  const std::filesystem::path directory = context.directory / GetString(volume, {"name"});
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(directory));
  if (FindPath(volume, {"emptyDir"}) != nullptr) {
    // Anybody may write, as the kubelet makes it.
    std::error_code error;
    std::filesystem::permissions(directory, std::filesystem::perms::all, error);
    return directory;
  }
  HOLDFAST_ASSIGN(const bool written, WriteVolume(pod, volume, context, directory));
  if (written) return directory;
  return Fail(ErrorCode::kInvalidArgument,
              "this kind of volume is not supported by the sandbox (persistentVolumeClaim, "
              "emptyDir, hostPath, configMap, secret, downwardAPI and projected are)");
}

// Files get the pod's fsGroup and become writable for it, as the kubelet does it.
Status GiveToGroup(const std::filesystem::path& directory, gid_t group) {
  const auto give = [&](const std::filesystem::path& path) -> Status {
    struct stat info {};
    if (::lstat(path.c_str(), &info) != 0) return {};  // Gone meanwhile.
    // With a single id map there is only one group, and everything has it already.
    if (::lchown(path.c_str(), static_cast<uid_t>(-1), group) != 0 && errno != EINVAL)
      return Fail(ErrorCode::kUnavailable, "cannot give {} to group {}: {}", path.string(), group,
                  ErrnoText(errno));
    if (S_ISLNK(info.st_mode)) return {};
    const mode_t more = S_ISDIR(info.st_mode) ? mode_t{02070} : mode_t{0060};
    ::chmod(path.c_str(), (info.st_mode & 07777) | more);
    return {};
  };
  HOLDFAST_RETURN_IF_ERROR(give(directory));
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator entry(directory, error), end;
       !error && entry != end; entry.increment(error))
    HOLDFAST_RETURN_IF_ERROR(give(entry->path()));
  return {};
}

}  // namespace

std::string AttachmentName(const std::string& volume_handle,
                           const std::string& driver,
                           const std::string& node) {
  return "csi-" + Sha256Hex(driver + volume_handle + node);
}

Result<VolumePaths> PrepareVolumes(const Json& pod, const VolumeContext& context) {
  VolumePaths paths;
  for (const Json& volume : GetArray(pod, {"spec", "volumes"})) {
    const std::string name = GetString(volume, {"name"});
    auto path = PrepareVolume(pod, volume, context);
    if (!path)
      return Fail(path.error().In(fmt::format("MountVolume.SetUp failed for volume \"{}\"", name)));
    const int64_t group = GetInt(pod, {"spec", "securityContext", "fsGroup"}, -1);
    if (group >= 0)
      HOLDFAST_RETURN_IF_ERROR(GiveToGroup(*path, static_cast<gid_t>(group)));
    paths[name] = *std::move(path);
  }
  return paths;
}

bool HasRefreshableVolumes(const Json& pod) {
  for (const Json& volume : GetArray(pod, {"spec", "volumes"}))
    for (const char* kind : {"configMap", "secret", "downwardAPI", "projected"})
      if (FindPath(volume, {kind}) != nullptr) return true;
  return false;
}

Status RefreshVolumes(const Json& pod, const VolumeContext& context) {
  for (const Json& volume : GetArray(pod, {"spec", "volumes"})) {
    const auto written =
        WriteVolume(pod, volume, context, context.directory / GetString(volume, {"name"}));
    if (!written) return Fail(written.error());
  }
  return {};
}

Result<std::vector<BindMount>> ContainerMounts(const Json& pod,
                                               const Json& container,
                                               const VolumePaths& volumes,
                                               const Environment& variables) {
  std::vector<BindMount> mounts;
  for (const Json& mount : GetArray(container, {"volumeMounts"})) {
    const std::string name = GetString(mount, {"name"});
    const auto found = volumes.find(name);
    if (found == volumes.end())
      return Fail(ErrorCode::kInvalidArgument, "volumeMount '{}' names no volume of the pod", name);
    BindMount bind{found->second, GetString(mount, {"mountPath"}), GetBool(mount, {"readOnly"})};
    for (const Json& volume : GetArray(pod, {"spec", "volumes"}))
      if (GetString(volume, {"name"}) == name &&
          GetBool(volume, {"persistentVolumeClaim", "readOnly"}))
        bind.read_only = true;
    const std::string below = ExpandReferences(GetString(mount, {"subPathExpr"}), variables) +
                              GetString(mount, {"subPath"});
    if (!below.empty()) {
      HOLDFAST_ASSIGN(bind.source, InsideOf(found->second, below));
      std::error_code error;
      if (!std::filesystem::exists(bind.source, error))
        HOLDFAST_RETURN_IF_ERROR(MakeDirectories(bind.source));
    }
    mounts.push_back(std::move(bind));
  }
  return mounts;
}

}  // namespace holdfast::sandbox::node
