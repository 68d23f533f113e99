// A small vocabulary with one parameter of every type, for the tests of suites.
#ifndef HOLDFAST_TESTS_UNIT_SUITE_VOCABULARY_H_
#define HOLDFAST_TESTS_UNIT_SUITE_VOCABULARY_H_

#include "harness/suite/suite.h"

namespace holdfast::suite {

inline Parameter Optional(Parameter parameter) {
  parameter.optional = true;
  return parameter;
}

inline Vocabulary TestVocabulary() {
  Parameter replicas{"replicas", ParameterType::kInteger, 3, "how many pods"};
  replicas.min = 1;
  replicas.max = 9;
  Parameter to{"to", ParameterType::kInteger, nullptr, "how many pods"};
  to.min = 0;
  to.max = 9;
  Parameter how{"how", ParameterType::kString, "soft", "how to delete", {"soft", "hard"}};
  Vocabulary vocabulary;
  vocabulary.workloads["postgres"] = {
      replicas,
      {"storage", ParameterType::kQuantity, "1Gi", "size of each volume"},
      {"image", ParameterType::kString, "postgres:15", "the image"},
      {"synchronous", ParameterType::kBoolean, false, "wait for a replica"},
  };
  vocabulary.workloads["files"] = {};
  vocabulary.steps["pod-delete"] = {
      {"pod", ParameterType::kString, nullptr, "the pod to delete"},
      Optional({"grace", ParameterType::kDuration, nullptr, "grace period"}),
      how,
  };
  vocabulary.steps["scale"] = {to};
  vocabulary.steps["settle"] = {{"within", ParameterType::kDuration, "2m", "how long it may take"}};
  vocabulary.guarantees = {"SS-ID-1", "SS-ORD-1", "SS-ORD-2"};
  return vocabulary;
}

}  // namespace holdfast::suite

#endif  // HOLDFAST_TESTS_UNIT_SUITE_VOCABULARY_H_
