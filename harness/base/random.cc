#include "harness/base/random.h"

#include <sys/random.h>

#include <array>
#include <cstdlib>
#include <string_view>

namespace holdfast {

uint64_t Random::Next() {
  state_ += 0x9E3779B97F4A7C15ULL;
  uint64_t z = state_;
  z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27U)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31U);
}

uint64_t Random::Below(uint64_t bound) {
  const uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  uint64_t value = Next();
  while (value >= limit)
    value = Next();
  return value % bound;
}

Random Random::Fork(const std::string& name) const {
  uint64_t hash = 0xcbf29ce484222325ULL;  // FNV-1a.
  for (const char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  Random child(state_ ^ hash);
  child.Next();
  return child;
}

uint64_t OsEntropy() {
  uint64_t value = 0;
  if (getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) std::abort();
  return value;
}

std::string RandomToken(size_t length) {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  Random random(OsEntropy());
  std::string token;
  while (token.size() < length) {
    if (token.size() % 8 == 0) random = Random(OsEntropy());
    token += kAlphabet[random.Below(kAlphabet.size())];
  }
  return token;
}

}  // namespace holdfast
