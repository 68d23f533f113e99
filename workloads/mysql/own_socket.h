// Finds the socket under a database library that does not give it away.
//
// Neither the server's view of our port (a port-forward, a proxy or an address translation shows it
// another one, which may even be that of another of our sockets) nor a list of open sockets (other
// threads connect meanwhile) tells whose a socket is. The call connect(2) does: own_socket.cc puts
// itself in front of the C library's, for the whole program, and passes every call on unchanged.
#ifndef HOLDFAST_WORKLOADS_MYSQL_OWN_SOCKET_H_
#define HOLDFAST_WORKLOADS_MYSQL_OWN_SOCKET_H_

#include <sys/socket.h>

#include "harness/base/files.h"

namespace holdfast::workloads::mysql {

// While it lives, notes the TCP socket that this very thread connects to port `port`; sockets of
// other threads, to wherever, are never noted. To be used around one call of the library that opens
// one connection, on the thread that makes it; at most one per thread.
class SocketWatch {
 public:
  explicit SocketWatch(int port);
  SocketWatch(const SocketWatch&) = delete;
  SocketWatch& operator=(const SocketWatch&) = delete;
  ~SocketWatch();
  // A duplicate of the last one, made inside connect(2), so that its number cannot have changed
  // hands: a library that tries several addresses stays with the last. Invalid when there was none
  // (the library does not call the C library's connect) or descriptors are short.
  FileDescriptor Take() { return std::move(socket_); }

  // For connect(2) alone.
  static void Note(int fd, const sockaddr* address, socklen_t length);

 private:
  int port_;
  FileDescriptor socket_;
};

}  // namespace holdfast::workloads::mysql

#endif  // HOLDFAST_WORKLOADS_MYSQL_OWN_SOCKET_H_
