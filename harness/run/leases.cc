#include "harness/run/leases.h"

#include "harness/base/time_format.h"
#include "harness/run/cluster_journal.h"
#include "harness/run/fence.h"

namespace holdfast::run {

kube::ObjectRef NodeLeaseRef(const std::string& node) {
  return {kube::resources::kLeases, kJournalNamespace, "node-" + node};
}

kube::ObjectRef NamespaceLeaseRef(const std::string& ns) {
  return {kube::resources::kLeases, kJournalNamespace, "namespace-" + ns};
}

std::string NodeOfLease(const std::string& name) {
  constexpr std::string_view kPrefix = "node-";
  return name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : std::string();
}

Json MakeLease(const std::string& name, const std::string& run, const std::string& holder) {
  return {{"apiVersion", "coordination.k8s.io/v1"},
          {"kind", "Lease"},
          {"metadata",
           {{"name", name}, {"namespace", kJournalNamespace}, {"labels", JournalLabels(run)}}},
          {"spec",
           {{"holderIdentity", holder},
            {"leaseDurationSeconds", kHeartbeatLife.count()},
            {"renewTime", FormatRfc3339(SystemClock().Wall(), 6)}}}};
}

Result<Change> TakeLease(Actions& actions,
                         Journal& journal,
                         const kube::ObjectRef& ref,
                         const std::string& run,
                         const std::string& what) {
  HOLDFAST_ASSIGN(
      Change change,
      journal.Record("lease",
                     {{"object", {{"kind", "Lease"}, {"namespace", ref.ns}, {"name", ref.name}}},
                      {"made", {{"holder", run}}}}));
  const auto made = actions.Send(
      {{"verb", "create"},
       {"action", "create Lease " + ref.name},
       {"resource", "leases"},
       {"name", ref.name}},
      [&] { return actions.client().Create(ref.resource, ref.ns, MakeLease(ref.name, run, run)); });
  if (made) return change;
  if (made.error().reason != "AlreadyExists")
    return Fail(made.error().In("the lease on " + what));
  HOLDFAST_RETURN_IF_ERROR(journal.Undone(change));
  const auto held = actions.client().Get(ref);
  return Refuse("{} is held by run {}; wait for its end, or run `holdfast recover` if it is dead",
                what, held ? GetString(*held, {"spec", "holderIdentity"}) : "unknown");
}

}  // namespace holdfast::run
