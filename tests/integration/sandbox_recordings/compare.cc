#include "tests/integration/sandbox_recordings/compare.h"

#include <algorithm>
#include <map>

namespace holdfast::recordings {
namespace {

using Chain = std::vector<const Fact*>;

std::map<std::string, Chain> Chains(const std::vector<Fact>& facts) {
  std::map<std::string, Chain> chains;
  for (const Fact& fact : facts)
    for (const std::string& chain : fact.chains)
      chains[chain].push_back(&fact);
  return chains;
}

std::map<std::string, int> Counted(const std::vector<Fact>& facts) {
  std::map<std::string, int> counts;
  for (const Fact& fact : facts)
    ++counts[fact.text];
  return counts;
}

// A fact together with how often it was there before: "is ready" can happen twice.
using Occurrence = std::pair<std::string, int>;
std::vector<Occurrence> Occurrences(const std::vector<Fact>& facts) {
  std::map<std::string, int> seen;
  std::vector<Occurrence> all;
  for (const Fact& fact : facts)
    all.emplace_back(fact.text, seen[fact.text]++);
  return all;
}

void CompareCounts(const std::vector<Fact>& recorded,
                   const std::vector<Fact>& played,
                   std::vector<Difference>& differences) {
  const auto there = Counted(recorded);
  const auto here = Counted(played);
  std::map<std::string, std::string> family;
  for (const auto* facts : {&recorded, &played})
    for (const Fact& fact : *facts)
      family[fact.text] = fact.family;
  for (const auto& [text, its_family] : family) {
    const int expected = there.contains(text) ? there.at(text) : 0;
    const int found = here.contains(text) ? here.at(text) : 0;
    if (expected > found)
      differences.push_back({its_family, fmt::format("missing ({} of {}): {}", found, expected, text)});
    // A cluster that is at rest where the recorded one was still on its way there was only quicker.
    if (expected < found && its_family != "SS-STAT")
      differences.push_back({its_family, fmt::format("only here ({}, recorded {}): {}", found, expected, text)});
  }
}

void CompareChains(const std::vector<Fact>& recorded,
                   const std::vector<Fact>& played,
                   std::vector<Difference>& differences) {
  const auto there = Chains(recorded);
  const auto here = Chains(played);
  for (const auto& [name, chain] : there) {
    const auto found = here.find(name);
    if (found == here.end()) continue;  // Its facts are missing, which is told already.
    const Chain& other = found->second;
    for (size_t i = 0; i < chain.size() && i < other.size(); ++i) {
      if (chain[i]->text == other[i]->text) continue;
      differences.push_back(
          {chain[i]->family, fmt::format("order in \"{}\": recorded \"{}\", here \"{}\"", name,
                                         chain[i]->text, other[i]->text)});
      break;
    }
  }
}

// Whether `decision` was waiting for `earlier` by the rules of ordered pod management.
bool Enables(const Fact& earlier, const Fact& decision) {
  if (earlier.decision) return true;
  if (earlier.kind != FactKind::kReady && earlier.kind != FactKind::kGone) return false;
  return decision.kind == FactKind::kTerminating || earlier.ordinal <= decision.ordinal;
}

void CompareDecisions(const std::vector<Fact>& recorded,
                      const std::vector<Fact>& played,
                      std::vector<Difference>& differences) {
  std::map<Occurrence, size_t> position;
  const std::vector<Occurrence> here = Occurrences(played);
  for (size_t i = 0; i < here.size(); ++i)
    position[here[i]] = i;
  const std::vector<Occurrence> there = Occurrences(recorded);
  for (size_t i = 0; i < recorded.size(); ++i) {
    if (!recorded[i].decision || !position.contains(there[i])) continue;
    for (size_t j = 0; j < i; ++j) {
      if (!Enables(recorded[j], recorded[i]) || !position.contains(there[j])) continue;
      if (position.at(there[j]) > position.at(there[i]))
        differences.push_back({"SS-ORD", fmt::format("too early: \"{}\" came before \"{}\"",
                                                     recorded[i].text, recorded[j].text)});
    }
  }
}

}  // namespace

std::vector<Difference> Compare(const std::vector<Fact>& recorded,
                                const std::vector<Fact>& played) {
  std::vector<Difference> differences;
  CompareCounts(recorded, played, differences);
  CompareChains(recorded, played, differences);
  CompareDecisions(recorded, played, differences);
  return differences;
}

const std::vector<NamedDifference>& NamedDifferences() {
  static const std::vector<NamedDifference> kAll{};
  return kAll;
}

std::vector<Fact> WithoutNamed(std::vector<Fact> facts) {
  std::erase_if(facts, [](const Fact& fact) {
    return std::any_of(NamedDifferences().begin(), NamedDifferences().end(),
                       [&](const NamedDifference& one) { return one.covers(fact); });
  });
  return facts;
}

}  // namespace holdfast::recordings
