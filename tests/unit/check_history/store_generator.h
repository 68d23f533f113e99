// Small random histories of a simulated versioned store, sometimes damaged, and an exhaustive search
// over all orders that agree with the revisions told.
#ifndef HOLDFAST_TESTS_UNIT_CHECK_HISTORY_STORE_GENERATOR_H_
#define HOLDFAST_TESTS_UNIT_CHECK_HISTORY_STORE_GENERATOR_H_

#include <string>

#include "harness/base/random.h"
#include "harness/check/history/model.h"

namespace holdfast::check::history {

// The store starts at revision 1 with no keys; every write has a value of its own. With `versions` reads
// tell the version of their key, too.
History GenerateStore(Random& random, bool versions = false);
std::string PrintStore(const History& history);
// Whether some order of all acknowledged and some crashed operations explains every answer, where
// each write makes the next revision. At most 24 operations.
bool StoreIsRight(const History& history);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_TESTS_UNIT_CHECK_HISTORY_STORE_GENERATOR_H_
