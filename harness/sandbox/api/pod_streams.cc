// Logs, exec, attach and port-forward: the API's side of the stream protocol with the node agents.
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/handler.h"
#include "harness/sandbox/node/stream_protocol.h"

namespace holdfast::sandbox {
namespace {

constexpr Nanos kVerdictWithin = std::chrono::seconds(10);
constexpr int kPollMilliseconds = 500;

Error AgentError(std::string_view node, std::string_view what) {
  return ApiError(500, "InternalError", fmt::format("the agent of node {} {}", node, what));
}

// Reads what there is; false at the end of the stream.
bool ReadSome(int fd, std::string& buffer) {
  std::array<char, 65536> piece{};
  const ssize_t got = ::recv(fd, piece.data(), piece.size(), 0);
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return false;
  buffer.append(piece.data(), static_cast<size_t>(got));
  return true;
}

// Unlike WriteAll without SIGPIPE when the agent is gone.
bool SendAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool Readable(int fd, int milliseconds) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, milliseconds) > 0;
}

Result<std::string> ReadVerdict(int fd, const std::string& node, std::string& rest) {
  const Deadline deadline(SystemClock(), kVerdictWithin);
  while (!deadline.Passed()) {
    if (auto line = TakeLine(rest)) return *std::move(line);
    if (!Readable(fd, kPollMilliseconds)) continue;
    if (!ReadSome(fd, rest)) return Fail(AgentError(node, "closed the connection"));
  }
  return Fail(AgentError(node, "did not answer within 10 s"));
}

bool HasContainer(const Json& pod, const std::string& name) {
  for (const char* list : {"containers", "initContainers"})
    for (const Json& container : GetArray(pod, {"spec", list}))
      if (GetString(container, {"name"}) == name) return true;
  return false;
}

// The container a request means, or why that is not clear.
Result<std::string> ContainerOf(const Json& pod, const std::string& wanted) {
  const std::string name = GetString(pod, {"metadata", "name"});
  if (!wanted.empty()) {
    if (HasContainer(pod, wanted)) return wanted;
    return Fail(BadRequest(fmt::format("container {} is not valid for pod {}", wanted, name)));
  }
  const Json& containers = GetArray(pod, {"spec", "containers"});
  if (containers.size() == 1) return GetString(containers[0], {"name"});
  const std::string preferred =
      GetString(pod, {"metadata", "annotations", "kubectl.kubernetes.io/default-container"});
  if (HasContainer(pod, preferred)) return preferred;
  std::vector<std::string> names;
  for (const Json& container : containers)
    names.push_back(GetString(container, {"name"}));
  return Fail(
      BadRequest(fmt::format("a container name must be specified for pod {}, choose one of: [{}]",
                             name, Join(names, " "))));
}

Status AddNumber(const HttpRequest& request, const char* name, Json& call) {
  const std::string text = request.Query(name);
  if (text.empty()) return {};
  const auto number = ParseInt(text);
  if (!number || *number < 0)
    return Fail(BadRequest(fmt::format("{} must be a number that is not negative", name)));
  call[name] = *number;
  return {};
}

// ?ports=80&ports=443 or ?ports=80,443.
Result<Json> PortsOf(const HttpRequest& request) {
  Json ports = Json::array();
  for (const std::string& value : request.QueryAll("ports"))
    for (const std::string& one : Split(value, ',')) {
      const auto port = ParseInt(one);
      if (!port || *port < 1 || *port > 65535)
        return Fail(BadRequest(fmt::format("port \"{}\" must be a number from 1 to 65535", one)));
      ports.push_back(*port);
    }
  if (ports.empty()) return Fail(BadRequest("query parameter \"port\" is required"));
  return ports;
}

}  // namespace

Result<AgentStream> ApiHandler::CallAgent(const HttpRequest& request,
                                          const Route& route,
                                          Json call) {
  const auto pod = registry_.store().Get("pods", route.ns, route.name);
  if (!pod) return Fail(NotFound(*route.info, route.name));
  if (route.subresource != "portforward") {
    HOLDFAST_ASSIGN(call["container"], ContainerOf((*pod)->json, request.Query("container")));
  }
  call["namespace"] = route.ns;
  call["pod"] = route.name;
  const std::string node = GetString((*pod)->json, {"spec", "nodeName"});
  if (node.empty())
    return Fail(BadRequest(fmt::format("pod {} does not have a host assigned", route.name)));
  std::string address;
  if (const auto found = registry_.store().Get("nodes", "", node))
    for (const Json& entry : GetArray((*found)->json, {"status", "addresses"}))
      if (GetString(entry, {"type"}) == "InternalIP") address = GetString(entry, {"address"});
  AgentStream agent;
  auto dialed = dial_(node, address, kNodeAgentPort);
  if (!dialed) return Fail(AgentError(node, "cannot be reached: " + dialed.error().message));
  agent.fd = *std::move(dialed);
  if (!SendAll(agent.fd.get(), DumpJson(call) + "\n"))
    return Fail(AgentError(node, "closed the connection"));
  HOLDFAST_ASSIGN(const std::string line, ReadVerdict(agent.fd.get(), node, agent.rest));
  const auto verdict = ParseJson(line);
  if (!verdict) return Fail(AgentError(node, "answered something that is not JSON"));
  if (GetBool(*verdict, {"ok"})) return agent;
  return Fail(ApiError(static_cast<int>(GetInt(*verdict, {"status"}, 500)),
                       GetString(*verdict, {"reason"}, "InternalError"),
                       GetString(*verdict, {"message"}, "the node agent refused")));
}

Error ApiHandler::RefuseStreams(const Route& route) const {
  const auto pod = registry_.store().Get("pods", route.ns, route.name);
  if (!pod) return NotFound(*route.info, route.name);
  return BadRequest("Upgrade request required");
}

Status ApiHandler::MayForward(const HttpRequest& request) const {
  HOLDFAST_RETURN_IF_ERROR(Authorize(request));
  const auto route = ParseRoute(request.path);
  const auto pod = registry_.store().Get("pods", route->ns, route->name);
  if (!pod) return Fail(NotFound(*route->info, route->name));
  if (GetString((*pod)->json, {"spec", "nodeName"}).empty())
    return Fail(BadRequest(fmt::format("pod {} does not have a host assigned", route->name)));
  return {};
}

Result<AgentStream> ApiHandler::OpenPort(const HttpRequest& request, int port) {
  return CallAgent(request, *ParseRoute(request.path),
                   {{"op", "portforward"}, {"ports", Json::array({port})}, {"halfClose", true}});
}

Result<AgentStream> ApiHandler::OpenStreams(const HttpRequest& request,
                                            const std::string& protocol) {
  HOLDFAST_RETURN_IF_ERROR(Authorize(request));
  const auto route = ParseRoute(request.path);
  if (route->subresource == "portforward") {
    HOLDFAST_ASSIGN(const Json ports, PortsOf(request));
    return CallAgent(request, *route,
                     {{"op", "portforward"},
                      {"ports", ports},
                      {"halfClose", protocol == "v5.channel.k8s.io"}});
  }
  Json call = {{"op", route->subresource}};
  for (const char* stream : {"stdin", "stdout", "stderr", "tty"})
    call[stream] = request.QueryFlag(stream);
  if (route->subresource == "exec") {
    call["command"] = request.QueryAll("command");
    if (GetArray(call, {"command"}).empty())
      return Fail(BadRequest("you must specify at least 1 command for the container"));
  }
  if (!GetBool(call, {"stdin"}) && !GetBool(call, {"stdout"}) && !GetBool(call, {"stderr"}))
    return Fail(BadRequest("you must specify at least one of stdin, stdout, stderr"));
  if (GetBool(call, {"tty"}) && GetBool(call, {"stderr"}))
    return Fail(BadRequest("tty and stderr cannot both be true"));
  return CallAgent(request, *route, std::move(call));
}

Status ApiHandler::Logs(const HttpRequest& request, const Route& route, ResponseStream& stream) {
  Json call = {{"op", "logs"}};
  for (const char* flag : {"follow", "previous", "timestamps"})
    call[flag] = request.QueryFlag(flag);
  for (const char* number : {"tailLines", "sinceSeconds", "limitBytes"})
    HOLDFAST_RETURN_IF_ERROR(AddNumber(request, number, call));
  if (const std::string since = request.Query("sinceTime"); !since.empty()) {
    if (!ParseRfc3339(since)) return Fail(BadRequest("sinceTime must be an RFC 3339 time, not " + since));
    call["sinceTime"] = since;
  }
  HOLDFAST_ASSIGN(AgentStream agent, CallAgent(request, route, std::move(call)));
  if (!stream.Begin(200, "text/plain")) return {};
  bool open = true;
  while (open && !stopping_) {
    std::string out;
    while (auto frame = TakeFrame(agent.rest)) {
      if (frame->channel == 1 || frame->channel == 2) out += frame->payload;
      if (frame->channel == 3) open = false;
    }
    if (!out.empty() && !stream.Write(out)) return {};
    if (!open) break;
    if (Readable(agent.fd.get(), kPollMilliseconds)) {
      open = ReadSome(agent.fd.get(), agent.rest);
    } else if (stream.Gone()) {
      return {};
    }
  }
  return {};
}

}  // namespace holdfast::sandbox
