// The objects of the cluster as a trace shows them: one life per uid, and in it the states that
// differ in something a guarantee asks about. Texts in states are interned in the model's pool.
#ifndef HOLDFAST_HARNESS_TRACE_TRACE_OBJECTS_H_
#define HOLDFAST_HARNESS_TRACE_TRACE_OBJECTS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::trace {

// A place in the trace: 1-based line, and seconds on the run's clock.
struct At {
  int64_t line = 0;
  double t = 0;
  bool operator==(const At&) const = default;
  // Resource version of the object told by this line as a number, 0 when there is none. One server's
  // versions come from one counter, so that they order lines of different resources, too.
  uint64_t version = 0;
};

// Seconds since the epoch from a timestamp inside an object; they have whole seconds.
using Stamp = int64_t;
inline constexpr Stamp kNoStamp = 0;

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

// One uid of one kind. `states` is never empty and in line order; a MODIFIED that changes nothing
// we ask about adds none.
template <typename State>
struct Life {
  std::string name;
  std::string uid;
  bool listed = false;      // Was there when the watch (or a new one after a gap) began.
  Stamp created = kNoStamp;
  int64_t seen = 0;  // Line of the newest event.
  std::vector<State> states;
  std::optional<At> term;   // First seen with a deletionTimestamp, or DELETED.
  std::optional<At> gone;   // DELETED.
  [[nodiscard]] const At& first() const { return states.front().at; }
  // Existed at some time of lines [begin, end).
  [[nodiscard]] bool Overlaps(int64_t begin, int64_t end) const {
    return first().line < end && (!gone || gone->line >= begin);
  }
  [[nodiscard]] bool Spans(int64_t line) const {
    return first().line <= line && (!gone || gone->line > line);
  }
};

struct ClaimUse {
  std::string claim;
  bool read_only = false;
  std::string mount_path;  // In the first container that mounts it; may be empty.
  bool operator==(const ClaimUse&) const = default;
};

// A container as its template says it.
struct Container {
  std::string image;
  uint64_t command = 0;  // Fingerprint of command and args.
  bool operator==(const Container&) const = default;
};
using Containers = std::map<std::string, Container>;

// One thing that a pod or a template says: "containers main env PGDATA", "restartPolicy". Of a container
// also that it is there; not the image and the command of one that is no init container.
struct PodPart {
  std::string_view name;  // Interned.
  uint64_t value = 0;     // Fingerprint.
  auto operator<=>(const PodPart&) const = default;
};
using PodParts = std::vector<PodPart>;  // Sorted.

// The part of a pod that seldom changes during its life.
struct PodIdentity {
  std::string generate_name;
  Labels labels;
  Labels annotations;
  std::vector<OwnerReference> owners;
  std::string hostname;
  std::string subdomain;
  std::string hostname_override;
  bool host_network = false;
  bool hostname_as_fqdn = false;
  std::map<std::string, ClaimUse> claims;  // By volume name.
  Containers containers;
  std::shared_ptr<const PodParts> parts;  // As the first event told them; shared by equal pods.
  int64_t termination_grace = -1;       // terminationGracePeriodSeconds, -1 when absent.
  int64_t unreachable_tolerance = 300;  // Seconds; -1: for ever.
  int64_t not_ready_tolerance = 300;    // The same for a node that says itself that it is not Ready.
  bool tolerates_cordon = false;        // The taint unschedulable.
  bool operator==(const PodIdentity&) const = default;
};

struct PodState {
  At at;
  std::shared_ptr<const PodIdentity> identity;  // Shared by states that do not differ in it.
  std::string_view phase;
  std::string_view node;
  std::string_view ip;
  std::string_view disruption;  // Reason of the condition DisruptionTarget, or empty.
  std::string_view container;   // containerID of the first container that has one.
  int64_t grace = -1;           // deletionGracePeriodSeconds, -1 when there is none.
  int64_t restarts = 0;         // Of all containers.
  Stamp ready_since = kNoStamp;  // lastTransitionTime of Ready, whatever its status.
  Stamp asked_to_stop = kNoStamp;  // deletionTimestamp less the grace period.
  bool ready = false;
  bool terminating = false;
  bool finalizers = false;
  [[nodiscard]] bool RunningAndReady() const { return phase == "Running" && ready; }
  bool operator==(const PodState&) const = default;
};
using PodLife = Life<PodState>;

struct ClaimTemplate {
  std::string name;
  Labels labels;
  uint64_t spec = 0;  // Fingerprint.
  std::string storage_class;
  std::string access;  // Access modes, joined by ",".
  int64_t requested = -1;  // Bytes; -1 when it cannot be read.
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
  bool has_partition = false;  // The block rollingUpdate is there.
  std::string max_unavailable;  // Empty when absent.
  int64_t min_ready_seconds = 0;
  int64_t history_limit = 10;
  std::string policy;    // podManagementPolicy
  std::string strategy;  // updateStrategy.type
  std::string service;
  std::string when_deleted;
  std::string when_scaled;
  // The annotations that kubectl rollout restart and the fault template-restart write.
  std::string restarted_at;
  std::string current_revision;
  std::string update_revision;
  int64_t status_replicas = 0;
  int64_t status_ready = 0;
  int64_t status_current = 0;
  int64_t status_updated = 0;
  int64_t status_available = -1;  // -1: not in the status.
  int64_t collisions = 0;
  bool conditions = false;  // status.conditions is not empty.
  bool terminating = false;
  bool foreground = false;  // Finalizer foregroundDeletion.
  bool gone = false;        // A DELETED event.
  uint64_t pod_template = 0;  // Fingerprint of spec.template.
  uint64_t template_print = 0;  // What a revision must have of it; 0: nothing to compare.
  uint64_t expressions = 0;     // Fingerprint of the expressions of the selector.
  // Of the templates of claims: names, sizes and access modes; and the classes, 0 when one has none.
  uint64_t claims_print = 0;
  uint64_t classes_print = 0;
  uint64_t spec = 0;          // Fingerprint of spec.
  std::shared_ptr<const std::vector<ClaimTemplate>> templates;
  std::shared_ptr<const Labels> match_labels;
  bool operator==(const SetState&) const = default;
};

struct ClaimState {
  At at;
  std::string volume;
  std::string phase;
  bool terminating = false;
  Labels labels;
  std::vector<OwnerReference> owners;
  std::string storage_class;
  std::string access;  // Access modes, joined by ",".
  std::string volume_mode;
  int64_t requested = -1;  // Bytes; -1 when it cannot be read.
  bool operator==(const ClaimState&) const = default;
};
using ClaimLife = Life<ClaimState>;

struct VolumeState {
  At at;
  std::string phase;
  std::string claim_namespace;
  std::string claim_name;
  std::string claim_uid;
  // The storage itself: "driver volumeHandle" of a CSI volume, or the path of the one node that has it;
  // empty when that is not known.
  std::string handle;
  std::string source;  // Type and names of the volume source; empty for types not known here.
  std::string place;   // Of hostPath and local, type and path, on whatever node.
  std::string reclaim;
  std::string access;
  bool operator==(const VolumeState&) const = default;
};
using VolumeLife = Life<VolumeState>;

struct RevisionState {
  At at;
  int64_t revision = 0;
  std::string owner_uid;
  std::string hash_label;  // controller.kubernetes.io/hash
  uint64_t data = 0;       // Fingerprint.
  bool operator==(const RevisionState&) const = default;
};
struct RevisionLife : Life<RevisionState> {
  Containers containers;  // Of the template that it holds.
  std::shared_ptr<const PodParts> parts;
  uint64_t template_print = 0;  // Compares with a set's.
  Labels labels;
  Labels annotations;
};

struct Endpoint {
  std::string hostname;
  std::string pod;
  std::string uid;
  std::string node;
  std::vector<std::string> addresses;
  bool ready = false;
  bool serving = false;
  bool terminating = false;
  bool operator==(const Endpoint&) const = default;
};
struct SliceState {
  At at;
  std::string service;
  bool managed = false;  // By the cluster's own controller.
  std::string address_type;
  std::vector<Endpoint> endpoints;
  bool operator==(const SliceState&) const = default;
};
using SliceLife = Life<SliceState>;

struct BudgetState {
  At at;
  int64_t generation = 0;
  int64_t observed_generation = 0;
  std::string min_available;    // Empty when absent; else "1" or "50%".
  std::string max_unavailable;
  std::string unhealthy_policy;
  bool selector = false;  // There is one.
  Labels match_labels;
  bool expressions = false;  // matchExpressions: what it selects is not decided here.
  int64_t allowed = 0;
  int64_t current = 0;
  int64_t desired = 0;
  int64_t expected = 0;
  int64_t disrupted = 0;  // disruptedPods.
  // The condition DisruptionAllowed says that the controller could count; where it cannot it allows none,
  // and before Kubernetes 1.21 it does not say so.
  bool counted = false;
  bool operator==(const BudgetState&) const = default;
};
using BudgetLife = Life<BudgetState>;

struct NodeState {
  At at;
  std::string ready;  // Status of the condition Ready: "True", "False", "Unknown".
  Stamp ready_since = kNoStamp;
  bool unschedulable = false;
  bool out_of_service = false;
  bool evicts = false;  // Another taint NoExecute that is not about Ready.
  bool operator==(const NodeState&) const = default;
};
using NodeLife = Life<NodeState>;

struct AttachmentState {
  At at;
  std::string node;
  std::string volume;
  bool attached = false;
  bool operator==(const AttachmentState&) const = default;
};
using AttachmentLife = Life<AttachmentState>;

struct ServiceState {
  At at;
  bool headless = false;
  bool selector = false;  // There is one: the cluster keeps its endpoint slices.
  bool publish_not_ready = false;
  bool operator==(const ServiceState&) const = default;
};
using ServiceLife = Life<ServiceState>;

}  // namespace holdfast::trace

#endif  // HOLDFAST_HARNESS_TRACE_TRACE_OBJECTS_H_
