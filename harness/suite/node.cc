// Lookups in a tree of nodes.
#include "harness/suite/node.h"

#include "harness/suite/mistakes.h"

namespace holdfast::suite {

const Entry* Node::Find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

Entry* Node::Find(std::string_view key) {
  for (Entry& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

std::string Describe(const Node& node) {
  switch (node.kind) {
    case NodeKind::kNull:
      return "empty";
    case NodeKind::kSequence:
      return "a list";
    case NodeKind::kMap:
      return "a map";
    case NodeKind::kScalar:
      return node.quoted ? fmt::format("the text \"{}\"", Excerpt(node.text))
                         : fmt::format("'{}'", Excerpt(node.text));
  }
  return "";
}

}  // namespace holdfast::suite
