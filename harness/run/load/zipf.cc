#include "harness/run/load/zipf.h"

#include <algorithm>
#include <cmath>

namespace holdfast::run {

Zipf::Zipf(size_t count, double exponent) {
  double sum = 0;
  for (size_t rank = 1; rank <= count; ++rank) {
    sum += std::pow(static_cast<double>(rank), -exponent);
    cumulative_.push_back(sum);
  }
  for (double& value : cumulative_)
    value /= sum;
  cumulative_.back() = 1;
}

size_t Zipf::Draw(Random& random) const {
  // 53 random bits as a fraction below 1.
  const double point = static_cast<double>(random.Next() >> 11) * 0x1p-53;
  const auto found = std::upper_bound(cumulative_.begin(), cumulative_.end(), point);
  return static_cast<size_t>(found - cumulative_.begin());
}

}  // namespace holdfast::run
