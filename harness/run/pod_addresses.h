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
#include "harness/run/snapshot.h"

namespace holdfast::run {

// Thread-safe. Each pod's own address: for a runner in the pods' network.
class PodAddresses : public AddressBook {
 public:
  PodAddresses(const observe::Recorder& recorder, int port) : recorder_(recorder), port_(port) {}
  [[nodiscard]] std::optional<workloads::Endpoint> Lookup(const std::string& pod) override {
    const auto found = Find(recorder_, pod);
    if (!found) return std::nullopt;
    return workloads::Endpoint{pod, found->address, port_};
  }

  struct Found {
    std::string pod;
    std::string address;
  };
  // The pod of that name with its address; where there is none, as with a Deployment that is called
  // by its own name, a ready pod of it. nullopt while it has no address.
  static std::optional<Found> Find(const observe::Recorder& recorder, const std::string& name) {
    std::optional<Found> found;
    const auto take = [&](const std::string& pod, const Json& object) {
      const std::string address = GetString(object, {"status", "podIP"});
      if (!address.empty()) found = Found{pod, address};
    };
    recorder.Look([&](const observe::ClusterView& view) {
      if (const auto object = view.Find("pods", name)) return take(name, *object);
      if (view.Find("deployments", name) == nullptr) return;
      for (const auto& [pod, object] : view.All("pods")) {
        if (pod.starts_with(name + "-") && PodState(*object) == "Ready") return take(pod, *object);
      }
    });
    return found;
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
    const auto found = PodAddresses::Find(recorder_, pod);
    if (!found) return std::nullopt;
    const std::lock_guard lock(mutex_);
    std::unique_ptr<kube::PortForward>& forward = forwards_[found->pod];
    if (!forward) {
      auto started = kube::PortForward::Start(access_, {ns_, found->pod, port_});
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
