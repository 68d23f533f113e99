#include "harness/sandbox/api/health.h"

#include <array>
#include <string>

#include "harness/base/strings.h"

namespace holdfast::sandbox {

std::optional<HttpResponse> AnswerHealth(const HttpRequest& request) {
  static constexpr std::array<const char*, 3> kChecks{"ping", "log", "etcd"};
  const std::vector<std::string> parts = Split(request.path, '/');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  const std::string& endpoint = parts[1];
  if (endpoint != "livez" && endpoint != "readyz" && endpoint != "healthz") return std::nullopt;
  HttpResponse response{200, "text/plain; charset=utf-8", "ok"};
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  if (parts.size() == 3) {
    for (const char* check : kChecks)
      if (parts[2] == check) return response;
    return std::nullopt;
  }
  bool verbose = false;
  for (const auto& [key, value] : request.query)
    verbose = verbose || key == "verbose";
  if (!verbose) return response;
  response.body.clear();
  const std::vector<std::string> excluded = request.QueryAll("exclude");
  for (const char* check : kChecks) {
    bool left_out = false;
    for (const std::string& name : excluded)
      left_out = left_out || name == check;
    response.body += fmt::format("[+]{} {}\n", check, left_out ? "excluded: ok" : "ok");
  }
  response.body += endpoint + " check passed\n";
  return response;
}

}  // namespace holdfast::sandbox
