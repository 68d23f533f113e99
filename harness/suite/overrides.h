// --set path=value: puts values into the tree of a suite before it is validated, so that they obey
// the same rules as what the file says.
#ifndef HOLDFAST_HARNESS_SUITE_OVERRIDES_H_
#define HOLDFAST_HARNESS_SUITE_OVERRIDES_H_

#include <string>
#include <vector>

#include "harness/suite/mistakes.h"
#include "harness/suite/node.h"

namespace holdfast::suite {

// Applies "path=value" pairs in order. A path is keys joined by dots; in a list an element is named
// by its `name:` or by its number from 0. Keys that are missing are added; validation then decides
// whether they are known.
void ApplyOverrides(const std::vector<std::string>& overrides, Node& root, Mistakes& mistakes);

// What a path such as load.rate names, added when it is missing; nullptr with a mistake at `place`
// when it leads nowhere.
Node* NodeAt(Node& root, const std::string& path, const Place& place, Mistakes& mistakes);

}  // namespace holdfast::suite

#endif  // HOLDFAST_HARNESS_SUITE_OVERRIDES_H_
