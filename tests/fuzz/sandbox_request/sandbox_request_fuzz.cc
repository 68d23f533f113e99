// Any request to the sandbox's API, without sockets: "METHOD TARGET", header lines, an empty line,
// the body. Whatever comes, the answer is well formed and the store stays sound.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "harness/base/strings.h"
#include "harness/sandbox/api/handler.h"

namespace holdfast::sandbox {
namespace {

constexpr const char* kToken = "token";

// Takes what is written; the client is gone at once.
class ShortStream : public ResponseStream {
 public:
  bool Begin(int status, std::string_view) override {
    status_ = status;
    return true;
  }
  bool Write(std::string_view) override { return false; }
  bool Gone() override { return true; }
  [[nodiscard]] int status() const { return status_; }

 private:
  int status_ = 0;
};

HttpRequest RequestFrom(std::string_view input) {
  HttpRequest request;
  request.authorization = std::string("Bearer ") + kToken;
  const auto line = [&input] {
    const size_t end = std::min(input.find('\n'), input.size());
    const std::string_view taken = input.substr(0, end);
    input.remove_prefix(std::min(input.size(), end + 1));
    return taken;
  };
  const std::string_view first = line();
  const size_t blank = std::min(first.find(' '), first.size());
  request.method = first.substr(0, blank);
  const std::string_view target = first.substr(std::min(first.size(), blank + 1));
  const size_t question = std::min(target.find('?'), target.size());
  request.path = PercentDecode(target.substr(0, question), false);
  request.query = ParseQuery(target.substr(std::min(target.size(), question + 1)));
  while (!input.empty()) {
    const std::string_view header = line();
    if (header.empty()) break;
    const size_t colon = std::min(header.find(':'), header.size());
    const std::string_view value = Trim(header.substr(std::min(header.size(), colon + 1)));
    if (header.substr(0, colon) == "accept") request.accept = value;
    if (header.substr(0, colon) == "content-type") request.content_type = value;
  }
  request.body = input;
  return request;
}

void Require(bool holds, const char* what, const HttpRequest& request) {
  if (holds) return;
  std::fprintf(stderr, "%s: %s %s\n", what, request.method.c_str(), request.path.c_str());
  std::abort();
}

void Populate(Registry& registry) {
  (void)registry.Create("namespaces", "", {{"metadata", {{"name", "default"}}}});
  (void)registry.Create(
      "pods", "default",
      {{"metadata", {{"name", "p"}, {"labels", {{"app", "web"}}}}},
       {"spec", {{"nodeName", "n1"}, {"containers", {{{"name", "c"}, {"image", "i:1"}}}}}}});
  (void)registry.Create("configmaps", "default",
                        {{"metadata", {{"name", "c"}}}, {"data", {{"k", "v"}}}});
  (void)registry.Create("statefulsets", "default",
                        {{"metadata", {{"name", "web"}}},
                         {"spec",
                          {{"serviceName", "web"},
                           {"selector", {{"matchLabels", {{"app", "web"}}}}},
                           {"template",
                            {{"metadata", {{"labels", {{"app", "web"}}}}},
                             {"spec", {{"containers", {{{"name", "c"}, {"image", "i:1"}}}}}}}}}}});
  (void)registry.Create("serviceaccounts", "default", {{"metadata", {{"name", "default"}}}});
}

void CheckStore(const Store& store, const HttpRequest& request) {
  for (const ResourceInfo& info : AllResources()) {
    for (const ObjectPtr& object : store.List(info.plural, "")) {
      const auto parsed = ParseJson(object->text);
      Require(parsed.has_value(), "a stored object is not JSON", request);
      Require(!GetString(*parsed, {"metadata", "uid"}).empty(), "a stored object has no uid",
              request);
      Require(
          GetString(*parsed, {"metadata", "resourceVersion"}) == std::to_string(object->version),
          "a stored object has another version", request);
    }
  }
}

}  // namespace

void FuzzOne(std::string_view input) {
  FakeClock clock;
  Store store(clock);
  Registry registry(store, clock);
  Populate(registry);
  ApiHandler handler(registry, kToken,
                     [](const std::string&, const std::string&, int) -> Result<FileDescriptor> {
                       return Fail(ErrorCode::kUnavailable, "there is no node here");
                     });
  handler.Stop();  // Watches end at once.
  const HttpRequest request = RequestFrom(input);
  if (ApiHandler::MannerOf(request) == ApiHandler::Manner::kWhole) {
    const HttpResponse response = handler.Answer(request);
    Require(response.status >= 200 && response.status < 600, "a status that is none", request);
    if (response.status >= 400) {
      const auto body = ParseJson(response.body);
      Require(body.has_value() && GetString(*body, {"kind"}) == "Status" &&
                  GetInt(*body, {"code"}) == response.status,
              "an error without a Status", request);
      Require(response.status != 500 || GetString(*body, {"reason"}) != "InternalError",
              "an internal error", request);
    }
  } else if (ApiHandler::MannerOf(request) == ApiHandler::Manner::kStream) {
    ShortStream stream;
    handler.AnswerStream(request, stream);
    Require(stream.status() >= 200 && stream.status() < 600, "a stream without a status", request);
  }
  CheckStore(store, request);
}

}  // namespace holdfast::sandbox

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  holdfast::sandbox::FuzzOne({reinterpret_cast<const char*>(data), size});
  return 0;
}
