// A pod's network: a namespace held by a process, joined to the node's bridge by a veth pair.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_POD_NETWORK_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_POD_NETWORK_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "harness/base/result.h"

namespace holdfast::sandbox::node {

// Hands out the addresses of a network from the second to the last but one, each as late again as
// possible. Thread-safe.
class AddressPool {
 public:
  // `cidr` as "10.244.4.0/22", between /16 and /28; anything else is refused.
  static Result<std::unique_ptr<AddressPool>> Create(const std::string& cidr);
  // kUnavailable when all are taken.
  Result<std::string> Take();
  void Return(const std::string& address);
  // The bridge's own address, the first.
  [[nodiscard]] std::string gateway() const { return AddressText(1); }
  [[nodiscard]] int prefix_length() const { return prefix_length_; }
  // How far `address` is from the network's own; 0 when it is not of this network.
  [[nodiscard]] int OffsetOf(const std::string& address) const;

 private:
  AddressPool(uint32_t network, int prefix_length)
      : network_(network),
        prefix_length_(prefix_length) {}
  [[nodiscard]] std::string AddressText(int offset) const;
  [[nodiscard]] int last_offset() const { return (1 << (32 - prefix_length_)) - 2; }

  std::mutex mutex_;
  uint32_t network_;
  int prefix_length_;
  std::set<int> taken_;  // Offsets.
  int last_ = 1;
};

// Makes the bridge `pods0` with the pool's gateway address, unless it is there, and turns
// forwarding on.
Status SetUpBridge(const AddressPool& pool);

// The destructor takes the network down and returns the address. The thread that created it must
// outlive it (the holder dies with its parent thread).
class PodNetwork {
 public:
  static Result<std::unique_ptr<PodNetwork>> Create(AddressPool& pool);
  PodNetwork(const PodNetwork&) = delete;
  PodNetwork& operator=(const PodNetwork&) = delete;
  ~PodNetwork();
  [[nodiscard]] pid_t holder() const { return holder_; }
  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  explicit PodNetwork(AddressPool& pool) : pool_(pool) {}
  Status StartHolder();
  Status Connect();
  [[nodiscard]] std::string HostSide() const;

  AddressPool& pool_;
  std::string address_;
  pid_t holder_ = 0;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_POD_NETWORK_H_
