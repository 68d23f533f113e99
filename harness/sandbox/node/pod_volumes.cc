// persistentVolumeClaim, emptyDir, configMap, secret, downwardAPI and projected volumes.
#include "harness/sandbox/node/pod_volumes.h"

#include "harness/base/files.h"
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

Status WriteProjected(const Json& projected,
                      const Json& pod,
                      const PodContext& context,
                      const std::filesystem::path& directory) {
  const int64_t mode = GetInt(projected, {"defaultMode"}, kDefaultMode);
  for (const Json& source : GetArray(projected, {"sources"})) {
    if (const Json* map = FindPath(source, {"configMap"})) {
      HOLDFAST_RETURN_IF_ERROR(
          WriteObject(*map, "configmaps", GetString(*map, {"name"}), mode, context, directory));
    } else if (const Json* secret = FindPath(source, {"secret"})) {
      HOLDFAST_RETURN_IF_ERROR(
          WriteObject(*secret, "secrets", GetString(*secret, {"name"}), mode, context, directory));
    } else if (const Json* downward = FindPath(source, {"downwardAPI"})) {
      HOLDFAST_RETURN_IF_ERROR(WriteDownward(*downward, mode, pod, context, directory));
    } else {
      return Fail(ErrorCode::kInvalidArgument,
                  "this projected source is not supported by the sandbox (configMap, secret and "
                  "downwardAPI are): {}",
                  DumpJson(source));
    }
  }
  return {};
}

Status CheckAttached(const std::string& volume, const VolumeContext& context) {
  HOLDFAST_ASSIGN(const Json list, context.get("/apis/storage.k8s.io/v1/volumeattachments"));
  for (const Json& attachment : GetArray(list, {"items"}))
    if (GetString(attachment, {"spec", "source", "persistentVolumeName"}) == volume &&
        GetString(attachment, {"spec", "nodeName"}) == context.node_name &&
        GetBool(attachment, {"status", "attached"}) &&
        FindPath(attachment, {"metadata", "deletionTimestamp"}) == nullptr)
      return {};
  return Fail(ErrorCode::kUnavailable, "volume {} is not yet attached to node {}", volume,
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
  HOLDFAST_RETURN_IF_ERROR(CheckAttached(name, context));
  const std::filesystem::path path = context.volume_root / name;
  std::error_code error;
  if (!std::filesystem::is_directory(path, error))
    return Fail(ErrorCode::kNotFound, "the directory of volume {} does not exist", name);
  return path;
}

Result<std::filesystem::path> PrepareVolume(const Json& pod,
                                            const Json& volume,
                                            const VolumeContext& context) {
  if (FindPath(volume, {"persistentVolumeClaim"}) != nullptr)
    return ClaimPath(pod, GetString(volume, {"persistentVolumeClaim", "claimName"}), context);
  const std::filesystem::path directory = context.directory / GetString(volume, {"name"});
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(directory));
  if (FindPath(volume, {"emptyDir"}) != nullptr) return directory;
  if (const Json* map = FindPath(volume, {"configMap"})) {
    HOLDFAST_RETURN_IF_ERROR(WriteObject(*map, "configmaps", GetString(*map, {"name"}),
                                         GetInt(*map, {"defaultMode"}, kDefaultMode), context.pod,
                                         directory));
    return directory;
  }
  if (const Json* secret = FindPath(volume, {"secret"})) {
    HOLDFAST_RETURN_IF_ERROR(WriteObject(*secret, "secrets", GetString(*secret, {"secretName"}),
                                         GetInt(*secret, {"defaultMode"}, kDefaultMode),
                                         context.pod, directory));
    return directory;
  }
  if (const Json* downward = FindPath(volume, {"downwardAPI"})) {
    HOLDFAST_RETURN_IF_ERROR(WriteDownward(
        *downward, GetInt(*downward, {"defaultMode"}, kDefaultMode), pod, context.pod, directory));
    return directory;
  }
  if (const Json* projected = FindPath(volume, {"projected"})) {
    HOLDFAST_RETURN_IF_ERROR(WriteProjected(*projected, pod, context.pod, directory));
    return directory;
  }
  return Fail(ErrorCode::kInvalidArgument,
              "this kind of volume is not supported by the sandbox (persistentVolumeClaim, "
              "emptyDir, configMap, secret, downwardAPI and projected are)");
}

}  // namespace

Result<VolumePaths> PrepareVolumes(const Json& pod, const VolumeContext& context) {
  VolumePaths paths;
  for (const Json& volume : GetArray(pod, {"spec", "volumes"})) {
    const std::string name = GetString(volume, {"name"});
    auto path = PrepareVolume(pod, volume, context);
    if (!path)
      return Fail(path.error().In(fmt::format("MountVolume.SetUp failed for volume \"{}\"", name)));
    paths[name] = *std::move(path);
  }
  return paths;
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
