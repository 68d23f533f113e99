// Sentences about violations, for people: which operations contradict each other, and why.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_EXPLAIN_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_EXPLAIN_H_

#include <string>
#include <vector>

#include "harness/check/history/model.h"
#include "harness/check/history/registers.h"

namespace holdfast::check::history {

// One violation in words, with the lines of the record that prove it.
struct Explanation {
  std::string sentence;
  std::vector<int64_t> lines;
  int64_t time = 0;  // When it had become visible, nanoseconds.
};

// "client 3", with the node it spoke to when that is known.
std::string Who(const History& history, uint32_t op);
// "(12.204000 s to 12.311000 s)", or lines where the record has no times.
std::string When(const History& history, uint32_t op);
// Seconds, or a line.
std::string At(const History& history, int64_t time);
// "read 4711 by client 5 at etcd-0 (12.204000 s to 12.311000 s)".
std::string Describe(const History& history, uint32_t op);
// The lines of an operation.
void AddLines(const History& history, uint32_t op, std::vector<int64_t>& lines);

Explanation Explain(const History& history, const KeyViolation& found);

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_EXPLAIN_H_
