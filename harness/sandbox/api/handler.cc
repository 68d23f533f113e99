#include "harness/sandbox/api/handler.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>

#include "harness/base/strings.h"
#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/delete_options.h"
#include "harness/sandbox/api/discovery.h"
#include "harness/sandbox/api/events_view.h"
#include "harness/sandbox/api/eviction.h"
#include "harness/sandbox/api/health.h"
#include "harness/sandbox/api/protobuf.h"
#include "harness/sandbox/api/rbac.h"
#include "harness/sandbox/api/reviews.h"
#include "harness/sandbox/api/scale.h"
#include "harness/sandbox/api/subresources.h"
#include "harness/sandbox/api/table.h"
#include "harness/sandbox/api/yaml_body.h"

namespace holdfast::sandbox {
namespace {

bool IsOpen(const std::string& path) {
  for (const char* open : {"/livez", "/readyz", "/healthz"})
    if (path.starts_with(open)) return true;
  return path == "/version";
}

Error NoSuchPath() {
  return ApiError(404, "NotFound", "the server could not find the requested resource");
}
Error WrongMethod(const HttpRequest& request) {
  return ApiError(405, "MethodNotAllowed",
                  "the server does not allow " + request.method + " on the requested resource");
}

bool IsType(const HttpRequest& request, std::string_view type) {
  return Trim(std::string_view(request.content_type).substr(0, request.content_type.find(';'))) ==
         type;
}

Result<Json> BodyOf(const HttpRequest& request) {
  if (request.content_type.empty() || IsType(request, "application/json"))
    return ParseBody(request.body);
  if (IsType(request, "application/yaml")) return ParseYamlBody(request.body);
  if (IsType(request, kProtobufType)) return JsonFromProtobuf(request.body);
  return Fail(ApiError(415, "UnsupportedMediaType",
                       "the body of the request was in an unknown format - accepted media types "
                       "include: application/json, application/yaml, "
                       "application/vnd.kubernetes.protobuf"));
}

// The part of a user agent that names the program.
std::string ProgramOf(const std::string& user_agent) {
  std::string name;
  for (const char c : user_agent.substr(0, user_agent.find('/')))
    if (c >= ' ' && c <= '~' && name.size() < 128) name += c;
  return name.empty() ? "unknown" : name;
}

Status ReadWriteParameters(const HttpRequest& request,
                           const Route& route,
                           WriteParameters& parameters) {
  parameters.subresource = route.subresource;
  parameters.through_view = route.info->is_view;
  parameters.field_manager = request.Query("fieldManager");
  parameters.force = request.QueryFlag("force");
  for (const std::string& value : request.QueryAll("dryRun")) {
    if (value != "All")
      return Fail(ApiError(422, "Invalid",
                           "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: "
                           "\"" +
                               value + "\": supported values: \"All\""));
    parameters.dry_run = true;
  }
  if (parameters.field_manager.size() > 128)
    return Fail(ApiError(422, "Invalid",
                         "CreateOptions.meta.k8s.io \"\" is invalid: fieldManager: Too long: may "
                         "not be more than 128 bytes"));
  const std::string validation = request.Query("fieldValidation", "Warn");
  if (validation == "Strict") {
    parameters.validation = FieldValidation::kStrict;
  } else if (validation == "Warn" || validation.empty()) {
    parameters.validation = FieldValidation::kWarn;
  } else if (validation != "Ignore") {
    return Fail(ApiError(422, "Invalid",
                         "CreateOptions.meta.k8s.io \"\" is invalid: fieldValidation: Unsupported "
                         "value: \"" +
                             validation +
                             "\": supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""));
  }
  // A status belongs to its controller, a lease to its holder; keeping account of their updates
  // would cost more than it tells.
  if (parameters.field_manager.empty()) parameters.field_manager = ProgramOf(request.user_agent);
  if ((route.subresource == "status" || route.info->plural == "leases") &&
      !IsType(request, "application/apply-patch+yaml"))
    parameters.field_manager.clear();
  if (parameters.validation != FieldValidation::kIgnore && !IsType(request, kProtobufType))
    parameters.duplicates = ScanBody(request.body).duplicates;
  return {};
}

HttpResponse Warned(HttpResponse response, const std::vector<std::string>& warnings) {
  for (const std::string& text : warnings) {
    std::string quoted;
    for (const char c : text) {
      if (c == '"' || c == '\\') quoted += '\\';
      if (c >= ' ') quoted += c;
    }
    response.headers.emplace_back("Warning", "299 - \"" + quoted + "\"");
  }
  return response;
}

HttpResponse ObjectResponse(int status, const Route& route, const ObjectPtr& object) {
  if (route.subresource == "scale") return JsonResponse(status, ScaleOf(object->json));
  return {status, "application/json", ServedText(*route.info, *object) + "\n"};
}

// What a fault of our own runner writes: to pods, nodes, claims and the set.
bool IsWriteOfAFault(const HttpRequest& request, const Route& route) {
  static constexpr std::array<std::string_view, 4> kStruck{"pods", "nodes", "statefulsets",
                                                           "persistentvolumeclaims"};
  const bool write = request.method == "DELETE" || request.method == "PATCH" ||
                     route.subresource == "eviction";
  return write && request.user_agent.starts_with("holdfast/") &&
         std::find(kStruck.begin(), kStruck.end(), route.info->plural) != kStruck.end();
}

HttpRequest WithoutEffect(HttpRequest request) {
  request.query.emplace_back("dryRun", "All");
  return request;
}

}  // namespace

ApiHandler::ApiHandler(Registry& registry, std::string token, NodeDialer dial, Defects defects)
    : registry_(registry),
      token_(std::move(token)),
      dial_(std::move(dial)),
      defects_(defects),
      service_tokens_(Sha256Hex("service account tokens of " + token_)) {}

ApiHandler::Manner ApiHandler::MannerOf(const HttpRequest& request) {
  if (request.method != "GET" && !(request.method == "POST" && request.spdy)) return Manner::kWhole;
  const auto route = ParseRoute(request.path);
  if (!route) return Manner::kWhole;
  if (route->info->plural == "pods" && IsStreams(route->subresource) &&
      (request.websocket || request.spdy))
    return Manner::kUpgrade;
  if (request.method != "GET") return Manner::kWhole;
  if (route->info->plural == "pods" && route->subresource == "log") return Manner::kStream;
  return route->subresource.empty() && request.QueryFlag("watch") ? Manner::kStream
                                                                  : Manner::kWhole;
}

std::optional<Identity> ApiHandler::SenderOf(std::string_view authorization) const {
  constexpr std::string_view kScheme = "Bearer ";
  if (!authorization.starts_with(kScheme)) return std::nullopt;
  const std::string_view given = authorization.substr(kScheme.size());
  if (given.size() == token_.size() &&
      CRYPTO_memcmp(given.data(), token_.data(), token_.size()) == 0)
    return Identity{"kubernetes-admin", "",
                    Json::array({"system:masters", "system:authenticated"})};
  return service_tokens_.Verify(given, registry_.clock().Wall());
}

Status ApiHandler::Authorize(const HttpRequest& request) const {
  if (IsOpen(request.path)) return {};
  const auto sender = SenderOf(request.authorization);
  if (!sender) return Fail(ApiError(401, "Unauthorized", "Unauthorized"));
  if (MayDoEverything(*sender)) return {};
  // Discovery and health are everybody's, and so are questions about oneself.
  const auto route = ParseRoute(request.path);
  if (!route) return {};
  const Attributes wanted = AttributesOf(request, *route);
  if (Allows(registry_.store(), *sender, wanted)) return {};
  return Fail(Forbidden(*sender, wanted));
}

HttpResponse ApiHandler::Review(const HttpRequest& request) {
  if (request.method != "POST") return ErrorResponse(WrongMethod(request));
  // What it asks does not depend on what it says.
  const bool asks_for_itself = FindReview(request.path)->kind == "SelfSubjectReview";
  auto body = asks_for_itself ? Result<Json>(Json::object()) : BodyOf(request);
  if (!body) return ErrorResponse(body.error());
  const Identity sender = SenderOf(request.authorization).value_or(Identity{});
  const ReviewInfo& review = *FindReview(request.path);
  if (!review.of_oneself && !MayDoEverything(sender)) {
    return ErrorResponse(Forbidden(sender, {.verb = "create",
                                            .group = review.group,
                                            .resource = review.plural,
                                            .ns = {},
                                            .name = {}}));
  }
  const auto find = [this](const std::string& token) { return SenderOf("Bearer " + token); };
  return JsonResponse(201,
                      AnswerReview(review, *std::move(body), sender, find, registry_.store()));
}

HttpResponse ApiHandler::Answer(const HttpRequest& request) {
  if (const auto allowed = Authorize(request); !allowed) return ErrorResponse(allowed.error());
  if (IsNodeControl(request.path)) {
    // Pods and their service accounts have no business with the machines.
    if (SenderOf(request.authorization)->user != "kubernetes-admin")
      return ErrorResponse(ApiError(403, "Forbidden", "only the administrator controls nodes"));
    return AnswerNodeControl(request, node_control_);
  }
  const auto route = ParseRoute(request.path);
  if (!route) {
    if (FindReview(request.path) != nullptr) return Review(request);
    auto response = AnswerHealth(request);
    if (!response) response = AnswerDiscovery(request);
    if (!response) return ErrorResponse(NoSuchPath());
    return request.method == "GET" || request.method == "HEAD"
               ? *std::move(response)
               : ErrorResponse(WrongMethod(request));
  }
  const bool in_vain =
      defects_.Has(Defect::kGrantsWithoutEffect) && IsWriteOfAFault(request, *route);
  auto response =
      in_vain ? Dispatch(WithoutEffect(request), *route) : Dispatch(request, *route);
  if (!response) return ErrorResponse(response.error(), route->info, route->name);
  return *std::move(response);
}

Result<HttpResponse> ApiHandler::Dispatch(const HttpRequest& request, const Route& route) {
  if (!HasSubresource(*route.info, route.subresource)) return Fail(NoSuchPath());
  const std::string& sub = route.subresource;
  const std::string& method = request.method;
  if (IsStreams(sub)) return Fail(RefuseStreams(route));
  if (sub == "binding" || sub == "eviction" || sub == "token")
    return method == "POST" ? CreateBelow(request, route) : Fail(WrongMethod(request));
  if (sub == "finalize")
    return method == "PUT" ? Replace(request, route) : Fail(WrongMethod(request));
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
  if (format == OutputFormat::kMetadata) return JsonResponse(200, PartialMetadata((*found)->json));
  Json table = EmptyTable(TableColumns(*route.info));
  table["metadata"]["resourceVersion"] = std::to_string((*found)->version);
  table["rows"].push_back(TableRow(*route.info, (*found)->json, request.Query("includeObject"),
                                   registry_.clock().Wall()));
  return JsonResponse(200, table);
}

Result<HttpResponse> ApiHandler::Create(const HttpRequest& request, const Route& route) {
  if (route.info->namespaced && route.ns.empty())
    return Fail(BadRequest("an empty namespace may not be set during creation"));
  HOLDFAST_ASSIGN(Json body, BodyOf(request));
  WriteParameters parameters;
  std::vector<std::string> warnings;
  parameters.warnings = &warnings;
  HOLDFAST_RETURN_IF_ERROR(ReadWriteParameters(request, route, parameters));
  HOLDFAST_ASSIGN(const ObjectPtr created,
                  registry_.Create(route.info->plural, route.ns, std::move(body), parameters));
  return Warned(ObjectResponse(201, route, created), warnings);
}

Result<HttpResponse> ApiHandler::CreateBelow(const HttpRequest& request, const Route& route) {
  HOLDFAST_ASSIGN(Json body, BodyOf(request));
  WriteParameters parameters;
  HOLDFAST_RETURN_IF_ERROR(ReadWriteParameters(request, route, parameters));
  if (!body.is_object()) return Fail(BadRequest("the body must be a JSON object"));
  if (route.subresource == "eviction")
    return EvictPod(registry_, defects_, route.ns, route.name, body, parameters.dry_run);
  if (route.subresource == "token") {
    const auto account = registry_.store().Get(route.info->plural, route.ns, route.name);
    if (!account) return Fail(NotFound(*route.info, route.name));
    HOLDFAST_ASSIGN(const Json answer, service_tokens_.Answer(std::move(body), (*account)->json,
                                                              registry_.clock().Wall()));
    return JsonResponse(201, answer);
  }
  if (!body["metadata"].is_object()) body["metadata"] = Json::object();
  body["metadata"]["name"] = route.name;
  const auto bound = registry_.Create(route.info->plural, route.ns, std::move(body), parameters);
  if (!bound) return Fail(bound.error());
  return JsonResponse(201, {{"kind", "Status"},
                            {"apiVersion", "v1"},
                            {"metadata", Json::object()},
                            {"status", "Success"},
                            {"code", 201}});
}

Result<HttpResponse> ApiHandler::Replace(const HttpRequest& request, const Route& route) {
  HOLDFAST_ASSIGN(Json body, BodyOf(request));
  WriteParameters parameters;
  std::vector<std::string> warnings;
  parameters.warnings = &warnings;
  HOLDFAST_RETURN_IF_ERROR(ReadWriteParameters(request, route, parameters));
  HOLDFAST_ASSIGN(
      const ObjectPtr written,
      registry_.Replace(route.info->plural, route.ns, route.name, std::move(body), parameters));
  return Warned(ObjectResponse(200, route, written), warnings);
}

Result<HttpResponse> ApiHandler::Patch(const HttpRequest& request, const Route& route) {
  PatchFormat format = PatchFormat::kJson;
  if (IsType(request, "application/merge-patch+json")) {
    format = PatchFormat::kMerge;
  } else if (IsType(request, "application/strategic-merge-patch+json")) {
    format = PatchFormat::kStrategicMerge;
  } else if (IsType(request, "application/apply-patch+yaml")) {
    format = PatchFormat::kApply;
  } else if (!IsType(request, "application/json-patch+json")) {
    return Fail(ApiError(415, "UnsupportedMediaType",
                         "the body of the request was in an unknown format - accepted media types "
                         "include: application/json-patch+json, application/merge-patch+json, "
                         "application/strategic-merge-patch+json, application/apply-patch+yaml"));
  }
  WriteParameters parameters;
  std::vector<std::string> warnings;
  parameters.warnings = &warnings;
  HOLDFAST_RETURN_IF_ERROR(ReadWriteParameters(request, route, parameters));
  const bool applies = format == PatchFormat::kApply;
  if (applies && request.Query("fieldManager").empty())
    return Fail(ApiError(422, "Invalid",
                         "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: "
                         "is required for apply patch"));
  if (!applies && !request.Query("force").empty())
    return Fail(ApiError(422, "Invalid",
                         "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be "
                         "specified for non-apply patch"));
  auto body = ParseBody(request.body);
  if (!body && applies) body = ParseYamlBody(request.body);
  if (!body) return Fail(body.error());
  const bool existed =
      !applies || registry_.store().Get(route.info->plural, route.ns, route.name).has_value();
  HOLDFAST_ASSIGN(const ObjectPtr written, registry_.Patch(route.info->plural, route.ns, route.name,
                                                           format, *body, parameters));
  return Warned(ObjectResponse(existed ? 200 : 201, route, written), warnings);
}

Result<HttpResponse> ApiHandler::Delete(const HttpRequest& request, const Route& route) {
  HOLDFAST_ASSIGN(const DeleteParameters parameters, ReadDeleteOptions(request));
  const ResourceInfo& info = *route.info;
  HOLDFAST_ASSIGN(const ObjectPtr deleted,
                  registry_.Delete(info.plural, route.ns, route.name, parameters));
  // Kinds that show the object even when it went at once.
  const bool shown = info.plural == "pods" || info.plural == "services" ||
                     info.plural.starts_with("persistentvolume") || info.plural == "namespaces" ||
                     info.plural == "serviceaccounts" || info.plural == "resourcequotas" ||
                     info.group == "storage.k8s.io";
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
