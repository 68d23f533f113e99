// The review APIs: who am I, whose token is this, may I.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_REVIEWS_H_
#define HOLDFAST_HARNESS_SANDBOX_API_REVIEWS_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"
#include "harness/sandbox/api/service_tokens.h"
#include "harness/sandbox/store/store.h"

namespace holdfast::sandbox {

// A kind that can only be created, and is answered but not stored.
struct ReviewInfo {
  std::string plural;
  std::string kind;
  std::string group;
  bool of_oneself = false;  // Anybody may ask.
  bool namespaced = false;
};
const std::vector<ReviewInfo>& AllReviews();
// The review that a path such as /apis/authorization.k8s.io/v1/selfsubjectaccessreviews creates.
const ReviewInfo* FindReview(std::string_view path);

// `body` with its status filled. `sender` is who asks; `find` looks a token up; roles are in
// `store`.
Json AnswerReview(const ReviewInfo& review,
                  Json body,
                  const Identity& sender,
                  const std::function<std::optional<Identity>(const std::string& token)>& find,
                  const Store& store);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_REVIEWS_H_
