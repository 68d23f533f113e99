#include "harness/run/preflight.h"

#include <algorithm>

#include "harness/base/strings.h"
#include "harness/run/cluster_journal.h"
#include "harness/run/plan.h"

namespace holdfast::run {
namespace {

constexpr uintmax_t kRoomForEvidence = 64ULL << 20U;

bool IsReady(const Json& node) {
  const Json& conditions = GetArray(node, {"status", "conditions"});
  return std::any_of(conditions.begin(), conditions.end(), [](const Json& c) {
    return GetString(c, {"type"}) == "Ready" && GetString(c, {"status"}) == "True";
  });
}

bool IsDefaultClass(const Json& storage_class) {
  return GetString(storage_class, {"metadata", "annotations",
                                   "storageclass.kubernetes.io/is-default-class"}) == "true";
}

// Whether we may do `verb`; nullopt when the server does not answer reviews.
Result<std::optional<bool>> Allowed(kube::Client& client,
                                    const std::string& ns,
                                    const faults::PolicyRule& rule,
                                    const std::string& verb) {
  static const kube::Resource kReviews{"authorization.k8s.io", "v1", "selfsubjectaccessreviews",
                                       "SelfSubjectAccessReview", false};
  const std::vector<std::string> parts = Split(rule.resource, '/');
  Json attributes = {{"verb", verb}, {"group", rule.api_group}, {"resource", parts[0]}};
  if (parts.size() > 1) attributes["subresource"] = parts[1];
  if (!ns.empty()) attributes["namespace"] = ns;
  const Json review = {{"apiVersion", "authorization.k8s.io/v1"},
                       {"kind", "SelfSubjectAccessReview"},
                       {"spec", {{"resourceAttributes", attributes}}}};
  const Result<Json> answer = client.Create(kReviews, "", review);
  if (answer) return std::optional<bool>(GetBool(*answer, {"status", "allowed"}));
  if (answer.error().code == ErrorCode::kNotFound || answer.error().code == ErrorCode::kRefused)
    return std::optional<bool>();
  return Fail(answer.error());
}

// An image without a registry whose repository no public registry has, or a tag that is made here.
bool IsOfSandbox(const std::string& image) {
  return image.ends_with("-rebuilt") || image.starts_with("etcd:") || image.starts_with("pause:");
}

}  // namespace

Result<Json> Fingerprint(kube::Client& client) {
  HOLDFAST_ASSIGN(const std::string text, client.GetRaw("/version"));
  HOLDFAST_ASSIGN(const Json version, ParseJson(text));
  const Result<Json> system = client.Get({kube::resources::kNamespaces, "", "kube-system"});
  HOLDFAST_ASSIGN(const kube::ObjectList nodes, client.List(kube::resources::kNodes, "", {}));
  const auto ready = std::count_if(nodes.items.begin(), nodes.items.end(), IsReady);
  if (ready == 0)
    return Fail(ErrorCode::kUnavailable,
                "the cluster at {} has {} nodes and none is Ready; nothing can run there",
                client.access().server, nodes.items.size());
  return Json{{"context", client.access().context},
              {"server", client.access().server},
              {"version", GetString(version, {"gitVersion"})},
              {"uid", system ? GetString(*system, {"metadata", "uid"}) : ""},
              {"nodes", nodes.items.size()},
              {"readyNodes", ready}};
}

Status CheckStorageClass(kube::Client& client, const std::string& name) {
  HOLDFAST_ASSIGN(const kube::ObjectList classes,
                  client.List(kube::resources::kStorageClasses, "", {}));
  std::vector<std::string> names;
  bool has_default = false;
  for (const Json& storage_class : classes.items) {
    names.push_back(GetString(storage_class, {"metadata", "name"}));
    has_default = has_default || IsDefaultClass(storage_class);
  }
  const std::string list =
      names.empty() ? "the cluster has none" : "the cluster has " + Join(names, ", ");
  if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
    return Fail(ErrorCode::kInvalidArgument, "there is no StorageClass '{}'; {}", name, list);
  }
  if (name.empty() && !has_default)
    return Fail(ErrorCode::kInvalidArgument,
                "the cluster has no default StorageClass; name one with --storage-class ({})",
                list);
  return {};
}

Status CheckImages(const Json& cluster,
                   const suite::Suite& suite,
                   const workloads::Workload& workload) {
  if (GetString(cluster, {"version"}).ends_with("+holdfast")) return {};
  const Json& parameters = suite.workload_parameters;
  for (const std::string& image : ImagesOf(suite, workload)) {
    if (!IsOfSandbox(image)) continue;
    const char* parameter = image == workload.NextImage(parameters) ? "nextImage" : "image";
    return Fail(ErrorCode::kInvalidArgument,
                "'{}' is the sandbox's name of an image, which this cluster cannot pull; name one of "
                "your registry with --set workload.{}.{}=IMAGE",
                image, suite.workload, parameter);
  }
  return {};
}

Status CheckNamespaceParameters(const suite::Suite& suite) {
  if (!suite.given_namespace.empty()) return {};
  for (const char* parameter : {"imagePullSecret", "serviceAccount"}) {
    const std::string name = GetString(suite.workload_parameters, {parameter});
    if (name.empty() || name == "default") continue;
    return Fail(ErrorCode::kInvalidArgument,
                "workload.{}.{} names '{}', which the namespace that the run makes for itself does "
                "not have; make it in a namespace of yours and name that with --namespace",
                suite.workload, parameter, name);
  }
  return {};
}

Status CheckPermissions(kube::Client& client,
                        const std::string& ns,
                        const Permissions& permissions) {
  std::vector<std::string> missing;
  for (const auto& [where, rules] :
       {std::pair(ns, &permissions.in_namespace),
        std::pair(std::string(kJournalNamespace), &permissions.in_journal),
        std::pair(std::string(), &permissions.in_cluster)}) {
    for (const faults::PolicyRule& rule : *rules) {
      for (const std::string& verb : rule.verbs) {
        HOLDFAST_ASSIGN(const std::optional<bool> allowed, Allowed(client, where, rule, verb));
        if (!allowed) return {};
        if (*allowed) continue;
        missing.push_back(fmt::format("{} {} {}", verb, rule.resource,
                                      where.empty() ? "in the cluster" : "in " + where));
      }
    }
  }
  if (missing.empty()) return {};
  return Fail(ErrorCode::kRefused,
              "the kubeconfig's user may not: {}; grant it what `holdfast plan --rbac` prints",
              Join(missing, ", "));
}

Status CheckDisk(const std::filesystem::path& directory) {
  std::error_code error;
  const auto space = std::filesystem::space(directory, error);
  if (!error && space.available < kRoomForEvidence) {
    return Fail(ErrorCode::kUnavailable,
                "only {} MiB are free at {}; a run needs {} MiB for its evidence, free some space "
                "or name another place with --out",
                space.available >> 20U, directory.string(), kRoomForEvidence >> 20U);
  }
  return {};
}

}  // namespace holdfast::run
