// How a pod that was deleted came back: the times from the request to the first answer that it gave
// to a client again, and until a replica had caught up.
#ifndef HOLDFAST_HARNESS_CHECK_RETURNS_H_
#define HOLDFAST_HARNESS_CHECK_RETURNS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/check/context.h"

namespace holdfast::check {

// Seconds on the run's clock; nullopt where the record does not show it.
struct Return {
  const trace::PodLife* lost = nullptr;
  const trace::PodLife* next = nullptr;    // nullptr: it did not come back.
  std::optional<double> asked;     // The request of the run that led to it: an eviction or a deletion.
  double terminating = 0;          // Its deletion timestamp was seen.
  std::optional<double> gone;
  std::optional<double> detached;  // The last attachment of its volumes to its node was gone.
  std::optional<double> created;   // The successor.
  std::optional<double> placed;    // It had a node.
  std::optional<double> attached;  // Its volumes were attached to that node.
  std::optional<double> started;   // A container ran.
  std::optional<double> ready;
  std::optional<double> answered;   // The first operation on it that was acknowledged.
  std::optional<double> caught_up;  // A replica had everything that the primary had when it was Ready.

  // Where counting begins: the request, or the deletion when nobody of the run asked for it.
  [[nodiscard]] double begin() const { return asked.value_or(terminating); }
  // Until it answered clients, or where none asked it until it was Ready; nullopt when it did not.
  // `asked_by_clients` says whether clients worked on this node at all.
  [[nodiscard]] std::optional<double> Whole(bool asked_by_clients) const;
  // "evict", "terminate", "detach", "recreate", "schedule", "attach", "start", "ready", "first ack",
  // "catch-up" with seconds, in this order; what is not shown is left out, and what came earlier than
  // the phase before it ended takes no time.
  [[nodiscard]] std::vector<std::pair<const char*, double>> Phases() const;
};

// Of every pod of the target whose deletion began in the window and that has a successor or was owed
// one.
std::vector<Return> FindReturns(const Context& context, const Window& window);

// Whether clients began operations on the node in the window.
bool ClientsAsked(const Context& context, const Window& window, const std::string& node);

}  // namespace holdfast::check

#endif  // HOLDFAST_HARNESS_CHECK_RETURNS_H_
