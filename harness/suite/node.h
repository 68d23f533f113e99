// A suite file as written: scalars as text, maps in their order, every part with its place.
#ifndef HOLDFAST_HARNESS_SUITE_NODE_H_
#define HOLDFAST_HARNESS_SUITE_NODE_H_

#include <string>
#include <string_view>
#include <vector>

#include "harness/suite/suite.h"

namespace holdfast::suite {

enum class NodeKind { kNull, kScalar, kSequence, kMap };

// Where a part of a suite comes from: the file, or an override of the command line.
struct Place {
  SourceLocation at;
  std::string override_text;  // "load.writers=8" when it came by --set, else empty.
};

struct Entry;

struct Node {
  NodeKind kind = NodeKind::kNull;
  Place place;
  std::string text;     // Of a scalar, with quotes and escapes resolved.
  bool quoted = false;  // A scalar in quotes or a block scalar: always a text, never a number.
  std::vector<Entry> entries;  // Of a map, in order; keys are unique.
  std::vector<Node> items;     // Of a sequence.

  // The entry of a map, or nullptr.
  [[nodiscard]] const Entry* Find(std::string_view key) const;
  [[nodiscard]] Entry* Find(std::string_view key);
};

struct Entry {
  std::string key;
  Place place;  // Of the key.
  Node value;
};

// "a map", "a list", "empty", "the text 'x'": for sentences.
std::string Describe(const Node& node);

}  // namespace holdfast::suite

#endif  // HOLDFAST_HARNESS_SUITE_NODE_H_
