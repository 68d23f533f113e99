// A plain TCP relay between a driver and its server: what a port-forward, a proxy or an address
// translation is to both.
#ifndef HOLDFAST_TESTS_INTEGRATION_MYSQL_RELAY_H_
#define HOLDFAST_TESTS_INTEGRATION_MYSQL_RELAY_H_

#include <thread>
#include <vector>

#include "harness/base/files.h"

namespace holdfast::workloads {

// Carries each connection to its port on the loopback on to `server_port`, until it is destroyed.
//
// It connects to the server from 127.0.0.2 and, where that is free, from the port that the
// connection accepted before has on the client's side: who takes the server's word for its own port
// finds the socket of somebody else.
class Relay {
 public:
  explicit Relay(int server_port);
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;
  ~Relay();
  [[nodiscard]] int port() const { return port_; }

 private:
  void Accept();
  void Carry(FileDescriptor client, FileDescriptor server);

  int server_port_;
  int port_ = 0;
  FileDescriptor listener_;
  std::vector<FileDescriptor> sockets_;  // The acceptor's own until it has ended; closed last.
  std::vector<std::jthread> pumps_;
  std::jthread acceptor_;
};

// A connection to a port of the loopback, as anybody makes one; invalid when it is refused.
FileDescriptor ConnectPlainly(int port);

}  // namespace holdfast::workloads

#endif  // HOLDFAST_TESTS_INTEGRATION_MYSQL_RELAY_H_
