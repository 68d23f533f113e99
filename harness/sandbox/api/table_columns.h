// How the columns of a kind are described, for the files that hold them.
#ifndef HOLDFAST_HARNESS_SANDBOX_API_TABLE_COLUMNS_H_
#define HOLDFAST_HARNESS_SANDBOX_API_TABLE_COLUMNS_H_

#include <functional>
#include <string>
#include <vector>

#include "harness/base/clock.h"
#include "harness/base/json.h"

namespace holdfast::sandbox {

struct Column {
  std::string name;
  std::function<Json(const Json& object, Nanos now)> cell;
  bool wide = false;
  const char* type = "string";
};
using Columns = std::vector<Column>;

std::string OrNone(std::string text);
// The value at the path as text; "<none>" (or "" without `none`) when it is missing.
Column TextColumn(std::string name,
                  std::vector<std::string> path,
                  bool wide = false,
                  bool none = true);
Column NumberColumn(std::string name, std::vector<std::string> path);
Column NameColumn();
Column AgeColumn();
// Containers and images of a pod template, for -o wide.
Column ContainersColumn();
Column ImagesColumn();
// spec.selector as text, for -o wide.
Column SelectorColumn();
// Members of the list or map at `member`.
Column CountColumn(const std::string& name, const char* member);

// nullptr when the resource is not one of policy, access, scheduling and the lesser storage kinds.
const Columns* OtherColumns(const std::string& plural);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_API_TABLE_COLUMNS_H_
