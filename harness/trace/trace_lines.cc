#include "harness/trace/trace_lines.h"

#include <cstring>

#include "harness/trace/trace_json.h"

namespace holdfast::trace {
namespace {

constexpr size_t kChunk = size_t{1} << 18;  // Stays in the processor's cache while it is read.

}  // namespace

bool LineBuffer::Read(std::istream& in, const std::function<bool(const Line& line)>& take) {
  size_t searched = begin_;
  while (true) {
    while (true) {
      const char* start = buffer_.data() + searched;
      const auto* feed = end_ > searched
                             ? static_cast<const char*>(std::memchr(start, '\n', end_ - searched))
                             : nullptr;
      if (feed == nullptr) break;
      const auto at = static_cast<size_t>(feed - buffer_.data());
      Line line{.number = ++number_, .text = {}, .whole = true, .too_long = skipping_};
      if (!skipping_) line.text = std::string_view(buffer_.data() + begin_, at - begin_);
      skipping_ = false;
      begin_ = at + 1;
      searched = begin_;
      if (!take(line)) return false;
    }
    if (end_ - begin_ > kLongest) skipping_ = true;
    if (skipping_) begin_ = end_;
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    searched = end_;
    if (buffer_.size() < end_ + kChunk + JsonLineParser::kPadding)
      buffer_.resize(std::max(2 * buffer_.size(), end_ + kChunk + JsonLineParser::kPadding));
    in.read(buffer_.data() + end_,
            static_cast<std::streamsize>(buffer_.size() - end_ - JsonLineParser::kPadding));
    const auto count = static_cast<size_t>(in.gcount());
    if (count == 0) {
      in.clear();  // A file may grow.
      return true;
    }
    end_ += count;
  }
}

LineBuffer::Line LineBuffer::Rest() {
  Line line{.number = number_ + 1, .text = {}, .whole = false, .too_long = skipping_};
  if (!skipping_ && end_ > begin_)
    line.text = std::string_view(buffer_.data() + begin_, end_ - begin_);
  return line;
}

}  // namespace holdfast::trace
