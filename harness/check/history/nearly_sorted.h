// Sorting of what a log gives nearly in order: operations end nearly in the order in which they
// began, and revisions rise.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_NEARLY_SORTED_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_NEARLY_SORTED_H_

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace holdfast::check::history {

// Insertion sort while items are displaced by few places; std::sort when they are not.
template <typename T, typename Less>
void SortNearlySorted(std::vector<T>& items, Less less) {
  size_t budget = 32 * items.size() + 64;  // Moves.
  for (size_t i = 1; i < items.size(); ++i) {
    if (!less(items[i], items[i - 1])) continue;
    T item = std::move(items[i]);
    size_t hole = i;
    while (hole > 0 && budget > 0 && less(item, items[hole - 1])) {
      items[hole] = std::move(items[hole - 1]);
      --hole;
      --budget;
    }
    items[hole] = std::move(item);
    if (budget > 0) continue;
    std::sort(items.begin(), items.end(), less);
    return;
  }
}

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_NEARLY_SORTED_H_
