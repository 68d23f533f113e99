// The keys and values of a run: which set a client adds to, and how an integer tells who added it.
#ifndef HOLDFAST_HARNESS_RUN_LOAD_KEYS_H_
#define HOLDFAST_HARNESS_RUN_LOAD_KEYS_H_

#include <cstdint>
#include <string>

namespace holdfast::run {

inline constexpr const char* kSentinelKey = "sentinel";
// Writers are numbered from 0; the last of the 9 bits' numbers is the sentinel's.
inline constexpr int kSentinelWriter = 511;
inline constexpr int kMaxWriters = 511;

inline std::string WriterKey(int writer) { return "w" + std::to_string(writer); }

// A set, and the pod that takes its writes (for a workload of which any pod does: the one that its
// writer uses).
struct LoadKey {
  std::string name;
  std::string pod;
};

// run (12 bits) | writer (9) | sequence (32): unique over writers and over runs in one database,
// increasing in the sequence, and below 2^53, so that every JSON reader keeps it.
inline int64_t OperationValue(int run, int writer, int64_t sequence) {
  const auto bits = [](int64_t value, int width) {
    return static_cast<uint64_t>(value) & ((uint64_t{1} << width) - 1);
  };
  return static_cast<int64_t>((bits(run, 12) << 41) | (bits(writer, 9) << 32) | bits(sequence, 32));
}

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LOAD_KEYS_H_
