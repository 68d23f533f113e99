// Makes long traces of a set that is updated, scaled and killed, the same ones for the same seed.
#ifndef HOLDFAST_TESTS_BENCHMARK_TRACE_CHECKING_TRACE_GENERATOR_H_
#define HOLDFAST_TESTS_BENCHMARK_TRACE_CHECKING_TRACE_GENERATOR_H_

#include <cstdint>
#include <ostream>

namespace holdfast::benchmark {

struct TraceSize {
  int64_t events = 1'000'000;  // Watch events, at least.
  int replicas = 9;
  int scenarios = 20;
  // Bytes of text in each pod that no guarantee asks for (commands, environment).
  int ballast = 1200;
  uint64_t seed = 1;
};

// Writes a healthy trace; returns the number of watch events.
int64_t GenerateTrace(const TraceSize& size, std::ostream& out);
// Writes a run line and then small events (bookmarks).
int64_t GenerateSmallEvents(int64_t events, std::ostream& out);

}  // namespace holdfast::benchmark

#endif  // HOLDFAST_TESTS_BENCHMARK_TRACE_CHECKING_TRACE_GENERATOR_H_
