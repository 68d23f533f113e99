// The fields of every kind that is served: names, types, how lists are merged, and what they mean.
// Decoding, strict validation, server-side apply and the OpenAPI documents all read it.
//
// The tables have one line per type and one per field:
//   = apps.StatefulSetSpec [@atomic] | what it is
//   name[!] type [attribute...] | what it is
// "!" is required. A type is string, int32, int64, bool, time, microtime, quantity, intorstring,
// bytes, object (anything), []T, map:T, or the name of a type, of the same package when it has no
// dot. Attributes: "@key,key" a list merged by these keys, "@set" a set, "@atomic" replaced as a
// whole; "^key" merged by key in strategic patches ("^" alone: a list of primitives), "~" $retainKeys.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_SCHEMA_H_
#define HOLDFAST_HARNESS_SANDBOX_API_SCHEMA_H_

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "harness/sandbox/api/resources.h"

namespace holdfast::sandbox {

struct TypeSchema;

// The type of one value.
struct ValueSchema {
  enum class Base {
    kString,
    kInt32,
    kInt64,
    kBool,
    kTime,
    kMicroTime,
    kQuantity,
    kIntOrString,
    kBytes,
    kAny,
    kStruct,
    kList,
    kMap
  };
  Base base = Base::kAny;
  const TypeSchema* type = nullptr;            // Of kStruct.
  std::shared_ptr<const ValueSchema> element;  // Of kList and kMap.
};

struct FieldSchema {
  enum class Merge { kAtomic, kByKeys, kSet };
  std::string name;
  ValueSchema value;
  bool required = false;
  bool atomic = false;            // A map or struct that is replaced as a whole.
  Merge merge = Merge::kAtomic;   // Of a list.
  std::vector<std::string> keys;  // Of kByKeys.
  bool patch_merges = false;      // In strategic patches.
  std::string patch_key;
  bool retains_keys = false;
  std::string description;
};

struct TypeSchema {
  std::string package;  // "apps".
  std::string name;     // "StatefulSetSpec".
  std::string description;
  bool atomic = false;
  std::vector<FieldSchema> fields;
  std::unordered_map<std::string_view, size_t> index;

  // nullptr when there is none.
  [[nodiscard]] const FieldSchema* Find(std::string_view field) const {
    const auto found = index.find(field);
    return found == index.end() ? nullptr : &fields[found->second];
  }
};

// "apps.StatefulSet"; nullptr when it is not in the tables. Pointers live for ever. Thread-safe.
const TypeSchema* FindType(std::string_view name);
// Of the kind of a resource; never nullptr.
const TypeSchema& SchemaOf(const ResourceInfo& info);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_SCHEMA_H_
