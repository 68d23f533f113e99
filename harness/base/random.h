// Seeded random numbers (SplitMix64, Steele et al. 2014): the same seed gives the same run
// everywhere, which the standard library's distributions do not promise.
#ifndef HOLDFAST_HARNESS_BASE_RANDOM_H_
#define HOLDFAST_HARNESS_BASE_RANDOM_H_

#include <cstdint>
#include <string>

namespace holdfast {

// Not thread-safe: one per thread, derived with Fork.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  // Uniform in [0, bound). REQUIRES bound > 0.
  uint64_t Below(uint64_t bound);
  // An independent generator; the same name gives the same one.
  [[nodiscard]] Random Fork(const std::string& name) const;

 private:
  uint64_t state_;
};

// From the operating system: for secrets, uids and default seeds.
uint64_t OsEntropy();
// `length` characters of [a-z0-9] from the operating system.
std::string RandomToken(size_t length);

}  // namespace holdfast

#endif  // HOLDFAST_HARNESS_BASE_RANDOM_H_
