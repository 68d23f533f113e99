// Which life of its pod a volume is in, and what defects of the volume system do at the beginning
// of a new one. A healthy node only counts.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_VOLUME_LIVES_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_VOLUME_LIVES_H_

#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/result.h"
#include "harness/sandbox/defects/defects.h"

namespace holdfast::sandbox::node {

struct MountedClaim {
  std::string pod;  // Its name.
  std::string pod_uid;
  std::string claim;   // The claim's name.
  std::string volume;  // The volume's name: its directory below the volume root.
  std::string in_use_as{};  // In the node's status.volumesInUse; empty: it is not told there.
};

// Thread-safe. Knows the lives on all nodes by files beside the volume root.
class VolumeLives {
 public:
  // "<volume root>/<volume>" is a volume; records are kept in "<volume root>/../volume-lives".
  VolumeLives(std::filesystem::path volume_root, Clock& clock, Defects defects);

  // The pod is about to use its claim: the directory that it gets, healthy or not. Repeated calls
  // for one pod uid are one life. `volume_of` answers which volume another claim of the namespace
  // is bound to.
  Result<std::filesystem::path> Begin(
      const MountedClaim& claim,
      const std::function<Result<std::string>(const std::string& claim)>& volume_of);
  // To be called now and then: takes the copies that a defect wants.
  void Tick();
  // The pod has let its volumes go.
  void End(const std::string& pod_uid);
  // The directories in use on this node, by the volume's name.
  [[nodiscard]] std::map<std::string, std::filesystem::path> Mounted() const;
  // For the node's status.volumesInUse, sorted.
  [[nodiscard]] std::vector<std::string> InUse() const;
  // `changed` is called, from any thread, when InUse may give something else.
  void OnChange(std::function<void()> changed);

 private:
  struct Life {
    int number = 0;
    std::string pod_uid;
  };
  Result<Life> NextLife(const MountedClaim& claim);
  Status Spoil(const MountedClaim& claim);

  std::filesystem::path root_;
  std::filesystem::path records_;
  Clock& clock_;
  Defects defects_;
  mutable std::mutex mutex_;
  struct Use {
    std::filesystem::path path;
    std::string in_use_as;
  };
  std::map<std::string, std::map<std::string, Use>> mounted_;  // By pod uid and volume.
  std::function<void()> changed_ = [] {};
  std::map<std::string, Nanos> copy_at_;                                         // By volume.
};

// Overwrites 64 bytes in the middle of the largest regular file below `directory` by their
// complements; a directory without files is left alone.
Status CorruptLargestFile(const std::filesystem::path& directory);
// "data-web-0" <-> "data-web-1"; empty for any other ordinal.
std::string SwappedClaim(const std::string& claim);

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_VOLUME_LIVES_H_
