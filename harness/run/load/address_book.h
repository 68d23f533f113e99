// Where pods can be reached now. Addresses change when pods are made again, so clients ask before
// each connection and never keep an answer.
#ifndef HOLDFAST_HARNESS_RUN_LOAD_ADDRESS_BOOK_H_
#define HOLDFAST_HARNESS_RUN_LOAD_ADDRESS_BOOK_H_

#include <optional>
#include <string>

#include "workloads/workload.h"

namespace holdfast::run {

// Thread-safe, and quick: clients call it between two operations.
class AddressBook {
 public:
  AddressBook() = default;
  AddressBook(const AddressBook&) = delete;
  AddressBook& operator=(const AddressBook&) = delete;
  virtual ~AddressBook() = default;
  // nullopt while the pod has no address.
  [[nodiscard]] virtual std::optional<workloads::Endpoint> Lookup(const std::string& pod) = 0;
};

}  // namespace holdfast::run

#endif  // HOLDFAST_HARNESS_RUN_LOAD_ADDRESS_BOOK_H_
