// Finds the socket under a database library that does not give it away.
#ifndef HOLDFAST_WORKLOADS_MYSQL_OWN_SOCKET_H_
#define HOLDFAST_WORKLOADS_MYSQL_OWN_SOCKET_H_

#include <string>

#include "harness/base/files.h"

namespace holdfast::workloads::mysql {

// A duplicate of this process' TCP socket that is connected to port `remote_port` and whose own port
// is `local_port`; invalid when there is none (the server saw us through an address translation) or
// more than one.
FileDescriptor DuplicateSocket(int remote_port, int local_port);

}  // namespace holdfast::workloads::mysql

#endif  // HOLDFAST_WORKLOADS_MYSQL_OWN_SOCKET_H_
