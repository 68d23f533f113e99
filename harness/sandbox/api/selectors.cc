#include "harness/sandbox/api/selectors.h"

#include <algorithm>
#include <map>
#include <utility>

#include "harness/base/strings.h"
#include "harness/sandbox/api/api_errors.h"

namespace holdfast::sandbox {
namespace {

// Splits at commas that stand outside parentheses.
std::vector<std::string_view> SplitTop(std::string_view text) {
  std::vector<std::string_view> parts;
  int depth = 0;
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')') --depth;
    if (text[i] != ',' || depth != 0) continue;
    parts.push_back(text.substr(start, i - start));
    start = i + 1;
  }
  parts.push_back(text.substr(start));
  return parts;
}

bool IsKey(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '/';
  });
}
bool IsValue(std::string_view text) {
  return text.empty() || (IsKey(text) && text.find('/') == std::string_view::npos);
}

tl::unexpected<Error> Malformed(std::string_view text) {
  return Fail(
      BadRequest(fmt::format("unable to parse requirement: \"{}\" is not a label selector", text)));
}

// The values inside "(a,b)".
bool ParseValues(std::string_view text, std::vector<std::string>& values) {
  text = Trim(text);
  if (text.size() < 2 || text.front() != '(' || text.back() != ')') return false;
  for (const std::string& value : Split(text.substr(1, text.size() - 2), ','))
    values.emplace_back(Trim(value));
  return std::all_of(values.begin(), values.end(), IsValue);
}

}  // namespace

Result<LabelSelector::Requirement> LabelSelector::ParseOne(std::string_view text) {
  text = Trim(text);
  Requirement requirement;
  if (!text.empty() && text.front() == '!') {
    requirement = {std::string(Trim(text.substr(1))), Operator::kMissing, {}};
  } else if (const size_t at = text.find_first_of("=!<>"); at != std::string_view::npos) {
    requirement.key = Trim(text.substr(0, at));
    size_t width = 1;
    requirement.op = Operator::kIn;
    if (text[at] == '!') {
      if (text.substr(at, 2) != "!=") return Malformed(text);
      requirement.op = Operator::kNotIn;
      width = 2;
    } else if (text.substr(at, 2) == "==") {
      width = 2;
    } else if (text[at] != '=') {
      requirement.op = text[at] == '>' ? Operator::kGreater : Operator::kLess;
    }
    const std::string value(Trim(text.substr(at + width)));
    const bool compares = requirement.op == Operator::kGreater || requirement.op == Operator::kLess;
    if (!IsValue(value) || (compares && !ParseInt(value))) return Malformed(text);
    requirement.values = {value};
  } else if (const size_t blank = text.find_first_of(" \t("); blank != std::string_view::npos) {
    requirement.key = text.substr(0, blank);
    const std::string_view rest = Trim(text.substr(blank));
    const bool negated = rest.starts_with("notin");
    if (!negated && !rest.starts_with("in")) return Malformed(text);
    requirement.op = negated ? Operator::kNotIn : Operator::kIn;
    if (!ParseValues(rest.substr(negated ? 5 : 2), requirement.values)) return Malformed(text);
  } else {
    requirement.key = text;
  }
  if (!IsKey(requirement.key)) return Malformed(text);
  return requirement;
}

Result<LabelSelector> LabelSelector::Parse(std::string_view text) {
  LabelSelector selector;
  if (Trim(text).empty()) return selector;
  for (const std::string_view part : SplitTop(text)) {
    HOLDFAST_ASSIGN(Requirement requirement, ParseOne(part));
    selector.requirements_.push_back(std::move(requirement));
  }
  return selector;
}

LabelSelector LabelSelector::FromJson(const Json& selector) {
  LabelSelector made;
  for (const auto& [key, value] : GetObject(selector, {"matchLabels"}).items())
    if (value.is_string())
      made.requirements_.push_back({key, Operator::kIn, {value.get<std::string>()}});
  for (const Json& expression : GetArray(selector, {"matchExpressions"})) {
    Requirement requirement{GetString(expression, {"key"}), Operator::kIn, {}};
    const std::string word = GetString(expression, {"operator"});
    if (word == "NotIn") requirement.op = Operator::kNotIn;
    if (word == "Exists") requirement.op = Operator::kExists;
    if (word == "DoesNotExist") requirement.op = Operator::kMissing;
    for (const Json& value : GetArray(expression, {"values"}))
      if (value.is_string()) requirement.values.push_back(value.get<std::string>());
    made.requirements_.push_back(std::move(requirement));
  }
  return made;
}

bool LabelSelector::Holds(const Requirement& requirement, const Json& labels) {
  const auto found = labels.find(requirement.key);
  const bool has = found != labels.end() && found->is_string();
  const std::string value = has ? found->get<std::string>() : "";
  const auto listed = [&] {
    return std::find(requirement.values.begin(), requirement.values.end(), value) !=
           requirement.values.end();
  };
  switch (requirement.op) {
    case Operator::kIn:
      return has && listed();
    case Operator::kNotIn:
      return !has || !listed();
    case Operator::kExists:
      return has;
    case Operator::kMissing:
      return !has;
    case Operator::kGreater:
    case Operator::kLess: {
      const auto number = ParseInt(value);
      const auto bound = ParseInt(requirement.values.front());
      if (!has || !number || !bound) return false;
      return requirement.op == Operator::kGreater ? *number > *bound : *number < *bound;
    }
  }
  return false;
}

bool LabelSelector::Matches(const Json& labels) const {
  return std::all_of(requirements_.begin(), requirements_.end(),
                     [&](const Requirement& requirement) { return Holds(requirement, labels); });
}

std::string LabelSelector::Text(const Requirement& requirement) {
  const std::string joined = Join(requirement.values, ",");
  switch (requirement.op) {
    case Operator::kIn:
      return requirement.values.size() == 1 ? requirement.key + "=" + joined
                                            : requirement.key + " in (" + joined + ")";
    case Operator::kNotIn:
      return requirement.values.size() == 1 ? requirement.key + "!=" + joined
                                            : requirement.key + " notin (" + joined + ")";
    case Operator::kMissing:
      return "!" + requirement.key;
    case Operator::kGreater:
      return requirement.key + ">" + joined;
    case Operator::kLess:
      return requirement.key + "<" + joined;
    case Operator::kExists:
      break;
  }
  return requirement.key;
}

std::string LabelSelector::ToString() const {
  std::vector<std::string> parts;
  for (const Requirement& requirement : requirements_)
    parts.push_back(Text(requirement));
  return Join(parts, ",");
}

namespace {

// Beside metadata.name and metadata.namespace.
const std::vector<std::string>& FieldsOf(std::string_view plural) {
  static const std::map<std::string, std::vector<std::string>, std::less<>> kFields = {
      {"pods",
       {"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
        "spec.hostNetwork", "status.phase", "status.podIP", "status.podIPs",
        "status.nominatedNodeName"}},
      {"nodes", {"spec.unschedulable"}},
      {"events",
       {"involvedObject.kind", "involvedObject.namespace", "involvedObject.name",
        "involvedObject.uid", "involvedObject.apiVersion", "involvedObject.resourceVersion",
        "involvedObject.fieldPath", "reason", "reportingComponent", "source", "type"}},
      {"namespaces", {"status.phase"}},
      {"services", {"spec.clusterIP", "spec.type"}},
      {"secrets", {"type"}},
  };
  static const std::vector<std::string> kNone;
  const auto found = kFields.find(plural);
  return found == kFields.end() ? kNone : found->second;
}

std::string FieldValue(const Json& object, const std::vector<std::string>& path) {
  const Json* at = &object;
  for (const std::string& part : path) {
    if (at->is_array()) at = at->empty() ? nullptr : &at->front();
    if (at == nullptr || !at->is_object()) return "";
    const auto found = at->find(part);
    if (found == at->end()) return "";
    at = &*found;
  }
  if (at->is_array()) return at->empty() ? "" : GetString(at->front(), {"ip"});
  if (at->is_object()) return GetString(*at, {"component"});  // Of an event's source.
  return at->is_string() ? at->get<std::string>() : DumpJson(*at);
}

}  // namespace

Result<FieldSelector> FieldSelector::Parse(std::string_view text, std::string_view plural) {
  FieldSelector selector;
  if (Trim(text).empty()) return selector;
  for (const std::string& part : Split(text, ',')) {
    if (part.empty()) continue;
    Requirement requirement;
    size_t at = part.find('=');
    if (at == std::string::npos || at == 0)
      return Fail(BadRequest(
          fmt::format("invalid selector: '{}'; can't understand '{}'", std::string(text), part)));
    const size_t value = part.compare(at, 2, "==") == 0 ? at + 2 : at + 1;
    requirement.value = Trim(part.substr(value));
    if (part[at - 1] == '!') {
      requirement.equal = false;
      --at;
    }
    requirement.field = Trim(part.substr(0, at));
    const auto& known = FieldsOf(plural);
    if (requirement.field != "metadata.name" && requirement.field != "metadata.namespace" &&
        std::find(known.begin(), known.end(), requirement.field) == known.end())
      return Fail(BadRequest(
          fmt::format("Unable to find \"{}\" that match label selector \"\", field selector "
                      "\"{}\": field label not supported: {}",
                      plural, text, requirement.field)));
    requirement.path = Split(requirement.field, '.');
    selector.requirements_.push_back(std::move(requirement));
  }
  return selector;
}

bool FieldSelector::Matches(const Json& object) const {
  return std::all_of(requirements_.begin(), requirements_.end(), [&](const Requirement& wanted) {
    std::string value = FieldValue(object, wanted.path);
    // Absent booleans are false.
    if (value.empty() && (wanted.value == "false" || wanted.value == "true")) value = "false";
    return (value == wanted.value) == wanted.equal;
  });
}

}  // namespace holdfast::sandbox
