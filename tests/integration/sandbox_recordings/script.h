// What a recording asks a cluster to do, and when: its actions with the objects that they made or
// changed, and the facts that had been seen before each.
#ifndef HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_SCRIPT_H_
#define HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_SCRIPT_H_

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "harness/base/json.h"
#include "harness/base/result.h"

#include "tests/integration/sandbox_recordings/facts.h"

namespace holdfast::recordings {

// A change of one object's spec, labels or annotations, as a merge patch (RFC 7386).
struct Change {
  std::string resource;
  std::string name;
  Json patch;
};

struct Step {
  Json action;                        // As recorded; null at the end of the recording.
  std::map<std::string, int> needed;  // Facts that had been seen before it.
  std::string rest;                   // Status of the target before it, when it was at rest.
  bool quiet = false;  // Nothing had happened for a while: that is a fact too.
  std::string pod;     // Symbol of the pod that it acts on, or "".
  std::map<std::string, std::string> places;  // Symbol of each living pod -> recorded node.
  std::vector<Json> create;                   // Objects without what the server filled in.
  std::vector<Change> changes;
};

struct Script {
  Json run;
  std::set<std::string> watched;  // Resources; what was not watched is not compared.
  std::vector<std::string> nodes;
  std::vector<std::string> storage_classes;
  std::vector<Json> present;  // Objects that were there before the recording began.
  std::vector<Step> steps;    // The last one has no action.
  std::vector<Fact> facts;    // In the order of the versions.
};

// The lines of a trace; a torn last line is left out.
Result<std::vector<Json>> ReadLines(const std::filesystem::path& trace);

// Images and shells that the sandbox does not have are replaced by its busybox, in everything that
// a recording makes or changes; an image that no pod ever ran from is left as it is. Probes get more
// time, so that a busy machine does not fail them.
Result<Script> ReadScript(const std::filesystem::path& recording);

// The merge patch that makes `after` of `before`; null when they are equal.
Json MergeDiff(const Json& before, const Json& after);

}  // namespace holdfast::recordings

#endif  // HOLDFAST_TESTS_INTEGRATION_SANDBOX_RECORDINGS_SCRIPT_H_
