// The seeded rows: acknowledged before the first fault, so all of them must be there at the end.
#ifndef HOLDFAST_HARNESS_RUN_LOAD_SENTINEL_H_
#define HOLDFAST_HARNESS_RUN_LOAD_SENTINEL_H_

#include "harness/run/load/load_generator.h"

namespace holdfast::run {

// Adds until `rows` values of the sentinel's keys (in turn) are acknowledged, each try recorded and under a
// value of its own. kTimedOut tells how many were acknowledged and the last error.
Status WriteSentinel(const LoadContext& context,
                     const LoadOptions& options,
                     int rows,
                     Nanos timeout,
                     const std::stop_token& stop);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LOAD_SENTINEL_H_
