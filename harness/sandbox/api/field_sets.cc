#include "harness/sandbox/api/field_sets.h"

#include <map>
#include <optional>
#include <set>
#include <utility>

namespace holdfast::sandbox {
namespace {

using Base = ValueSchema::Base;
using Merge = FieldSchema::Merge;

constexpr const char* kSelf = ".";

bool IsMember(const Json& node) { return node.empty() || node.contains(kSelf); }

// A node with the given children.
Json MakeNode(bool member, Json children) {
  if (member && !children.empty()) children[kSelf] = Json::object();
  return children;
}
Json ChildrenOf(const Json& node) {
  Json children = node;
  children.erase(kSelf);
  return children;
}

// How the children of a value are addressed.
enum class Form { kLeaf, kStruct, kMap, kKeyed, kSet };
Form FormOf(const ValueSchema& schema, const FieldSchema* field) {
  const bool atomic = field != nullptr && field->atomic;
  switch (schema.base) {
    case Base::kStruct:
      return atomic || schema.type->atomic ? Form::kLeaf : Form::kStruct;
    case Base::kMap:
      return atomic ? Form::kLeaf : Form::kMap;
    case Base::kList:
      if (field == nullptr || field->merge == Merge::kAtomic) return Form::kLeaf;
      return field->merge == Merge::kSet ? Form::kSet : Form::kKeyed;
    default:
      return Form::kLeaf;
  }
}

// "k:{...}" of a list's element, or nothing when a key is missing.
std::optional<std::string> KeyOf(const FieldSchema& field, const Json& element) {
  Json keys = Json::object();
  for (const std::string& key : field.keys) {
    const auto found = element.is_object() ? element.find(key) : element.end();
    if (element.is_object() && found != element.end()) {
      keys[key] = *found;
    } else if (key == "protocol") {
      keys[key] = "TCP";  // The one key that has a default.
    } else {
      return std::nullopt;
    }
  }
  return "k:" + DumpJson(keys);
}
std::optional<std::string> ElementName(Form form, const FieldSchema* field, const Json& element) {
  if (form == Form::kSet) return "v:" + DumpJson(element);
  return KeyOf(*field, element);
}
// The elements of a list by their names; nothing when one has no name or two have the same.
using Elements = std::map<std::string, const Json*>;
std::optional<Elements> Named(Form form, const FieldSchema* field, const Json& list) {
  Elements elements;
  for (const Json& element : list) {
    auto name = ElementName(form, field, element);
    if (!name || !elements.emplace(*std::move(name), &element).second) return std::nullopt;
  }
  return elements;
}
const Json* ElementOf(const Elements& elements, const std::string& name) {
  const auto found = elements.find(name);
  return found == elements.end() ? nullptr : found->second;
}

Json NodeOf(const ValueSchema& schema, const FieldSchema* field, const Json& value);

Json StructNodes(const TypeSchema& type, const Json& object) {
  Json nodes = Json::object();
  for (const auto& [name, member] : object.items())
    if (const FieldSchema* field = type.Find(name))
      if (Json node = NodeOf(field->value, field, member); !node.is_null())
        nodes["f:" + name] = std::move(node);
  return nodes;
}

// null: nothing in it is a member, such as a keyed list without elements.
Json NodeOf(const ValueSchema& schema, const FieldSchema* field, const Json& value) {
  const Form form = FormOf(schema, field);
  if (form == Form::kStruct && value.is_object()) {
    if (value.empty()) return Json::object();
    Json nodes = StructNodes(*schema.type, value);
    return nodes.empty() ? Json() : nodes;
  }
  if (form == Form::kMap && value.is_object()) {
    Json nodes = Json::object();
    for (const auto& [name, member] : value.items())
      nodes["f:" + name] = MakeNode(true, ChildrenOf(NodeOf(*schema.element, nullptr, member)));
    return nodes;
  }
  if ((form == Form::kKeyed || form == Form::kSet) && value.is_array() &&
      Named(form, field, value)) {
    if (value.empty()) return {};
    Json nodes = Json::object();
    for (const Json& element : value)
      nodes[*ElementName(form, field, element)] =
          form == Form::kSet
              ? Json::object()
              : MakeNode(true, ChildrenOf(NodeOf(*schema.element, nullptr, element)));
    return nodes;
  }
  return Json::object();
}

void AddNode(Json& set, const std::string& name, Json node) {
  if (!node.is_null()) set[name] = std::move(node);
}

// The changes of one value; `before` or `after` may be nullptr. Both nodes are null when nothing
// changed.
std::pair<Json, Json> Compare(const ValueSchema& schema,
                              const FieldSchema* field,
                              const Json* before,
                              const Json* after) {
  if (before == nullptr && after == nullptr) return {};
  if (before == nullptr) return {NodeOf(schema, field, *after), Json()};
  if (after == nullptr) return {Json(), NodeOf(schema, field, *before)};
  if (*before == *after) return {};
  const Form form = FormOf(schema, field);
  Json written = Json::object();
  Json removed = Json::object();
  const auto child = [&](const std::string& name, const ValueSchema& of, const FieldSchema* its,
                         const Json* old_child, const Json* new_child, bool element) {
    auto [added, gone] = Compare(of, its, old_child, new_child);
    // A new element of a list or map is a member itself.
    if (element && old_child == nullptr)
      added = MakeNode(true, added.is_null() ? Json::object() : added);
    if (element && new_child == nullptr)
      gone = MakeNode(true, gone.is_null() ? Json::object() : gone);
    AddNode(written, name, std::move(added));
    AddNode(removed, name, std::move(gone));
  };
  const auto member = [](const Json& object, const std::string& name) -> const Json* {
    const auto found = object.find(name);
    return found == object.end() ? nullptr : &*found;
  };
  if ((form == Form::kStruct || form == Form::kMap) && before->is_object() && after->is_object()) {
    std::set<std::string> names;
    for (const Json* side : {before, after})
      for (const auto& [name, value] : side->items())
        names.insert(name);
    for (const std::string& name : names) {
      const FieldSchema* its = form == Form::kStruct ? schema.type->Find(name) : nullptr;
      if (form == Form::kStruct && its == nullptr) continue;
      child("f:" + name, its == nullptr ? *schema.element : its->value, its, member(*before, name),
            member(*after, name), form == Form::kMap);
    }
  } else if ((form == Form::kKeyed || form == Form::kSet) && before->is_array() &&
             after->is_array()) {
    const auto old_ones = Named(form, field, *before);
    const auto new_ones = Named(form, field, *after);
    if (!old_ones || !new_ones) return {Json::object(), Json()};
    for (const auto& [name, element] : *old_ones)
      child(name, *schema.element, nullptr, element, ElementOf(*new_ones, name), true);
    for (const auto& [name, element] : *new_ones)
      if (!old_ones->contains(name)) child(name, *schema.element, nullptr, nullptr, element, true);
  } else {
    return {Json::object(), Json()};
  }
  return {written.empty() ? Json() : written, removed.empty() ? Json() : removed};
}

Json MergeValue(const ValueSchema& schema,
                const FieldSchema* field,
                const Json& live,
                const Json& wanted) {
  const Form form = FormOf(schema, field);
  if ((form == Form::kStruct || form == Form::kMap) && live.is_object() && wanted.is_object()) {
    Json merged = live;
    for (const auto& [name, value] : wanted.items()) {
      const FieldSchema* its = form == Form::kStruct ? schema.type->Find(name) : nullptr;
      const auto found = live.find(name);
      merged[name] = found == live.end() ? value
                                         : MergeValue(its == nullptr ? *schema.element : its->value,
                                                      its, *found, value);
    }
    return merged;
  }
  if ((form == Form::kKeyed || form == Form::kSet) && live.is_array() && wanted.is_array()) {
    const auto old_ones = Named(form, field, live);
    const auto new_ones = Named(form, field, wanted);
    if (!old_ones || !new_ones) return wanted;
    // The order of `wanted` holds; what only `live` has stays before what it stood before.
    Json merged = Json::array();
    size_t at = 0;
    for (const Json& element : wanted) {
      const std::string name = *ElementName(form, field, element);
      for (; at < live.size(); ++at) {
        const std::string other = *ElementName(form, field, live[at]);
        if (other == name || !new_ones->contains(other)) {
          if (other != name) {
            merged.push_back(live[at]);
            continue;
          }
          ++at;
        }
        break;
      }
      const Json* old = ElementOf(*old_ones, name);
      merged.push_back(old == nullptr || form == Form::kSet
                           ? element
                           : MergeValue(*schema.element, nullptr, *old, element));
    }
    for (; at < live.size(); ++at)
      if (!new_ones->contains(*ElementName(form, field, live[at]))) merged.push_back(live[at]);
    return merged;
  }
  return wanted;
}

void PruneValue(const ValueSchema& schema,
                const FieldSchema* field,
                Json& value,
                const Json& former,
                const Json& owned) {
  const Form form = FormOf(schema, field);
  for (const auto& [name, below] : former.items()) {
    if (name == kSelf) continue;
    const auto kept = owned.find(name);
    if ((form == Form::kStruct || form == Form::kMap) && value.is_object() &&
        name.starts_with("f:")) {
      const std::string member = name.substr(2);
      const FieldSchema* its = form == Form::kStruct ? schema.type->Find(member) : nullptr;
      const auto found = value.find(member);
      if (found == value.end() || (form == Form::kStruct && its == nullptr)) continue;
      if (kept == owned.end()) {
        value.erase(found);
      } else {
        PruneValue(its == nullptr ? *schema.element : its->value, its, *found, below, *kept);
      }
    } else if ((form == Form::kKeyed || form == Form::kSet) && value.is_array()) {
      for (size_t i = 0; i < value.size(); ++i) {
        if (ElementName(form, field, value[i]) != name) continue;
        if (kept == owned.end()) {
          value.erase(i);
        } else {
          PruneValue(*schema.element, nullptr, value[i], below, *kept);
        }
        break;
      }
    }
  }
}

ValueSchema Whole(const TypeSchema& type) { return {Base::kStruct, &type, nullptr}; }

void AppendPaths(const Json& set, const std::string& path, std::vector<std::string>& out) {
  for (const auto& [name, node] : set.items()) {
    if (name == kSelf) continue;
    std::string at = path;
    if (name.starts_with("f:")) {
      at += "." + name.substr(2);
    } else if (name.starts_with("v:")) {
      at += "[=" + name.substr(2) + "]";
    } else {
      std::string keys;
      const Json parsed = ParseJson(name.substr(2)).value_or(Json::object());
      for (const auto& [key, value] : parsed.items())
        keys += (keys.empty() ? "" : ",") + key + "=" + DumpJson(value);
      at += "[" + keys + "]";
    }
    if (IsMember(node)) out.push_back(at);
    AppendPaths(node, at, out);
  }
}

std::string MissingKey(const ValueSchema& schema,
                       const FieldSchema* field,
                       const Json& value,
                       const std::string& path) {
  if (schema.base == Base::kStruct && value.is_object()) {
    for (const auto& [name, member] : value.items())
      if (const FieldSchema* its = schema.type->Find(name))
        if (std::string missing = MissingKey(its->value, its, member, path + "." + name);
            !missing.empty())
          return missing;
  } else if (schema.base == Base::kList && value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) {
      if (field != nullptr && field->merge == Merge::kByKeys && !KeyOf(*field, value[i]))
        return fmt::format(
            "{}: element {}: associative list with keys has an element that omits "
            "key field",
            path, i);
      if (std::string missing =
              MissingKey(*schema.element, nullptr, value[i], fmt::format("{}[{}]", path, i));
          !missing.empty())
        return missing;
    }
  }
  return "";
}

}  // namespace

Json SetUnion(const Json& a, const Json& b) {
  Json out = a;
  for (const auto& [name, node] : b.items()) {
    const auto found = out.find(name);
    if (found == out.end()) {
      out[name] = node;
    } else if (name != kSelf) {
      const bool member = IsMember(*found) || IsMember(node);
      *found = MakeNode(member, SetUnion(ChildrenOf(*found), ChildrenOf(node)));
    }
  }
  return out;
}

Json SetDifference(const Json& a, const Json& b) {
  Json out = Json::object();
  for (const auto& [name, node] : a.items()) {
    if (name == kSelf) continue;
    const auto other = b.find(name);
    if (other == b.end()) {
      out[name] = node;
      continue;
    }
    const bool member = IsMember(node) && !IsMember(*other);
    Json children = SetDifference(ChildrenOf(node), ChildrenOf(*other));
    if (member || !children.empty()) out[name] = MakeNode(member, std::move(children));
  }
  return out;
}

Json SetIntersection(const Json& a, const Json& b) {
  Json out = Json::object();
  for (const auto& [name, node] : a.items()) {
    if (name == kSelf) continue;
    const auto other = b.find(name);
    if (other == b.end()) continue;
    const bool member = IsMember(node) && IsMember(*other);
    Json children = SetIntersection(ChildrenOf(node), ChildrenOf(*other));
    if (member || !children.empty()) out[name] = MakeNode(member, std::move(children));
  }
  return out;
}

std::vector<std::string> SetPaths(const Json& set) {
  std::vector<std::string> paths;
  AppendPaths(set, "", paths);
  return paths;
}

Json FieldsIn(const TypeSchema& type, const Json& object) { return StructNodes(type, object); }

FieldChanges CompareFields(const TypeSchema& type, const Json& before, const Json& after) {
  auto [written, removed] = Compare(Whole(type), nullptr, &before, &after);
  return {written.is_null() ? Json::object() : std::move(written),
          removed.is_null() ? Json::object() : std::move(removed)};
}

Json MergeByFields(const TypeSchema& type, const Json& live, const Json& wanted) {
  return MergeValue(Whole(type), nullptr, live, wanted);
}

void PruneFields(const TypeSchema& type, Json& object, const Json& former, const Json& owned) {
  PruneValue(Whole(type), nullptr, object, former, owned);
}

std::string ElementWithoutKey(const TypeSchema& type, const Json& object) {
  return MissingKey(Whole(type), nullptr, object, "");
}

}  // namespace holdfast::sandbox
