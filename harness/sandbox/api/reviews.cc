#include "harness/sandbox/api/reviews.h"

#include "harness/base/strings.h"

namespace holdfast::sandbox {

const std::vector<ReviewInfo>& AllReviews() {
  constexpr const char* kAuthentication = "authentication.k8s.io";
  constexpr const char* kAuthorization = "authorization.k8s.io";
  static const std::vector<ReviewInfo> kAll = {
      {"selfsubjectreviews", "SelfSubjectReview", kAuthentication},
      {"tokenreviews", "TokenReview", kAuthentication},
      {"localsubjectaccessreviews", "LocalSubjectAccessReview", kAuthorization, true},
      {"selfsubjectaccessreviews", "SelfSubjectAccessReview", kAuthorization},
      {"selfsubjectrulesreviews", "SelfSubjectRulesReview", kAuthorization},
      {"subjectaccessreviews", "SubjectAccessReview", kAuthorization},
  };
  return kAll;
}

const ReviewInfo* FindReview(std::string_view path) {
  const std::vector<std::string> parts = Split(path, '/');
  if (parts.size() < 5 || parts[1] != "apis" || parts[3] != "v1") return nullptr;
  const bool in_namespace = parts.size() == 7 && parts[4] == "namespaces";
  if (parts.size() != 5 && !in_namespace) return nullptr;
  for (const ReviewInfo& review : AllReviews())
    if (review.group == parts[2] && review.plural == parts.back() &&
        review.namespaced == in_namespace)
      return &review;
  return nullptr;
}

Json AnswerReview(const ReviewInfo& review,
                  Json body,
                  const Identity& sender,
                  const std::function<std::optional<Identity>(const std::string& token)>& find) {
  if (!body.is_object()) body = Json::object();
  body["kind"] = review.kind;
  body["apiVersion"] = review.group + "/v1";
  if (!body.contains("metadata")) body["metadata"] = Json::object();
  if (!body.contains("spec")) body["spec"] = Json::object();
  if (review.kind == "SelfSubjectReview") {
    body.erase("spec");
    body["status"] = {{"userInfo", UserInfo(sender)}};
  } else if (review.kind == "TokenReview") {
    const auto found = find(GetString(body, {"spec", "token"}));
    body["status"] = {{"user", found ? UserInfo(*found) : Json::object()}};
    if (found) {
      body["status"]["authenticated"] = true;
      if (const Json* audiences = FindPath(body, {"spec", "audiences"}))
        body["status"]["audiences"] = *audiences;
    } else {
      body["status"]["error"] = "[invalid bearer token, token lookup failed]";
    }
  } else if (review.kind == "SelfSubjectRulesReview") {
    const Json any = Json::array({"*"});
    body["status"] = {
        {"resourceRules", Json::array({{{"verbs", any}, {"apiGroups", any}, {"resources", any}}})},
        {"nonResourceRules", Json::array({{{"verbs", any}, {"nonResourceURLs", any}}})},
        {"incomplete", false}};
  } else {
    body["status"] = {{"allowed", true}};
  }
  return body;
}

}  // namespace holdfast::sandbox
