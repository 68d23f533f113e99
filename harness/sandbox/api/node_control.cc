#include "harness/sandbox/api/node_control.h"

#include <array>

#include "harness/base/strings.h"
#include "harness/sandbox/api/api_errors.h"

namespace holdfast::sandbox {
namespace {

constexpr std::array<std::pair<NodeOperation, std::string_view>, 4> kOperations{
    {{NodeOperation::kCrash, "crash"},
     {NodeOperation::kFreeze, "freeze"},
     {NodeOperation::kPartition, "partition"},
     {NodeOperation::kReturn, "return"}}};
constexpr std::array<std::pair<PartitionFrom, std::string_view>, 3> kFrom{
    {{PartitionFrom::kControlPlane, "control-plane"},
     {PartitionFrom::kPeers, "peers"},
     {PartitionFrom::kAll, "all"}}};

template <typename Table, typename Key = typename Table::value_type::first_type>
std::optional<Key> Parse(const Table& table, std::string_view text) {
  for (const auto& [key, name] : table)
    if (name == text) return key;
  return std::nullopt;
}

template <typename Table, typename Key>
std::string_view NameOf(const Table& table, Key wanted) {
  for (const auto& [key, name] : table)
    if (key == wanted) return name;
  return "";
}

Error ControlError(const Error& error) {
  switch (error.code) {
    case ErrorCode::kNotFound:
      return ApiError(404, "NotFound", error.message);
    case ErrorCode::kConflict:
      return ApiError(409, "Conflict", error.message);
    case ErrorCode::kInvalidArgument:
      return BadRequest(error.message);
    default:
      return ApiError(500, "InternalError", error.message);
  }
}

Result<Json> Operate(const HttpRequest& request, NodeControl& control) {
  const std::vector<std::string> parts = Split(request.path, '/');  // "", holdfast, v1, nodes, ...
  if (parts.size() == 4) {
    if (request.method == "GET") return control.List();
    return Fail(ApiError(405, "MethodNotAllowed", "GET lists the nodes"));
  }
  const auto operation = parts.size() == 6 ? ParseNodeOperation(parts[5]) : std::nullopt;
  if (!operation)
    return Fail(ErrorCode::kNotFound,
                "there is no '{}': POST {}/NAME/crash, freeze, partition or return", request.path,
                kNodeControlPath);
  if (request.method != "POST")
    return Fail(ApiError(405, "MethodNotAllowed", "operations on nodes are sent by POST"));
  Json body = Json::object();
  if (!Trim(request.body).empty()) {
    HOLDFAST_ASSIGN(body, ParseJson(request.body));
  }
  const std::string wanted = GetString(body, {"from"}, "all");
  const auto from = ParsePartitionFrom(wanted);
  if (!from)
    return Fail(ErrorCode::kInvalidArgument,
                "a node cannot be cut off from '{}': give control-plane, peers or all", wanted);
  return control.Operate(parts[4], *operation, *from);
}

}  // namespace

bool IsNodeControl(std::string_view path) {
  return path == kNodeControlPath || path.starts_with(std::string(kNodeControlPath) + "/");
}

HttpResponse AnswerNodeControl(const HttpRequest& request, NodeControl* control) {
  if (control == nullptr)
    return ErrorResponse(ApiError(404, "NotFound", "this API server has no nodes to control"));
  const auto answer = Operate(request, *control);
  if (answer) return JsonResponse(200, *answer);
  return ErrorResponse(answer.error().http_status != 0 ? answer.error()
                                                       : ControlError(answer.error()));
}

std::optional<NodeOperation> ParseNodeOperation(std::string_view text) {
  return Parse(kOperations, text);
}
std::optional<PartitionFrom> ParsePartitionFrom(std::string_view text) {
  return Parse(kFrom, text);
}
std::string_view NodeOperationName(NodeOperation operation) {
  return NameOf(kOperations, operation);
}
std::string_view PartitionFromName(PartitionFrom from) { return NameOf(kFrom, from); }

}  // namespace holdfast::sandbox
