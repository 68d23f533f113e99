#include "harness/sandbox/api/yaml_body.h"

#include <cstdlib>

#include <yaml-cpp/yaml.h>

#include "harness/base/strings.h"
#include "harness/sandbox/api/api_errors.h"

namespace holdfast::sandbox {
namespace {

constexpr int kDeepest = 100;
constexpr size_t kMostNodes = 200'000;

class Converter {
 public:
  Result<Json> Convert(const YAML::Node& node, int depth) {
    if (depth > kDeepest) return Fail(BadRequest("the body is nested too deeply"));
    if (++nodes_ > kMostNodes) return Fail(BadRequest("the body has too many parts"));
    switch (node.Type()) {
      case YAML::NodeType::Sequence: {
        Json list = Json::array();
        for (const auto& item : node) {
          HOLDFAST_ASSIGN(Json value, Convert(item, depth + 1));
          list.push_back(std::move(value));
        }
        return list;
      }
      case YAML::NodeType::Map: {
        Json object = Json::object();
        for (const auto& pair : node) {
          if (!pair.first.IsScalar())
            return Fail(BadRequest("a key of the YAML body is not a scalar"));
          HOLDFAST_ASSIGN(object[pair.first.Scalar()], Convert(pair.second, depth + 1));
        }
        return object;
      }
      case YAML::NodeType::Scalar:
        return Scalar(node);
      default:
        return Json();
    }
  }

 private:
  static Json Scalar(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    if (node.Tag() == "!") return text;  // It was quoted.
    if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
      return {};
    if (text == "true" || text == "True" || text == "TRUE") return true;
    if (text == "false" || text == "False" || text == "FALSE") return false;
    if (const auto number = ParseInt(text)) return *number;
    char* end = nullptr;
    const bool may_be_number = text.find_first_not_of("0123456789.eE+-") == std::string::npos &&
                               text.find_first_of("0123456789") != std::string::npos;
    const double number = may_be_number ? std::strtod(text.c_str(), &end) : 0;
    if (may_be_number && end == text.c_str() + text.size()) return number;
    return text;
  }

  size_t nodes_ = 0;
};

}  // namespace

Result<Json> ParseYamlBody(const std::string& text) {
  // Deep flow nesting would overflow the parser's stack.
  int depth = 0;
  int deepest = 0;
  for (const char c : text) {
    if (c == '{' || c == '[') deepest = std::max(deepest, ++depth);
    if (c == '}' || c == ']') --depth;
  }
  if (deepest > kDeepest) return Fail(BadRequest("the body is nested too deeply"));
  try {
    return Converter().Convert(YAML::Load(text), 0);
  } catch (const YAML::Exception& error) {
    return Fail(BadRequest(fmt::format("error decoding YAML: {}", error.what())));
  }
}

}  // namespace holdfast::sandbox
