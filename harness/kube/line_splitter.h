// Cuts a byte stream that arrives in arbitrary fragments into lines.
#ifndef HOLDFAST_HARNESS_KUBE_LINE_SPLITTER_H_
#define HOLDFAST_HARNESS_KUBE_LINE_SPLITTER_H_

#include <functional>
#include <string>
#include <string_view>

namespace holdfast::kube {

// Not thread-safe. What follows the last newline is kept for the next fragment; at the end of a
// stream it is a torn line and is simply dropped with the splitter.
class LineSplitter {
 public:
  explicit LineSplitter(size_t max_line) : max_line_(max_line) {}
  // Calls `line` (without its line end; empty lines are skipped) until it returns false; the rest
  // of `bytes` is dropped then. Returns false when a line is longer than the limit.
  bool Feed(std::string_view bytes, const std::function<bool(std::string_view)>& line);

 private:
  size_t max_line_;
  std::string partial_;
};

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_LINE_SPLITTER_H_
