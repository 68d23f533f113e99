#include "harness/sandbox/api/handler.h"

#include <openssl/crypto.h>

#include "harness/base/strings.h"
#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/delete_options.h"
#include "harness/sandbox/api/discovery.h"
#include "harness/sandbox/api/scale.h"
#include "harness/sandbox/api/table.h"

namespace holdfast::sandbox {
namespace {

bool IsOpen(const std::string& path) {
  return path == "/livez" || path == "/readyz" || path == "/healthz" || path == "/version";
}

Error NoSuchPath() {
  return ApiError(404, "NotFound", "the server could not find the requested resource");
}
Error WrongMethod(const HttpRequest& request) {
  return ApiError(405, "MethodNotAllowed",
                  "the server does not allow " + request.method + " on the requested resource");
}

bool ServesSubresource(const Route& route) {
  const std::string& sub = route.subresource;
  if (sub.empty()) return true;
  if (sub == "status") return route.info->has_status;
  if (sub == "scale") return route.info->has_scale;
  return route.info->plural == "pods" && (sub == "exec" || sub == "log" || sub == "binding");
}

Result<Json> JsonBody(const HttpRequest& request) {
  if (!request.content_type.empty() && !request.content_type.starts_with("application/json"))
    return Fail(ApiError(415, "UnsupportedMediaType",
                         "the body of the request was in an unknown format - accepted media types "
                         "include: application/json"));
  auto parsed = ParseJson(request.body);
  if (!parsed) return Fail(BadRequest(parsed.error().message));
  return parsed;
}

Result<WriteParameters> WriteParametersOf(const HttpRequest& request, const Route& route) {
  WriteParameters parameters;
  parameters.subresource = route.subresource;
  parameters.field_manager = request.Query("fieldManager");
  parameters.force = request.QueryFlag("force");
  for (const std::string& value : request.QueryAll("dryRun")) {
    if (value != "All") return Fail(BadRequest("dryRun must be All, not " + value));
    parameters.dry_run = true;
  }
  return parameters;
}

HttpResponse ObjectResponse(int status, const Route& route, const ObjectPtr& object) {
  if (route.subresource == "scale") return JsonResponse(status, ScaleOf(object->json));
  return {status, "application/json", object->text + "\n"};
}

// What kubectl auth can-i and clients that look before they leap are told: everything is allowed.
HttpResponse AccessReview(const HttpRequest& request) {
  const auto body = ParseJson(request.body);
  Json review = body && body->is_object() ? *body : Json::object();
  review["kind"] = "SelfSubjectAccessReview";
  review["apiVersion"] = "authorization.k8s.io/v1";
  review["metadata"] = Json::object();
  review["status"] = {{"allowed", true}};
  return JsonResponse(201, review);
}

}  // namespace

ApiHandler::ApiHandler(Registry& registry, std::string token, NodeDialer dial)
    : registry_(registry),
      token_(std::move(token)),
      dial_(std::move(dial)) {}

ApiHandler::Manner ApiHandler::MannerOf(const HttpRequest& request) {
  if (request.method != "GET") return Manner::kWhole;
  const auto route = ParseRoute(request.path);
  if (!route) return Manner::kWhole;
  if (route->info->plural == "pods" && route->subresource == "exec" && request.websocket)
    return Manner::kExec;
  if (route->info->plural == "pods" && route->subresource == "log") return Manner::kStream;
  return route->subresource.empty() && request.QueryFlag("watch") ? Manner::kStream
                                                                  : Manner::kWhole;
}

Status ApiHandler::Authorize(const HttpRequest& request) const {
  if (IsOpen(request.path)) return {};
  constexpr std::string_view kScheme = "Bearer ";
  const std::string& given = request.authorization;
  if (given.size() == kScheme.size() + token_.size() && given.starts_with(kScheme) &&
      CRYPTO_memcmp(given.data() + kScheme.size(), token_.data(), token_.size()) == 0)
    return {};
  return Fail(ApiError(401, "Unauthorized", "Unauthorized"));
}

HttpResponse ApiHandler::Answer(const HttpRequest& request) {
  if (const auto allowed = Authorize(request); !allowed) return ErrorResponse(allowed.error());
  if (request.path == "/livez" || request.path == "/readyz" || request.path == "/healthz")
    return {200, "text/plain; charset=utf-8", "ok"};
  const auto route = ParseRoute(request.path);
  if (!route) {
    if (request.path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
      return request.method == "POST" ? AccessReview(request) : ErrorResponse(WrongMethod(request));
    if (auto response = AnswerDiscovery(request))
      return request.method == "GET" ? *std::move(response) : ErrorResponse(WrongMethod(request));
    return ErrorResponse(NoSuchPath());
  }
  auto response = Dispatch(request, *route);
  if (!response) return ErrorResponse(response.error(), route->info, route->name);
  return *std::move(response);
}

Result<HttpResponse> ApiHandler::Dispatch(const HttpRequest& request, const Route& route) {
  if (!ServesSubresource(route)) return Fail(NoSuchPath());
  const std::string& sub = route.subresource;
  const std::string& method = request.method;
  if (sub == "exec") return Fail(RefuseExec(request, route));
  if (sub == "binding")
    return method == "POST" ? Create(request, route) : Fail(WrongMethod(request));
  if (route.name.empty()) {
    if (method == "GET") return List(request, route);
    if (method == "POST") return Create(request, route);
    if (method == "DELETE") return DeleteCollection(request, route);
  } else {
    if (method == "GET") return Get(request, route);
    if (method == "PUT") return Replace(request, route);
    if (method == "PATCH") return Patch(request, route);
    if (method == "DELETE" && sub.empty()) return Delete(request, route);
  }
  return Fail(WrongMethod(request));
}

Result<HttpResponse> ApiHandler::Get(const HttpRequest& request, const Route& route) {
  HOLDFAST_ASSIGN(const OutputFormat format, Negotiate(request.accept));
  auto found = registry_.store().Get(route.info->plural, route.ns, route.name);
  if (!found) return Fail(NotFound(*route.info, route.name));
  if (format == OutputFormat::kJson || !route.subresource.empty())
    return ObjectResponse(200, route, *found);
  Json table = EmptyTable(TableColumns(*route.info));
  table["metadata"]["resourceVersion"] = std::to_string((*found)->version);
  table["rows"].push_back(TableRow(*route.info, (*found)->json, request.Query("includeObject"),
                                   registry_.clock().Wall()));
  return JsonResponse(200, table);
}

Result<HttpResponse> ApiHandler::Create(const HttpRequest& request, const Route& route) {
  if (route.info->namespaced && route.ns.empty())
    return Fail(BadRequest("an empty namespace may not be set during creation"));
  HOLDFAST_ASSIGN(Json body, JsonBody(request));
  HOLDFAST_ASSIGN(const WriteParameters parameters, WriteParametersOf(request, route));
  if (route.subresource == "binding") {
    if (!body.is_object()) return Fail(BadRequest("a binding must be a JSON object"));
    if (!body["metadata"].is_object()) body["metadata"] = Json::object();
    body["metadata"]["name"] = route.name;
  }
  HOLDFAST_ASSIGN(const ObjectPtr created,
                  registry_.Create(route.info->plural, route.ns, std::move(body), parameters));
  if (route.subresource == "binding")
    return JsonResponse(201, {{"kind", "Status"},
                              {"apiVersion", "v1"},
                              {"metadata", Json::object()},
                              {"status", "Success"},
                              {"code", 201}});
  return ObjectResponse(201, route, created);
}

Result<HttpResponse> ApiHandler::Replace(const HttpRequest& request, const Route& route) {
  HOLDFAST_ASSIGN(Json body, JsonBody(request));
  HOLDFAST_ASSIGN(const WriteParameters parameters, WriteParametersOf(request, route));
  HOLDFAST_ASSIGN(
      const ObjectPtr written,
      registry_.Replace(route.info->plural, route.ns, route.name, std::move(body), parameters));
  return ObjectResponse(200, route, written);
}

Result<HttpResponse> ApiHandler::Patch(const HttpRequest& request, const Route& route) {
  const std::string type(
      Trim(std::string_view(request.content_type).substr(0, request.content_type.find(';'))));
  PatchFormat format = PatchFormat::kJson;
  if (type == "application/merge-patch+json") {
    format = PatchFormat::kMerge;
  } else if (type == "application/strategic-merge-patch+json") {
    format = PatchFormat::kStrategicMerge;
  } else if (type != "application/json-patch+json") {
    return Fail(ApiError(415, "UnsupportedMediaType",
                         fmt::format("the patch format \"{}\" is not served here; accepted are "
                                     "application/json-patch+json, application/merge-patch+json "
                                     "and application/strategic-merge-patch+json",
                                     type)));
  }
  auto body = ParseJson(request.body);
  if (!body) return Fail(BadRequest(body.error().message));
  HOLDFAST_ASSIGN(const WriteParameters parameters, WriteParametersOf(request, route));
  HOLDFAST_ASSIGN(const ObjectPtr written, registry_.Patch(route.info->plural, route.ns, route.name,
                                                           format, *body, parameters));
  return ObjectResponse(200, route, written);
}

Result<HttpResponse> ApiHandler::Delete(const HttpRequest& request, const Route& route) {
  HOLDFAST_ASSIGN(const DeleteParameters parameters, ReadDeleteOptions(request));
  const ResourceInfo& info = *route.info;
  HOLDFAST_ASSIGN(const ObjectPtr deleted,
                  registry_.Delete(info.plural, route.ns, route.name, parameters));
  // Kinds that show the object even when it went at once.
  const bool shown = info.plural == "pods" || info.plural == "services" ||
                     info.plural.starts_with("persistentvolume") || info.plural == "namespaces" ||
                     info.plural == "serviceaccounts" || info.group == "storage.k8s.io";
  const std::string uid = GetString(deleted->json, {"metadata", "uid"});
  const auto left = registry_.store().Get(info.plural, route.ns, route.name);
  const bool gone = !left || GetString((*left)->json, {"metadata", "uid"}) != uid;
  if (shown || (!gone && !parameters.dry_run)) return ObjectResponse(200, route, deleted);
  return JsonResponse(200, SuccessStatus(info, route.name, uid));
}

Result<HttpResponse> ApiHandler::DeleteCollection(const HttpRequest& request, const Route& route) {
  if (route.info->namespaced && route.ns.empty()) return Fail(WrongMethod(request));
  HOLDFAST_ASSIGN(const DeleteParameters parameters, ReadDeleteOptions(request));
  HOLDFAST_ASSIGN(const Selection selection, SelectionOf(request, route));
  Json items = Json::array();
  for (const ObjectPtr& object : registry_.store().List(route.info->plural, route.ns)) {
    if (!selection.Matches(object->json)) continue;
    DeleteParameters one = parameters;
    one.uid = GetString(object->json, {"metadata", "uid"});
    const auto deleted = registry_.Delete(route.info->plural, route.ns,
                                          GetString(object->json, {"metadata", "name"}), one);
    // Somebody else was faster: that is what was asked for.
    if (deleted) items.push_back((*deleted)->json);
  }
  return JsonResponse(
      200, {{"kind", route.info->kind + "List"},
            {"apiVersion", route.info->ApiVersion()},
            {"metadata", {{"resourceVersion", std::to_string(registry_.store().Version())}}},
            {"items", std::move(items)}});
}

}  // namespace holdfast::sandbox
