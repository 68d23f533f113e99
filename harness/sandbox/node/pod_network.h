// A pod's network: a namespace held by a process, joined to the node's bridge by a veth pair.
#ifndef HOLDFAST_HARNESS_SANDBOX_NODE_POD_NETWORK_H_
#define HOLDFAST_HARNESS_SANDBOX_NODE_POD_NETWORK_H_

#include <sys/types.h>

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "harness/base/result.h"

namespace holdfast::sandbox::node {

// Hands out the addresses .2 to .254 of a /24, each as late again as possible. Thread-safe.
class AddressPool {
 public:
  // `cidr` as "10.244.1.0/24"; anything else is refused.
  static Result<std::unique_ptr<AddressPool>> Create(const std::string& cidr);
  // kUnavailable when all are taken.
  Result<std::string> Take();
  void Return(const std::string& address);
  // The bridge's own address, .1.
  [[nodiscard]] std::string gateway() const { return prefix_ + "1"; }

 private:
  explicit AddressPool(std::string prefix) : prefix_(std::move(prefix)) {}
  std::mutex mutex_;
  std::string prefix_;  // "10.244.1."
  std::set<int> taken_;
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

  AddressPool& pool_;
  std::string address_;
  pid_t holder_ = 0;
};

}  // namespace holdfast::sandbox::node

#endif  // HOLDFAST_HARNESS_SANDBOX_NODE_POD_NETWORK_H_
