// exec, tcpSocket and httpGet probes.
#include "harness/sandbox/node/prober.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "harness/base/strings.h"
#include "harness/sandbox/node/exec_session.h"
#include "harness/sandbox/node/tcp_socket.h"

namespace holdfast::sandbox::node {
namespace {

// A number, or the name of one of the container's ports; 0 when there is none.
int PortOf(const Json& action, const Json& ports) {
  const Json* port = FindPath(action, {"port"});
  if (port == nullptr) return 0;
  if (port->is_number_integer()) return port->get<int>();
  if (!port->is_string()) return 0;
  const std::string name = port->get<std::string>();
  for (const Json& candidate : ports)
    if (GetString(candidate, {"name"}) == name)
      return static_cast<int>(GetInt(candidate, {"containerPort"}));
  return static_cast<int>(ParseInt(name).value_or(0));
}

ProbeAttempt TryExec(const Json& action,
                     const Container& container,
                     Nanos timeout,
                     std::stop_token stop) {
  std::vector<std::string> argv;
  for (const Json& word : GetArray(action, {"command"}))
    if (word.is_string()) argv.push_back(word.get<std::string>());
  const auto result = RunInContainer(container, argv, timeout, std::move(stop));
  if (!result) return {false, result.error().message};
  if (result->timed_out)
    return {false, fmt::format("command timed out: \"{}\" timed out after {}", Join(argv, " "),
                               FormatDuration(timeout))};
  return {result->exit_code == 0, result->output};
}

ProbeAttempt TryHttp(const Json& action,
                     const std::string& host,
                     int port,
                     const Deadline& deadline,
                     const std::stop_token& stop) {
  if (GetString(action, {"scheme"}, "HTTP") != "HTTP")
    return {false, "httpGet with scheme HTTPS is not supported by the sandbox: use exec"};
  const auto fd = ConnectTcp(host, port, deadline, stop);
  if (!fd) return {false, fd.error().message};
  std::string request = fmt::format("GET {} HTTP/1.1\r\nHost: {}:{}\r\nConnection: close\r\n",
                                    GetString(action, {"path"}, "/"), host, port);
  for (const Json& header : GetArray(action, {"httpHeaders"}))
    request += GetString(header, {"name"}) + ": " + GetString(header, {"value"}) + "\r\n";
  request += "User-Agent: kube-probe/1.36\r\n\r\n";
  if (::send(fd->get(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    return {false, ErrnoText(errno)};
  std::string answer;
  while (answer.find("\r\n") == std::string::npos && answer.size() < 4096) {
    if (const Status ready = AwaitSocket(fd->get(), POLLIN, deadline, stop); !ready)
      return {false, ready.error().message};
    std::array<char, 1024> block{};
    const ssize_t size = ::recv(fd->get(), block.data(), block.size(), 0);
    if (size <= 0) break;
    answer.append(block.data(), static_cast<size_t>(size));
  }
  const std::vector<std::string> words = Split(answer.substr(0, answer.find("\r\n")), ' ');
  const int64_t code = words.size() > 1 ? ParseInt(words[1]).value_or(0) : 0;
  if (code >= 200 && code < 400) return {true, {}};
  return {false, fmt::format("HTTP probe failed with statuscode: {}", code)};
}

}  // namespace

ProbeAttempt TryProbe(const Json& probe,
                      const Json& ports,
                      const Container& container,
                      const std::string& pod_ip,
                      Nanos timeout,
                      std::stop_token stop) {
  if (const Json* exec = FindPath(probe, {"exec"}))
    return TryExec(*exec, container, timeout, std::move(stop));
  const Deadline deadline(SystemClock(), timeout);
  for (const char* kind : {"tcpSocket", "httpGet"}) {
    const Json* action = FindPath(probe, {kind});
    if (action == nullptr) continue;
    const std::string host = GetString(*action, {"host"}, pod_ip);
    const int port = PortOf(*action, ports);
    if (port <= 0 || port > 65535) return {false, "the probe's port is not known"};
    if (std::string_view(kind) == "httpGet") return TryHttp(*action, host, port, deadline, stop);
    const auto fd = ConnectTcp(host, port, deadline, stop);
    return fd ? ProbeAttempt{true, {}} : ProbeAttempt{false, fd.error().message};
  }
  return {false, "this kind of probe is not supported by the sandbox: use exec"};
}

Prober::Prober(Json probe,
               Json ports,
               std::shared_ptr<Container> container,
               std::string pod_ip,
               bool fast,
               Clock& clock,
               Callbacks callbacks)
    : probe_(std::move(probe)),
      ports_(std::move(ports)),
      container_(std::move(container)),
      pod_ip_(std::move(pod_ip)),
      settings_(ParseProbe(probe_, fast)),
      clock_(clock),
      callbacks_(std::move(callbacks)),
      thread_([this](const std::stop_token& stop) { Run(stop); }) {}

void Prober::Run(const std::stop_token& stop) {
  ProbeState state(settings_, clock_.Now());
  while (!stop.stop_requested() && !container_->exit()) {
    const Nanos wait = state.next() - clock_.Now();
    if (wait > Nanos{0} && !clock_.SleepFor(wait, stop)) return;
    const Nanos began = clock_.Now();
    const ProbeAttempt attempt =
        TryProbe(probe_, ports_, *container_, pod_ip_, settings_.timeout, stop);
    // What a dying container answers says nothing about its health.
    if (stop.stop_requested() || container_->exit()) return;
    const ProbeState::Answer answer = state.Record(attempt.success, began);
    if (!attempt.success && answer.counted) callbacks_.failure(attempt.message);
    if (answer.verdict) callbacks_.verdict(*answer.verdict);
  }
}

}  // namespace holdfast::sandbox::node
