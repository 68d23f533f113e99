// Tokens of service accounts: signed (HS256) JSON web tokens that nothing has to remember.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_SERVICE_TOKENS_H_
#define HOLDFAST_HARNESS_SANDBOX_API_SERVICE_TOKENS_H_

#include <optional>
#include <string>
#include <string_view>

#include "harness/base/clock.h"
#include "harness/base/json.h"
#include "harness/base/result.h"

namespace holdfast::sandbox {

// Who sent a request.
struct Identity {
  std::string user;
  std::string uid;
  Json groups = Json::array();
};
Json UserInfo(const Identity& identity);

// Thread-safe.
class ServiceTokens {
 public:
  explicit ServiceTokens(std::string key) : key_(std::move(key)) {}
  // Fills the status of an authentication.k8s.io/v1 TokenRequest for `account`, a stored
  // ServiceAccount. 422 for a period that is too short or too long.
  [[nodiscard]] Result<Json> Answer(Json request, const Json& account, Nanos now) const;
  // nullopt when the token is not ours, was altered or is over.
  [[nodiscard]] std::optional<Identity> Verify(std::string_view token, Nanos now) const;

 private:
  [[nodiscard]] std::string Signature(std::string_view text) const;
  std::string key_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_SERVICE_TOKENS_H_
