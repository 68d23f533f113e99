// A watch that is held back and catches up: all lines are there, their versions tell the order.
#ifndef HOLDFAST_TESTS_UNIT_CHECK_LATE_WATCH_H_
#define HOLDFAST_TESTS_UNIT_CHECK_LATE_WATCH_H_

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/check/record_builder.h"

namespace holdfast::check {

// What the resource's watch tells from `from` on comes at `until`, both in seconds.
inline TraceText Late(TraceText trace, const std::string& resource, double from, double until) {
  std::vector<std::pair<double, std::string>> lines;
  for (const std::string& text : trace.lines()) {
    Json line = ParseJson(text).value_or(Json());
    double t = line.value("t", 0.0);
    if (line.value("kind", "") == "watch" && line.value("resource", "") == resource && t >= from)
      t = std::max(t, until);
    line["t"] = t;
    lines.emplace_back(t, DumpJson(line));
  }
  std::stable_sort(lines.begin(), lines.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < lines.size(); ++i)
    trace.lines()[i] = lines[i].second;
  return trace;
}

}  // namespace holdfast::check

#endif  // HOLDFAST_TESTS_UNIT_CHECK_LATE_WATCH_H_
