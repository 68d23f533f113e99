// What the guarantees about order ask of the pods around one decision of the controller.
#ifndef HOLDFAST_HARNESS_CHECK_ORDER_FACTS_H_
#define HOLDFAST_HARNESS_CHECK_ORDER_FACTS_H_

#include <optional>
#include <string>
#include <vector>

#include "harness/check/context.h"

namespace holdfast::check {

using Around = std::vector<const trace::SetState*>;

// Ordinals [first, last) that are in range in every state; empty when a state is being deleted.
struct Range {
  int64_t first = 0;
  int64_t last = 0;
};
Range CertainRange(const Around& around);
// Out of range in every state, and there is one.
bool CertainlyOut(const Around& around, int64_t ordinal);
// The smallest minReadySeconds among the states.
int64_t LeastMinReady(const Around& around);
int64_t MostMinReady(const Around& around);

// The newest life of each ordinal that spans the line.
std::vector<const Member*> AliveAt(const Context& context, int64_t line);

// Why the ordinal was not well when the controller decided at `at`, as a clause; nullopt when it
// was, or when its trouble was younger than the controller's view may be. `evidence` gets lines.
struct Trouble {
  std::string clause;
  const trace::PodLife* life = nullptr;  // nullptr: there never was one.
  int64_t line = 0;
};
std::optional<Trouble> TroubleOf(const Context& context, int64_t ordinal, const trace::At& at);
// The same for one pod.
std::optional<Trouble> TroubleOf(const trace::PodLife& life, const trace::At& at);

// The longest time between `from` and the line `to` in which nothing below the ordinal, from `first`
// on, kept an ordered set from acting on it: every pod there was Ready, and for so many seconds.
double LongestClear(const Context& context,
                    int64_t first,
                    int64_t ordinal,
                    double from,
                    const trace::At& to,
                    int64_t min_ready);

// Readiness that lasts at the line.
struct Readiness {
  trace::At at;                          // Where this streak begins.
  trace::Stamp since = trace::kNoStamp;  // lastTransitionTime.
  bool first = true;                     // Of its life.
  double unwell_at = 0;                  // When the trouble before it began; unless first.
};
std::optional<Readiness> ReadinessAt(const trace::PodLife& life, int64_t line);

// Whether pod `life` was Ready for `seconds` when the controller acted at `at`, at `stamp` by the
// API server's clock; a sentence when it certainly was not.
std::optional<std::string> TooEarly(const trace::PodLife& life,
                                    const trace::At& at,
                                    trace::Stamp stamp,
                                    int64_t seconds);

// An event of the window tells that a pod or claim could not be created.
bool HasFailedCreate(const Judgement& judge);
// Pods that the rolling update deleted in the window, in line order.
std::vector<const Member*> UpdateDeletions(const Judgement& judge);
// Pods that scaling deleted in the window, in line order.
std::vector<const Member*> ScaleDeletions(const Judgement& judge);
// The label controller-revision-hash at the line; empty when there is none.
std::string RevisionAt(const trace::PodLife& life, int64_t line);

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_ORDER_FACTS_H_
