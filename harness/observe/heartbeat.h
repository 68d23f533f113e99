// Recognises node updates that say nothing new.
#ifndef HOLDFAST_HARNESS_OBSERVE_HEARTBEAT_H_
#define HOLDFAST_HARNESS_OBSERVE_HEARTBEAT_H_

#include "harness/base/json.h"

namespace holdfast::observe {

// True when the two states of a node differ in nothing but the conditions' lastHeartbeatTime and
// the resource version that every write moves.
bool OnlyHeartbeatDiffers(const Json& before, const Json& after);

}  // namespace holdfast::observe

#endif  // HOLDFAST_HARNESS_OBSERVE_HEARTBEAT_H_
