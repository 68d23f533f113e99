// DNS over UDP and TCP for the private world.
#ifndef HOLDFAST_HARNESS_SANDBOX_WORLD_DNS_SERVER_H_
#define HOLDFAST_HARNESS_SANDBOX_WORLD_DNS_SERVER_H_

#include <memory>
#include <string>
#include <thread>

#include "harness/base/files.h"
#include "harness/base/result.h"
#include "harness/sandbox/world/dns_message.h"

namespace holdfast::sandbox {

// Answers from one thread of its own until destroyed. Slow or silent TCP clients are dropped after
// a second, so that they cannot hold up the others for longer.
class DnsServer {
 public:
  // `zone` must outlive it. Port 0: any (see port()).
  static Result<std::unique_ptr<DnsServer>> Start(const Zone& zone,
                                                  const std::string& address,
                                                  uint16_t port = 53);
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;
  ~DnsServer() = default;
  [[nodiscard]] uint16_t port() const { return port_; }

 private:
  DnsServer(const Zone& zone, FileDescriptor udp, FileDescriptor tcp, uint16_t port)
      : zone_(zone),
        udp_(std::move(udp)),
        tcp_(std::move(tcp)),
        port_(port) {}
  void Serve(const std::stop_token& stop);
  void AnswerDatagram();
  void AnswerConnection();

  const Zone& zone_;
  FileDescriptor udp_;
  FileDescriptor tcp_;
  uint16_t port_;
  std::jthread thread_;
};

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_WORLD_DNS_SERVER_H_
