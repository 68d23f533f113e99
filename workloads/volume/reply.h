// Reads the answers of op.sh. Pure functions.
#ifndef HOLDFAST_WORKLOADS_VOLUME_REPLY_H_
#define HOLDFAST_WORKLOADS_VOLUME_REPLY_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/json.h"

namespace holdfast::workloads::volume {

struct Reply {
  std::string pod;  // Who answered.
  std::string uid;
  std::string content;  // Between the first line and the last.
};

// nullopt when the answer is not whole: without its first line or without "end".
std::optional<Reply> ParseReply(std::string_view body);

// The fields of a probe from the answer to "probe"; null when a section is missing.
Json ParseProbe(const Reply& reply);

// The answer to "names" as {"NAME": ["10.0.0.1"]}: no address is an answer, no answer is left out.
Json ParseNames(const std::string& content);

// The lines of a witness file, all of them: their counters have no holes.
std::vector<std::string> WitnessLines(const std::string& content);

}  // namespace holdfast::workloads::volume

#endif  // HOLDFAST_WORKLOADS_VOLUME_REPLY_H_
