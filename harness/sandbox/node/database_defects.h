// Defects of a database inside of its pod, for the controls: what replication or failover of a real
// server may do wrong, done to a real server through its local socket, outside of its binary log.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_DATABASE_DEFECTS_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_DATABASE_DEFECTS_H_

#include <functional>
#include <string>
#include <thread>

#include "harness/base/clock.h"
#include "harness/sandbox/defects/defects.h"
#include "harness/sandbox/node/pod_directory.h"

namespace holdfast::sandbox::node {

// A thread of its own while one of these defects is on, none otherwise. Only containers of MariaDB
// whose environment holds HOLDFAST_FLAVOR, HOLDFAST_PASSWORD, HOLDFAST_CONFIG and HOLDFAST_MOUNT are
// touched. The destructor ends what runs and waits for it.
class DatabaseDefects {
 public:
  // `view` is asked by the thread for the pod's first container, and must outlive this.
  DatabaseDefects(Defects defects,
                  Clock& clock,
                  std::string pod_uid,
                  std::function<Result<ContainerView>()> view);

 private:
  std::jthread thread_;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_DATABASE_DEFECTS_H_
