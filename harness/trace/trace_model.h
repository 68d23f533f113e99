// What a trace says, arranged for judging: lives of pods by uid, states of the set, claims and
// volumes, and the windows of scenarios, steps, faults and actions. Every fact keeps its line.
//
// Order within one resource is line order. Problems are places where the record is damaged or
// contradicts itself; a verdict that leans on such a place must not be a pass.
#ifndef HOLDFAST_HARNESS_TRACE_TRACE_MODEL_H_
#define HOLDFAST_HARNESS_TRACE_TRACE_MODEL_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/base/json.h"

namespace holdfast::trace {

// A place in the trace: 1-based line, and seconds on the run's clock.
struct At {
  int64_t line = 0;
  double t = 0;
};

using Labels = std::map<std::string, std::string>;

struct OwnerReference {
  std::string api_version;
  std::string kind;
  std::string name;
  std::string uid;
  bool controller = false;
  bool block_owner_deletion = false;
  bool operator==(const OwnerReference&) const = default;
};

struct ClaimUse {
  std::string claim;
  bool read_only = false;
  std::string mount_path;  // In the first container that mounts it; may be empty.
  bool operator==(const ClaimUse&) const = default;
};

// The part of a pod that must not change during its life.
struct PodIdentity {
  std::string generate_name;
  Labels labels;
  std::vector<OwnerReference> owners;
  std::string hostname;
  std::string subdomain;
  std::string hostname_override;
  bool host_network = false;
  bool hostname_as_fqdn = false;
  std::map<std::string, ClaimUse> claims;  // By volume name.
  bool operator==(const PodIdentity&) const = default;
};

struct PodState {
  At at;
  std::shared_ptr<const PodIdentity> identity;  // Shared by states that do not differ in it.
  std::string phase;
  std::string node;
  std::string disruption;  // Reason of the condition DisruptionTarget, or empty.
  int64_t grace = -1;      // deletionGracePeriodSeconds, -1 when there is none.
  bool ready = false;
  bool terminating = false;
  [[nodiscard]] bool RunningAndReady() const { return phase == "Running" && ready; }
};

// One uid. `states` is never empty and in line order.
struct PodLife {
  std::string name;
  std::string uid;
  bool listed = false;  // Was there when the watch (or a new one after a gap) began.
  std::vector<PodState> states;
  std::optional<At> term;  // First seen with a deletionTimestamp.
  std::optional<At> gone;  // DELETED.
  [[nodiscard]] const At& first() const { return states.front().at; }
};

struct ClaimTemplate {
  std::string name;
  Labels labels;
  bool operator==(const ClaimTemplate&) const = default;
};

// The target StatefulSet, or for a Deployment the fields both have.
struct SetState {
  At at;
  std::string uid;
  int64_t generation = 0;
  int64_t observed_generation = 0;
  int64_t replicas = 1;
  int64_t start = 0;
  int64_t partition = 0;
  std::string policy;    // podManagementPolicy
  std::string strategy;  // updateStrategy.type
  std::string service;
  std::string when_deleted;
  std::string when_scaled;
  std::string current_revision;
  std::string update_revision;
  int64_t status_replicas = 0;
  int64_t status_ready = 0;
  bool terminating = false;
  bool gone = false;  // A DELETED event.
  std::shared_ptr<const std::vector<ClaimTemplate>> templates;
  std::shared_ptr<const Labels> match_labels;
};

struct ClaimState {
  At at;
  std::string volume;
  std::string phase;
  bool terminating = false;
  Labels labels;
  std::vector<OwnerReference> owners;
};
struct ClaimLife {
  std::string name;
  std::string uid;
  bool listed = false;
  std::vector<ClaimState> states;
  std::optional<At> term;
  std::optional<At> gone;
};

struct VolumeState {
  At at;
  std::string phase;
  std::string claim_namespace;
  std::string claim_name;
  std::string claim_uid;
  std::string handle;  // "driver volumeHandle" of a CSI volume, or empty.
};
struct VolumeLife {
  std::string name;
  std::string uid;
  std::vector<VolumeState> states;
  std::optional<At> gone;
};

struct Revision {
  std::string name;
  std::string owner_uid;
  At first;
};

struct Action {
  int64_t id = 0;
  At at;
  std::string text;  // For people: "delete pod web-1".
  std::string verb;
  std::string resource;
  std::string name;
  std::string uid;
  bool force = false;
  int64_t grace = -1;
  std::optional<At> answered;
  bool ok = false;  // Only when answered.
};

struct FaultTarget {
  std::string kind;
  std::string name;
  std::string uid;
};
struct Fault {
  int64_t id = 0;
  std::string fault;
  std::string scenario;
  At begin;
  std::optional<At> end;
  std::optional<At> proof;
  std::string proof_needed;
  std::optional<std::string> unproven;  // Why not.
  std::vector<FaultTarget> targets;
  std::vector<std::string> gives_up;
};

struct StepRecord {
  std::string scenario;
  std::string name;
  At begin;
  std::optional<At> end;
  bool ok = true;
  std::string message;
};
struct ScenarioRecord {
  std::string name;
  At begin;
  std::optional<At> end;
};
struct Probe {
  At at;
  std::string pod;
  std::string uid;
  std::string error;  // Empty when the probe worked.
  Json fields;
};
// A witness file on a volume: lines `EVENT POD UID NODE COUNTER WALL`.
struct VolumeFile {
  At at;
  std::string claim;
  std::string claim_uid;
  std::string path;
  std::vector<std::string> lines;
};
struct Opened {
  At at;
  std::string resource_version;
};
struct Gap {
  At at;
  std::string resource;
  std::string reason;
};
struct Problem {
  At at;
  std::string resource;  // Empty: it may concern any.
  std::string sentence;  // Without the line number.
};

struct TraceModel {
  std::string target_kind;
  std::string target_namespace;
  std::string target_name;
  std::string server;
  int64_t wall_ns = 0;  // Wall time of t = 0.
  std::map<std::string, Opened> opened;
  std::vector<PodLife> pods;                        // In the order of their first events.
  std::vector<SetState> set;                        // Every state of the target.
  std::map<std::string, std::string> replica_sets;  // uid -> uid of the controlling Deployment.
  std::vector<ClaimLife> claims;
  std::vector<VolumeLife> volumes;
  std::vector<Revision> revisions;
  std::vector<Action> actions;
  std::vector<Fault> faults;
  std::vector<StepRecord> steps;
  std::vector<ScenarioRecord> scenarios;
  std::vector<Probe> probes;
  std::vector<VolumeFile> files;
  std::vector<Gap> gaps;
  std::vector<Problem> problems;
  std::optional<At> end;
  At last;  // The last line read.
  int64_t watch_events = 0;
  bool torn = false;  // The last line was cut and skipped.
};

}  // namespace holdfast::trace

#endif  // HOLDFAST_HARNESS_TRACE_TRACE_MODEL_H_
