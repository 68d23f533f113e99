#include "harness/check/identity_more_parts.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "harness/check/order_facts.h"

namespace holdfast::check {
namespace {

using trace::PodLife;
using trace::PodPart;
using trace::PodParts;
using trace::RevisionLife;

const PodParts& PartsOf(const PodLife& life) { return *life.states.front().identity->parts; }

bool Has(const PodParts& parts, const PodPart& part) {
  return std::binary_search(parts.begin(), parts.end(), part);
}

bool HasName(const PodParts& parts, std::string_view name) {
  const auto found = std::lower_bound(parts.begin(), parts.end(), PodPart{.name = name});
  return found != parts.end() && found->name == name;
}

// "containers main" of "containers main env A"; empty for what belongs to no container.
std::string_view ContainerOf(std::string_view name) {
  const size_t list = name.find(' ');
  return list == std::string_view::npos ? std::string_view() : name.substr(0, name.find(' ', list + 1));
}

// Admission writes these for each pod as it sees fit: by use, or by what an image is at the time.
bool IsAdmissions(std::string_view name) {
  const std::string_view what = name.substr(std::min(name.size(), ContainerOf(name).size()));
  return what.starts_with(" resources") || what == " image";
}

// A container that the revision does not say; who adds one may rewrite the others.
std::optional<std::string_view> AddedContainer(const PodParts& actual, const PodParts& wanted) {
  for (const PodPart& part : actual)
    if (ContainerOf(part.name) == part.name && !HasName(wanted, part.name)) return part.name;
  return std::nullopt;
}

}  // namespace

template <typename Predicate>
bool PartsJudge::Any(const RevisionLife& revision, Predicate holds) const {
  const auto& members = judge_.context().members;
  return std::any_of(members.begin(), members.end(), [&](const Member& member) {
    return !member.life->listed &&
           RevisionAt(*member.life, member.life->first().line) == revision.name &&
           holds(PartsOf(*member.life));
  });
}

bool PartsJudge::AnyAgrees(const RevisionLife& revision, const PodPart& part) {
  const auto [known, is_new] = agree_.try_emplace({&revision, part}, false);
  if (is_new)
    known->second = Any(revision, [&](const PodParts& parts) { return Has(parts, part); });
  return known->second;
}

bool PartsJudge::AnyLacks(const RevisionLife& revision, std::string_view name) {
  const auto [known, is_new] = lack_.try_emplace({&revision, name}, false);
  if (is_new)
    known->second = Any(revision, [&](const PodParts& parts) { return !HasName(parts, name); });
  return known->second;
}

void PartsJudge::Judge(const PodLife& life, const RevisionLife& revision) {
  const PodParts& actual = PartsOf(life);
  const PodParts& wanted = *revision.parts;
  if (right_.contains({&wanted, &actual})) return;
  const std::optional<std::string_view> added = AddedContainer(actual, wanted);
  std::string doubt;
  if (added && AnyLacks(revision, *added)) {
    doubt = fmt::format("{} has {} beside what its revision {} says, and not all pods of it do: "
                        "admission may have added it",
                        Describe(life), *added, revision.name);
  }
  for (const PodPart& part : wanted) {
    if (Has(actual, part)) continue;
    const std::string_view container = ContainerOf(part.name);
    // That it is missing is said elsewhere.
    if (part.name.starts_with("containers ") && !HasName(actual, container)) continue;
    const std::string what =
        fmt::format("{} {}", HasName(actual, part.name) ? "another" : "no", part.name);
    if (added || IsAdmissions(part.name) || !AnyAgrees(revision, part)) {
      doubt = fmt::format("{} has {}, unlike its revision {}: admission may have rewritten it",
                          Describe(life), what, revision.name);
      continue;
    }
    judge_.Broken(life.first().t,
                  fmt::format("{} has {}, unlike its revision {}", Describe(life), what, revision.name),
                  {PodId(life), {"ControllerRevision", revision.name, revision.uid}},
                  {revision.first().line, life.first().line});
    return;
  }
  if (!doubt.empty()) return judge_.Undecided(doubt);
  right_.emplace(&wanted, &actual);
}

}  // namespace holdfast::check
