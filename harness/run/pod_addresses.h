// Pod addresses from the recorder's watches: where clients connect.
#ifndef HOLDFAST_HARNESS_RUN_POD_ADDRESSES_H_
#define HOLDFAST_HARNESS_RUN_POD_ADDRESSES_H_

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "harness/kube/port_forward.h"
#include "harness/observe/recorder.h"
#include "harness/run/load/address_book.h"

namespace holdfast::run {

// Thread-safe. Each pod's own address: for a runner in the pods' network.
class PodAddresses : public AddressBook {
 public:
  PodAddresses(const observe::Recorder& recorder, int port) : recorder_(recorder), port_(port) {}
  [[nodiscard]] std::optional<workloads::Endpoint> Lookup(const std::string& pod) override {
    const std::string address = AddressOf(recorder_, pod);
    if (address.empty()) return std::nullopt;
    return workloads::Endpoint{pod, address, port_};
  }
  // The pod's address as the newest state has it; empty while there is none.
  static std::string AddressOf(const observe::Recorder& recorder, const std::string& pod) {
    std::string address;
    recorder.Look([&](const observe::ClusterView& view) {
      if (const auto object = view.Find("pods", pod))
        address = GetString(*object, {"status", "podIP"});
    });
    return address;
  }

 private:
  const observe::Recorder& recorder_;
  int port_;
};

// Thread-safe. A port on this machine's loopback for each pod, carried to it through the API
// server: for a runner outside of the cluster.
class ForwardedAddresses : public AddressBook {
 public:
  ForwardedAddresses(const observe::Recorder& recorder,
                     kube::ClusterAccess access,
                     std::string ns,
                     int port)
      : recorder_(recorder),
        access_(std::move(access)),
        ns_(std::move(ns)),
        port_(port) {}
  [[nodiscard]] std::optional<workloads::Endpoint> Lookup(const std::string& pod) override {
    if (PodAddresses::AddressOf(recorder_, pod).empty()) return std::nullopt;
    const std::lock_guard lock(mutex_);
    std::unique_ptr<kube::PortForward>& forward = forwards_[pod];
    if (!forward) {
      auto started = kube::PortForward::Start(access_, {ns_, pod, port_});
      if (!started) return std::nullopt;
      forward = *std::move(started);
    }
    return workloads::Endpoint{pod, "127.0.0.1", forward->local_port()};
  }

 private:
  const observe::Recorder& recorder_;
  const kube::ClusterAccess access_;
  const std::string ns_;
  const int port_;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<kube::PortForward>> forwards_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_POD_ADDRESSES_H_
