// Walks the path of each --set into the tree.
#include "harness/suite/overrides.h"

#include "harness/base/strings.h"
#include "harness/suite/text_checks.h"
#include "harness/suite/yaml_reader.h"

namespace holdfast::suite {
namespace {

// The element of a list that `word` names, or nullptr.
Node* FindItem(Node& list, const std::string& word) {
  for (Node& item : list.items) {
    const Entry* name = item.Find("name");
    if (name != nullptr && name->value.text == word) return &item;
  }
  const auto index = ParseInt(word);
  if (!index || *index < 0 || static_cast<size_t>(*index) >= list.items.size()) return nullptr;
  return &list.items[static_cast<size_t>(*index)];
}

// The value at the key, added when it is missing.
Node& Child(Node& map, const std::string& key, const Place& place) {
  if (Entry* entry = map.Find(key)) return entry->value;
  Node empty;
  empty.place = place;
  map.entries.push_back({key, place, std::move(empty)});
  return map.entries.back().value;
}

// One step down the path; nullptr with a mistake when it leads nowhere.
Node* Descend(Node& at, const std::string& word, const Place& place, Mistakes& mistakes) {
  if (at.kind == NodeKind::kSequence) {
    if (Node* item = FindItem(at, word)) return item;
    std::vector<std::string> names;
    for (const Node& item : at.items) {
      if (const Entry* name = item.Find("name")) names.push_back(name->value.text);
    }
    mistakes.Add(place, "the list has nothing named '{}'{}", Excerpt(word),
                 Suggestion(word, names));
    return nullptr;
  }
  if (at.kind == NodeKind::kScalar && at.text == word) {
    // `workload: postgres` is short for `workload: {postgres: {}}`.
    Node map;
    map.kind = NodeKind::kMap;
    map.place = at.place;
    at = std::move(map);
  }
  if (at.kind == NodeKind::kScalar) {
    mistakes.Add(place, "'{}' is below {}, which is a single value", Excerpt(word), Describe(at));
    return nullptr;
  }
  at.kind = NodeKind::kMap;
  return &Child(at, word, place);
}

void Apply(const std::string& override_text, Node& root, Mistakes& mistakes) {
  Place place;
  place.override_text = override_text;
  const size_t equals = override_text.find('=');
  if (equals == std::string::npos || equals == 0) {
    mistakes.Add(place, "must be path=value, such as load.writers=8");
    return;
  }
  Mistakes bad_text;
  if (!CheckText(override_text, bad_text)) {
    mistakes.Add(place, "holds a control character, a tab or a byte that is not UTF-8");
    return;
  }
  const std::string path = override_text.substr(0, equals);
  Node* at = NodeAt(root, path, place, mistakes);
  if (at == nullptr) return;
  if (at->kind == NodeKind::kMap || at->kind == NodeKind::kSequence) {
    mistakes.Add(place, "'{}' is {}; name a single value inside it", path, Describe(*at));
    return;
  }
  at->text = override_text.substr(equals + 1);
  at->kind = at->text.empty() ? NodeKind::kNull : NodeKind::kScalar;
  at->quoted = false;
  at->place = place;
}

}  // namespace

Node* NodeAt(Node& root, const std::string& path, const Place& place, Mistakes& mistakes) {
  const std::vector<std::string> words = Split(path, '.');
  if (words.size() > kMaximumDepth) {
    mistakes.Add(place, "the path has more than {} parts", kMaximumDepth);
    return nullptr;
  }
  Node* at = &root;
  for (const std::string& word : words) {
    if (word.empty()) {
      mistakes.Add(place, "the path has an empty part");
      return nullptr;
    }
    at = Descend(*at, word, place, mistakes);
    if (at == nullptr) return nullptr;
  }
  return at;
}

void ApplyOverrides(const std::vector<std::string>& overrides, Node& root, Mistakes& mistakes) {
  for (const std::string& override_text : overrides)
    Apply(override_text, root, mistakes);
}

}  // namespace holdfast::suite
