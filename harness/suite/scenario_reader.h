// The `scenarios:` of a suite: names, steps with complete parameters, limits.
#ifndef HOLDFAST_HARNESS_SUITE_SCENARIO_READER_H_
#define HOLDFAST_HARNESS_SUITE_SCENARIO_READER_H_

#include <vector>

#include "harness/suite/mistakes.h"
#include "harness/suite/node.h"

namespace holdfast::suite {

// Reads the list; every mistake is noted, and what could be read is returned.
std::vector<Scenario> ReadScenarios(const Node& list,
                                    const Vocabulary& vocabulary,
                                    Mistakes& mistakes);

}  // namespace holdfast::suite

#endif  // HOLDFAST_HARNESS_SUITE_SCENARIO_READER_H_
