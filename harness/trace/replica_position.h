// How far a replica is: Postgres' LSN as a number, MySQL's and MariaDB's global transaction ids as
// sets.
#ifndef HOLDFAST_HARNESS_TRACE_REPLICA_POSITION_H_
#define HOLDFAST_HARNESS_TRACE_REPLICA_POSITION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness/base/json.h"

namespace holdfast::trace {

// "16/B374D848" as one number.
std::optional<uint64_t> ParseLsn(std::string_view text);

// MySQL: "UUID:1-5:7, UUID:TAG:1-3" (tags since 8.3), a set of transactions. MariaDB: "0-100-407", a
// place in each domain, which stands for everything of the domain up to it.
class GtidSet {
 public:
  // nullopt for what is neither. The empty text is the empty set.
  static std::optional<GtidSet> Parse(std::string_view text);
  // The first transaction of `other` that is missing here, as the system would name it.
  [[nodiscard]] std::optional<std::string> Missing(const GtidSet& other) const;
  // A transaction of `primary` that is missing here although a later one of the same source is here.
  [[nodiscard]] std::optional<std::string> Gap(const GtidSet& primary) const;
  [[nodiscard]] bool empty() const { return sources_.empty(); }

 private:
  struct Source {
    std::vector<std::pair<int64_t, int64_t>> intervals;  // Ascending, apart, both ends in it.
    int64_t server = -1;  // MariaDB: who wrote the newest one.
    [[nodiscard]] bool Holds(int64_t number) const;
    // The first number of `other` that is not here, and not above `most`.
    [[nodiscard]] std::optional<int64_t> FirstMissing(const Source& other, int64_t most) const;
  };
  [[nodiscard]] std::string Name(const std::string& source, const Source& entry, int64_t number) const;

  std::map<std::string, Source> sources_;  // By UUID and tag, or by domain.
  bool places_ = false;                    // MariaDB's form.
};

// A position as a record holds it. `pos` is {"lsn":...} or {"gtid":...}.
struct ReplicaPosition {
  std::optional<uint64_t> lsn;
  std::optional<GtidSet> gtids;
  // Neither: nothing is known.
  [[nodiscard]] bool known() const { return lsn.has_value() || gtids.has_value(); }
};
ReplicaPosition ReadPosition(const Json& pos);

// Whether everything of `wanted` is in `have`; nullopt when they cannot be compared.
std::optional<bool> Reached(const ReplicaPosition& have, const ReplicaPosition& wanted);

}  // namespace holdfast::trace

#endif  // HOLDFAST_HARNESS_TRACE_REPLICA_POSITION_H_
