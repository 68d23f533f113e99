// Plays a recording on a cluster: the same actions, each once the facts that came before it in the
// recording have been seen here, while our own recorder writes a trace of the same form.
#ifndef HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_PLAYER_H_
#define HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_PLAYER_H_

#include <filesystem>
#include <memory>
#include <string>

#include "harness/base/clock.h"
#include "harness/base/result.h"
#include "harness/kube/client.h"

#include "tests/integration/sandbox_recordings/script.h"

namespace holdfast::recordings {

struct PlayOptions {
  std::filesystem::path kubeconfig;
  std::filesystem::path directory;  // Gets trace.jsonl.
  Nanos patience = std::chrono::seconds(120);  // For the facts before one action.
};

struct Played {
  std::vector<Fact> facts;  // In the order of the versions.
  // What did not come in time, as a sentence, or "". Nothing was asked of the cluster after it.
  std::string stuck;
};

// Makes the recording's namespace on the cluster and deletes it afterwards. An error is a failure
// of the player, not a difference.
Result<Played> Play(const Script& script, const PlayOptions& options);

}  // namespace holdfast::recordings

#endif  // HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_PLAYER_H_
