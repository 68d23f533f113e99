// The lines of a growing file or a stream, in a buffer with room behind each line for the parser.
#ifndef HOLDFAST_HARNESS_TRACE_TRACE_LINES_H_
#define HOLDFAST_HARNESS_TRACE_TRACE_LINES_H_

#include <cstdint>
#include <functional>
#include <istream>
#include <string_view>
#include <vector>

namespace holdfast::trace {

// Not thread-safe. Memory is bounded by the longest line kept, at most kLongest.
class LineBuffer {
 public:
  // What is longer is not kept: no object of Kubernetes exceeds 2 MiB.
  static constexpr size_t kLongest = size_t{32} << 20;
  struct Line {
    int64_t number = 0;     // 1-based.
    std::string_view text;  // Readable kPadding bytes beyond its end.
    bool whole = true;      // False for a last one without a line feed.
    bool too_long = false;  // `text` is empty then.
  };
  // Calls `take` with each whole line that `in` holds from where it stands; stops early when it
  // returns false, and returns false then. A last line without line feed waits for more.
  bool Read(std::istream& in, const std::function<bool(const Line& line)>& take);
  // The waiting rest, at the end of the input. Empty text when there is none.
  Line Rest();

 private:
  std::vector<char> buffer_;
  size_t begin_ = 0;  // Of what is not yet taken.
  size_t end_ = 0;
  int64_t number_ = 0;
  bool skipping_ = false;  // Inside of a line that is too long.
};

}  // namespace holdfast::trace

#endif  // HOLDFAST_HARNESS_TRACE_TRACE_LINES_H_
