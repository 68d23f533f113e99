// The only file that includes yaml-cpp in this folder.
#include "workloads/manifest.h"

#include <yaml-cpp/yaml.h>

#include "harness/base/strings.h"

namespace holdfast::workloads {
namespace {

Json FromScalar(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() == "!") return text;  // Quoted.
  if (text == "null" || text == "~" || text.empty()) return nullptr;
  if (text == "true" || text == "false") return text == "true";
  if (const auto number = ParseInt(text)) return *number;
  return text;
}

Json FromNode(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Map: {
      Json object = Json::object();
      for (const auto& entry : node)
        object[entry.first.Scalar()] = FromNode(entry.second);
      return object;
    }
    case YAML::NodeType::Sequence: {
      Json array = Json::array();
      for (const auto& item : node)
        array.push_back(FromNode(item));
      return array;
    }
    case YAML::NodeType::Scalar:
      return FromScalar(node);
    case YAML::NodeType::Null:
    case YAML::NodeType::Undefined:
      return nullptr;
  }
  return nullptr;
}

Result<Json> FillString(const std::string& text, const Json& values) {
  std::string filled;
  size_t at = 0;
  for (;;) {
    const size_t open = text.find("${", at);
    if (open == std::string::npos) break;
    const size_t close = text.find('}', open);
    const std::string name =
        close == std::string::npos ? "" : text.substr(open + 2, close - open - 2);
    const auto value = values.find(name);
    if (value == values.end())
      return Fail(ErrorCode::kInternal, "the manifest has an unknown placeholder in \"{}\"", text);
    if (open == 0 && close + 1 == text.size()) return *value;
    filled += text.substr(at, open - at);
    filled += value->is_string() ? value->get<std::string>() : DumpJson(*value);
    at = close + 1;
  }
  return filled + text.substr(at);
}

}  // namespace

Result<Json> ParseManifest(const std::string& text, const std::string& name) {
  try {
    return FromNode(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    return Fail(ErrorCode::kInternal, "{}:{}:{}: {}", name, error.mark.line + 1,
                error.mark.column + 1, error.msg);
  }
}

Result<Json> FillPlaceholders(const Json& manifest, const Json& values) {
  if (manifest.is_string()) return FillString(manifest.get<std::string>(), values);
  if (manifest.is_array()) {
    Json array = Json::array();
    for (const Json& item : manifest) {
      HOLDFAST_ASSIGN(Json filled, FillPlaceholders(item, values));
      if (!filled.is_null()) array.push_back(std::move(filled));
    }
    return array;
  }
  if (manifest.is_object()) {
    Json object = Json::object();
    for (const auto& [key, item] : manifest.items()) {
      HOLDFAST_ASSIGN(Json filled, FillPlaceholders(item, values));
      if (!filled.is_null()) object[key] = std::move(filled);
    }
    return object;
  }
  return manifest;
}

Result<std::vector<Json>> FillTemplates(std::span<const Template> templates, const Json& values) {
  std::vector<Json> manifests;
  for (const Template& one : templates) {
    HOLDFAST_ASSIGN(const Json parsed, ParseManifest(one.text, one.name));
    HOLDFAST_ASSIGN(Json filled, FillPlaceholders(parsed, values));
    manifests.push_back(std::move(filled));
  }
  return manifests;
}

}  // namespace holdfast::workloads
