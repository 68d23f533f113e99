#include "harness/sandbox/node/volume_lives.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include "harness/base/files.h"
#include "harness/base/json.h"
#include "harness/base/log.h"
#include "harness/sandbox/node/volume_copies.h"

namespace holdfast::sandbox::node {
namespace fs = std::filesystem;
namespace {

constexpr Nanos kCopyAfter = std::chrono::seconds(3);  // After the first mount.
constexpr off_t kCorrupted = 64;

}  // namespace

std::string SwappedClaim(const std::string& claim) {
  if (claim.ends_with("-0")) return claim.substr(0, claim.size() - 1) + "1";
  if (claim.ends_with("-1")) return claim.substr(0, claim.size() - 1) + "0";
  return "";
}

Status CorruptLargestFile(const fs::path& directory) {
  fs::path largest;
  uintmax_t size = 0;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(directory, error)) {
    std::error_code ignored;
    if (entry.is_symlink(ignored) || !entry.is_regular_file(ignored)) continue;
    const uintmax_t its_size = entry.file_size(ignored);
    // Of equals the first by name: the same file each time.
    const bool better = its_size > size || (its_size == size && entry.path() < largest);
    if (its_size == 0 || !better) continue;
    largest = entry.path();
    size = its_size;
  }
  if (largest.empty()) return {};
  const FileDescriptor file(::open(largest.c_str(), O_RDWR | O_CLOEXEC));
  const auto length = static_cast<off_t>(size);
  const off_t at = std::max<off_t>(0, length / 2 - kCorrupted / 2);
  std::array<char, static_cast<size_t>(kCorrupted)> bytes{};
  const ssize_t got = ::pread(file.get(), bytes.data(), bytes.size(), at);
  for (char& byte : bytes)
    byte = static_cast<char>(~byte);
  if (got <= 0 || ::pwrite(file.get(), bytes.data(), static_cast<size_t>(got), at) != got)
    return Fail(ErrorCode::kUnavailable, "cannot change {}: {}", largest.string(),
                ErrnoText(errno));
  return {};
}

VolumeLives::VolumeLives(fs::path volume_root, Clock& clock, Defects defects)
    : root_(std::move(volume_root)),
      records_(root_.parent_path() / "volume-lives"),
      clock_(clock),
      defects_(defects) {}

Result<VolumeLives::Life> VolumeLives::NextLife(const MountedClaim& claim) {
  const fs::path file = records_ / claim.volume / "life";
  Life life;
  if (const auto text = ReadFile(file)) {
    HOLDFAST_ASSIGN(const Json record, ParseJson(*text));
    life.number = static_cast<int>(GetInt(record, {"number"}));
    life.pod_uid = GetString(record, {"pod"});
  }
  if (life.pod_uid == claim.pod_uid) return life;
  life = {life.number + 1, claim.pod_uid};
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(file.parent_path()));
  HOLDFAST_RETURN_IF_ERROR(
      WriteFileAtomic(file, DumpJson({{"number", life.number}, {"pod", life.pod_uid}})));
  if (life.number == 1 && defects_.Has(Defect::kVolumeFromOldCopy))
    copy_at_[claim.volume] = clock_.Now() + kCopyAfter;
  if (life.number > 1) HOLDFAST_RETURN_IF_ERROR(Spoil(claim));
  return life;
}

// Once, at the beginning of a life after the first.
Status VolumeLives::Spoil(const MountedClaim& claim) {
  const fs::path volume = root_ / claim.volume;
  const fs::path copy = records_ / claim.volume / "copy";
  std::error_code error;
  if (defects_.Has(Defect::kFreshVolumeOnRecreate)) {
    for (const auto& entry : fs::directory_iterator(volume, error))
      HOLDFAST_RETURN_IF_ERROR(RemoveTree(entry.path()));
  }
  if (defects_.Has(Defect::kVolumeFromOldCopy) && fs::exists(copy, error))
    HOLDFAST_RETURN_IF_ERROR(ReplaceContent(copy, volume));
  if (defects_.Has(Defect::kBlockCorrupted)) return CorruptLargestFile(volume);
  return {};
}

Result<fs::path> VolumeLives::Begin(
    const MountedClaim& claim,
    const std::function<Result<std::string>(const std::string& claim)>& volume_of) {
  fs::path path = root_ / claim.volume;
  std::string other;
  std::unique_lock lock(mutex_);
  if (!defects_.None()) {
    HOLDFAST_ASSIGN(const Life life, NextLife(claim));
    if (life.number > 1 && defects_.Has(Defect::kVolumesSwapped))
      other = SwappedClaim(claim.claim);
  }
  if (!other.empty()) {
    const auto volume = volume_of(other);
    if (volume && !volume->empty()) path = root_ / *volume;
  }
  const bool fresh =
      mounted_[claim.pod_uid].insert_or_assign(claim.volume, Use{path, claim.in_use_as}).second;
  const auto changed = changed_;
  lock.unlock();
  if (fresh) changed();
  return path;
}

void VolumeLives::Tick() {
  const std::scoped_lock lock(mutex_);
  for (auto at = copy_at_.begin(); at != copy_at_.end();) {
    if (clock_.Now() < at->second) {
      ++at;
      continue;
    }
    const Status copied = ReplaceContent(root_ / at->first, records_ / at->first / "making");
    std::error_code error;
    if (copied)
      fs::rename(records_ / at->first / "making", records_ / at->first / "copy", error);
    else
      Log(LogLevel::kWarning, "copy of {}: {}", at->first, copied.error().message);
    at = copy_at_.erase(at);
  }
}

void VolumeLives::End(const std::string& pod_uid) {
  std::unique_lock lock(mutex_);
  const bool ended = mounted_.erase(pod_uid) > 0;
  const auto changed = changed_;
  lock.unlock();
  if (ended) changed();
}

std::map<std::string, fs::path> VolumeLives::Mounted() const {
  const std::scoped_lock lock(mutex_);
  std::map<std::string, fs::path> all;
  for (const auto& [uid, volumes] : mounted_)
    for (const auto& [volume, use] : volumes)
      all.emplace(volume, use.path);
  return all;
}

std::vector<std::string> VolumeLives::InUse() const {
  const std::scoped_lock lock(mutex_);
  std::set<std::string> names;
  for (const auto& [uid, volumes] : mounted_)
    for (const auto& [volume, use] : volumes)
      if (!use.in_use_as.empty()) names.insert(use.in_use_as);
  return {names.begin(), names.end()};
}

void VolumeLives::OnChange(std::function<void()> changed) {
  const std::scoped_lock lock(mutex_);
  changed_ = std::move(changed);
}

}  // namespace holdfast::sandbox::node
