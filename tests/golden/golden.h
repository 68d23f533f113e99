// Golden files: the exact bytes that a renderer gives, kept under tests/golden. With
// HOLDFAST_UPDATE_GOLDEN=1 in the environment they are written instead of compared.
#ifndef HOLDFAST_TESTS_GOLDEN_GOLDEN_H_
#define HOLDFAST_TESTS_GOLDEN_GOLDEN_H_

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "harness/base/files.h"

namespace holdfast {

inline std::filesystem::path GoldenPath(const std::string& name) {
  return std::filesystem::path(HOLDFAST_SOURCE_DIR) / "tests/golden" / name;
}

inline void ExpectGolden(const std::string& name, const std::string& actual) {
  const std::filesystem::path path = GoldenPath(name);
  if (std::getenv("HOLDFAST_UPDATE_GOLDEN") != nullptr) {
    ASSERT_TRUE(WriteFileAtomic(path, actual)) << path;
    return;
  }
  const auto expected = ReadFile(path);
  ASSERT_TRUE(expected) << expected.error().message;
  EXPECT_EQ(actual, *expected) << path
                               << " differs; if that is wanted, run with HOLDFAST_UPDATE_GOLDEN=1";
}

}  // namespace holdfast

#endif  // HOLDFAST_TESTS_GOLDEN_GOLDEN_H_
