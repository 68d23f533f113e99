#include "harness/sandbox/api/service_tokens.h"

#include <array>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "harness/base/random.h"
#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/sandbox/api/api_errors.h"

namespace holdfast::sandbox {
namespace {

constexpr const char* kIssuer = "https://kubernetes.default.svc.cluster.local";
constexpr int64_t kShortest = 600;
constexpr int64_t kLongest = int64_t{1} << 32;

std::string UrlEncode(std::string_view bytes) {
  std::string text = ReplaceAll(ReplaceAll(Base64Encode(bytes), "+", "-"), "/", "_");
  while (!text.empty() && text.back() == '=')
    text.pop_back();
  return text;
}

Result<std::string> UrlDecode(std::string_view text) {
  std::string padded = ReplaceAll(ReplaceAll(std::string(text), "-", "+"), "_", "/");
  while (padded.size() % 4 != 0)
    padded += '=';
  return Base64Decode(padded);
}

int64_t Seconds(Nanos at) { return std::chrono::duration_cast<std::chrono::seconds>(at).count(); }

}  // namespace

Json UserInfo(const Identity& identity) {
  Json info = {{"username", identity.user}, {"groups", identity.groups}};
  if (!identity.uid.empty()) info["uid"] = identity.uid;
  return info;
}

std::string ServiceTokens::Signature(std::string_view text) const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned size = 0;
  ::HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), bytes.data(), &size);
  return UrlEncode({reinterpret_cast<const char*>(bytes.data()), size});
}

Result<Json> ServiceTokens::Answer(Json request, const Json& account, Nanos now) const {
  const std::string ns = GetString(account, {"metadata", "namespace"});
  const std::string name = GetString(account, {"metadata", "name"});
  const int64_t seconds = GetInt(request, {"spec", "expirationSeconds"}, 3600);
  if (seconds < kShortest || seconds > kLongest) {
    const ResourceInfo kind{.plural = "tokenrequests",
                            .singular = "tokenrequest",
                            .kind = "TokenRequest",
                            .group = "authentication.k8s.io"};
    const char* why = seconds < kShortest ? "may not specify a duration less than 10 minutes"
                                          : "may not specify a duration larger than 2^32 seconds";
    return Fail(Invalid(kind, "",
                        {{FieldError::Type::kInvalid, "spec.expirationSeconds",
                          fmt::format("{}: {}", seconds, why)}}));
  }
  Json audiences = GetArray(request, {"spec", "audiences"});
  if (audiences.empty()) audiences = Json::array({kIssuer});
  Json about = {
      {"namespace", ns},
      {"serviceaccount", {{"name", name}, {"uid", GetString(account, {"metadata", "uid"})}}}};
  if (const Json& bound = GetObject(request, {"spec", "boundObjectRef"}); !bound.empty()) {
    std::string kind = GetString(bound, {"kind"});
    for (char& c : kind)
      c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    about[kind] = {{"name", GetString(bound, {"name"})}, {"uid", GetString(bound, {"uid"})}};
  }
  const Json claims = {
      {"iss", kIssuer},         {"sub", fmt::format("system:serviceaccount:{}:{}", ns, name)},
      {"aud", audiences},       {"iat", Seconds(now)},
      {"nbf", Seconds(now)},    {"exp", Seconds(now) + seconds},
      {"jti", RandomToken(20)}, {"kubernetes.io", std::move(about)}};
  const std::string text =
      UrlEncode(R"({"alg":"HS256","typ":"JWT"})") + "." + UrlEncode(DumpJson(claims));
  request["kind"] = "TokenRequest";
  request["apiVersion"] = "authentication.k8s.io/v1";
  request["metadata"] = {
      {"name", name}, {"namespace", ns}, {"creationTimestamp", FormatRfc3339(now)}};
  request["spec"]["audiences"] = std::move(audiences);
  request["spec"]["expirationSeconds"] = seconds;
  request["status"] = {{"token", text + "." + Signature(text)},
                       {"expirationTimestamp", FormatRfc3339(now + std::chrono::seconds(seconds))}};
  return request;
}

std::optional<Identity> ServiceTokens::Verify(std::string_view token, Nanos now) const {
  const size_t dot = token.rfind('.');
  const size_t first = token.find('.');
  if (dot == std::string_view::npos || first == dot) return std::nullopt;
  const std::string wanted = Signature(token.substr(0, dot));
  const std::string_view given = token.substr(dot + 1);
  if (given.size() != wanted.size() ||
      CRYPTO_memcmp(given.data(), wanted.data(), wanted.size()) != 0)
    return std::nullopt;
  const auto payload = UrlDecode(token.substr(first + 1, dot - first - 1));
  const auto claims = payload ? ParseJson(*payload) : Result<Json>(Json());
  if (!claims || GetInt(*claims, {"exp"}) <= Seconds(now)) return std::nullopt;
  const std::string ns = GetString(*claims, {"kubernetes.io", "namespace"});
  return Identity{GetString(*claims, {"sub"}),
                  GetString(*claims, {"kubernetes.io", "serviceaccount", "uid"}),
                  Json::array({"system:serviceaccounts", "system:serviceaccounts:" + ns,
                               "system:authenticated"})};
}

}  // namespace holdfast::sandbox
