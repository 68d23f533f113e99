// SS-STAT, SS-VAL, SS-ADOPT, SS-DEL and the rules of the run itself.
#include <algorithm>

#include "tests/unit/check/rule_rows.h"

namespace holdfast::check {
namespace {

TraceText With(const char* path, const Json& value) {
  return Healthy().Status(At(path, value)).Wait(1).End();
}

TraceText Counted(const char* counter, int count, double rest) {
  return Healthy()
      .Wait(6)
      .Status(At("/status/availableReplicas", 3))
      .Wait(6)
      .Status([&](Json& set) {
        set["status"].erase("availableReplicas");
        for (const char* other : {"readyReplicas", "currentReplicas", "updatedReplicas"})
          set["status"][other] = std::min(count, 3);
        set["status"][counter] = count;
      })
      .Wait(rest)
      .End();
}

// The status names another updateRevision than the pods carry.
TraceText OtherRevision(int updated) {
  TraceText trace = Healthy();
  trace.Status([](Json& set) {
    set["status"]["updateRevision"] = "pg-2b";
    set["status"]["updatedReplicas"] = 0;
  });
  return trace.Wait(10)
      .Status([&](Json& set) { set["status"]["updatedReplicas"] = updated; })
      .Wait(6)
      .End();
}

// pg-2 is not there; after some seconds the status counts it once more.
TraceText GoneAndCounted(double seconds) {
  TraceText trace = Healthy();
  trace.Set(2).Terminate(2).Gone(2);
  return trace.Wait(seconds / 2)
      .Status(At("/status/availableReplicas", 2))
      .Wait(seconds / 2)
      .Status([](Json& set) {
        set["status"].erase("availableReplicas");
        for (const char* counter : {"replicas", "readyReplicas", "currentReplicas", "updatedReplicas"})
          set["status"][counter] = 3;
      })
      .Wait(6)
      .End();
}

Json Change(const char* verb, const char* field) {
  return {{"verb", verb}, {"resource", "statefulsets"}, {"name", "pg"}, {"field", field}};
}
Json Refused(int status = 422) { return {{"ok", false}, {"status", status}, {"reason", "Invalid"}}; }
Json Accepted() { return {{"ok", true}, {"status", 200}}; }

TraceText Attempt(Json action, const Json& answer) {
  return Healthy().Act(action, answer).Wait(6).End();
}

Json Invalid(const Json& more) {
  Json action = Change("create", "spec.selector");
  action.update(more);
  return action;
}

TraceText Scaled(int seen) {
  return Healthy()
      .Act({{"verb", "scale"}, {"resource", "statefulsets"}, {"name", "pg"}, {"replicas", 3}},
           Accepted())
      .Set(seen)
      .Wait(10)
      .End();
}

TraceText Relabelled(bool released) {
  TraceText trace = Healthy();
  trace.Change(1, At("/metadata/labels/app", "other"));
  if (released) trace.Change(1, At("/metadata/ownerReferences", Json::array()));
  return trace.Wait(130).End();
}

TraceText Orphan(bool adopted) {
  TraceText trace = Healthy();
  const Json owners = trace.pod(1)["metadata"]["ownerReferences"];
  trace.Change(1, At("/metadata/ownerReferences", Json::array()));
  if (adopted) trace.Change(1, At("/metadata/ownerReferences", owners));
  return trace.Wait(130).End();
}

TraceText Orphaned(bool pods_stay) {
  TraceText trace = Healthy();
  trace.Act({{"verb", "delete"},
             {"resource", "statefulsets"},
             {"name", "pg"},
             {"uid", "set"},
             {"cascade", "orphan"}},
            Accepted());
  trace.SetDeleted();
  if (!pods_stay) trace.Terminate(1).Gone(1);
  return trace.Wait(6).End();
}

TraceText Stolen(bool stolen) {
  TraceText trace = Healthy();
  const Json owners = trace.pod(1)["metadata"]["ownerReferences"];
  trace.Create(3, "x3", [](Json& pod) {
    pod["metadata"]["ownerReferences"][0]["kind"] = "ReplicaSet";
    pod["metadata"]["ownerReferences"][0]["uid"] = "rs";
    pod["metadata"]["generateName"] = "other-";
  });
  if (stolen) trace.Change(3, At("/metadata/ownerReferences", owners));
  return trace.Wait(1).End();
}

TraceText SetGone(bool pods_go, double wait) {
  TraceText trace = Healthy(1).SetDeleted();
  if (pods_go) trace.Terminate(0).Gone(0);
  return trace.Wait(wait).End();
}

TraceText Foreground(bool after_pods) {
  TraceText trace = Healthy(1);
  trace.Status([](Json& set) {
    set["metadata"]["deletionTimestamp"] = "2027-01-15T08:00:20Z";
    set["metadata"]["finalizers"] = {"foregroundDeletion"};
  });
  trace.Terminate(0);
  if (after_pods) return trace.Gone(0).SetDeleted().Wait(1).End();
  return trace.SetDeleted().Wait(10).Gone(0).End();
}

TraceText NamespaceDeleted(bool pods_first) {
  TraceText trace = Healthy(1);
  trace.Act({{"verb", "delete"}, {"resource", "namespaces"}, {"name", "ns"}}, Accepted());
  trace.Terminate(0);
  if (pods_first) trace.Gone(0).Claim("DELETED", "data-pg-0");
  if (!pods_first) trace.Claim("DELETED", "data-pg-0").Wait(10).Gone(0);
  return trace.Wait(1).End();
}

// pg-2 is asked to stop; its node is Ready all the time. It has a volume.
TraceText Stopped(double after, bool gone = true) {
  TraceText trace = Healthy();
  trace.Open("nodes").Node("n2", "True").Terminate(2, 5).Wait(after);
  if (gone) trace.Gone(2);
  return trace.End();
}

TEST(StatusRules, Status) {
  TraceText gap = Healthy();
  Gap(gap, "statefulsets");
  const Json rollout = {{"verb", "rollout-status"}, {"resource", "statefulsets"}, {"name", "pg"}};
  ExpectVerdicts({
      {"observed", "SS-STAT-1", "pass", Healthy().Set(2).End()},
      {"from the future", "SS-STAT-1", "fail", With("/status/observedGeneration", 9)},
      {"goes back", "SS-STAT-1", "fail", With("/status/observedGeneration", 0)},
      {"gap", "SS-STAT-1", "unknown", gap.End()},
      {"counters", "SS-STAT-2", "pass", Healthy().End()},
      {"more ready than there are", "SS-STAT-2", "fail", With("/status/readyReplicas", 4)},
      {"more than there are", "SS-STAT-2", "fail", Counted("replicas", 4, 6)},
      {"fewer than there are", "SS-STAT-2", "fail", Counted("replicas", 2, 6)},
      {"fewer, and the record ends", "SS-STAT-2", "pass", Counted("replicas", 2, 1)},
      {"one less ready", "SS-STAT-2", "pass", Counted("readyReplicas", 2, 6)},
      {"a pod of the old revision counted as new", "SS-STAT-2", "fail", OtherRevision(3)},
      {"none of the new revision", "SS-STAT-2", "pass", OtherRevision(0)},
      {"one gone, and still counted", "SS-STAT-2", "pass", GoneAndCounted(1)},
      {"gone for long, and counted again", "SS-STAT-2", "fail", GoneAndCounted(20)},
      {"more available than ready", "SS-STAT-2", "fail",
       Healthy()
           .Status([](Json& set) {
             set["status"]["readyReplicas"] = 1;
             set["status"]["availableReplicas"] = 2;
           })
           .End()},
      {"the truth", "SS-STAT-3", "pass", Healthy().End()},
      {"not the truth", "SS-STAT-3", "fail",
       Healthy().Status(At("/status/readyReplicas", 2)).Wait(11).End()},
      {"a current pod not counted", "SS-STAT-3", "fail",
       Healthy().Status(At("/status/currentReplicas", 2)).Wait(11).End()},
      {"not yet at rest", "SS-STAT-3", "not-applicable", With("/status/readyReplicas", 2)},
      {"one revision, two counts", "SS-STAT-3", "fail", With("/status/updatedReplicas", 2)},
      {"available", "SS-STAT-4", "pass", With("/status/availableReplicas", 3)},
      {"not available", "SS-STAT-4", "fail", With("/status/availableReplicas", 2)},
      {"not told", "SS-STAT-4", "not-applicable", Healthy().End()},
      {"named", "SS-STAT-5", "pass", Healthy().End()},
      {"unknown name", "SS-STAT-5", "fail",
       Healthy().Status(At("/status/currentRevision", "pg-zz")).Wait(6).End()},
      {"no conditions", "SS-STAT-6", "pass", Healthy().End()},
      {"conditions", "SS-STAT-6", "fail",
       With("/status/conditions", Json::array({{{"type", "Ready"}}}))},
      {"no collisions", "SS-STAT-7", "pass", Healthy().Set(2).End()},
      {"collisions go back", "SS-STAT-7", "fail",
       Healthy()
           .Status(At("/status/collisionCount", 2))
           .Status(At("/status/collisionCount", 1))
           .End()},
      {"one state", "SS-STAT-7", "not-applicable", Healthy().End()},
      {"rolled out", "SS-STAT-8", "pass", Attempt(rollout, Accepted())},
      {"not rolled out", "SS-STAT-8", "fail",
       Healthy()
           .Status(At("/status/readyReplicas", 1))
           .Wait(6)
           .Act(rollout, Accepted())
           .Wait(6)
           .End()},
      {"not asked", "SS-STAT-8", "not-applicable", Healthy().End()},
      {"scaled", "SS-STAT-9", "pass", Scaled(3)},
      {"not scaled", "SS-STAT-9", "fail",
       Healthy(2)
           .Act({{"verb", "scale"}, {"resource", "statefulsets"}, {"name", "pg"}, {"replicas", 3}},
                Accepted())
           .Wait(10)
           .End()},
      {"no scaling", "SS-STAT-9", "not-applicable", Healthy().End()},
  });
}

TEST(StatusRules, Validation) {
  ExpectVerdicts({
      {"immutable", "SS-VAL-1", "pass", Attempt(Change("patch", "spec.serviceName"), Refused())},
      {"mutable", "SS-VAL-1", "pass", Attempt(Change("patch", "spec.replicas"), Accepted())},
      {"immutable accepted", "SS-VAL-1", "fail",
       Attempt(Change("patch", "spec.selector"), Accepted())},
      {"mutable refused", "SS-VAL-1", "fail",
       Attempt(Change("patch", "spec.template.spec"), Refused())},
      {"forbidden", "SS-VAL-1", "not-applicable",
       Attempt(Change("patch", "spec.replicas"), Refused(403))},
      {"invalid", "SS-VAL-2", "pass", Attempt(Invalid({{"expect", "refused"}}), Refused())},
      {"invalid accepted", "SS-VAL-2", "fail",
       Attempt(Invalid({{"expect", "refused"}}), Accepted())},
      {"valid", "SS-VAL-2", "not-applicable", Attempt(Invalid(Json::object()), Accepted())},
      {"counted", "SS-VAL-3", "pass", Healthy().Set(2).End()},
      {"not counted", "SS-VAL-3", "fail", Healthy().Status(At("/spec/replicas", 2)).End()},
      {"another policy, not counted", "SS-VAL-3", "fail",
       Healthy().Status(At("/spec/podManagementPolicy", "Parallel")).End()},
      {"defaults written down", "SS-VAL-3", "pass",
       Healthy()
           .Status(At("/spec/persistentVolumeClaimRetentionPolicy", {{"whenDeleted", "Retain"}}))
           .Status(At("/spec/updateStrategy",
                      {{"type", "RollingUpdate"}, {"rollingUpdate", {{"maxUnavailable", 1}}}}))
           .Set(2)
           .End()},
      {"counted for nothing", "SS-VAL-3", "fail", Healthy().Set(3).End()},
      {"no change", "SS-VAL-3", "not-applicable", Healthy().End()},
      {"label", "SS-VAL-4", "pass",
       Attempt({{"verb", "patch"},
                {"resource", "pods"},
                {"name", "pg-0"},
                {"field", "metadata.labels.x"}},
               Accepted())},
      {"label refused", "SS-VAL-4", "fail",
       Attempt({{"verb", "patch"},
                {"resource", "pods"},
                {"name", "pg-0"},
                {"field", "metadata.labels.x"}},
               Refused())},
      {"no label", "SS-VAL-4", "not-applicable", Healthy().End()},
  });
}

TEST(StatusRules, AdoptionAndDeletion) {
  ExpectVerdicts({
      {"released", "SS-ADOPT-1", "pass", Relabelled(true)},
      {"not released", "SS-ADOPT-1", "fail", Relabelled(false)},
      {"no change", "SS-ADOPT-1", "not-applicable", Healthy().End()},
      {"adopted", "SS-ADOPT-2", "pass", Orphan(true)},
      {"not adopted", "SS-ADOPT-2", "fail", Orphan(false)},
      {"no orphan", "SS-ADOPT-2", "not-applicable", Healthy().End()},
      {"pods stay", "SS-ADOPT-3", "pass", Orphaned(true)},
      {"pods go", "SS-ADOPT-3", "fail", Orphaned(false)},
      {"not deleted", "SS-ADOPT-3", "not-applicable", Healthy().End()},
      {"left alone", "SS-ADOPT-4", "pass", Stolen(false)},
      {"stolen", "SS-ADOPT-4", "fail", Stolen(true)},
      {"nobody else's", "SS-ADOPT-4", "not-applicable", Healthy().End()},
      {"pods go", "SS-DEL-1", "pass", SetGone(true, 1)},
      {"pods stay", "SS-DEL-1", "fail", SetGone(false, 130)},
      {"too soon to tell", "SS-DEL-1", "unknown", SetGone(false, 10)},
      {"orphaned", "SS-DEL-1", "not-applicable", Orphaned(true)},
      {"after its pods", "SS-DEL-2", "pass", Foreground(true)},
      {"before its pods", "SS-DEL-2", "fail", Foreground(false)},
      {"background", "SS-DEL-2", "not-applicable", SetGone(true, 1)},
      {"pods first", "SS-DEL-3", "pass", NamespaceDeleted(true)},
      {"claims first", "SS-DEL-3", "fail", NamespaceDeleted(false)},
      {"not deleted", "SS-DEL-3", "not-applicable", Healthy().End()},
      {"in time", "SS-DEL-4", "pass", Stopped(4)},
      {"too late", "SS-DEL-4", "fail", Stopped(370)},
      {"never", "SS-DEL-4", "fail", Stopped(370, false)},
      {"none ends", "SS-DEL-4", "not-applicable", Healthy().End()},
  });
}

TraceText Inventory(const Json& before, const Json& after) {
  TraceText trace = Healthy();
  const Json node = {{"kind", "Node"}, {"name", "n1"}};
  if (!before.is_null())
    trace.Line({{"kind", "found"}, {"when", "before"}, {"object", node}, {"fields", before}});
  if (!after.is_null())
    trace.Line({{"kind", "found"}, {"when", "after"}, {"object", node}, {"fields", after}});
  trace.Line({{"kind", "found"},
              {"when", "after"},
              {"object", {{"kind", "Namespace"}, {"name", "ns"}}},
              {"fields", {{"exists", false}}}});
  trace.Line({{"kind", "found"},
              {"when", "before"},
              {"object", {{"kind", "Namespace"}, {"name", "ns"}}},
              {"fields", {{"exists", false}}}});
  return trace.End();
}

TEST(StatusRules, TheRunItself) {
  const Json ready = {{"unschedulable", false}};
  const Json cordoned = {{"unschedulable", true}};
  TraceText once = Healthy();
  once.Line({{"kind", "found"},
             {"when", "before"},
             {"object", {{"kind", "Node"}, {"name", "n1"}}},
             {"fields", ready}});
  ExpectVerdicts({
      {"as found", "RUN-LEFT-AS-FOUND", "pass", Inventory(ready, ready)},
      {"cordoned before us", "RUN-LEFT-AS-FOUND", "pass", Inventory(cordoned, cordoned)},
      {"left cordoned", "RUN-LEFT-AS-FOUND", "fail", Inventory(ready, cordoned)},
      {"gone", "RUN-LEFT-AS-FOUND", "fail", Inventory(ready, nullptr)},
      {"left behind", "RUN-LEFT-AS-FOUND", "fail", Inventory(nullptr, ready)},
      {"never looked again", "RUN-LEFT-AS-FOUND", "unknown", once.End()},
      {"nothing recorded", "RUN-LEFT-AS-FOUND", "not-applicable", Healthy().End()},
      {"no limits", "RUN-LIMITS", "not-applicable", Healthy().End()},
  });
  const auto settled = [](double seconds) {
    TraceText trace = Healthy();
    trace.Scenario("s1", "begin");
    trace.Line({{"kind", "step"}, {"scenario", "s1"}, {"name", "settle"}, {"phase", "begin"}});
    trace.Wait(seconds);
    trace.Line({{"kind", "step"}, {"scenario", "s1"}, {"name", "settle"}, {"phase", "end"}});
    return trace.Scenario("s1", "end").End().Text();
  };
  Json run = RunJson();
  run["scenarios"][0]["limits"] = {{"settle", "20s"}};
  EXPECT_EQ(Find(CheckRun(run, settled(10), ""), "RUN-LIMITS", "s1").verdict, Verdict::kPass);
  EXPECT_EQ(Find(CheckRun(run, settled(30), ""), "RUN-LIMITS", "s1").verdict, Verdict::kFail);
}

}  // namespace
}  // namespace holdfast::check
