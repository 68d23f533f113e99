#include "harness/run/membership.h"

#include "workloads/common.h"

namespace holdfast::run {
namespace {

constexpr Nanos kAnswerWithin = std::chrono::seconds(5);
// A quorum takes no change before all members have been connected for some seconds.
constexpr Nanos kAgain = std::chrono::seconds(1);

workloads::Resize ResizeOf(const workloads::Deployment& deployment, int from, int to) {
  const int64_t ordinal = workloads::OrdinalsStart(deployment.parameters) + std::max(from, to) - 1;
  return {.from = from, .to = to, .pod = fmt::format("{}-{}", deployment.name, ordinal)};
}

Result<std::vector<Json>> Ask(const LoadContext& context, const workloads::Resize& resize) {
  HOLDFAST_ASSIGN(const std::unique_ptr<workloads::Session> session,
                  ConnectTo(context, context.workload->Primary(*context.deployment)));
  const Watchdog::Guard guard(*context.watchdog, *session, kAnswerWithin);
  return context.workload->BeforeResize(*session, *context.deployment, resize);
}

Status Merge(Actions& actions, const std::string& ns, const Json& object) {
  const std::string kind = GetString(object, {"kind"});
  const std::string name = GetString(object, {"metadata", "name"});
  const kube::Resource* resource = kube::FindResource(GetString(object, {"apiVersion"}), kind);
  if (resource == nullptr)
    return Fail(ErrorCode::kInternal, "{} {} is of a kind that holdfast does not patch", kind, name);
  Json patch = object;
  for (const char* field : {"apiVersion", "kind", "metadata"})
    patch.erase(field);
  const auto patched = actions.Patch({*resource, ns, name}, "patch " + kind + " " + name,
                                     kube::PatchType::kMerge, patch);
  if (!patched) return Fail(patched.error());
  return {};
}

}  // namespace

Status PrepareResize(const LoadContext& context,
                     Actions& actions,
                     int from,
                     int to,
                     Nanos within,
                     const std::stop_token& stop) {
  const workloads::Resize resize = ResizeOf(*context.deployment, from, to);
  const Deadline deadline(*context.clock, within);
  std::vector<Json> objects;
  for (;;) {
    Json fields{{"verb", to > from ? "add-member" : "remove-member"},
                {"action", (to > from ? "add member " : "remove member ") + resize.pod},
                {"resource", "members"},
                {"name", resize.pod}};
    const auto asked = actions.Send(std::move(fields), [&]() -> Result<Json> {
      HOLDFAST_ASSIGN(objects, Ask(context, resize));
      return Json::object();
    });
    if (asked) break;
    if (asked.error().code == ErrorCode::kInvalidArgument || deadline.Passed())
      return Fail(asked.error().In(fmt::format("before {} becomes {} replicas", from, to)));
    if (!context.clock->SleepFor(kAgain, stop))
      return Fail(ErrorCode::kCancelled, "stopped before {} became {} replicas", from, to);
  }
  for (const Json& object : objects)
    HOLDFAST_RETURN_IF_ERROR(Merge(actions, context.deployment->ns, object));
  return {};
}

}  // namespace holdfast::run
