// The container environment, built without side effects beyond reading ConfigMaps and Secrets.
#include "harness/sandbox/node/expansion.h"

#include <unistd.h>

#include <cmath>
#include <cstdlib>

#include "harness/base/strings.h"

namespace holdfast::sandbox::node {
namespace {

// metadata.labels['key'] and annotations: the key, or nullopt.
std::optional<std::string> Subscript(const std::string& path, const std::string& field) {
  const std::string start = field + "['";
  if (!path.starts_with(start) || !path.ends_with("']")) return std::nullopt;
  return path.substr(start.size(), path.size() - start.size() - 2);
}

Result<std::string> KeyOf(const Json& reference,
                          const std::string& resource,
                          const PodContext& context) {
  const std::string name = GetString(reference, {"name"});
  const std::string key = GetString(reference, {"key"});
  HOLDFAST_ASSIGN(const Json object, context.get(resource, name));
  HOLDFAST_ASSIGN(const auto data, ObjectData(object, resource == "secrets"));
  const auto found = data.find(key);
  if (found == data.end())
    return Fail(ErrorCode::kNotFound, "couldn't find key {} in {} {}", key, resource, name);
  return found->second;
}

Status AddSource(const Json& source, const PodContext& context, Environment& result) {
  for (const char* kind : {"configMapRef", "secretRef"}) {
    const Json* reference = FindPath(source, {kind});
    if (reference == nullptr) continue;
    const bool secret = std::string_view(kind) == "secretRef";
    const auto object =
        context.get(secret ? "secrets" : "configmaps", GetString(*reference, {"name"}));
    if (!object && object.error().code == ErrorCode::kNotFound && GetBool(*reference, {"optional"}))
      continue;
    if (!object) return Fail(object.error());
    HOLDFAST_ASSIGN(const auto data, ObjectData(*object, secret));
    for (const auto& [key, value] : data)
      result[GetString(source, {"prefix"}) + key] = value;
  }
  return {};
}

// The value of an env entry; nullopt: an optional source is missing.
Result<std::optional<std::string>> ValueOf(const Json& pod,
                                           const Json& container,
                                           const Json& entry,
                                           const PodContext& context,
                                           const Environment& so_far) {
  const Json* from = FindPath(entry, {"valueFrom"});
  if (from == nullptr) return ExpandReferences(GetString(entry, {"value"}), so_far);
  if (FindPath(*from, {"fieldRef"}) != nullptr) {
    HOLDFAST_ASSIGN(std::string value,
                    FieldReference(pod, context, GetString(*from, {"fieldRef", "fieldPath"})));
    return value;
  }
  if (const Json* resource = FindPath(*from, {"resourceFieldRef"})) {
    HOLDFAST_ASSIGN(std::string value, ResourceReference(container, *resource));
    return value;
  }
  for (const char* kind : {"configMapKeyRef", "secretKeyRef"}) {
    const Json* reference = FindPath(*from, {kind});
    if (reference == nullptr) continue;
    const auto value = KeyOf(
        *reference, std::string_view(kind) == "secretKeyRef" ? "secrets" : "configmaps", context);
    if (value) return std::optional(*value);
    if (value.error().code == ErrorCode::kNotFound && GetBool(*reference, {"optional"}))
      return std::optional<std::string>();
    return Fail(value.error());
  }
  return Fail(ErrorCode::kInvalidArgument,
              "env {}: this valueFrom is not supported by the sandbox (fieldRef, resourceFieldRef, "
              "configMapKeyRef and secretKeyRef are)",
              GetString(entry, {"name"}));
}

// A quantity such as "500m", "1Gi" or "2e3"; nullopt when it is none.
std::optional<double> ParseQuantity(const std::string& text) {
  static const std::map<std::string, double> kUnits = {
      {"", 1},          {"n", 1e-9},      {"u", 1e-6},      {"m", 1e-3},      {"k", 1e3},
      {"M", 1e6},       {"G", 1e9},       {"T", 1e12},      {"P", 1e15},      {"Ki", 0x1p10},
      {"Mi", 0x1p20},   {"Gi", 0x1p30},   {"Ti", 0x1p40},   {"Pi", 0x1p50}};
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const auto unit = kUnits.find(end);
  if (end == text.c_str() || unit == kUnits.end()) return std::nullopt;
  return number * unit->second;
}

}  // namespace

Result<std::string> ResourceReference(const Json& container, const Json& reference) {
  const std::string path = GetString(reference, {"resource"});
  const size_t dot = path.find('.');
  const std::string kind = path.substr(0, dot);
  const std::string name = dot == std::string::npos ? "" : path.substr(dot + 1);
  if ((kind != "limits" && kind != "requests") || name.empty())
    return Fail(ErrorCode::kInvalidArgument, "resource '{}' cannot be given to a container", path);
  std::string text = GetString(container, {"resources", kind, name});
  if (text.empty() && kind == "requests") text = GetString(container, {"resources", "limits", name}, "0");
  if (text.empty())
    text = name == "cpu" ? std::to_string(::sysconf(_SC_NPROCESSORS_ONLN))
                         : std::to_string(::sysconf(_SC_PHYS_PAGES) * ::sysconf(_SC_PAGESIZE));
  const auto value = ParseQuantity(text);
  std::string divisor_text = GetString(reference, {"divisor"}, "1");
  if (divisor_text == "0") divisor_text = "1";  // What the API server fills in.
  const auto divisor = ParseQuantity(divisor_text);
  if (!value || !divisor || *divisor <= 0)
    return Fail(ErrorCode::kInvalidArgument, "resource '{}' is not a quantity: '{}' by '{}'", path,
                text, divisor_text);
  return std::to_string(static_cast<int64_t>(std::ceil(*value / *divisor - 1e-9)));
}

std::string ExpandReferences(const std::string& text, const Environment& variables) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      result += text[i];
      continue;
    }
    if (text[i + 1] == '$') {
      result += '$';
      ++i;
      continue;
    }
    const size_t end = text[i + 1] == '(' ? text.find(')', i) : std::string::npos;
    if (end == std::string::npos) {
      result += '$';
      continue;
    }
    const auto found = variables.find(text.substr(i + 2, end - i - 2));
    result += found != variables.end() ? found->second : text.substr(i, end - i + 1);
    i = end;
  }
  return result;
}

Result<std::vector<std::string>> ContainerCommand(const Json& container,
                                                  const std::vector<std::string>& entry_point,
                                                  const std::vector<std::string>& command,
                                                  const Environment& variables) {
  const auto words = [&](const char* key) {
    std::vector<std::string> result;
    for (const Json& word : GetArray(container, {key}))
      if (word.is_string()) result.push_back(ExpandReferences(word.get<std::string>(), variables));
    return result;
  };
  std::vector<std::string> argv = words("command");
  const std::vector<std::string> args = words("args");
  const bool own_command = !argv.empty();
  if (!own_command) argv = entry_point;
  const std::vector<std::string>& rest = !args.empty() || own_command ? args : command;
  argv.insert(argv.end(), rest.begin(), rest.end());
  if (argv.empty())
    return Fail(ErrorCode::kInvalidArgument,
                "container {} has nothing to run: neither the manifest nor the image {} names a "
                "command",
                GetString(container, {"name"}), GetString(container, {"image"}));
  return argv;
}

Result<std::string> FieldReference(const Json& pod,
                                   const PodContext& context,
                                   const std::string& path) {
  if (path == "metadata.name") return GetString(pod, {"metadata", "name"});
  if (path == "metadata.namespace") return GetString(pod, {"metadata", "namespace"});
  if (path == "metadata.uid") return GetString(pod, {"metadata", "uid"});
  if (path == "spec.nodeName") return GetString(pod, {"spec", "nodeName"});
  if (path == "spec.serviceAccountName")
    return GetString(pod, {"spec", "serviceAccountName"}, "default");
  if (path == "status.podIP" || path == "status.podIPs") return context.pod_ip;
  if (path == "status.hostIP" || path == "status.hostIPs") return context.host_ip;
  for (const char* field : {"labels", "annotations"}) {
    const std::string whole = std::string("metadata.") + field;
    if (const auto key = Subscript(path, whole)) return GetString(pod, {"metadata", field, *key});
    if (path != whole) continue;
    std::string lines;
    for (const auto& [key, value] : GetObject(pod, {"metadata", field}).items())
      lines += fmt::format("{}={}\n", key, DumpJson(value));
    return lines;
  }
  return Fail(ErrorCode::kInvalidArgument, "field '{}' cannot be given to a container", path);
}

Result<std::map<std::string, std::string>> ObjectData(const Json& object, bool secret) {
  std::map<std::string, std::string> result;
  for (const auto& [key, value] : GetObject(object, {"data"}).items())
    if (value.is_string()) result[key] = value.get<std::string>();
  if (secret)
    for (auto& [key, value] : result) {
      HOLDFAST_ASSIGN(value, Base64Decode(value));
    }
  for (const auto& [key, value] : GetObject(object, {"binaryData"}).items())
    if (value.is_string()) {
      HOLDFAST_ASSIGN(result[key], Base64Decode(value.get<std::string>()));
    }
  return result;
}

Result<Environment> ContainerEnvironment(const Json& pod,
                                         const Json& container,
                                         const Environment& image,
                                         const PodContext& context) {
  Environment result = image;
  if (!result.contains("PATH"))
    result["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  result["HOSTNAME"] = GetString(pod, {"spec", "hostname"}, GetString(pod, {"metadata", "name"}));
  if (!context.api_host.empty()) {
    result["KUBERNETES_SERVICE_HOST"] = context.api_host;
    result["KUBERNETES_SERVICE_PORT"] = context.api_port;
  }
  for (const Json& source : GetArray(container, {"envFrom"}))
    HOLDFAST_RETURN_IF_ERROR(AddSource(source, context, result));
  for (const Json& entry : GetArray(container, {"env"})) {
    HOLDFAST_ASSIGN(const auto value, ValueOf(pod, container, entry, context, result));
    if (value) result[GetString(entry, {"name"})] = *value;
  }
  return result;
}

}  // namespace holdfast::sandbox::node
