// The bearer token of a user, read again where its file is replaced from time to time.
#ifndef HOLDFAST_HARNESS_KUBE_TOKEN_H_
#define HOLDFAST_HARNESS_KUBE_TOKEN_H_

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "harness/base/clock.h"
#include "harness/kube/kubeconfig.h"

namespace holdfast::kube {

// Printable and without blanks, so that it fits into a header.
bool IsToken(std::string_view text);

// Thread-safe.
class TokenSource {
 public:
  explicit TokenSource(const ClusterAccess& access);
  // Empty when the user has none. Reads the file when the last look at it is a minute old; a file
  // that is gone or holds no token leaves the one that was good before.
  std::string Current();
  // The server answered 401: the next Current looks at the file.
  void Refused();

 private:
  const std::filesystem::path file_;
  std::mutex mutex_;
  std::string token_;
  std::optional<Nanos> looked_;
};

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_TOKEN_H_
