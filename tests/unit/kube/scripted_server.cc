// See scripted_server.h.
#include "tests/unit/kube/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "harness/base/strings.h"

namespace holdfast::kube::testing {

void Feeder::Push(std::string bytes) {
  const std::lock_guard lock(mutex_);
  queue_.push_back(std::move(bytes));
  changed_.notify_all();
}
void Feeder::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  changed_.notify_all();
}
std::optional<std::string> Feeder::Pop() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return closed_ || !queue_.empty(); });
  if (queue_.empty()) return std::nullopt;
  std::string bytes = std::move(queue_.front());
  queue_.pop_front();
  return bytes;
}

ScriptedReply Answer(int status, const std::string& body, const std::string& more_headers) {
  return {{fmt::format("HTTP/1.1 {} X\r\nContent-Type: application/json\r\nContent-Length: "
                       "{}\r\n{}\r\n",
                       status, body.size(), more_headers),
           body}};
}
Json FailureStatus(int code, const std::string& reason, const std::string& message) {
  return Json{{"kind", "Status"},   {"apiVersion", "v1"}, {"status", "Failure"},
              {"message", message}, {"reason", reason},   {"code", code}};
}
ScriptedReply Refuse(int status, const std::string& reason, const std::string& message) {
  return Answer(status, FailureStatus(status, reason, message));
}
std::string WatchHead() {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
}
std::string Chunk(const std::string& bytes) {
  return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
}
std::string LastChunk() { return "0\r\n\r\n"; }
std::string Event(const std::string& type, const Json& object) {
  return Chunk(DumpJson(Json{{"type", type}, {"object", object}}) + "\n");
}
Json Object(const std::string& name, const std::string& version) {
  return Json{{"metadata", {{"name", name}, {"uid", "uid-" + name}, {"resourceVersion", version}}}};
}
Json ListOf(const std::vector<Json>& items, const std::string& version, const std::string& token) {
  Json list{{"kind", "List"}, {"metadata", {{"resourceVersion", version}}}, {"items", items}};
  if (!token.empty()) list["metadata"]["continue"] = token;
  return list;
}

struct ScriptedServer::Tls {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  Tls() = default;
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;
  ~Tls() { SSL_CTX_free(context); }
};

namespace {

void Must(bool good) {
  if (!good) std::abort();
}

void SetUpIdentity(SSL_CTX* context, const ServerIdentity& identity) {
  BIO* certificate_in = BIO_new_mem_buf(identity.server.certificate_pem.c_str(), -1);
  BIO* key_in = BIO_new_mem_buf(identity.server.key_pem.c_str(), -1);
  X509* certificate = PEM_read_bio_X509(certificate_in, nullptr, nullptr, nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_in, nullptr, nullptr, nullptr);
  Must(SSL_CTX_use_certificate(context, certificate) == 1);
  Must(SSL_CTX_use_PrivateKey(context, key) == 1);
  X509_free(certificate);
  EVP_PKEY_free(key);
  BIO_free_all(certificate_in);
  BIO_free_all(key_in);
  if (identity.tls12) SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
  if (identity.client_authority_pem.empty()) return;
  BIO* authority_in = BIO_new_mem_buf(identity.client_authority_pem.c_str(), -1);
  X509* authority = PEM_read_bio_X509(authority_in, nullptr, nullptr, nullptr);
  Must(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority) == 1);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  X509_free(authority);
  BIO_free_all(authority_in);
}

// One TLS connection on the server's side.
class Connection {
 public:
  Connection(SSL_CTX* context, int fd) : ssl_(SSL_new(context)), fd_(fd) { SSL_set_fd(ssl_, fd); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { SSL_free(ssl_); }
  bool Handshake() {
    if (SSL_accept(ssl_) == 1) return true;
    // The alert has been written; closing now with unread bytes would reset it away.
    ::shutdown(fd_, SHUT_WR);
    char sink[4096];
    while (::read(fd_, sink, sizeof sink) > 0) {
    }
    return false;
  }
  bool Write(const std::string& bytes) {
    return bytes.empty() || SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())) > 0;
  }
  void SayGoodbye() { SSL_shutdown(ssl_); }
  std::optional<ScriptedRequest> Read();
  void WaitForEnd() {
    while (Fill()) {
    }
  }

 private:
  bool Fill() {
    char bytes[4096];
    const int got = SSL_read(ssl_, bytes, sizeof bytes);
    if (got <= 0) return false;
    buffer_.append(bytes, static_cast<size_t>(got));
    return true;
  }
  SSL* ssl_;
  int fd_;
  std::string buffer_;
};

std::optional<ScriptedRequest> Connection::Read() {
  size_t end = std::string::npos;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return std::nullopt;
  }
  ScriptedRequest request;
  const std::vector<std::string> lines = Split(buffer_.substr(0, end), '\n');
  const std::vector<std::string> first = Split(Trim(lines.front()), ' ');
  Must(first.size() == 3);
  request.method = first[0];
  request.target = first[1];
  for (size_t i = 1; i < lines.size(); ++i) {
    const size_t colon = lines[i].find(':');
    std::string name = lines[i].substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    request.headers[name] = std::string(Trim(std::string_view(lines[i]).substr(colon + 1)));
  }
  buffer_.erase(0, end + 4);
  const auto length = static_cast<size_t>(ParseInt(request.headers["content-length"]).value_or(0));
  while (buffer_.size() < length) {
    if (!Fill()) return std::nullopt;
  }
  request.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return request;
}

}  // namespace

ScriptedServer::ScriptedServer(ServerIdentity identity, Script script)
    : identity_(std::move(identity)),
      script_(std::move(script)),
      tls_(std::make_unique<Tls>()) {
  std::signal(SIGPIPE, SIG_IGN);
  SetUpIdentity(tls_->context, identity_);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  Must(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  Must(::listen(listener_, 64) == 0);
  Must(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

ScriptedServer::~ScriptedServer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (const auto& feeder : feeders_)
      feeder->Close();
    for (const int fd : open_)
      ::shutdown(fd, SHUT_RDWR);
  }
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& thread : threads_)
    thread.join();
  ::close(listener_);
}

ClusterAccess ScriptedServer::Access() const {
  ClusterAccess access;
  access.context = "scripted";
  access.server = fmt::format("https://127.0.0.1:{}", port_);
  access.ca_pem = identity_.authority.certificate_pem;
  access.token = "sesame";
  return access;
}

std::vector<ScriptedRequest> ScriptedServer::Requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

int ScriptedServer::Count(const std::string& method) const {
  const std::vector<ScriptedRequest> requests = Requests();
  return static_cast<int>(std::count_if(requests.begin(), requests.end(),
                                        [&](const auto& one) { return one.method == method; }));
}

void ScriptedServer::Accept() {
  for (int connection = 1;; ++connection) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      ::close(fd);
      return;
    }
    open_.push_back(fd);
    threads_.emplace_back([this, fd, connection] { Serve(fd, connection); });
  }
}

void ScriptedServer::Serve(int fd, int number) {
  {
    Connection connection(tls_->context, fd);
    bool open = connection.Handshake();
    while (open) {
      std::optional<ScriptedRequest> request = connection.Read();
      if (!request) break;
      request->connection = number;
      ScriptedReply reply;
      {
        const std::lock_guard one_at_a_time(script_mutex_);
        {
          const std::lock_guard lock(mutex_);
          requests_.push_back(*request);
        }
        reply = script_(*request);
      }
      for (const std::string& piece : reply.pieces)
        open = open && connection.Write(piece);
      if (reply.feeder) {
        {
          const std::lock_guard lock(mutex_);
          feeders_.push_back(reply.feeder);
          if (stopping_) reply.feeder->Close();
        }
        while (const auto bytes = reply.feeder->Pop())
          open = open && connection.Write(*bytes);
      }
      if (reply.then == ScriptedReply::Then::kHold) connection.WaitForEnd();
      if (reply.then != ScriptedReply::Then::kKeepOpen) open = false;
    }
    connection.SayGoodbye();
  }
  const std::lock_guard lock(mutex_);
  open_.erase(std::find(open_.begin(), open_.end(), fd));
  ::close(fd);
}

}  // namespace holdfast::kube::testing
