// The two descendants that share a protocol and differ in the words for replication.
#ifndef HOLDFAST_WORKLOADS_MYSQL_FLAVOR_H_
#define HOLDFAST_WORKLOADS_MYSQL_FLAVOR_H_

#include <optional>
#include <string>
#include <string_view>

#include "harness/base/result.h"

namespace holdfast::workloads::mysql {

enum class Flavor { kMySql, kMariaDb };

// The configuration of the source or a replica, with `semi_sync` as the parameter says.
std::string ServerConfig(Flavor flavor, bool primary, bool semi_sync);

// An expression for the position that a server has reached: what it executed, its own commits
// included.
const char* PositionExpression(Flavor flavor);

// Whether a MariaDB position ("0-1-100,1-1-5": domain-server-sequence) has reached another: every
// domain of `wanted` is there with at least its sequence. nullopt when either cannot be read.
std::optional<bool> MariaDbReached(std::string_view position, std::string_view wanted);

}  // namespace holdfast::workloads::mysql

#endif  // HOLDFAST_WORKLOADS_MYSQL_FLAVOR_H_
