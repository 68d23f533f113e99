// Witness files on volumes as the guarantees read them: `EVENT POD UID NODE COUNTER WALL`.
#ifndef HOLDFAST_HARNESS_CHECK_WITNESS_LINES_H_
#define HOLDFAST_HARNESS_CHECK_WITNESS_LINES_H_

#include <optional>
#include <string>

#include "harness/check/context.h"

namespace holdfast::check {

struct WitnessLine {
  bool start = false;  // The first line of a process; its counter may be any.
  std::string pod;
  std::string uid;
  std::string node;
  int64_t counter = 0;
  double wall = 0;  // By the node's clock.
};

// nullopt for a line that is none, or is torn.
std::optional<WitnessLine> ParseWitness(const std::string& text);

// What the watches contradict in one file: lines of pods that never were, clocks that go back, nodes,
// names, claims and volumes that are not those of the record. Breaks the at-most-one guarantee only where
// no other reading is left.
void CompareWithWatches(Judgement& judge, const trace::VolumeFile& file);
// Breaks the guarantee for lines of pods that do not mount the file's claim.
void JudgeForeignLines(Judgement& judge);
// Breaks the guarantee for pods that were well and Ready with the claim, and left no line on it although
// their like did.
void JudgeLostLives(Judgement& judge);

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_WITNESS_LINES_H_
