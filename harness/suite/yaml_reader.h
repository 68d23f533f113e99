// The only door to yaml-cpp: text to a tree of our own, with everything refused that YAML allows
// and that a suite must not contain.
#ifndef HOLDFAST_HARNESS_SUITE_YAML_READER_H_
#define HOLDFAST_HARNESS_SUITE_YAML_READER_H_

#include <optional>
#include <string_view>

#include "harness/suite/mistakes.h"
#include "harness/suite/node.h"

namespace holdfast::suite {

inline constexpr size_t kMaximumBytes = size_t{1} << 20;  // Of a suite file.
inline constexpr size_t kMaximumNodes = 20'000;           // Counting what aliases repeat.
inline constexpr size_t kMaximumDepth = 32;

// Reads one YAML document. Mistakes (bad UTF-8, tabs, duplicate keys, merge keys, tags, a second
// document, too deep or too many nodes, wrong syntax) go to `mistakes`; nullopt when no tree could
// be made. Lines are 1-based, columns are 1-based and count characters, not bytes
// (bytes in lines above 4 KiB).
std::optional<Node> ReadYaml(std::string_view text, Mistakes& mistakes);

}  // namespace holdfast::suite

#endif  // HOLDFAST_HARNESS_SUITE_YAML_READER_H_
