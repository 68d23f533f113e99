#include "harness/run/actions.h"

#include "harness/run/crash_point.h"

namespace holdfast::run {

Result<Json> Actions::Send(Json fields, const std::function<Result<Json>()>& call) {
  const int id = trace_.NextActionId();
  fields["id"] = id;
  trace_.Append("action", fields);
  CrashPoint();
  overhead_.RequestLeaves(SystemClock());
  Result<Json> answer = call();
  CrashPoint();
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
    const Result<Json> created = Send({{"verb", "create"},
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
  const Result<Json> deleted = Send(std::move(fields), remove);
  if (!deleted) return Fail(deleted.error().In("deleting pod " + name));
  return {};
}

Status Actions::EvictPod(const std::string& ns,
                         const std::string& name,
                         const std::string& uid,
                         std::optional<int> grace_seconds) {
  Json options{{"preconditions", {{"uid", uid}}}};
  Json fields = {{"verb", "evict"},
                 {"action", "evict pod " + name},
                 {"resource", "pods"},
                 {"name", name},
                 {"uid", uid}};
  if (grace_seconds) {
    fields["grace"] = *grace_seconds;
    options["gracePeriodSeconds"] = *grace_seconds;
  }
  const Json eviction{{"apiVersion", "policy/v1"},
                      {"kind", "Eviction"},
                      {"metadata", {{"name", name}, {"namespace", ns}}},
                      {"deleteOptions", options}};
  const Result<Json> evicted = Send(std::move(fields), [&] {
    return client_.Post(kube::resources::kPods.Path(ns, name, "eviction"), eviction);
  });
  if (!evicted) return Fail(evicted.error().In("evicting pod " + name));
  return {};
}

Status Actions::Delete(const kube::ObjectRef& target,
                       const std::string& uid,
                       const std::string& propagation) {
  Json fields = {{"verb", "delete"},
                 {"action", fmt::format("delete {} {} ({})", target.resource.kind, target.name,
                                        propagation)},
                 {"resource", target.resource.plural},
                 {"name", target.name},
                 {"uid", uid},
                 {"propagation", propagation}};
  const Result<Json> deleted = Send(std::move(fields), [&] {
    kube::DeleteOptions options;
    options.uid_precondition = uid;
    options.propagation = propagation;
    return client_.Delete(target, options);
  });
  if (!deleted) return Fail(deleted.error().In("deleting " + target.ToString()));
  return {};
}

Result<Json> Actions::Patch(const kube::ObjectRef& target,
                            const std::string& what,
                            kube::PatchType type,
                            const Json& patch) {
  Json fields = {
      {"verb", "patch"},
      {"action", fmt::format("patch {} {}: {}", target.resource.kind, target.name, what)},
      {"resource", target.resource.plural},
      {"name", target.name},
      {"patch", patch}};
  Result<Json> patched =
      Send(std::move(fields), [&] { return client_.Patch(target, type, patch, "", ""); });
  if (!patched) return Fail(patched.error().In("patching " + target.ToString()));
  return patched;
}

Status Actions::Scale(const kube::ObjectRef& target, int replicas) {
  const auto scale = [&] {
    return client_.Patch(target, kube::PatchType::kMerge, {{"spec", {{"replicas", replicas}}}},
                         "scale", "");
  };
  const Result<Json> scaled = Send({{"verb", "scale"},
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
