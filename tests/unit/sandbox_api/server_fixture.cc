#include "tests/unit/sandbox_api/server_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <curl/curl.h>

#include "harness/base/strings.h"
#include "harness/sandbox/node/stream_protocol.h"

#include "tests/kubectl.h"

namespace holdfast::sandbox {
namespace {

// A listening socket on a free loopback port.
int Listen(int& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(fd, 64), 0);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  port = ntohs(address.sin_port);
  return fd;
}

// The agent's side: "cat" gives standard input back, "fail" ends with 7, logs are two lines.
class PlayedAgent {
 public:
  explicit PlayedAgent(FileDescriptor fd) : fd_(std::move(fd)) {}
  void Run() {
    std::string buffer;
    std::optional<std::string> line;
    while (!(line = TakeLine(buffer)))
      if (!More(buffer)) return;
    const Json call = ParseJson(*line).value_or(Json());
    if (GetString(call, {"container"}) == "broken")
      return Say(R"({"ok":false,"status":500,"reason":"InternalError","message":"it broke"})"
                 "\n");
    Say("{\"ok\":true}\n");
    if (GetString(call, {"op"}) == "logs") {
      Say(EncodeFrame(1, "one\ntwo\n"));
      return Say(EncodeFrame(3, R"({"status":"Success"})"));
    }
    if (GetString(call, {"command", "0"}) == "fail") {
      Say(EncodeFrame(2, "it did not work\n"));
      return Say(EncodeFrame(
          3, R"({"metadata":{},"status":"Failure","reason":"NonZeroExitCode","message":)"
             R"("command terminated with non-zero exit code","details":{"causes":)"
             R"([{"reason":"ExitCode","message":"7"}]}})"));
    }
    Echo(buffer);
  }

 private:
  bool More(std::string& buffer) {
    char piece[4096];
    const ssize_t got = ::recv(fd_.get(), piece, sizeof piece, 0);
    if (got > 0) buffer.append(piece, static_cast<size_t>(got));
    return got > 0;
  }
  void Say(std::string_view bytes) { ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  void Echo(std::string& buffer) {
    while (true) {
      while (auto frame = TakeFrame(buffer)) {
        if (frame->channel == 0) Say(EncodeFrame(1, frame->payload));
        if (frame->channel == 255)
          return Say(EncodeFrame(3, R"({"metadata":{},"status":"Success"})"));
      }
      if (!More(buffer)) return;
    }
  }

  FileDescriptor fd_;
};

size_t Append(char* data, size_t size, size_t count, void* out) {
  static_cast<std::string*>(out)->append(data, size * count);
  return size * count;
}

}  // namespace

std::vector<Json> HttpAnswer::Lines() const {
  std::vector<Json> lines;
  for (const std::string& line : Split(body, '\n'))
    if (!line.empty()) lines.push_back(ParseJson(line).value_or(Json()));
  return lines;
}

void ServerTest::StartServer(Defects defects) {
  auto made = MakeCertificates({"127.0.0.1", "localhost"});
  ASSERT_TRUE(made) << made.error().message;
  certificates_ = *made;
  ApiServerOptions options;
  options.listening_sockets = {Listen(port_)};
  options.token = token_;
  options.certificate_pem = certificates_.certificate_pem;
  options.key_pem = certificates_.key_pem;
  options.defects = defects;
  options.dial = [this](const std::string&, const std::string&, int) -> Result<FileDescriptor> {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    const std::lock_guard lock(agents_mutex_);
    agents_.emplace_back([fd = pair[1]] { PlayedAgent(FileDescriptor(fd)).Run(); });
    return FileDescriptor(pair[0]);
  };
  auto server = ApiServer::Start(registry_, std::move(options));
  ASSERT_TRUE(server) << server.error().message;
  server_ = std::move(*server);
  const std::string config = fmt::format(
      "apiVersion: v1\nkind: Config\ncurrent-context: t\nclusters:\n- name: t\n  cluster:\n    "
      "server: https://127.0.0.1:{}\n    certificate-authority-data: {}\nusers:\n- name: t\n  "
      "user:\n    token: {}\ncontexts:\n- name: t\n  context:\n    cluster: t\n    user: t\n",
      port_, Base64Encode(certificates_.ca_pem), token_);
  ASSERT_TRUE(WriteFileAtomic(directory_.path() / "config", config, 0600));
}

void ServerTest::TearDown() {
  server_.reset();
  for (std::thread& agent : agents_)
    agent.join();
}

HttpAnswer ServerTest::Call(const HttpCall& call) {
  // Kept by each thread, and its connection with it: a handshake takes longer than a request.
  struct Handle {
    CURL* curl = curl_easy_init();
    Handle() = default;
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() { curl_easy_cleanup(curl); }
  };
  static thread_local Handle handle;
  HttpAnswer answer;
  CURL* const curl = handle.curl;
  curl_easy_reset(curl);
  const std::string url = fmt::format("https://127.0.0.1:{}{}", port_, call.path);
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, call.method.c_str());
  curl_blob ca{certificates_.ca_pem.data(), certificates_.ca_pem.size(), CURL_BLOB_NOCOPY};
  curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
  curl_slist* headers = nullptr;
  if (call.with_token)
    headers = curl_slist_append(headers, ("Authorization: Bearer " + token_).c_str());
  const std::string type = call.content_type.empty() ? "application/json" : call.content_type;
  if (!call.body.empty()) headers = curl_slist_append(headers, ("Content-Type: " + type).c_str());
  if (!call.accept.empty())
    headers = curl_slist_append(headers, ("Accept: " + call.accept).c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
  if (!call.body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(call.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, call.body.data());
  }
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, Append);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer.head);
  if (!call.user_agent.empty())
    curl_easy_setopt(curl, CURLOPT_USERAGENT, call.user_agent.c_str());
  const CURLcode code = curl_easy_perform(curl);
  long status = 0;
  if (code == CURLE_OK) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  curl_slist_free_all(headers);
  return answer;
}

ProcessResult ServerTest::Kubectl(const std::vector<std::string>& arguments,
                                  const std::string& input) {
  return KubectlClient(directory_.path() / "config", directory_.path() / "cache", "")
      .Run(arguments, input);
}

void ServerTest::MakeRunningPod(const std::string& name) {
  ASSERT_TRUE(registry_.Create(
      "nodes", "",
      {{"metadata", {{"name", "n1"}}},
       {"status", {{"addresses", {{{"type", "InternalIP"}, {"address", "127.0.0.1"}}}}}}}));
  ASSERT_TRUE(registry_.Create(
      "pods", "default",
      {{"metadata", {{"name", name}}},
       {"spec",
        {{"containers",
          {{{"name", "main"}, {"image", "i:1"}}, {{"name", "broken"}, {"image", "i:1"}}}}}}}));
  ASSERT_TRUE(registry_.Edit("pods", "default", name, "", [](Json& pod) -> Status {
    pod["spec"]["nodeName"] = "n1";
    pod["status"]["phase"] = "Running";
    return {};
  }));
}

}  // namespace holdfast::sandbox
