// Pod addresses from the recorder's watches: where clients connect.
#ifndef HOLDFAST_HARNESS_RUN_POD_ADDRESSES_H_
#define HOLDFAST_HARNESS_RUN_POD_ADDRESSES_H_

#include <optional>
#include <string>

#include "harness/observe/recorder.h"
#include "harness/run/load/address_book.h"

namespace holdfast::run {

// Thread-safe.
class PodAddresses : public AddressBook {
 public:
  PodAddresses(const observe::Recorder& recorder, int port) : recorder_(recorder), port_(port) {}
  [[nodiscard]] std::optional<workloads::Endpoint> Lookup(const std::string& pod) override {
    std::optional<workloads::Endpoint> endpoint;
    recorder_.Look([&](const observe::ClusterView& view) {
      const auto object = view.Find("pods", pod);
      if (object == nullptr) return;
      const std::string address = GetString(*object, {"status", "podIP"});
      if (!address.empty()) endpoint = workloads::Endpoint{pod, address, port_};
    });
    return endpoint;
  }

 private:
  const observe::Recorder& recorder_;
  int port_;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_POD_ADDRESSES_H_
