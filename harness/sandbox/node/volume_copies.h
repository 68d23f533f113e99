// Copies of volumes, for the defects that put an old state back: a real loss, without touching a
// database's own files by hand.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_VOLUME_COPIES_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_VOLUME_COPIES_H_

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <thread>

#include "harness/base/clock.h"
#include "harness/base/result.h"

namespace holdfast::sandbox::node {

// `to` (made if missing) gets exactly the content of `from`: owners, modes, times and links too.
// Files that change meanwhile are copied as they are found.
Status ReplaceContent(const std::filesystem::path& from, const std::filesystem::path& to);

// For each volume with copies below `copies` (<volume>/<monotonic nanoseconds at the copy's
// begin>): its directory below `volumes` gets the content of the newest copy that was begun at
// least a second before `now`; then all copies are removed. A volume without one is left alone.
Status PutOldCopiesBack(const std::filesystem::path& copies,
                        const std::filesystem::path& volumes,
                        Nanos now);

// Copies every mounted volume each half second, until destroyed; a few of the last are kept.
class PeriodicCopies {
 public:
  // `mounted` gives the directories by volume name; called from the thread of this object.
  PeriodicCopies(std::filesystem::path copies,
                 Clock& clock,
                 std::function<std::map<std::string, std::filesystem::path>()> mounted);

 private:
  void Run(const std::stop_token& stop);

  std::filesystem::path copies_;
  Clock& clock_;
  std::function<std::map<std::string, std::filesystem::path>()> mounted_;
  std::jthread thread_;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_VOLUME_COPIES_H_
