// Manifests and configs; the layers themselves are in layer.cc.
#include "harness/sandbox/image/image_archive.h"

#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/base/strings.h"
#include "harness/sandbox/image/image.h"
#include "harness/sandbox/image/loaded_image.h"

namespace holdfast::sandbox {
namespace fs = std::filesystem;
namespace {

using Progress = std::function<void(const std::string&)>;

// One image of an archive: its names and where its parts lie.
struct Found {
  std::vector<std::string> names;
  std::string digest;  // Of the config: what docker calls the image's id.
  fs::path config;
  std::vector<fs::path> layers;
};

Result<Json> ReadJson(const fs::path& file) {
  HOLDFAST_ASSIGN(const std::string text, ReadFile(file));
  auto json = ParseJson(text);
  if (!json) return Fail(json.error().In(file.filename().string()));
  return json;
}

// Paths of an archive never lead out of it.
Result<fs::path> Inside(const fs::path& folder, const std::string& path) {
  const fs::path normal = fs::path(path).lexically_normal();
  if (normal.empty() || normal.is_absolute() || *normal.begin() == "..")
    return Fail(ErrorCode::kInvalidArgument, "its manifest names a file outside of it: {}", path);
  return folder / normal;
}

// A blob of an OCI layout, whose name is the digest of its content.
Result<fs::path> Blob(const fs::path& folder, const Json& descriptor) {
  const std::string digest = GetString(descriptor, {"digest"});
  constexpr std::string_view kAlgorithm = "sha256:";
  if (!digest.starts_with(kAlgorithm))
    return Fail(ErrorCode::kInvalidArgument, "its manifest has a digest that is not SHA-256: '{}'",
                digest);
  HOLDFAST_ASSIGN(const fs::path file,
                  Inside(folder, "blobs/sha256/" + digest.substr(kAlgorithm.size())));
  HOLDFAST_ASSIGN(const std::string content, ReadFile(file));
  if (std::string(kAlgorithm) + Sha256Hex(content) != digest)
    return Fail(ErrorCode::kInvalidArgument, "the blob {} does not match its digest", digest);
  return file;
}

Result<std::vector<Found>> ReadDocker(const fs::path& folder) {
  HOLDFAST_ASSIGN(const Json manifest, ReadJson(folder / "manifest.json"));
  std::vector<Found> images;
  for (const Json& entry : manifest) {
    Found found;
    for (const Json& tag : GetArray(entry, {"RepoTags"}))
      if (tag.is_string()) found.names.push_back(ResolveImageName(tag.get<std::string>()));
    HOLDFAST_ASSIGN(found.config, Inside(folder, GetString(entry, {"Config"})));
    HOLDFAST_ASSIGN(const std::string config, ReadFile(found.config));
    found.digest = "sha256:" + Sha256Hex(config);
    for (const Json& layer : GetArray(entry, {"Layers"}))
      if (layer.is_string()) {
        HOLDFAST_ASSIGN(found.layers.emplace_back(), Inside(folder, layer.get<std::string>()));
      }
    images.push_back(std::move(found));
  }
  return images;
}

// An index may list images or, for several machines, further indexes.
Status ReadOciIndex(const fs::path& folder,
                    const Json& index,
                    const std::string& name,
                    std::vector<Found>& images) {
  for (const Json& descriptor : GetArray(index, {"manifests"})) {
    const std::string machine = GetString(descriptor, {"platform", "architecture"}, "amd64");
    const std::string system = GetString(descriptor, {"platform", "os"}, "linux");
    if (machine != "amd64" || system != "linux") continue;
    std::string its_name =
        GetString(descriptor, {"annotations", "io.containerd.image.name"},
                  GetString(descriptor, {"annotations", "org.opencontainers.image.ref.name"}, name));
    HOLDFAST_ASSIGN(const fs::path file, Blob(folder, descriptor));
    HOLDFAST_ASSIGN(const Json manifest, ReadJson(file));
    if (!GetArray(manifest, {"manifests"}).empty()) {
      HOLDFAST_RETURN_IF_ERROR(ReadOciIndex(folder, manifest, its_name, images));
      continue;
    }
    Found found;
    if (!its_name.empty()) found.names.push_back(ResolveImageName(its_name));
    HOLDFAST_ASSIGN(found.config, Blob(folder, GetObject(manifest, {"config"})));
    found.digest = GetString(manifest, {"config", "digest"});
    for (const Json& layer : GetArray(manifest, {"layers"})) {
      HOLDFAST_ASSIGN(found.layers.emplace_back(), Blob(folder, layer));
    }
    images.push_back(std::move(found));
  }
  return {};
}

Result<std::vector<Found>> ReadImages(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder / "manifest.json", error)) return ReadDocker(folder);
  if (!fs::exists(folder / "index.json", error))
    return Fail(ErrorCode::kInvalidArgument,
                "it has neither manifest.json (docker save) nor index.json (OCI layout)");
  HOLDFAST_ASSIGN(const Json index, ReadJson(folder / "index.json"));
  std::vector<Found> images;
  HOLDFAST_RETURN_IF_ERROR(ReadOciIndex(folder, index, "", images));
  return images;
}

// The places that a container's own files are bound over, and the usual mount points.
Status Complete(const fs::path& root) {
  for (const char* folder : {"dev", "etc", "proc", "run", "sys", "tmp"})
    HOLDFAST_RETURN_IF_ERROR(MakeDirectories(root / folder));
  std::error_code error;
  for (const char* file : {"etc/hosts", "etc/hostname", "etc/resolv.conf"})
    if (fs::is_symlink(root / file, error) || !fs::exists(root / file, error)) {
      HOLDFAST_RETURN_IF_ERROR(RemoveTree(root / file));
      HOLDFAST_RETURN_IF_ERROR(WriteFileAtomic(root / file, ""));
    }
  return {};
}

Status Install(const fs::path& cache, const Found& found, const std::string& name) {
  const fs::path folder = LoadedImageFolder(cache, name);
  const fs::path making = folder.parent_path() / fmt::format(".making-{}", ::getpid());
  HOLDFAST_RETURN_IF_ERROR(RemoveTree(making));
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(making / "root"));
  for (const fs::path& layer : found.layers)
    HOLDFAST_RETURN_IF_ERROR(ApplyLayer(layer, making / "root"));
  HOLDFAST_RETURN_IF_ERROR(Complete(making / "root"));
  HOLDFAST_ASSIGN(const Json config, ReadJson(found.config));
  const std::string user = GetString(config, {"config", "User"});
  const auto ids = ParseImageUser(user, ReadFile(making / "root/etc/passwd").value_or(""),
                                  ReadFile(making / "root/etc/group").value_or(""));
  if (!ids)
    return Fail(ErrorCode::kInvalidArgument, "image {} runs as '{}', whom it does not know", name,
                user);
  HOLDFAST_RETURN_IF_ERROR(
      WriteFileAtomic(making / "image.json",
                      DumpJson(LoadedImageRecord(name, found.digest, config, *ids), 1) + "\n"));
  HOLDFAST_RETURN_IF_ERROR(RemoveTree(folder));
  std::error_code error;
  fs::rename(making, folder, error);
  if (error)
    return Fail(ErrorCode::kUnavailable, "cannot rename {}: {}", making.string(), error.message());
  return {};
}

Result<std::vector<std::string>> LoadFolder(const fs::path& cache,
                                            const fs::path& folder,
                                            const std::string& as,
                                            const Progress& progress) {
  HOLDFAST_ASSIGN(std::vector<Found> images, ReadImages(folder));
  if (images.empty()) return Fail(ErrorCode::kInvalidArgument, "it holds no image for linux/amd64");
  if (!as.empty() && images.size() != 1)
    return Fail(ErrorCode::kInvalidArgument, "it holds {} images, so they cannot all be '{}'",
                images.size(), as);
  std::vector<std::string> loaded;
  for (Found& found : images) {
    if (!as.empty()) found.names = {ResolveImageName(as)};
    if (found.names.empty())
      return Fail(ErrorCode::kInvalidArgument, "its image has no name: give one with --as NAME:TAG");
    for (const std::string& name : found.names) {
      progress(fmt::format("image {}: unpacking {} layers", name, found.layers.size()));
      HOLDFAST_RETURN_IF_ERROR(Install(cache, found, name));
      loaded.push_back(name);
    }
  }
  return loaded;
}

}  // namespace

Result<std::vector<std::string>> LoadImageArchive(const fs::path& cache,
                                                  const fs::path& file,
                                                  const std::string& as,
                                                  const Progress& progress) {
  std::error_code error;
  const std::string where = fmt::format("cannot load {}", file.string());
  if (!fs::exists(file, error))
    return Fail(ErrorCode::kNotFound, "{}: there is no such file", where);
  fs::path folder = file;
  const fs::path unpacked = cache / "loaded" / fmt::format(".unpacked-{}", ::getpid());
  if (!fs::is_directory(file, error)) {
    HOLDFAST_RETURN_IF_ERROR(RemoveTree(unpacked));
    HOLDFAST_RETURN_IF_ERROR(MakeDirectories(unpacked));
    progress(fmt::format("reading {}", file.string()));
    const Status outer = ApplyLayer(file, unpacked);
    if (!outer) {
      static_cast<void>(RemoveTree(unpacked));
      return Fail(outer.error().In(where));
    }
    folder = unpacked;
  }
  auto loaded = LoadFolder(cache, folder, as, progress);
  static_cast<void>(RemoveTree(unpacked));
  if (!loaded) return Fail(loaded.error().In(where));
  return loaded;
}

}  // namespace holdfast::sandbox
