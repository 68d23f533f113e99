// Which ids exist inside the world's user namespace.
#ifndef HOLDFAST_HARNESS_SANDBOX_WORLD_ID_MAP_H_
#define HOLDFAST_HARNESS_SANDBOX_WORLD_ID_MAP_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "harness/base/result.h"

namespace holdfast::sandbox {

enum class IdMap {
  kHost,    // No user namespace: root and all ids are the host's.
  kFull,    // The caller is 0, and subordinate ids follow from 1.
  kSingle,  // The caller is 0, and nobody else exists.
};

struct IdRange {
  uid_t first = 0;
  uid_t count = 0;
};
// The first range of at least `needed` ids that subuid(5) text gives to the user.
std::optional<IdRange> FindSubordinateIds(std::string_view text,
                                          const std::string& user,
                                          uid_t uid,
                                          uid_t needed);

// The best map that the caller can make; asks the system's files and programs, changes nothing.
IdMap ChooseIdMap();
// Gives the map to process `pid`, which is in a new user namespace (unless kHost: nothing to do).
Status WriteIdMap(pid_t pid, IdMap map);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_WORLD_ID_MAP_H_
