// See transport.h; the adapter of libcurl's multi interface.
//
// libcurl silently sends a request again when a kept connection turns out to be dead before the
// first byte of the answer. For a write that is a lie: the server may have done it already. So the
// body of a write comes from a read callback that cannot be rewound, which makes libcurl give up
// instead, and the failure is reported as indeterminate. Reads may be sent again.
#include "harness/kube/transport.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <future>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include <curl/curl.h>

#include "harness/kube/failure.h"
#include "harness/kube/proxy.h"
#include "harness/kube/token.h"

namespace holdfast::kube {
namespace {

struct EasyDeleter {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct MultiDeleter {
  void operator()(CURLM* handle) const { curl_multi_cleanup(handle); }
};
struct ListDeleter {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct UrlDeleter {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Easy = std::unique_ptr<CURL, EasyDeleter>;
using HeaderList = std::unique_ptr<curl_slist, ListDeleter>;

void AddHeader(HeaderList& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return;
  (void)list.release();
  list.reset(longer);
}

// Where to connect, which name to verify, and what stands before each target.
struct Endpoint {
  std::string base;        // "https://name:port/prefix", the name being the one that is verified.
  std::string connect_to;  // "name:port:host:port" when the verified name is not the host.
  std::string host_header;
  std::string proxy;  // A URL, or empty.
};

std::string Part(CURLU* url, CURLUPart part, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, flags) != CURLUE_OK || text == nullptr) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

Result<Endpoint> ParseEndpoint(const ClusterAccess& access) {
  const std::unique_ptr<CURLU, UrlDeleter> url(curl_url());
  if (!url || curl_url_set(url.get(), CURLUPART_URL, access.server.c_str(), 0) != CURLUE_OK ||
      Part(url.get(), CURLUPART_SCHEME) != "https")
    return Fail(ErrorCode::kInvalidArgument,
                "the server of context '{}' is not of the form https://host:port; correct it in "
                "the kubeconfig",
                access.context);
  const std::string host = Part(url.get(), CURLUPART_HOST);
  const std::string port = Part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  std::string prefix = Part(url.get(), CURLUPART_PATH);
  while (prefix.ends_with('/'))
    prefix.pop_back();
  Endpoint endpoint;
  // By the host that is reached: libcurl would look for the verified name among the exceptions.
  endpoint.proxy = ProxyFor(ProxyFromEnvironment(), host);
  const std::string verified = access.tls_server_name.empty() ? host : access.tls_server_name;
  endpoint.base = fmt::format("https://{}:{}{}", verified, port, prefix);
  if (verified != host) {
    endpoint.connect_to = fmt::format("{}:{}:{}:{}", verified, port, host, port);
    endpoint.host_header = fmt::format("Host: {}:{}", host, port);
  }
  return endpoint;
}

// One request or stream under way. Its address is known to libcurl: it never moves.
struct Exchange {
  uint64_t id = 0;
  HttpRequest request;
  Transport::OnBody on_body;
  Transport::OnDone on_done;
  Easy easy;
  HeaderList headers;
  HeaderList connect_to;
  std::array<char, CURL_ERROR_SIZE> error_text{};
  std::string received;
  size_t most_received = 0;
  size_t sent = 0;  // Bytes of the body handed to libcurl.
  Nanos wall_at_start{};
  std::vector<uint64_t>* fresh = nullptr;  // Exchanges with new bytes.

  [[nodiscard]] int HttpStatus() const {
    long status = 0;
    curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
  }
};

size_t OnWrite(char* bytes, size_t size, size_t count, void* user) {
  auto* exchange = static_cast<Exchange*>(user);
  const size_t length = size * count;
  if (exchange->received.size() + length > exchange->most_received) return 0;
  if (exchange->on_body && (exchange->fresh->empty() || exchange->fresh->back() != exchange->id))
    exchange->fresh->push_back(exchange->id);
  exchange->received.append(bytes, length);
  return length;
}

size_t OnRead(char* buffer, size_t size, size_t count, void* user) {
  auto* exchange = static_cast<Exchange*>(user);
  const size_t length = std::min(size * count, exchange->request.body.size() - exchange->sent);
  std::memcpy(buffer, exchange->request.body.data() + exchange->sent, length);
  exchange->sent += length;
  return length;
}

FailureKind KindOf(CURLcode code, const std::string& detail, bool connected) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return FailureKind::kResolve;
    case CURLE_COULDNT_CONNECT:
      return FailureKind::kConnect;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return FailureKind::kServerCertificate;
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
      return FailureKind::kCredentials;
    case CURLE_OPERATION_TIMEDOUT:
      return connected ? FailureKind::kTimeout : FailureKind::kConnect;
    case CURLE_WRITE_ERROR:
      return FailureKind::kTooLarge;
    default:
      break;
  }
  // With TLS 1.3 the server's refusal arrives only after the handshake has ended for us.
  if (IsClientCertificateAlert(detail)) return FailureKind::kClientCertificate;
  return connected ? FailureKind::kCut : FailureKind::kHandshake;
}

class CurlTransport : public Transport {
 public:
  CurlTransport(const ClusterAccess& access, const ClientOptions& options, Endpoint endpoint)
      : access_(access),
        options_(options),
        endpoint_(std::move(endpoint)),
        token_(access) {}
  ~CurlTransport() override { Stop(); }

  Status Open();
  HttpAnswer Perform(HttpRequest request) override;
  bool RunInLoop(Task task) override;
  void Stop() override;
  [[nodiscard]] std::optional<Nanos> ServerClockOffset() const override;
  uint64_t BeginRequest(HttpRequest request, OnDone done) override {
    return Begin(std::move(request), nullptr, std::move(done));
  }
  uint64_t BeginStream(HttpRequest request, OnBody body, OnDone done) override {
    return Begin(std::move(request), std::move(body), std::move(done));
  }
  void Abort(uint64_t id) override;
  void CallAfter(Nanos delay, Task task) override {
    timers_.emplace(SystemClock().Now() + delay, std::move(task));
  }

 private:
  struct Posted {
    Task task;
    std::promise<bool> ran;
  };

  uint64_t Begin(HttpRequest request, OnBody body, OnDone done);
  void SetUp(Exchange& exchange);
  void SetUpTls(CURL* easy);
  void SetUpBody(Exchange& exchange);
  void Loop();
  void RunPosted();
  void RunTimers();
  void DeliverBodies();
  void DeliverAnswers();
  void EndAll();
  HttpAnswer AnswerOf(Exchange& exchange, CURLcode code);
  void NoteDate(Exchange& exchange);
  [[nodiscard]] int PollMilliseconds() const;

  const ClusterAccess access_;
  const ClientOptions options_;
  const Endpoint endpoint_;
  TokenSource token_;

  // Shared between threads.
  std::mutex mutex_;
  std::vector<Posted> posted_;
  bool stopping_ = false;
  std::atomic<int64_t> clock_offset_{INT64_MIN};

  // The loop thread's own.
  std::unique_ptr<CURLM, MultiDeleter> multi_;
  std::map<uint64_t, std::unique_ptr<Exchange>> exchanges_;
  std::vector<uint64_t> fresh_;
  std::multimap<Nanos, Task> timers_;
  uint64_t last_id_ = 0;

  std::thread thread_;
};

Status CurlTransport::Open() {
  multi_.reset(curl_multi_init());
  if (!multi_) return Fail(ErrorCode::kInternal, "libcurl cannot be set up; is memory short?");
  curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, 16L);
  // The thread inherits the mask: signals go to threads that expect them, and a dead connection is
  // an error of write(2) instead of SIGPIPE.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Loop(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return {};
}

void CurlTransport::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  curl_multi_wakeup(multi_.get());
  if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id()) thread_.join();
}

std::optional<Nanos> CurlTransport::ServerClockOffset() const {
  const int64_t offset = clock_offset_;
  if (offset == INT64_MIN) return std::nullopt;
  return Nanos(offset);
}

bool CurlTransport::RunInLoop(Task task) {
  if (thread_.get_id() == std::this_thread::get_id()) {
    task();
    return true;
  }
  std::future<bool> ran;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    posted_.push_back({std::move(task), {}});
    ran = posted_.back().ran.get_future();
  }
  curl_multi_wakeup(multi_.get());
  return ran.get();
}

HttpAnswer CurlTransport::Perform(HttpRequest request) {
  HttpAnswer none;
  if (thread_.get_id() == std::this_thread::get_id()) {
    none.failure = Error{ErrorCode::kInternal,
                         "a blocking request was made from the client's own loop thread",
                         0,
                         {}};
    return none;
  }
  auto answer = std::make_shared<std::promise<HttpAnswer>>();
  std::future<HttpAnswer> future = answer->get_future();
  const bool begun = RunInLoop([&] {
    BeginRequest(std::move(request),
                 [answer](HttpAnswer arrived) { answer->set_value(std::move(arrived)); });
  });
  if (begun) return future.get();
  none.failure = DescribeFailure({FailureKind::kClosed, "", false}, access_.server, Nanos{});
  return none;
}

uint64_t CurlTransport::Begin(HttpRequest request, OnBody body, OnDone done) {
  auto exchange = std::make_unique<Exchange>();
  exchange->id = ++last_id_;
  exchange->request = std::move(request);
  exchange->on_body = std::move(body);
  exchange->on_done = std::move(done);
  exchange->fresh = &fresh_;
  exchange->most_received = options_.max_answer_bytes;
  exchange->wall_at_start = SystemClock().Wall();
  exchange->easy.reset(curl_easy_init());
  SetUp(*exchange);
  curl_multi_add_handle(multi_.get(), exchange->easy.get());
  const uint64_t id = exchange->id;
  exchanges_.emplace(id, std::move(exchange));
  return id;
}

void CurlTransport::SetUpTls(CURL* easy) {
  const auto set_blob = [easy](CURLoption option, const std::string& text) {
    if (text.empty()) return;
    curl_blob blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_NOCOPY};
    curl_easy_setopt(easy, option, &blob);
  };
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  if (!access_.ca_pem.empty()) {
    // Only this authority: the system's, which are the default, must not vouch for the cluster.
    curl_easy_setopt(easy, CURLOPT_CAPATH, nullptr);
    set_blob(CURLOPT_CAINFO_BLOB, access_.ca_pem);
  }
  set_blob(CURLOPT_SSLCERT_BLOB, access_.client_certificate_pem);
  set_blob(CURLOPT_SSLKEY_BLOB, access_.client_key_pem);
}

void CurlTransport::SetUpBody(Exchange& exchange) {
  CURL* easy = exchange.easy.get();
  const HttpRequest& request = exchange.request;
  if (request.method == "GET") return;
  curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  curl_easy_setopt(easy, CURLOPT_READFUNCTION, OnRead);
  curl_easy_setopt(easy, CURLOPT_READDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  AddHeader(exchange.headers, "Content-Type: " + request.content_type);
  AddHeader(exchange.headers, "Expect:");
}

void CurlTransport::SetUp(Exchange& exchange) {
  CURL* easy = exchange.easy.get();
  const auto milliseconds = [](Nanos time) {
    return static_cast<long>(
        std::max<int64_t>(1, std::chrono::ceil<std::chrono::milliseconds>(time).count()));
  };
  curl_easy_setopt(easy, CURLOPT_URL, (endpoint_.base + exchange.request.target).c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 15L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange.error_text.data());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnWrite);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "holdfast/" HOLDFAST_VERSION);
  // Both are set also when empty, so that libcurl does not look into the environment.
  curl_easy_setopt(easy, CURLOPT_PROXY, endpoint_.proxy.c_str());
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
  Nanos connect = options_.connect_timeout;
  if (exchange.on_body) {
    curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME,
                     static_cast<long>(options_.watch_silence.count()));
  } else {
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, milliseconds(exchange.request.timeout));
    connect = std::min(connect, exchange.request.timeout);
  }
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(connect));
  AddHeader(exchange.headers, "Accept: application/json, */*;q=0.8");
  const std::string token = token_.Current();
  if (!token.empty()) AddHeader(exchange.headers, "Authorization: Bearer " + token);
  if (!endpoint_.connect_to.empty()) {
    AddHeader(exchange.headers, endpoint_.host_header);
    AddHeader(exchange.connect_to, endpoint_.connect_to);
    curl_easy_setopt(easy, CURLOPT_CONNECT_TO, exchange.connect_to.get());
  }
  SetUpTls(easy);
  SetUpBody(exchange);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange.headers.get());
}

void CurlTransport::Abort(uint64_t id) {
  const auto found = exchanges_.find(id);
  if (found == exchanges_.end()) return;
  curl_multi_remove_handle(multi_.get(), found->second->easy.get());
  exchanges_.erase(found);
}

void CurlTransport::Loop() {
  while (true) {
    RunPosted();
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
    }
    RunTimers();
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    DeliverBodies();
    DeliverAnswers();
    curl_multi_poll(multi_.get(), nullptr, 0, PollMilliseconds(), nullptr);
  }
  EndAll();
}

int CurlTransport::PollMilliseconds() const {
  constexpr int kMost = 60'000;
  if (timers_.empty()) return kMost;
  const Nanos left = std::max(Nanos{0}, timers_.begin()->first - SystemClock().Now());
  return static_cast<int>(
      std::min<int64_t>(kMost, std::chrono::ceil<std::chrono::milliseconds>(left).count()));
}

void CurlTransport::RunPosted() {
  std::vector<Posted> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (Posted& posted : tasks) {
    posted.task();
    posted.ran.set_value(true);
  }
}

void CurlTransport::RunTimers() {
  const Nanos now = SystemClock().Now();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const Task task = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    task();
  }
}

// Outside libcurl's own callbacks, so that what is called may begin and abort exchanges.
void CurlTransport::DeliverBodies() {
  for (const uint64_t id : std::exchange(fresh_, {})) {
    const auto found = exchanges_.find(id);
    if (found == exchanges_.end() || found->second->HttpStatus() != 200) continue;
    const std::string bytes = std::exchange(found->second->received, {});
    const OnBody body = found->second->on_body;
    if (!bytes.empty()) body(bytes);
  }
}

void CurlTransport::DeliverAnswers() {
  std::vector<std::pair<CURL*, CURLcode>> ended;
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg == CURLMSG_DONE)
      ended.emplace_back(message->easy_handle, message->data.result);
  }
  for (const auto& [handle, code] : ended) {
    CURL* const easy = handle;
    const auto found = std::find_if(exchanges_.begin(), exchanges_.end(), [&](const auto& entry) {
      return entry.second->easy.get() == easy;
    });
    if (found == exchanges_.end()) continue;
    const std::unique_ptr<Exchange> exchange = std::move(found->second);
    exchanges_.erase(found);
    HttpAnswer answer = AnswerOf(*exchange, code);
    curl_multi_remove_handle(multi_.get(), easy);
    exchange->on_done(std::move(answer));
  }
}

HttpAnswer CurlTransport::AnswerOf(Exchange& exchange, CURLcode code) {
  HttpAnswer answer;
  CURL* easy = exchange.easy.get();
  if (code != CURLE_OK) {
    std::string detail(exchange.error_text.data());
    if (detail.empty()) detail = curl_easy_strerror(code);
    curl_off_t ready = 0;
    curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
    const Nanos limit = exchange.on_body ? Nanos(options_.watch_silence) : exchange.request.timeout;
    answer.failure = DescribeFailure({KindOf(code, detail, ready > 0), detail, exchange.sent > 0},
                                     access_.server, limit);
    return answer;
  }
  answer.status = exchange.HttpStatus();
  if (answer.status == 401) token_.Refused();
  answer.body = std::move(exchange.received);
  curl_header* header = nullptr;
  if (curl_easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) == CURLHE_OK) {
    const std::string_view digits(header->value);
    int64_t seconds = 0;
    for (const char c : digits.substr(0, 6)) {
      if (c < '0' || c > '9') break;
      seconds = seconds * 10 + (c - '0');
    }
    answer.retry_after = seconds;
  }
  if (!exchange.on_body) NoteDate(exchange);
  return answer;
}

// The header has whole seconds and was written between our sending and now: when it fits between
// the two, the offset is 0.
void CurlTransport::NoteDate(Exchange& exchange) {
  curl_header* header = nullptr;
  if (curl_easy_header(exchange.easy.get(), "Date", 0, CURLH_HEADER, -1, &header) != CURLHE_OK)
    return;
  const std::chrono::seconds date(curl_getdate(header->value, nullptr));
  if (date.count() < 0) return;
  const auto first = std::chrono::floor<std::chrono::seconds>(exchange.wall_at_start);
  const auto last = std::chrono::floor<std::chrono::seconds>(SystemClock().Wall());
  std::chrono::seconds offset{0};
  if (date > last) offset = date - last;
  if (date < first) offset = date - first;
  clock_offset_ = Nanos(offset).count();
}

void CurlTransport::EndAll() {
  for (auto& [id, exchange] : std::exchange(exchanges_, {})) {
    curl_multi_remove_handle(multi_.get(), exchange->easy.get());
    if (exchange->on_body) continue;
    HttpAnswer answer;
    answer.failure = DescribeFailure({FailureKind::kClosed, "", exchange->sent > 0}, access_.server,
                                     exchange->request.timeout);
    exchange->on_done(std::move(answer));
  }
  timers_.clear();
  const std::lock_guard lock(mutex_);
  for (Posted& posted : posted_)
    posted.ran.set_value(false);
  posted_.clear();
}

}  // namespace

Result<std::shared_ptr<Transport>> Transport::Start(const ClusterAccess& access,
                                                    const ClientOptions& options) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  HOLDFAST_ASSIGN(Endpoint endpoint, ParseEndpoint(access));
  auto transport = std::make_shared<CurlTransport>(access, options, std::move(endpoint));
  HOLDFAST_RETURN_IF_ERROR(transport->Open());
  return std::shared_ptr<Transport>(std::move(transport));
}

}  // namespace holdfast::kube
