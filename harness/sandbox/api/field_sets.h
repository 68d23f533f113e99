// Sets of fields in the form that managedFields keeps them in (FieldsV1), and the operations on
// objects that server-side apply is made of. After sigs.k8s.io/structured-merge-diff.
//
// A set is a tree of path elements: "f:NAME" a field, k:{...} an element of a list by its keys,
// v:VALUE an element of a set. A node without children is a member, and so is one with a child ".".
#ifndef HOLDFAST_HARNESS_SANDBOX_API_FIELD_SETS_H_
#define HOLDFAST_HARNESS_SANDBOX_API_FIELD_SETS_H_

#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/sandbox/api/schema.h"

namespace holdfast::sandbox {

Json SetUnion(const Json& a, const Json& b);
Json SetDifference(const Json& a, const Json& b);
Json SetIntersection(const Json& a, const Json& b);
// The members as Kubernetes writes paths: ".spec.containers[name=\"main\"].image".
std::vector<std::string> SetPaths(const Json& set);

// Every field that `object` gives a value to.
Json FieldsIn(const TypeSchema& type, const Json& object);
// What differs between two objects.
struct FieldChanges {
  Json written = Json::object();  // Other or new in `after`.
  Json removed = Json::object();
};
FieldChanges CompareFields(const TypeSchema& type, const Json& before, const Json& after);
// `wanted` laid over `live`: maps and keyed lists are merged, everything else is replaced.
Json MergeByFields(const TypeSchema& type, const Json& live, const Json& wanted);
// Removes what is in `former` but neither it nor anything below it is in `owned`.
void PruneFields(const TypeSchema& type, Json& object, const Json& former, const Json& owned);
// The path of the first element of a keyed list that lacks a key, or empty.
std::string ElementWithoutKey(const TypeSchema& type, const Json& object);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_FIELD_SETS_H_
