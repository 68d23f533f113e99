#include "harness/check/history/big_memory.h"

#include <sys/mman.h>

#include <cstdint>

namespace holdfast::check::history {
namespace {

constexpr uintptr_t kHugePage = uintptr_t{2} << 20U;

}  // namespace

void AdviseHugePages(const void* begin, size_t bytes) {
  const auto from = (reinterpret_cast<uintptr_t>(begin) + kHugePage - 1) & ~(kHugePage - 1);
  const auto to = (reinterpret_cast<uintptr_t>(begin) + bytes) & ~(kHugePage - 1);
  if (to <= from) return;
  // A kernel without huge pages refuses; nothing depends on it.
  (void)::madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE);
}

}  // namespace holdfast::check::history
