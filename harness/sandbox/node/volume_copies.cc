#include "harness/sandbox/node/volume_copies.h"

#include <algorithm>
#include <vector>

#include "harness/base/files.h"
#include "harness/base/log.h"
#include "harness/base/process.h"
#include "harness/base/strings.h"

namespace holdfast::sandbox::node {
namespace fs = std::filesystem;
namespace {

constexpr Nanos kPeriod = std::chrono::milliseconds(500);
constexpr Nanos kOld = std::chrono::seconds(1);
constexpr size_t kKept = 4;
constexpr const char* kMaking = ".making";

// The whole copies of one volume, oldest first.
std::vector<int64_t> CopiesIn(const fs::path& directory) {
  std::vector<int64_t> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error))
    if (const auto begun = ParseInt(entry.path().filename().string())) found.push_back(*begun);
  std::ranges::sort(found);
  return found;
}

Status CopyOnce(const fs::path& volume, const fs::path& directory, Nanos now) {
  HOLDFAST_RETURN_IF_ERROR(RemoveTree(directory / kMaking));
  HOLDFAST_RETURN_IF_ERROR(ReplaceContent(volume, directory / kMaking));
  std::error_code error;
  fs::rename(directory / kMaking, directory / std::to_string(now.count()), error);
  std::vector<int64_t> all = CopiesIn(directory);
  for (size_t i = 0; i + kKept < all.size(); ++i)
    HOLDFAST_RETURN_IF_ERROR(RemoveTree(directory / std::to_string(all[i])));
  return {};
}

}  // namespace

Status ReplaceContent(const fs::path& from, const fs::path& to) {
  HOLDFAST_RETURN_IF_ERROR(MakeDirectories(to));
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(to, error))
    HOLDFAST_RETURN_IF_ERROR(RemoveTree(entry.path()));
  ProcessOptions copy;
  copy.argv = {"cp", "-a", (from / ".").string(), to.string()};
  copy.timeout = std::chrono::seconds(60);
  HOLDFAST_ASSIGN(const ProcessResult result, RunProcess(copy));
  // A file that its owner removed in between is no failure of the copy.
  if (result.exit_code != 0 && result.err.find("No such file") == std::string::npos)
    return Fail(ErrorCode::kUnavailable, "cannot copy {}: {}", from.string(), Trim(result.err));
  return {};
}

Status PutOldCopiesBack(const fs::path& copies, const fs::path& volumes, Nanos now) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(copies, error)) {
    const std::vector<int64_t> all = CopiesIn(entry.path());
    const auto newer = std::ranges::upper_bound(all, (now - kOld).count());
    if (newer != all.begin())
      HOLDFAST_RETURN_IF_ERROR(ReplaceContent(entry.path() / std::to_string(*(newer - 1)),
                                              volumes / entry.path().filename()));
    HOLDFAST_RETURN_IF_ERROR(RemoveTree(entry.path()));
  }
  return {};
}

PeriodicCopies::PeriodicCopies(fs::path copies,
                               Clock& clock,
                               std::function<std::map<std::string, fs::path>()> mounted)
    : copies_(std::move(copies)),
      clock_(clock),
      mounted_(std::move(mounted)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void PeriodicCopies::Run(const std::stop_token& stop) {
  while (clock_.SleepFor(kPeriod, stop)) {
    const auto mounted = mounted_();
    for (const auto& [name, path] : mounted) {
      const Status copied = CopyOnce(path, copies_ / name, clock_.Now());
      if (!copied) Log(LogLevel::kWarning, "copy of {}: {}", name, copied.error().message);
    }
    // What is mounted no more belongs to others now.
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(copies_, error))
      if (!mounted.contains(entry.path().filename().string()))
        static_cast<void>(RemoveTree(entry.path()));
  }
}

}  // namespace holdfast::sandbox::node
