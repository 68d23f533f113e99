// How the parts that several kinds of objects share are read.
#ifndef HOLDFAST_HARNESS_TRACE_WATCH_MODEL_OBJECTS_H_
#define HOLDFAST_HARNESS_TRACE_WATCH_MODEL_OBJECTS_H_

#include <string>
#include <utility>
#include <vector>

#include "harness/trace/watch_model.h"

namespace holdfast::trace {

Labels ToLabels(JsonView object);
std::vector<OwnerReference> ToOwners(JsonView meta);
Containers ToContainers(JsonView pod_spec);
// "2026-11-20T08:41:59Z" with or without a fraction; kNoStamp for anything else.
Stamp ToStamp(std::string_view text);
// Bytes of a quantity such as "1Gi" or "500M"; -1 when it cannot be read.
int64_t ToBytes(std::string_view quantity);
// The texts of an array, joined by ",".
std::string JoinTexts(JsonView array);
bool HasText(JsonView array, std::string_view text);
// A number or a text, as text: "1", "50%".
std::string NumberOrText(JsonView value);

template <typename L>
L& WatchModel::LifeOf(std::vector<L>& lives, Event& event) {
  if (event.known->life == SIZE_MAX) {
    event.known->life = lives.size();
    L life;
    life.name = event.name;
    life.uid = event.uid;
    life.listed = event.Is("LIST");
    life.created = ToStamp(event.known->created);
    lives.push_back(std::move(life));
  }
  return lives[event.known->life];
}

template <typename L, typename State>
void WatchModel::Push(L& life, State state, const Event& event) {
  const bool deleted = event.Is("DELETED");
  life.seen = event.at.line;
  if (!life.term && (deleted || event.meta["deletionTimestamp"].IsSomething()))
    life.term = event.at;
  if (deleted) life.gone = event.at;
  if (!life.states.empty() && !deleted) {
    state.at = life.states.back().at;
    if (state == life.states.back()) return;
  }
  state.at = event.at;
  ++model_.kept_states;
  life.states.push_back(std::move(state));
}

}  // namespace holdfast::trace

#endif  // HOLDFAST_HARNESS_TRACE_WATCH_MODEL_OBJECTS_H_
