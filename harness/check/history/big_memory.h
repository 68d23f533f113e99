// Room for millions of entries at once, on huge pages where the system grants them: a page fault per
// 4 KiB costs more than the work that is done on what lies there.
#ifndef HOLDFAST_HARNESS_CHECK_HISTORY_BIG_MEMORY_H_
#define HOLDFAST_HARNESS_CHECK_HISTORY_BIG_MEMORY_H_

#include <cstddef>
#include <vector>

namespace holdfast::check::history {

// Advice only: what is small or refused stays as it is. Nothing is touched.
void AdviseHugePages(const void* begin, size_t bytes);

// As reserve(). The contents keep their place when there is room already.
template <typename T>
void ReserveBig(std::vector<T>& items, size_t count) {
  if (items.capacity() >= count) return;
  items.reserve(count);
  AdviseHugePages(items.data(), items.capacity() * sizeof(T));
}

// As assign(count, value).
template <typename T>
void AssignBig(std::vector<T>& items, size_t count, const T& value) {
  items.clear();
  ReserveBig(items, count);
  items.assign(count, value);
}

}  // namespace holdfast::check::history

#endif  // HOLDFAST_HARNESS_CHECK_HISTORY_BIG_MEMORY_H_
