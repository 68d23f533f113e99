// Taking one change back, from within its run or from `holdfast recover`: idempotent, and only what
// is still as we made it.
#ifndef HOLDFAST_HARNESS_RUN_UNDO_H_
#define HOLDFAST_HARNESS_RUN_UNDO_H_

#include <functional>

#include "faults/node_control.h"
#include "harness/kube/client.h"
#include "harness/run/journal.h"

namespace holdfast::run {

// Sends a write; a run records it in its trace, too.
using Sender =
    std::function<Result<Json>(Json fields, const std::function<Result<Json>()>& call)>;

struct Undoer {
  kube::Client& client;
  faults::NodeControl* control = nullptr;  // For changes of kind "control"; nullptr when there is
                                           // none.
  Clock& clock;
  Sender send;
  Nanos timeout = std::chrono::minutes(3);  // For a namespace to go.
  // Told, in a line for people, of what needs nothing any more; may be empty.
  std::function<void(const std::string&)> say = {};
};

// What each change needs, and what is done:
//   namespace  object, made.run: deleted with everything in it, if it has the run's label, and the
//              volumes of its claims waited for
//   content    object (Namespace), made.run: what has the run's label in it is deleted and waited for
//   lease      object: deleted if `made.holder` still holds it
//   cordon     object (Node with uid): schedulable again, if it is still unschedulable
//   taint      object (Node with uid), made.taint: this taint is taken off, if it is still there
//   control    object (Node), made.action: the node is brought back
// A node that is gone, or another one under the same name, needs nothing; a control that can still
// bring such a machine back does. kConflict when others keep writing to the object.
Status UndoChange(const Undoer& undoer, const Change& change);

// An error unless the change is of a kind that UndoChange knows.
Status CheckUndoable(const Change& change);

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_UNDO_H_
