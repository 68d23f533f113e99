// See line_splitter.h.
#include "harness/kube/line_splitter.h"

#include <utility>

namespace holdfast::kube {

bool LineSplitter::Feed(std::string_view bytes, const std::function<bool(std::string_view)>& line) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    if (partial_.size() + std::min(end, bytes.size()) > max_line_) return false;
    if (end == std::string_view::npos) {
      partial_.append(bytes);
      return true;
    }
    std::string whole = std::exchange(partial_, {});
    std::string_view text = bytes.substr(0, end);
    if (!whole.empty()) {
      whole.append(text);
      text = whole;
    }
    bytes.remove_prefix(end + 1);
    if (text.ends_with('\r')) text.remove_suffix(1);
    if (!text.empty() && !line(text)) return true;
  }
  return true;
}

}  // namespace holdfast::kube
