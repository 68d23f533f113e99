#include "workloads/http.h"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <mutex>

#include <curl/curl.h>
#include <fmt/format.h>

#include "workloads/call_error.h"

namespace holdfast::workloads {
namespace {

constexpr size_t kLargestAnswer = 256U << 20U;

// libcurl wants to be initialised once, before threads use it.
void InitialiseOnce() {
  static const CURLcode done = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  static_cast<void>(done);
}

size_t Collect(char* data, size_t size, size_t count, void* into) {
  auto& body = *static_cast<std::string*>(into);
  if (body.size() + size * count > kLargestAnswer) return 0;
  body.append(data, size * count);
  return size * count;
}

std::string ConnectClass(CURLcode code, long os_error) {
  if (code == CURLE_OPERATION_TIMEDOUT || os_error == ETIMEDOUT) return "connect-timeout";
  if (os_error == ECONNREFUSED) return "connection-refused";
  if (code == CURLE_COULDNT_RESOLVE_HOST || os_error == EHOSTUNREACH || os_error == ENETUNREACH)
    return "unreachable";
  return "connect-failed";
}

}  // namespace

// The socket is ours to see: to know whether anything could be sent, and to end a blocked call.
class HttpClient::Handle {
 public:
  Handle(const std::string& host, int port, Nanos connect_timeout)
      : base_(fmt::format("http://{}:{}", host, port)) {
    InitialiseOnce();
    curl_ = ::curl_easy_init();
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(connect_timeout).count();
    Set(CURLOPT_NOSIGNAL, 1L);
    Set(CURLOPT_NOPROXY, "*");
    Set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    Set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::max<int64_t>(milliseconds, 1)));
    Set(CURLOPT_TCP_NODELAY, 1L);
    Set(CURLOPT_MAXCONNECTS, 1L);
    Set(CURLOPT_WRITEFUNCTION, &Collect);
    Set(CURLOPT_ERRORBUFFER, &error_[0]);
    Set(CURLOPT_OPENSOCKETFUNCTION, &Handle::Open);
    Set(CURLOPT_OPENSOCKETDATA, this);
    Set(CURLOPT_CLOSESOCKETFUNCTION, &Handle::Close);
    Set(CURLOPT_CLOSESOCKETDATA, this);
  }

  ~Handle() {
    // Closes the socket through Close.
    ::curl_easy_cleanup(curl_);
    ::curl_slist_free_all(headers_);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  HttpAnswer Send(const HttpRequest& request) {
    HttpAnswer answer;
    if (interrupted_) {
      answer.end = HttpAnswer::End::kNotSent;
      answer.error_class = "connection-closed";
      answer.error = "the connection was given up before anything was sent";
      return answer;
    }
    const bool reused = socket_ >= 0 && !ClosedByPeer(socket_);
    Set(CURLOPT_FRESH_CONNECT, reused ? 0L : 1L);
    may_open_ = !reused;
    connected_before_ = reused;
    Set(CURLOPT_URL, (base_ + request.path).c_str());
    SetBody(request);
    Set(CURLOPT_WRITEDATA, &answer.body);
    error_[0] = '\0';
    const CURLcode code = ::curl_easy_perform(curl_);
    Conclude(code, answer);
    return answer;
  }

  void Interrupt() {
    interrupted_ = true;
    const std::lock_guard lock(mutex_);
    if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
  }

 private:
  template <typename Value>
  void Set(CURLoption option, Value value) {
    ::curl_easy_setopt(curl_, option, value);
  }

  void SetBody(const HttpRequest& request) {
    if (!request.post) {
      Set(CURLOPT_HTTPGET, 1L);
      Set(CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
      return;
    }
    Set(CURLOPT_POST, 1L);
    Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    Set(CURLOPT_POSTFIELDS, request.body.c_str());
    if (request.content_type != content_type_) {
      ::curl_slist_free_all(std::exchange(headers_, nullptr));
      headers_ =
          ::curl_slist_append(headers_, ("Content-Type: " + request.content_type).c_str());
      // Without it libcurl waits a second for the permission to send a larger body.
      headers_ = ::curl_slist_append(headers_, "Expect:");
      content_type_ = request.content_type;
    }
    Set(CURLOPT_HTTPHEADER, headers_);
  }

  void Conclude(CURLcode code, HttpAnswer& answer) {
    if (code == CURLE_OK) {
      answer.end = HttpAnswer::End::kAnswered;
      ::curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &answer.status);
      return;
    }
    answer.error = error_[0] != '\0' ? &error_[0] : ::curl_easy_strerror(code);
    curl_off_t connected = 0;
    ::curl_easy_getinfo(curl_, CURLINFO_CONNECT_TIME_T, &connected);
    if (!connected_before_ && connected == 0) {
      long os_error = 0;
      ::curl_easy_getinfo(curl_, CURLINFO_OS_ERRNO, &os_error);
      answer.end = HttpAnswer::End::kNotSent;
      answer.error_class = ConnectClass(code, os_error);
    } else if (interrupted_) {
      answer.end = HttpAnswer::End::kInterrupted;
      answer.error_class = "deadline";
      answer.error = "no answer within the operation's deadline";
    } else {
      answer.end = HttpAnswer::End::kCut;
      answer.error_class = "connection-lost";
    }
  }

  static curl_socket_t Open(void* self, curlsocktype /*purpose*/, curl_sockaddr* address) {
    auto& handle = *static_cast<Handle*>(self);
    // On a connection that was alive a second one can only be libcurl's silent retry.
    if (!handle.may_open_) return CURL_SOCKET_BAD;
    const std::lock_guard lock(handle.mutex_);
    if (handle.interrupted_) return CURL_SOCKET_BAD;
    handle.socket_ =
        ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    return handle.socket_ < 0 ? CURL_SOCKET_BAD : handle.socket_;
  }

  static int Close(void* self, curl_socket_t socket) {
    auto& handle = *static_cast<Handle*>(self);
    const std::lock_guard lock(handle.mutex_);
    if (handle.socket_ == socket) handle.socket_ = -1;
    return ::close(socket);
  }

  CURL* curl_ = nullptr;
  curl_slist* headers_ = nullptr;
  std::string base_;
  std::string content_type_;
  char error_[CURL_ERROR_SIZE] = {};
  bool may_open_ = true;
  bool connected_before_ = false;
  std::atomic<bool> interrupted_{false};
  std::mutex mutex_;  // Guards socket_ against Interrupt.
  int socket_ = -1;
};

HttpClient::HttpClient(const std::string& host, int port, Nanos connect_timeout)
    : handle_(std::make_unique<Handle>(host, port, connect_timeout)) {}
HttpClient::~HttpClient() = default;
HttpAnswer HttpClient::Send(const HttpRequest& request) { return handle_->Send(request); }
void HttpClient::Interrupt() { handle_->Interrupt(); }

}  // namespace holdfast::workloads
