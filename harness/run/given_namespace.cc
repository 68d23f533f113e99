#include "harness/run/given_namespace.h"

#include <set>

#include "harness/base/strings.h"
#include "harness/run/cluster_journal.h"
#include "harness/run/crash_point.h"
#include "harness/run/fence.h"

namespace holdfast::run {
namespace {

constexpr Nanos kPoll = std::chrono::milliseconds(100);

// Owners before what they own, so that nothing comes back; claims after the pods that use them.
const std::vector<kube::Resource>& Kinds() {
  static const std::vector<kube::Resource> kKinds{
      kube::resources::kStatefulSets,           kube::resources::kDeployments,
      kube::resources::kReplicaSets,            kube::resources::kPods,
      kube::resources::kPodDisruptionBudgets,   kube::resources::kServices,
      kube::resources::kConfigMaps,             kube::resources::kSecrets,
      kube::resources::kPersistentVolumeClaims};
  return kKinds;
}

// What nobody can have beside the run without being taken for its own.
bool MustBeEmpty(const kube::Resource& resource) {
  return resource != kube::resources::kServices && resource != kube::resources::kConfigMaps &&
         resource != kube::resources::kSecrets;
}

std::string NameOf(const Json& object) { return GetString(object, {"metadata", "name"}); }

struct Found {
  const kube::Resource* resource;
  Json object;
};

// Everything of the run, in the order of its deletion.
Result<std::vector<Found>> FindContent(kube::Client& client,
                                       const std::string& ns,
                                       const std::string& run) {
  kube::ListOptions ours;
  ours.label_selector = fmt::format("{}={}", kRunLabel, run);
  std::vector<Found> found;
  for (const kube::Resource& resource : Kinds()) {
    HOLDFAST_ASSIGN(kube::ObjectList objects, client.List(resource, ns, ours));
    for (Json& object : objects.items)
      found.push_back({&resource, std::move(object)});
  }
  return found;
}

std::vector<std::string> NamesOf(const std::vector<Found>& content) {
  std::vector<std::string> names;
  for (const Found& found : content)
    names.push_back(found.resource->kind + " " + NameOf(found.object));
  return names;
}

// One round: asks for the deletion of all that is not asked yet, and tells what was there.
Result<std::vector<std::string>> DeleteOnce(kube::Client& client,
                                            const std::string& ns,
                                            const std::string& run,
                                            std::set<std::string>& claims) {
  HOLDFAST_ASSIGN(const std::vector<Found> content, FindContent(client, ns, run));
  bool pods = false;
  for (const auto& [resource, object] : content) {
    const bool claim = *resource == kube::resources::kPersistentVolumeClaims;
    if (claim) claims.insert(NameOf(object));
    if (*resource == kube::resources::kPods) pods = true;
    if ((claim && pods) || !GetString(object, {"metadata", "deletionTimestamp"}).empty()) continue;
    kube::DeleteOptions options;
    options.uid_precondition = GetString(object, {"metadata", "uid"});
    const auto deleted = client.Delete({*resource, ns, NameOf(object)}, options);
    CrashPoint();
    if (!deleted && deleted.error().code != ErrorCode::kNotFound &&
        deleted.error().code != ErrorCode::kConflict)
      return Fail(deleted.error());
  }
  return NamesOf(content);
}

// Of the claims: those whose volume will not go by itself, and those that will.
Result<std::vector<std::string>> VolumesOf(kube::Client& client,
                                           const std::string& ns,
                                           const std::set<std::string>& claims) {
  HOLDFAST_ASSIGN(const kube::ObjectList volumes,
                  client.List(kube::resources::kPersistentVolumes, "", {}));
  std::vector<std::string> names;
  for (const Json& volume : volumes.items) {
    if (GetString(volume, {"spec", "claimRef", "namespace"}) == ns &&
        claims.contains(GetString(volume, {"spec", "claimRef", "name"})))
      names.push_back(fmt::format("PersistentVolume {} ({})", NameOf(volume),
                                  GetString(volume, {"spec", "persistentVolumeReclaimPolicy"})));
  }
  return names;
}

}  // namespace

void MarkAsOfRun(const std::string& run, std::vector<Json>& manifests) {
  for (Json& manifest : manifests) {
    manifest["metadata"]["labels"][kRunLabel] = run;
    const auto spec = manifest.find("spec");
    if (spec == manifest.end()) continue;
    if (spec->contains("template")) (*spec)["template"]["metadata"]["labels"][kRunLabel] = run;
    const auto claims = spec->find("volumeClaimTemplates");
    if (claims == spec->end()) continue;
    for (Json& claim : *claims)
      claim["metadata"]["labels"][kRunLabel] = run;
  }
}

Status CheckGivenNamespace(kube::Client& client, const std::string& ns) {
  const auto object = client.Get({kube::resources::kNamespaces, "", ns});
  if (!object && object.error().code == ErrorCode::kNotFound)
    return Refuse("there is no namespace {}; make it first, or name none, and the run makes its own",
                  ns);
  if (!object) return Fail(object.error().In("namespace " + ns));
  if (GetString(*object, {"status", "phase"}) == "Terminating")
    return Refuse("namespace {} is being deleted; name another one", ns);
  for (const kube::Resource& resource : Kinds()) {
    if (!MustBeEmpty(resource)) continue;
    HOLDFAST_ASSIGN(const kube::ObjectList there, client.List(resource, ns, {}));
    if (there.items.empty()) continue;
    return Refuse("namespace {} holds {} already, such as {}; name one without workloads, pods and "
                  "claims, so that nobody's is judged as the run's",
                  ns, resource.plural, NameOf(there.items.front()));
  }
  return {};
}

Result<std::vector<std::string>> ContentOf(kube::Client& client,
                                           const std::string& ns,
                                           const std::string& run) {
  return FindContent(client, ns, run).transform(NamesOf);
}

Status RemoveContent(kube::Client& client,
                     const std::string& ns,
                     const std::string& run,
                     Clock& clock,
                     Nanos timeout) {
  const Deadline deadline(clock, timeout);
  std::set<std::string> claims;
  std::string last = "no answer";
  do {
    const auto left = DeleteOnce(client, ns, run, claims);
    if (left && left->empty()) {
      const auto volumes = VolumesOf(client, ns, claims);
      if (volumes && volumes->empty()) return {};
      last = volumes ? Join(*volumes, ", ") : volumes.error().message;
    } else {
      last = left ? Join(*left, ", ") : left.error().message;
    }
    clock.SleepFor(kPoll, {});
  } while (!deadline.Passed());
  return Fail(ErrorCode::kTimedOut,
              "not everything of run {} in namespace {} is gone after {}: {}; delete it with kubectl",
              run, ns, FormatDuration(timeout), last);
}

std::vector<faults::PolicyRule> GivenNamespaceRules() {
  std::vector<faults::PolicyRule> rules;
  for (const kube::Resource& resource : Kinds())
    rules.push_back({resource.group, resource.plural, {"list", "delete"}});
  return rules;
}

}  // namespace holdfast::run
