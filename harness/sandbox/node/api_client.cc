// HTTP/1.1 by Boost.Beast's parser and serializer over our TLS stream.
#include "harness/sandbox/node/api_client.h"

#include <sstream>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include "harness/base/files.h"
#include "harness/base/strings.h"

namespace holdfast::sandbox::node {
namespace {

namespace http = boost::beast::http;

constexpr Nanos kConnectTimeout = std::chrono::seconds(5);
constexpr Nanos kAnswerTimeout = std::chrono::seconds(15);
constexpr Nanos kWatchTimeout = std::chrono::hours(24);  // Keep-alive notices a dead peer.

using Parser = http::response_parser<http::string_body>;

// The API's Status object as an error.
Error StatusError(int http_status, const Json& status, const std::string& what) {
  ErrorCode code = ErrorCode::kRefused;
  if (http_status == 404) code = ErrorCode::kNotFound;
  if (http_status == 409) code = ErrorCode::kConflict;
  if (http_status == 400 || http_status == 422) code = ErrorCode::kInvalidArgument;
  if (http_status == 410) code = ErrorCode::kConflict;
  if (http_status >= 500 || http_status == 429) code = ErrorCode::kUnavailable;
  return Error{code,
               fmt::format("{}: HTTP {}: {}", what, http_status,
                           GetString(status, {"message"}, "no message")),
               http_status, GetString(status, {"reason"})};
}

// Feeds bytes until the parser wants more; what it did not take stays in `pending`.
Status Feed(Parser& parser, std::string& pending) {
  while (!pending.empty() && !parser.is_done()) {
    boost::beast::error_code error;
    const size_t taken = parser.put(boost::asio::buffer(pending), error);
    pending.erase(0, taken);
    if (error == http::error::need_more) return {};
    if (error) return Fail(ErrorCode::kUnavailable, "the answer is not HTTP: {}", error.message());
    if (taken == 0) return {};
  }
  return {};
}

}  // namespace

struct ApiClient::Answer {
  int status = 0;
  std::string body;
  bool keep_alive = false;
};

Result<std::unique_ptr<ApiClient>> ApiClient::Create(const std::string& server,
                                                     const std::filesystem::path& ca_file,
                                                     const std::filesystem::path& token_file) {
  constexpr std::string_view kScheme = "https://";
  const size_t colon = server.rfind(':');
  if (!server.starts_with(kScheme) || colon < kScheme.size())
    return Fail(ErrorCode::kInvalidArgument, "API server '{}' must look like https://IP:PORT",
                server);
  std::unique_ptr<ApiClient> client(new ApiClient);
  client->host_ = server.substr(kScheme.size(), colon - kScheme.size());
  client->port_ = static_cast<int>(ParseInt(server.substr(colon + 1)).value_or(0));
  if (client->port_ <= 0 || client->port_ > 65535)
    return Fail(ErrorCode::kInvalidArgument, "API server '{}' has no valid port", server);
  HOLDFAST_ASSIGN(client->trust_, TlsTrust::Load(ca_file));
  HOLDFAST_ASSIGN(const std::string token, ReadFile(token_file));
  client->token_ = Trim(token);
  return client;
}

std::string ApiClient::RequestText(const std::string& method,
                                   const std::string& path,
                                   const char* content_type,
                                   const std::string& body) const {
  http::request<http::string_body> request(http::string_to_verb(method), path, 11);
  request.set(http::field::host, host_);
  request.set(http::field::user_agent, "holdfast-node");
  request.set(http::field::accept, "application/json");
  request.set(http::field::authorization, "Bearer " + token_);
  if (!body.empty()) request.set(http::field::content_type, content_type);
  request.body() = body;
  request.prepare_payload();
  std::ostringstream text;
  text << request;
  return text.str();
}

Result<std::unique_ptr<TlsStream>> ApiClient::Connect(std::stop_token stop) {
  return TlsStream::Connect(trust_, host_, port_, kConnectTimeout, std::move(stop));
}

std::unique_ptr<TlsStream> ApiClient::TakeIdle() {
  const std::scoped_lock lock(mutex_);
  if (idle_.empty()) return nullptr;
  auto stream = std::move(idle_.back());
  idle_.pop_back();
  return stream;
}

void ApiClient::PutIdle(std::unique_ptr<TlsStream> stream) {
  const std::scoped_lock lock(mutex_);
  if (idle_.size() < 16) idle_.push_back(std::move(stream));
}

Result<ApiClient::Answer> ApiClient::Exchange(TlsStream& stream,
                                              const std::string& text,
                                              std::stop_token stop) {
  HOLDFAST_RETURN_IF_ERROR(stream.Write(text, kAnswerTimeout, stop));
  Parser parser;
  parser.eager(true);
  parser.body_limit(boost::none);
  std::string pending;
  while (!parser.is_done()) {
    HOLDFAST_ASSIGN(const std::string bytes, stream.Read(kAnswerTimeout, stop));
    if (bytes.empty()) {
      boost::beast::error_code error;
      parser.put_eof(error);
      if (error || !parser.is_done())
        return Fail(ErrorCode::kUnavailable, "the API server closed the connection");
      break;
    }
    pending += bytes;
    HOLDFAST_RETURN_IF_ERROR(Feed(parser, pending));
  }
  return Answer{static_cast<int>(parser.get().result_int()), std::move(parser.get().body()),
                parser.get().keep_alive()};
}

Result<Json> ApiClient::Request(const std::string& method,
                                const std::string& path,
                                const char* content_type,
                                const Json& body,
                                std::stop_token stop) {
  const std::string text =
      RequestText(method, path, content_type, body.is_null() ? "" : DumpJson(body));
  const std::string what = method + " " + path.substr(0, path.find('?'));
  Result<Answer> answer = Fail(ErrorCode::kUnavailable, "not sent");
  std::unique_ptr<TlsStream> stream = TakeIdle();
  if (stream) answer = Exchange(*stream, text, stop);
  // A kept connection may have been closed by the server meanwhile; all our requests may be
  // repeated.
  if (!answer) {
    auto fresh = Connect(stop);
    if (!fresh) return Fail(fresh.error().In(what));
    stream = *std::move(fresh);
    answer = Exchange(*stream, text, stop);
  }
  if (!answer) return Fail(answer.error().In(what));
  if (answer->keep_alive) PutIdle(std::move(stream));
  const auto json = ParseJson(answer->body);
  if (answer->status < 200 || answer->status > 299)
    return Fail(StatusError(answer->status, json ? *json : Json::object(), what));
  return json;
}

Result<Json> ApiClient::Get(const std::string& path, std::stop_token stop) {
  return Request("GET", path, "application/json", nullptr, std::move(stop));
}
Result<Json> ApiClient::Post(const std::string& path, const Json& body, std::stop_token stop) {
  return Request("POST", path, "application/json", body, std::move(stop));
}
Result<Json> ApiClient::Patch(const std::string& path,
                              const char* content_type,
                              const Json& body,
                              std::stop_token stop) {
  return Request("PATCH", path, content_type, body, std::move(stop));
}
Result<Json> ApiClient::Delete(const std::string& path, const Json& body, std::stop_token stop) {
  return Request("DELETE", path, "application/json", body, std::move(stop));
}

Status ApiClient::Watch(const std::string& path,
                        const std::function<void(const std::string& type, Json object)>& on_event,
                        std::stop_token stop) {
  HOLDFAST_ASSIGN(const auto stream, Connect(stop));
  HOLDFAST_RETURN_IF_ERROR(
      stream->Write(RequestText("GET", path, "application/json", ""), kAnswerTimeout, stop));
  Parser parser;
  parser.eager(true);
  parser.body_limit(boost::none);
  std::string pending;
  std::string lines;
  while (!parser.is_done()) {
    HOLDFAST_ASSIGN(const std::string bytes, stream->Read(kWatchTimeout, stop));
    if (bytes.empty()) break;
    pending += bytes;
    HOLDFAST_RETURN_IF_ERROR(Feed(parser, pending));
    lines += std::exchange(parser.get().body(), {});
    if (!parser.is_header_done()) continue;
    const int status = static_cast<int>(parser.get().result_int());
    if (status != 200) {
      if (!parser.is_done()) continue;
      const auto json = ParseJson(lines);
      return Fail(StatusError(status, json ? *json : Json::object(), "watch"));
    }
    size_t start = 0;
    for (size_t end = 0; (end = lines.find('\n', start)) != std::string::npos; start = end + 1) {
      if (end == start) continue;
      HOLDFAST_ASSIGN(Json event, ParseJson(std::string_view(lines).substr(start, end - start)));
      const std::string type = GetString(event, {"type"});
      Json object = GetObject(event, {"object"});
      if (type == "ERROR")
        return Fail(StatusError(static_cast<int>(GetInt(object, {"code"}, 500)), object, "watch"));
      on_event(type, std::move(object));
    }
    lines.erase(0, start);
  }
  return {};
}

}  // namespace holdfast::sandbox::node
