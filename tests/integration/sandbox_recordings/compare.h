// Holds what the sandbox did against what Kubernetes did.
#ifndef HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_COMPARE_H_
#define HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_COMPARE_H_

#include <optional>
#include <string>
#include <vector>

#include "tests/integration/sandbox_recordings/facts.h"

namespace holdfast::recordings {

struct Difference {
  std::string family;
  std::string sentence;
};

// Both in the order of their versions. Promised, and so compared:
//  - the same facts, each as often;
//  - within one chain (an object's life) the same order;
//  - the StatefulSet controller's decisions (creating a pod, deleting one) in the same order, and
//    each only after what let it happen: what it waited for in the recording had happened here too.
//    A creation waits for pods of lower or the same ordinal, a deletion for all.
// Not compared is the order of facts of unrelated objects: nothing in Kubernetes promises it.
std::vector<Difference> Compare(const std::vector<Fact>& recorded,
                                const std::vector<Fact>& played);

// A difference between the sandbox and the recordings that is meant: the facts it covers are left
// out on both sides. The README of harness/sandbox tells each.
struct NamedDifference {
  std::string name;
  std::string family;
  std::string reason;
  bool (*covers)(const Fact& fact);
};
const std::vector<NamedDifference>& NamedDifferences();
// `facts` without those that a named difference covers.
std::vector<Fact> WithoutNamed(std::vector<Fact> facts);

}  // namespace holdfast::recordings

#endif  // HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_COMPARE_H_
