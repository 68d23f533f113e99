#include "harness/sandbox/api/http_message.h"

#include "harness/base/strings.h"
#include "harness/sandbox/api/api_errors.h"

namespace holdfast::sandbox {
namespace {
int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
}  // namespace

std::string HttpRequest::Query(std::string_view name, std::string_view fallback) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::string(fallback);
}
std::vector<std::string> HttpRequest::QueryAll(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : query)
    if (key == name) values.push_back(value);
  return values;
}
bool HttpRequest::QueryFlag(std::string_view name, bool fallback) const {
  const std::string value = Query(name);
  if (value.empty()) return fallback;
  return value == "true" || value == "1" || value == "True";
}

std::string PercentDecode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i] == '+' && plus_is_space ? ' ' : text[i];
    }
  }
  return out;
}

std::vector<std::pair<std::string, std::string>> ParseQuery(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> query;
  for (const std::string& part : Split(text, '&')) {
    if (part.empty()) continue;
    const size_t equals = part.find('=');
    const std::string_view view(part);
    query.emplace_back(
        PercentDecode(view.substr(0, equals), true),
        equals == std::string::npos ? "" : PercentDecode(view.substr(equals + 1), true));
  }
  return query;
}

HttpResponse JsonResponse(int status, const Json& body) {
  return {status, "application/json", DumpJson(body) + "\n"};
}
HttpResponse ErrorResponse(const Error& error, const ResourceInfo* info, std::string_view name) {
  const int status = error.http_status == 0 ? 500 : error.http_status;
  return JsonResponse(status, StatusBody(error, info, name));
}

}  // namespace holdfast::sandbox
