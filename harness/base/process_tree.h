// All the processes below one, stopped or going on together.
#ifndef HOLDFAST_HARNESS_BASE_PROCESS_TREE_H_
#define HOLDFAST_HARNESS_BASE_PROCESS_TREE_H_

#include <sys/types.h>

#include <map>
#include <string_view>
#include <vector>

#include "harness/base/result.h"

namespace holdfast {

struct ProcessState {
  pid_t parent = 0;
  char state = '?';  // As in /proc/<pid>/stat: T is stopped, Z a zombie.
};
// Of the text of /proc/<pid>/stat; a parent of 0 and '?' when it is damaged.
ProcessState ParseProcessState(std::string_view stat);
// Everything in /proc now, by the state of its first thread.
std::map<pid_t, ProcessState> AllProcesses();
// `root` and all below it, parents first.
std::vector<pid_t> TreeOf(const std::map<pid_t, ProcessState>& all, pid_t root);

// Stops the tree with SIGSTOP until a look finds no thread running in it: one thread takes the
// signal, the others go on until then, and who forked meanwhile is stopped by the next round.
// kInternal when that does not come about.
Status StopTree(pid_t root);
Status ContinueTree(pid_t root);

}  // namespace holdfast

#endif  // HOLDFAST_HARNESS_BASE_PROCESS_TREE_H_
