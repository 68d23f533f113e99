#include "harness/run/actions.h"

namespace holdfast::run {

Result<Json> Actions::Recorded(Json fields, const std::function<Result<Json>()>& call) {
  const int id = trace_.NextActionId();
  fields["id"] = id;
  trace_.Append("action", fields);
  Result<Json> answer = call();
  Json result = {{"id", id}, {"ok", answer.has_value()}};
  if (!answer) {
    result["status"] = answer.error().http_status;
    result["reason"] = answer.error().reason;
    result["message"] = answer.error().message;
  }
  trace_.Append("action-result", std::move(result));
  return answer;
}

Status Actions::Apply(const std::string& ns, const std::vector<Json>& manifests) {
  for (const Json& manifest : manifests) {
    const std::string kind = GetString(manifest, {"kind"});
    const std::string name = GetString(manifest, {"metadata", "name"});
    const kube::Resource* resource = kube::FindResource(GetString(manifest, {"apiVersion"}), kind);
    if (resource == nullptr)
      return Fail(ErrorCode::kInternal,
                  "the workload's manifest {} {} is of a kind that holdfast does not create", kind,
                  name);
    const auto create = [&] {
      return client_.Create(*resource, resource->namespaced ? ns : "", manifest);
    };
    const Result<Json> created = Recorded({{"verb", "create"},
                                           {"action", "create " + kind + " " + name},
                                           {"resource", resource->plural},
                                           {"name", name}},
                                          create);
    if (!created) return Fail(created.error().In("creating " + kind + " " + name));
  }
  return {};
}

Status Actions::DeletePod(const std::string& ns,
                          const std::string& name,
                          const std::string& uid,
                          std::optional<int> grace_seconds) {
  const bool force = grace_seconds == 0;
  Json fields = {
      {"verb", "delete"},   {"action", (force ? "force delete pod " : "delete pod ") + name},
      {"resource", "pods"}, {"name", name},
      {"uid", uid},         {"force", force}};
  if (grace_seconds) fields["grace"] = *grace_seconds;
  const auto remove = [&] {
    kube::DeleteOptions options;
    options.grace_seconds = grace_seconds;
    options.uid_precondition = uid;
    return client_.Delete({kube::resources::kPods, ns, name}, options);
  };
  const Result<Json> deleted = Recorded(std::move(fields), remove);
  if (!deleted) return Fail(deleted.error().In("deleting pod " + name));
  return {};
}

Status Actions::Scale(const kube::ObjectRef& target, int replicas) {
  const auto scale = [&] {
    return client_.Patch(target, kube::PatchType::kMerge, {{"spec", {{"replicas", replicas}}}},
                         "scale", "");
  };
  const Result<Json> scaled = Recorded({{"verb", "scale"},
                                        {"action", fmt::format("scale to {}", replicas)},
                                        {"resource", target.resource.plural},
                                        {"name", target.name},
                                        {"replicas", replicas}},
                                       scale);
  if (!scaled)
    return Fail(scaled.error().In(fmt::format("scaling {} to {}", target.name, replicas)));
  return {};
}

}  // namespace holdfast::run
