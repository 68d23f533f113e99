// The sandbox's DNS answers as a pure function over bytes (RFC 1035, EDNS of RFC 6891, SRV of
// RFC 2782).
#ifndef HOLDFAST_HARNESS_SANDBOX_WORLD_DNS_MESSAGE_H_
#define HOLDFAST_HARNESS_SANDBOX_WORLD_DNS_MESSAGE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::sandbox {

using Ipv4 = std::array<uint8_t, 4>;
std::optional<Ipv4> ParseIpv4(std::string_view text);

struct SrvRecord {
  uint16_t port = 0;
  std::string target;  // A whole name without the last dot.
};

// All that a name has; a name may exist with no records at all.
struct NameRecords {
  std::vector<Ipv4> a;
  std::vector<SrvRecord> srv;
  std::vector<std::string> ptr;
};

// What the server knows.
class Zone {
 public:
  Zone() = default;
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;
  virtual ~Zone() = default;
  // `labels` in lower case, leftmost first. nullopt: no such name (NXDOMAIN).
  [[nodiscard]] virtual std::optional<NameRecords> Find(
      const std::vector<std::string>& labels) const = 0;
};

// The answer to `query`, or an empty text when there is nothing to answer to (shorter than a
// header, or itself an answer). Never reads outside `query`, whatever it holds. Answers longer than
// `limit` bytes (or what the query's EDNS record allows, when that is more) are cut and marked.
std::string AnswerDns(std::string_view query, const Zone& zone, size_t limit = 512);

inline constexpr uint32_t kDnsTtlSeconds = 5;

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_WORLD_DNS_MESSAGE_H_
