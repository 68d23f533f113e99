#include "harness/suite/matrix.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "harness/base/strings.h"
#include "harness/suite/overrides.h"
#include "harness/suite/value_reader.h"

namespace holdfast::suite {
namespace {

// Paths that begin with one of these are from the top of the suite; any other axis is a parameter of
// the workload.
constexpr std::array kTopLevel{"workload", "load", "scenarios", "seed", "cluster"};

bool IsPath(const std::string& axis) {
  const std::string first = Split(axis, '.')[0];
  return std::find(kTopLevel.begin(), kTopLevel.end(), first) != kTopLevel.end();
}

std::string WorkloadOf(const Node& root) {
  const Entry* workload = root.Find("workload");
  if (workload == nullptr) return "";
  const Node& node = workload->value;
  if (node.kind == NodeKind::kScalar) return node.text;
  return node.kind == NodeKind::kMap && node.entries.size() == 1 ? node.entries[0].key : "";
}

std::string PathOf(const std::string& axis, const Node& root) {
  return IsPath(axis) ? axis : "workload." + WorkloadOf(root) + "." + axis;
}

// What a name may be made of: lower-case letters and digits, everything else a dash.
std::string Word(const Choice& choice) {
  const std::string text = ChoiceText(choice);
  std::string word;
  for (const char c : text) {
    const auto lower = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const bool plain = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (plain)
      word += lower;
    else if (!word.empty() && word.back() != '-')
      word += '-';
  }
  while (!word.empty() && word.back() == '-')
    word.pop_back();
  return word.substr(0, 20);
}

// The axes with their values, the workload first, because the others may be its parameters.
std::vector<const Entry*> Axes(const Node& matrix, Mistakes& mistakes) {
  std::vector<const Entry*> axes;
  if (!ExpectMap(matrix, "matrix", mistakes)) return axes;
  if (matrix.entries.empty())
    mistakes.Add(matrix.place, "matrix is empty; name what varies, such as 'storageClass: [a, b]'");
  size_t variants = 1;
  for (const Entry& axis : matrix.entries) {
    if (axis.value.kind != NodeKind::kSequence || axis.value.items.empty()) {
      mistakes.Add(axis.value.place, "'{}' of the matrix must be a list of values, not {}",
                   Excerpt(axis.key), Describe(axis.value));
      continue;
    }
    variants *= axis.value.items.size();
    if (variants > kMostVariants) {
      mistakes.Add(axis.place, "the matrix makes more than {} suites; take some values away",
                   kMostVariants);
      return axes;
    }
    axes.push_back(&axis);
  }
  std::stable_partition(axes.begin(), axes.end(),
                        [](const Entry* axis) { return axis->key == "workload"; });
  return axes;
}

bool Put(const Choice& choice, Node& root, Mistakes& mistakes) {
  Node* at = NodeAt(root, PathOf(choice.axis, root), choice.value.place, mistakes);
  if (at == nullptr) return false;
  *at = choice.value;
  return true;
}

// Names that are the same, too long or empty become numbers.
void MakeUnique(std::vector<Variant>& variants) {
  std::set<std::string> seen;
  const bool plain = std::all_of(variants.begin(), variants.end(), [&](const Variant& variant) {
    return !variant.suffix.empty() && variant.suffix.size() <= 40 &&
           seen.insert(variant.suffix).second;
  });
  for (size_t i = 0; !plain && i < variants.size(); ++i)
    variants[i].suffix = std::to_string(i + 1);
}

}  // namespace

std::string ChoiceText(const Choice& choice) {
  const Node& value = choice.value;
  return value.kind == NodeKind::kMap && !value.entries.empty() ? value.entries[0].key : value.text;
}

std::vector<Variant> ExpandMatrix(Node root, Mistakes& mistakes) {
  const Entry* found = root.Find("matrix");
  if (found == nullptr) return {{std::move(root), {}, ""}};
  const Node matrix = found->value;
  std::erase_if(root.entries, [](const Entry& entry) { return entry.key == "matrix"; });
  const std::vector<const Entry*> axes = Axes(matrix, mistakes);
  if (!mistakes.empty()) return {};
  std::vector<Variant> variants{{std::move(root), {}, ""}};
  for (const Entry* axis : axes) {
    std::vector<Variant> more;
    for (const Variant& variant : variants) {
      for (const Node& value : axis->value.items) {
        Variant next = variant;
        next.choices.push_back({axis->key, value});
        if (!Put(next.choices.back(), next.root, mistakes)) return {};
        next.suffix += (next.suffix.empty() ? "" : "-") + Word(next.choices.back());
        more.push_back(std::move(next));
      }
    }
    variants = std::move(more);
  }
  MakeUnique(variants);
  return variants;
}

void RefuseOverriddenAxes(const Variant& variant, Mistakes& mistakes) {
  for (const Choice& choice : variant.choices) {
    Node root = variant.root;
    Mistakes ignored;
    const Node* at = NodeAt(root, PathOf(choice.axis, root), choice.value.place, ignored);
    if (at == nullptr || at->place.override_text.empty()) continue;
    mistakes.Add(at->place, "'{}' is what the suite's matrix varies; leave it to the matrix",
                 Excerpt(choice.axis));
  }
}

}  // namespace holdfast::suite
