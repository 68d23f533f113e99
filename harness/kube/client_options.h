// The limits of a client; the defaults are for real clusters, tests shorten them.
#ifndef HOLDFAST_HARNESS_KUBE_CLIENT_OPTIONS_H_
#define HOLDFAST_HARNESS_KUBE_CLIENT_OPTIONS_H_

#include <cstdint>

#include "harness/base/clock.h"

namespace holdfast::kube {

struct ClientOptions {
  uint64_t seed = 1;  // Of the jitter in the back-off.
  Nanos connect_timeout = std::chrono::seconds(5);
  // A watch without a byte for this long is dead and is opened again. A healthy one gets a bookmark
  // about each minute. Whole seconds.
  std::chrono::seconds watch_silence{90};
  Nanos first_backoff = std::chrono::milliseconds(100);
  Nanos most_backoff = std::chrono::seconds(10);
  // A watch event that is longer counts as broken; etcd itself takes at most 1.5 MiB by default.
  size_t max_event_bytes = size_t{64} << 20U;
  size_t max_answer_bytes = size_t{512} << 20U;
  int watch_page_size = 500;
};

}  // namespace holdfast::kube

#endif  // HOLDFAST_HARNESS_KUBE_CLIENT_OPTIONS_H_
