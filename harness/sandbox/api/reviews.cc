#include "harness/sandbox/api/reviews.h"

#include "harness/base/strings.h"
#include "harness/sandbox/api/rbac.h"

namespace holdfast::sandbox {

const std::vector<ReviewInfo>& AllReviews() {
  constexpr const char* kAuthentication = "authentication.k8s.io";
  constexpr const char* kAuthorization = "authorization.k8s.io";
  static const std::vector<ReviewInfo> kAll = {
      {"selfsubjectreviews", "SelfSubjectReview", kAuthentication, true},
      {"tokenreviews", "TokenReview", kAuthentication},
      {"localsubjectaccessreviews", "LocalSubjectAccessReview", kAuthorization, false, true},
      {"selfsubjectaccessreviews", "SelfSubjectAccessReview", kAuthorization, true},
      {"selfsubjectrulesreviews", "SelfSubjectRulesReview", kAuthorization, true},
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

namespace {

// Whom a SubjectAccessReview asks about.
Identity SubjectOf(const Json& review) {
  return {.user = GetString(review, {"spec", "user"}),
          .uid = GetString(review, {"spec", "uid"}),
          .groups = GetArray(review, {"spec", "groups"})};
}

}  // namespace

Json AnswerReview(const ReviewInfo& review,
                  Json body,
                  const Identity& sender,
                  const std::function<std::optional<Identity>(const std::string& token)>& find,
                  const Store& store) {
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
    Json rules = RulesFor(store, sender, GetString(body, {"spec", "namespace"}));
    if (MayDoEverything(sender))
      rules.push_back({{"verbs", any}, {"apiGroups", any}, {"resources", any}});
    body["status"] = {
        {"resourceRules", std::move(rules)},
        {"nonResourceRules", Json::array({{{"verbs", any}, {"nonResourceURLs", any}}})},
        {"incomplete", false}};
  } else {
    const Identity asked = review.of_oneself ? sender : SubjectOf(body);
    const Json& wanted = GetObject(body, {"spec", "resourceAttributes"});
    body["status"] = {{"allowed", wanted.empty() || Allows(store, asked, AttributesOf(wanted))}};
  }
  return body;
}

}  // namespace holdfast::sandbox
