#include "harness/sandbox/api/openapi.h"

#include <map>
#include <set>
#include <string>

#include "harness/base/strings.h"
#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/route.h"
#include "harness/sandbox/api/schema.h"
#include "harness/sandbox/api/subresources.h"

namespace holdfast::sandbox {
namespace {

using Base = ValueSchema::Base;

constexpr const char* kMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.";
constexpr const char* kQuantity = "io.k8s.apimachinery.pkg.api.resource.Quantity";
constexpr const char* kIntOrString = "io.k8s.apimachinery.pkg.util.intstr.IntOrString";

struct Document {
  std::string text;
  std::string hash;
};

std::string NameOf(const TypeSchema& type) {
  if (type.package == "meta") return kMeta + type.name;
  return fmt::format("io.k8s.api.{}.v1.{}", type.package, type.name);
}

Json Gvk(const std::string& group, const std::string& kind) {
  return {{"group", group}, {"version", "v1"}, {"kind", kind}};
}

// Collects the schemas of types and of all that they refer to.
class Components {
 public:
  // v2 documents refer to "#/definitions/", v3 documents to "#/components/schemas/".
  explicit Components(std::string prefix, bool v3) : prefix_(std::move(prefix)), v3_(v3) {}

  std::string Reference(const std::string& name) const { return prefix_ + name; }

  void Add(const TypeSchema& type) {
    const std::string name = NameOf(type);
    if (schemas.contains(name)) return;
    schemas[name] = Json::object();
    Json schema = {{"type", "object"}};
    if (!type.description.empty()) schema["description"] = type.description;
    if (type.atomic) schema["x-kubernetes-map-type"] = "atomic";
    for (const FieldSchema& field : type.fields) {
      schema["properties"][field.name] = Property(field);
      if (field.required) schema["required"].push_back(field.name);
    }
    schemas[name] = std::move(schema);
  }
  void SetKind(const TypeSchema& type, const Json& gvk) {
    schemas[NameOf(type)]["x-kubernetes-group-version-kind"] = Json::array({gvk});
  }
  void AddList(const ResourceInfo& info) {
    const TypeSchema& type = SchemaOf(info);
    const std::string name = NameOf(type) + "List";
    AddListMeta();
    schemas[name] = {
        {"type", "object"},
        {"description", "A list of " + info.kind + " objects."},
        {"properties",
         {{"apiVersion", {{"type", "string"}}},
          {"kind", {{"type", "string"}}},
          {"metadata", {{"$ref", Reference(std::string(kMeta) + "ListMeta")}}},
          {"items", {{"type", "array"}, {"items", {{"$ref", Reference(NameOf(type))}}}}}}},
        {"required", Json::array({"items"})},
        {"x-kubernetes-group-version-kind", Json::array({Gvk(info.group, info.kind + "List")})}};
  }

  Json schemas = Json::object();

 private:
  void AddListMeta() {
    Json& meta = schemas[std::string(kMeta) + "ListMeta"];
    if (!meta.is_null()) return;
    meta = {{"type", "object"},
            {"description", "What a list says about itself."},
            {"properties",
             {{"continue", {{"type", "string"}}},
              {"remainingItemCount", {{"type", "integer"}, {"format", "int64"}}},
              {"resourceVersion", {{"type", "string"}}},
              {"selfLink", {{"type", "string"}}}}}};
  }

  Json Property(const FieldSchema& field) {
    Json property = Value(field.value);
    // A reference has no room for a sibling in OpenAPI 3.0.
    if (property.contains("$ref") && v3_) {
      Json all = Json::array({std::move(property)});
      property = Json{{"allOf", std::move(all)}};
    }
    if (!field.description.empty()) property["description"] = field.description;
    if (field.value.base == Base::kList) {
      switch (field.merge) {
        case FieldSchema::Merge::kByKeys:
          property["x-kubernetes-list-type"] = "map";
          property["x-kubernetes-list-map-keys"] = field.keys;
          break;
        case FieldSchema::Merge::kSet:
          property["x-kubernetes-list-type"] = "set";
          break;
        case FieldSchema::Merge::kAtomic:
          property["x-kubernetes-list-type"] = "atomic";
          break;
      }
    } else if (field.atomic) {
      property["x-kubernetes-map-type"] = "atomic";
    }
    if (field.patch_merges || field.retains_keys) {
      property["x-kubernetes-patch-strategy"] =
          field.patch_merges ? (field.retains_keys ? "merge,retainKeys" : "merge") : "retainKeys";
      if (!field.patch_key.empty()) property["x-kubernetes-patch-merge-key"] = field.patch_key;
    }
    return property;
  }

  Json Value(const ValueSchema& value) {
    switch (value.base) {
      case Base::kString:
        return {{"type", "string"}};
      case Base::kInt32:
        return {{"type", "integer"}, {"format", "int32"}};
      case Base::kInt64:
        return {{"type", "integer"}, {"format", "int64"}};
      case Base::kBool:
        return {{"type", "boolean"}};
      case Base::kTime:
      case Base::kMicroTime:
        return Named(std::string(kMeta) + (value.base == Base::kTime ? "Time" : "MicroTime"),
                     {{"type", "string"}, {"format", "date-time"}});
      case Base::kQuantity:
        return Named(
            kQuantity,
            v3_ ? Json{{"oneOf", Json::array({{{"type", "string"}}, {{"type", "number"}}})}}
                : Json{{"type", "string"}});
      case Base::kIntOrString:
        return Named(
            kIntOrString,
            v3_ ? Json{{"format", "int-or-string"},
                       {"oneOf", Json::array({{{"type", "integer"}}, {{"type", "string"}}})}}
                : Json{{"type", "string"}, {"format", "int-or-string"}});
      case Base::kBytes:
        return {{"type", "string"}, {"format", "byte"}};
      case Base::kAny:
        return {{"type", "object"}};
      case Base::kStruct:
        Add(*value.type);
        return {{"$ref", Reference(NameOf(*value.type))}};
      case Base::kList:
        return {{"type", "array"}, {"items", Element(*value.element)}};
      case Base::kMap:
        return {{"type", "object"}, {"additionalProperties", Element(*value.element)}};
    }
    return Json::object();
  }
  Json Element(const ValueSchema& value) {
    Json element = Value(value);
    if (!v3_ || !element.contains("$ref")) return element;
    return {{"allOf", Json::array({std::move(element)})}, {"default", Json::object()}};
  }
  Json Named(const std::string& name, Json schema) {
    if (!schemas.contains(name)) schemas[name] = std::move(schema);
    return {{"$ref", Reference(name)}};
  }

  std::string prefix_;
  bool v3_;
};

Json QueryParameter(const char* name, const char* type, bool v3, const char* description) {
  Json parameter = {{"name", name}, {"in", "query"}, {"description", description}};
  if (v3) {
    parameter["schema"] = {{"type", type}, {"uniqueItems", true}};
  } else {
    parameter["type"] = type;
    parameter["uniqueItems"] = true;
  }
  return parameter;
}

Json WriteQuery(bool v3, bool apply) {
  Json parameters = Json::array(
      {QueryParameter("dryRun", "string", v3, "\"All\": everything but the write."),
       QueryParameter("fieldManager", "string", v3, "Who writes."),
       QueryParameter("fieldValidation", "string", v3,
                      "What unknown and duplicate fields do: Ignore, Warn or Strict.")});
  if (apply)
    parameters.push_back(
        QueryParameter("force", "boolean", v3, "Take fields over that others own."));
  return parameters;
}

Json Operation(const char* action, const Json& gvk, const std::string& schema, bool v3) {
  Json ok = {{"description", "OK"}};
  if (v3) {
    ok["content"]["application/json"]["schema"]["$ref"] = schema;
  } else {
    ok["schema"]["$ref"] = schema;
  }
  return {{"responses", {{"200", std::move(ok)}}},
          {"x-kubernetes-action", action},
          {"x-kubernetes-group-version-kind", gvk}};
}

Json BodyOf(const std::string& schema) {
  Json body;
  body["required"] = true;
  body["content"]["application/json"]["schema"]["$ref"] = schema;
  return body;
}

// The paths of one resource.
void AddPaths(const ResourceInfo& info, const Components& components, bool v3, Json& paths) {
  const Json gvk = Gvk(info.group, info.kind);
  const std::string kind = components.Reference(NameOf(SchemaOf(info)));
  const std::string list = kind + "List";
  const std::string base =
      fmt::format("{}{}/{}", info.group.empty() ? "/api/v1" : "/apis/" + info.group + "/v1",
                  info.namespaced ? "/namespaces/{namespace}" : "", info.plural);
  Json& all = paths[base];
  all["get"] = Operation("list", gvk, list, v3);
  all["post"] = Operation("post", gvk, kind, v3);
  all["post"]["parameters"] = WriteQuery(v3, false);
  if (v3) all["post"]["requestBody"] = BodyOf(kind);
  all["delete"] = Operation("deletecollection", gvk, kind, v3);
  if (info.namespaced) {
    const std::string everywhere = fmt::format(
        "{}/{}", info.group.empty() ? "/api/v1" : "/apis/" + info.group + "/v1", info.plural);
    paths[everywhere]["get"] = Operation("list", gvk, list, v3);
  }
  std::vector<std::string> places{base + "/{name}"};
  if (info.has_status) places.push_back(base + "/{name}/status");
  for (const std::string& place : places) {
    Json& one = paths[place];
    one["get"] = Operation("get", gvk, kind, v3);
    one["put"] = Operation("put", gvk, kind, v3);
    one["put"]["parameters"] = WriteQuery(v3, false);
    if (v3) one["put"]["requestBody"] = BodyOf(kind);
    one["patch"] = Operation("patch", gvk, kind, v3);
    one["patch"]["parameters"] = WriteQuery(v3, true);
    if (v3) {
      for (const char* type :
           {"application/apply-patch+yaml", "application/json-patch+json",
            "application/merge-patch+json", "application/strategic-merge-patch+json"})
        one["patch"]["requestBody"]["content"][type]["schema"] = {{"type", "object"}};
    } else {
      one["patch"]["consumes"] =
          Json::array({"application/json-patch+json", "application/merge-patch+json",
                       "application/strategic-merge-patch+json", "application/apply-patch+yaml"});
    }
  }
  paths[base + "/{name}"]["delete"] = Operation("delete", gvk, kind, v3);
}

Document Finish(const Json& document) {
  std::string text = DumpJson(document);
  std::string hash = Sha256Hex(text);
  return {std::move(text), std::move(hash)};
}

Json Info() { return {{"title", "Kubernetes"}, {"version", "v1.36.2+holdfast"}}; }

Document MakeV3(const std::string& group) {
  Components components("#/components/schemas/", true);
  Json paths = Json::object();
  for (const ResourceInfo& info : AllResources()) {
    if (info.group != group) continue;
    components.Add(SchemaOf(info));
    components.AddList(info);
    components.SetKind(SchemaOf(info), Gvk(info.group, info.kind));
    AddPaths(info, components, true, paths);
  }
  return Finish({{"openapi", "3.0.0"},
                 {"info", Info()},
                 {"paths", std::move(paths)},
                 {"components", {{"schemas", std::move(components.schemas)}}}});
}

Document MakeV2() {
  Components components("#/definitions/", false);
  Json paths = Json::object();
  for (const ResourceInfo& info : AllResources()) {
    components.Add(SchemaOf(info));
    components.AddList(info);
    components.SetKind(SchemaOf(info), Gvk(info.group, info.kind));
    AddPaths(info, components, false, paths);
  }
  return Finish({{"swagger", "2.0"},
                 {"info", Info()},
                 {"paths", std::move(paths)},
                 {"definitions", std::move(components.schemas)}});
}

// "api/v1" or "apis/GROUP/v1" for each group that stores something.
const std::map<std::string, Document>& Documents() {
  static const auto* const kDocuments = [] {
    auto* made = new std::map<std::string, Document>;
    std::set<std::string> groups;
    for (const ResourceInfo& info : AllResources())
      groups.insert(info.group);
    for (const std::string& group : groups)
      made->emplace(group.empty() ? "api/v1" : "apis/" + group + "/v1", MakeV3(group));
    return made;
  }();
  return *kDocuments;
}

HttpResponse Serve(const HttpRequest& request, const Document& document) {
  HttpResponse response;
  const std::string tag = "\"" + document.hash.substr(0, 32) + "\"";
  response.headers.emplace_back("ETag", tag);
  if (request.if_none_match.find(tag) != std::string::npos) {
    response.status = 304;
  } else {
    response.body = document.text;
  }
  return response;
}

}  // namespace

constexpr const char* kV2Protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";

std::optional<HttpResponse> AnswerOpenApi(const HttpRequest& request) {
  constexpr std::string_view kV3 = "/openapi/v3";
  const bool v2 = request.path == "/openapi/v2";
  if (!v2 && !request.path.starts_with(kV3)) return std::nullopt;
  // kubectl takes v2 in protobuf only, and only to look for a kind that v3 did not have: a document
  // without paths (swagger, info {title, version}, paths) tells it that there is none.
  if (v2 && request.accept.find("json") == std::string::npos &&
      request.accept.find(kV2Protobuf) != std::string::npos) {
    HttpResponse response;
    // Asked for with an @, which Go cannot read in a content type: answered with a dot.
    response.content_type = ReplaceAll(kV2Protobuf, "@", ".");
    response.body = std::string("\x0A\x03") + "2.0" + "\x12\x15\x0A\x0A" + "Kubernetes" + "\x12\x07" +
                    "v1.36.2" + std::string("\x42\0", 2);
    return response;
  }
  if (const auto format = Negotiate(request.accept); !format) return ErrorResponse(format.error());
  if (v2) {
    static const Document kDocument = MakeV2();
    return Serve(request, kDocument);
  }
  if (request.path == kV3) {
    Json paths = Json::object();
    for (const auto& [at, document] : Documents())
      paths[at]["serverRelativeURL"] =
          fmt::format("/openapi/v3/{}?hash={}", at, document.hash.substr(0, 32));
    return JsonResponse(200, {{"paths", std::move(paths)}});
  }
  if (request.path.size() < kV3.size() + 2) return std::nullopt;
  const auto found = Documents().find(request.path.substr(kV3.size() + 1));
  if (found == Documents().end()) return std::nullopt;
  return Serve(request, found->second);
}

}  // namespace holdfast::sandbox
