#include "harness/sandbox/api/eviction.h"

#include <optional>
#include <utility>
#include <vector>

#include "harness/base/time_format.h"
#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/delete_options.h"
#include "harness/sandbox/api/selectors.h"

namespace holdfast::sandbox {
namespace {

constexpr size_t kMostDisruptedPods = 2000;
constexpr int kProcessingSeconds = 10;
constexpr int kPodRetries = 20;
constexpr const char* kBudgets = "poddisruptionbudgets";

// Why a budget says no, with the wait that is proposed to the client.
struct Refusal {
  std::string cause;
  int retry_seconds = 0;
};

HttpResponse TooManyRequests(const Refusal& refusal) {
  Json details = {
      {"causes", Json::array({{{"reason", "DisruptionBudget"}, {"message", refusal.cause}}})}};
  if (refusal.retry_seconds > 0) details["retryAfterSeconds"] = refusal.retry_seconds;
  HttpResponse response = JsonResponse(
      429, {{"kind", "Status"},
            {"apiVersion", "v1"},
            {"metadata", Json::object()},
            {"status", "Failure"},
            {"message", "Cannot evict pod as it would violate the pod's disruption budget."},
            {"reason", "TooManyRequests"},
            {"details", std::move(details)},
            {"code", 429}});
  if (refusal.retry_seconds > 0)
    response.headers.emplace_back("Retry-After", std::to_string(refusal.retry_seconds));
  return response;
}
Refusal StillProcessed(const std::string& budget) {
  return {fmt::format("The disruption budget {} is still being processed by the server.", budget),
          kProcessingSeconds};
}

HttpResponse StatusAnswer(const char* status, int code, const char* message = nullptr) {
  Json body = {{"kind", "Status"},
               {"apiVersion", "v1"},
               {"metadata", Json::object()},
               {"status", status},
               {"code", code}};
  if (message != nullptr) body["message"] = message;
  return JsonResponse(201, body);
}

bool IsDeleting(const Json& pod) {
  return !GetString(pod, {"metadata", "deletionTimestamp"}).empty();
}
bool IsTerminal(const Json& pod) {
  const std::string phase = GetString(pod, {"status", "phase"});
  return phase == "Succeeded" || phase == "Failed";
}
bool NeedsNoBudget(const Json& pod) {
  return IsTerminal(pod) || IsDeleting(pod) || GetString(pod, {"status", "phase"}) == "Pending";
}
Json* ConditionOf(Json& object, std::string_view type) {
  const auto conditions = object["status"].find("conditions");
  if (conditions == object["status"].end() || !conditions->is_array()) return nullptr;
  for (Json& condition : *conditions)
    if (GetString(condition, {"type"}) == type) return &condition;
  return nullptr;
}
bool IsHealthy(const Json& pod) {
  for (const Json& condition : GetArray(pod, {"status", "conditions"}))
    if (GetString(condition, {"type"}) == "Ready")
      return GetString(condition, {"status"}) == "True";
  return false;
}

std::vector<ObjectPtr> BudgetsOf(const Store& store, const Json& pod) {
  std::vector<ObjectPtr> matching;
  for (ObjectPtr& budget : store.List(kBudgets, GetString(pod, {"metadata", "namespace"}))) {
    const Json* selector = FindPath(budget->json, {"spec", "selector"});
    if (selector != nullptr && selector->is_object() &&
        LabelSelector::FromJson(*selector).Matches(GetObject(pod, {"metadata", "labels"})))
      matching.push_back(std::move(budget));
  }
  return matching;
}

void SetCondition(Json& object, Json condition, const std::string& now) {
  Json& conditions = object["status"]["conditions"];
  if (!conditions.is_array()) conditions = Json::array();
  condition["lastTransitionTime"] = now;
  if (Json* have = ConditionOf(object, GetString(condition, {"type"}))) {
    if (GetString(*have, {"status"}) == GetString(condition, {"status"}))
      condition["lastTransitionTime"] = have->value("lastTransitionTime", Json(now));
    *have = std::move(condition);
  } else {
    conditions.push_back(std::move(condition));
  }
}

Error ForbiddenBy(const std::string& budget, const char* why) {
  return ApiError(403, "Forbidden",
                  fmt::format("poddisruptionbudget.policy \"{}\" is forbidden: {}", budget, why));
}

// Takes one disruption out of the budget. A refusal comes out through `refusal`, with an error that
// only leaves the step.
Status CheckAndDecrement(Json& budget,
                         const std::string& pod,
                         const std::string& now,
                         std::optional<Refusal>& refusal) {
  const std::string name = GetString(budget, {"metadata", "name"});
  const auto refuse = [&](Refusal why) {
    refusal = std::move(why);
    return Fail(ApiError(429, "TooManyRequests", refusal->cause));
  };
  if (GetInt(budget, {"status", "observedGeneration"}) < GetInt(budget, {"metadata", "generation"}))
    return refuse(StillProcessed(name));
  const int64_t allowed = GetInt(budget, {"status", "disruptionsAllowed"});
  if (allowed < 0) return Fail(ForbiddenBy(name, "pdb disruptions allowed is negative"));
  if (GetObject(budget, {"status", "disruptedPods"}).size() > kMostDisruptedPods)
    return Fail(ForbiddenBy(
        name, "DisruptedPods map too big - too many evictions not confirmed by PDB controller"));
  if (allowed == 0) {
    if (const Json* condition = ConditionOf(budget, "DisruptionAllowed");
        condition != nullptr && GetString(*condition, {"reason"}) == "SyncFailed")
      return refuse(
          {fmt::format("The disruption budget {} does not allow evicting pods currently "
                       "because it failed sync: {}",
                       name, GetString(*condition, {"message"}))});
    return refuse(
        {fmt::format("The disruption budget {} needs {} healthy pods and has {} currently", name,
                     GetInt(budget, {"status", "desiredHealthy"}),
                     GetInt(budget, {"status", "currentHealthy"}))});
  }
  budget["status"]["disruptionsAllowed"] = allowed - 1;
  if (allowed == 1)
    SetCondition(budget,
                 {{"type", "DisruptionAllowed"},
                  {"status", "False"},
                  {"reason", "InsufficientPods"},
                  {"message", ""},
                  {"observedGeneration", GetInt(budget, {"status", "observedGeneration"})}},
                 now);
  budget["status"]["disruptedPods"][pod] = now;
  return {};
}

class Evictor {
 public:
  Evictor(Registry& registry, std::string ns, std::string name, DeleteParameters options)
      : registry_(registry),
        ns_(std::move(ns)),
        name_(std::move(name)),
        options_(std::move(options)) {}

  Result<HttpResponse> Run(bool ignores_budget) {
    for (int tries = 0;; ++tries) {
      HOLDFAST_ASSIGN(const ObjectPtr pod, Pod());
      if (!ignores_budget && !NeedsNoBudget(pod->json)) return RunGuarded(*pod);
      DeleteParameters options = options_;
      // A pending pod could start in between: then its budget counts.
      const bool pinned = !ignores_budget && !IsTerminal(pod->json) && !IsDeleting(pod->json) &&
                          options.resource_version.empty();
      if (pinned) options.resource_version = std::to_string(pod->version);
      const Status deleted = MarkAndDelete(options);
      if (deleted) return StatusAnswer("Success", 201);
      if (!pinned || deleted.error().reason != "Conflict" || tries == kPodRetries)
        return Fail(deleted.error());
    }
  }

 private:
  Result<ObjectPtr> Pod() {
    auto found = registry_.store().Get("pods", ns_, name_);
    if (!found) return Fail(NotFound(*FindResource("pods"), name_));
    return found;
  }

  Result<HttpResponse> RunGuarded(const StoredObject& pod) {
    const std::vector<ObjectPtr> budgets = BudgetsOf(registry_.store(), pod.json);
    if (budgets.size() > 1)
      return StatusAnswer("Failure", 500,
                          "This pod has more than one PodDisruptionBudget, which the eviction "
                          "subresource does not support.");
    DeleteParameters options = options_;
    bool pinned = false;
    std::string budget_name;
    if (!budgets.empty()) {
      const Json& budget = budgets.front()->json;
      budget_name = GetString(budget, {"metadata", "name"});
      if (!IsHealthy(pod.json) && UnhealthyMayGo(budget)) {
        // It must not have become ready since.
        pinned = options.resource_version.empty();
        if (pinned) options.resource_version = std::to_string(pod.version);
      } else {
        std::optional<Refusal> refusal;
        const auto spent = Spend(budget_name, refusal);
        if (refusal) return TooManyRequests(*refusal);
        if (!spent) return Fail(spent.error());
      }
    }
    const Status deleted = MarkAndDelete(options);
    if (deleted) return StatusAnswer("Success", 201);
    if (pinned && deleted.error().reason == "Conflict")
      return TooManyRequests(StillProcessed(budget_name));
    return Fail(deleted.error());
  }

  static bool UnhealthyMayGo(const Json& budget) {
    if (GetString(budget, {"spec", "unhealthyPodEvictionPolicy"}) == "AlwaysAllow") return true;
    const int64_t desired = GetInt(budget, {"status", "desiredHealthy"});
    return desired > 0 && GetInt(budget, {"status", "currentHealthy"}) >= desired;
  }

  Status Spend(const std::string& budget, std::optional<Refusal>& refusal) {
    const std::string now = FormatRfc3339(registry_.clock().Wall());
    if (options_.dry_run) {
      HOLDFAST_ASSIGN(const ObjectPtr found, registry_.store().Get(kBudgets, ns_, budget));
      Json copy = found->json;
      return CheckAndDecrement(copy, name_, now, refusal);
    }
    const auto written = registry_.Edit(kBudgets, ns_, budget, "", [&](Json& object) {
      return CheckAndDecrement(object, name_, now, refusal);
    });
    if (!written) return Fail(written.error());
    return {};
  }

  Status MarkAndDelete(DeleteParameters options) {
    if (!options.dry_run) {
      const auto marked = registry_.Edit("pods", ns_, name_, "", [&](Json& pod) -> Status {
        const ResourceInfo& info = *FindResource("pods");
        const std::string uid = GetString(pod, {"metadata", "uid"});
        const std::string version = GetString(pod, {"metadata", "resourceVersion"});
        if (!options.uid.empty() && options.uid != uid)
          return Fail(ConflictError(
              info, name_,
              fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). "
                          "The object might have been deleted and then recreated",
                          options.uid, uid)));
        if (!options.resource_version.empty() && options.resource_version != version)
          return Fail(ConflictError(
              info, name_,
              fmt::format("the ResourceVersion in the precondition ({}) does not match the "
                          "ResourceVersion in record ({}). The object might have been modified",
                          options.resource_version, version)));
        SetCondition(pod,
                     {{"type", "DisruptionTarget"},
                      {"status", "True"},
                      {"lastProbeTime", nullptr},
                      {"reason", "EvictionByEvictionAPI"},
                      {"message", "Eviction API: evicting"},
                      {"observedGeneration", GetInt(pod, {"metadata", "generation"}, 1)}},
                     FormatRfc3339(registry_.clock().Wall()));
        return {};
      });
      if (!marked) return Fail(marked.error());
      if (!options.resource_version.empty())
        options.resource_version = GetString((*marked)->json, {"metadata", "resourceVersion"});
    }
    const auto deleted = registry_.Delete("pods", ns_, name_, options);
    if (!deleted) return Fail(deleted.error());
    return {};
  }

  Registry& registry_;
  std::string ns_;
  std::string name_;
  DeleteParameters options_;
};

}  // namespace

Result<HttpResponse> EvictPod(Registry& registry,
                              const Defects& defects,
                              const std::string& ns,
                              const std::string& name,
                              const Json& eviction,
                              bool dry_run) {
  if (!eviction.is_object()) return Fail(BadRequest("an Eviction must be a JSON object"));
  const std::string kind = GetString(eviction, {"kind"}, "Eviction");
  const std::string version = GetString(eviction, {"apiVersion"}, "policy/v1");
  if (kind != "Eviction" ||
      (version != "policy/v1" && version != "policy/v1beta1" && version != "v1"))
    return Fail(BadRequest(
        fmt::format("{}, Kind={} in the body is not an Eviction of policy/v1", version, kind)));
  if (const std::string given = GetString(eviction, {"metadata", "name"}, name); given != name)
    return Fail(BadRequest("name in URL does not match name in Eviction object"));
  HOLDFAST_ASSIGN(DeleteParameters options,
                  DeleteParametersFrom(GetObject(eviction, {"deleteOptions"})));
  options.dry_run = options.dry_run || dry_run;
  return Evictor(registry, ns, name, std::move(options))
      .Run(defects.Has(Defect::kEvictionIgnoresBudget));
}

}  // namespace holdfast::sandbox
