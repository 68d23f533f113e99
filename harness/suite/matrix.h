// `matrix:` multiplies a suite: one variant for each combination of the values that it lists.
#ifndef HOLDFAST_HARNESS_SUITE_MATRIX_H_
#define HOLDFAST_HARNESS_SUITE_MATRIX_H_

#include <string>
#include <vector>

#include "harness/suite/mistakes.h"
#include "harness/suite/node.h"

namespace holdfast::suite {

// At most so many suites come of one file.
inline constexpr size_t kMostVariants = 64;

struct Choice {
  std::string axis;  // As the matrix spells it: "workload", "storageClass", "load.rate".
  Node value;
};

// The value in a word: what is written, or the name of a workload with parameters.
std::string ChoiceText(const Choice& choice);

struct Variant {
  Node root;                    // Without the matrix.
  std::vector<Choice> choices;  // One for each axis, in the order of the file.
  std::string suffix;           // "postgres-fast": tells it from the others; empty without a matrix.
};

// Takes the matrix out of `root`. An axis is `workload`, a parameter of the chosen workload
// (storageClass, podManagementPolicy, replicas, ...), or a path such as load.rate; its values are
// put in the order of the file, the last axis the fastest. One variant when there is no matrix; none
// after a mistake.
std::vector<Variant> ExpandMatrix(Node root, Mistakes& mistakes);

// Overrides of the command line that hit an axis would make all its variants the same: a mistake.
void RefuseOverriddenAxes(const Variant& variant, Mistakes& mistakes);

}  // namespace holdfast::suite

#endif  // HOLDFAST_HARNESS_SUITE_MATRIX_H_
