// What a real cluster may do with claims, volumes and budgets, beside the nearest that it may not.
#include <algorithm>

#include "tests/unit/check/late_watch.h"
#include "tests/unit/check/rule_rows.h"

namespace holdfast::check {
namespace {

constexpr const char* kClaimWatch = "persistentvolumeclaims";

Edit Policy(const char* deleted, const char* scaled) {
  return At("/spec/persistentVolumeClaimRetentionPolicy",
            {{"whenDeleted", deleted}, {"whenScaled", scaled}});
}

Edit OwnedBy(const char* kind, const char* name, const char* uid) {
  return At("/metadata/ownerReferences", Json::array({{{"kind", kind}, {"name", name}, {"uid", uid}}}));
}

TraceText& Collected(TraceText& trace, const char* name) {
  trace.Claim("MODIFIED", name, At("/metadata/deletionTimestamp", "2027-01-15T08:00:20Z"));
  return trace.Claim("DELETED", name);
}

TraceText& AskFor(TraceText& trace, const char* name) {
  trace.Action("delete", kClaimWatch, name, std::string("claim-") + name);
  return trace.Claim("MODIFIED", name, At("/metadata/deletionTimestamp", "2027-01-15T08:00:20Z"));
}

Edit Fresh() {
  return [](Json& claim) {
    claim["metadata"]["uid"] = "fresh";
    claim["metadata"].erase("deletionTimestamp");
    claim["spec"]["volumeName"] = "pv-fresh";
  };
}

// Scaled away and wanted again while the pod takes its time to end.
TraceText ScaledThereAndBack(const char* scaled, const char* owner) {
  TraceText trace;
  trace.Set(2, Policy("Retain", scaled)).Up(0, "u0").Up(1, "u1").Set(1).Wait(0.1);
  if (*owner != '\0') trace.Claim("MODIFIED", "data-pg-1", OwnedBy("Pod", "pg-1", owner));
  trace.Terminate(1).Wait(1).Set(2).Wait(19).Gone(1);
  return Collected(trace, "data-pg-1").Wait(1).End();
}

// Another set of the name is made.
TraceText& SecondSet(TraceText& trace, int replicas, const char* claim_template) {
  Json set = {{"metadata",
               {{"name", "pg"}, {"namespace", "ns"}, {"uid", "set2"}, {"generation", 1},
                {"creationTimestamp", trace.pod(0)["metadata"]["creationTimestamp"]}}}};
  set["spec"] = {{"serviceName", "pg"},
                 {"replicas", replicas},
                 {"volumeClaimTemplates", Json::array({{{"metadata", {{"name", claim_template}}}}})}};
  return trace.Watch("statefulsets", "ADDED", set);
}

// The set is deleted and made anew before the garbage collector has come to the claims.
TraceText SetMadeAnew(const char* deleted, const char* owner) {
  TraceText trace;
  trace.Set(1, Policy(deleted, "Retain")).Up(0, "u0");
  trace.Claim("MODIFIED", "data-pg-0", OwnedBy("StatefulSet", "pg", owner));
  trace.Action("delete", "statefulsets", "pg", "set").SetDeleted().Wait(0.1);
  SecondSet(trace, 1, "data").Wait(9).Terminate(0);
  return Collected(trace, "data-pg-0").Wait(6).End();
}

// A claim that is on its way out from the first line on, or from the second.
TraceText EndingBefore(bool listed_so) {
  const Edit ends = At("/metadata/deletionTimestamp", "2027-01-15T08:00:00Z");
  TraceText trace;
  trace.Claim("ADDED", "data-pg-0", listed_so ? ends : Edit());
  Listed(trace, kClaimWatch).Set(1).Up(0, "u0");
  if (!listed_so) trace.Claim("MODIFIED", "data-pg-0", ends);
  return trace.Wait(6).End();
}

TEST(LawfulStorage, DeletedByThePolicy) {
  ExpectVerdicts({
      {"collected with its pod", "SS-PVC-2", "pass", ScaledThereAndBack("Delete", "u1")},
      {"without an owner", "SS-PVC-2", "fail", ScaledThereAndBack("Delete", "")},
      {"its owner is there", "SS-PVC-2", "fail", ScaledThereAndBack("Delete", "u0")},
      {"the policy is another", "SS-PVC-2", "fail", ScaledThereAndBack("Retain", "u1")},
      {"collected with its set, late", "SS-PVC-2", "pass", SetMadeAnew("Delete", "set")},
      {"owned by the new set", "SS-PVC-2", "fail", SetMadeAnew("Delete", "set2")},
      {"the set keeps its claims", "SS-PVC-2", "fail", SetMadeAnew("Retain", "set")},
      {"before the record began", "SS-PVC-2", "unknown", EndingBefore(true)},
      {"in the record", "SS-PVC-2", "fail", EndingBefore(false)},
  });
}

// The claim and its volume go, in this order or in the other; the watch of the claims is late.
TraceText BothGo(bool claim_first, double late) {
  TraceText trace = Healthy();
  const double from = trace.t();
  if (claim_first) AskFor(trace, "data-pg-1").Claim("DELETED", "data-pg-1");
  Volume(trace, "DELETED", "data-pg-1");
  if (!claim_first) AskFor(trace, "data-pg-1").Claim("DELETED", "data-pg-1");
  trace.Change(0, At("/metadata/annotations/x", "1")).Wait(20).End();
  return Late(trace, kClaimWatch, from, from + late);
}

TraceText VolumeGoneAtTheEnd(double rest) {
  TraceText trace = Healthy();
  return Volume(trace, "DELETED", "data-pg-1").Wait(rest).End();
}

TraceText Released(bool claim_first) {
  TraceText trace = Healthy();
  const double from = trace.t();
  if (claim_first) AskFor(trace, "data-pg-1").Claim("DELETED", "data-pg-1");
  Volume(trace, "MODIFIED", "data-pg-1", At("/status/phase", "Released"));
  trace.Change(0, At("/metadata/annotations/x", "1")).Wait(claim_first ? 0 : 6);
  if (!claim_first) AskFor(trace, "data-pg-1").Claim("DELETED", "data-pg-1");
  trace.Change(0, At("/metadata/annotations/x", "2")).Wait(20).End();
  return Late(trace, kClaimWatch, from, from + 9);
}

TraceText MadeAnew(bool claim_gone_first) {
  TraceText trace = Healthy();
  AskFor(trace, "data-pg-1").Wait(6);
  trace.Action("delete", "pods", "pg-1", "u1").Terminate(1).Gone(1);
  const double from = trace.t();
  if (claim_gone_first)
    trace.Claim("DELETED", "data-pg-1").Claim("ADDED", "data-pg-1", Fresh());
  trace.Up(1, "u1b").Wait(6);
  if (!claim_gone_first) trace.Claim("DELETED", "data-pg-1");
  trace.Change(0, At("/metadata/annotations/x", "1")).Wait(20).End();
  return Late(trace, kClaimWatch, from, from + 9);
}

// A claim in use is deleted; the watch of the pods is late.
TraceText InUse(bool pod_gone_first) {
  TraceText trace = Healthy();
  AskFor(trace, "data-pg-1").Wait(6).Action("delete", "pods", "pg-1", "u1");
  const double from = trace.t();
  trace.Terminate(1);
  if (pod_gone_first) trace.Gone(1);
  trace.Claim("DELETED", "data-pg-1").Wait(pod_gone_first ? 0 : 7);
  if (!pod_gone_first) trace.Gone(1);
  trace.Claim("MODIFIED", "data-pg-0", At("/metadata/annotations/x", "1")).Wait(20).End();
  return Late(trace, "pods", from, from + 9);
}

TEST(LawfulStorage, LateWatches) {
  ExpectVerdicts({
      {"claim, then volume, 2 s late", "SS-PVC-2", "pass", BothGo(true, 2)},
      {"claim, then volume, 9 s late", "SS-PVC-2", "pass", BothGo(true, 9)},
      {"volume, then claim", "SS-PVC-2", "fail", BothGo(false, 9)},
      {"volume, and the record ends", "SS-PVC-2", "unknown", VolumeGoneAtTheEnd(1)},
      {"volume alone", "SS-PVC-2", "fail", VolumeGoneAtTheEnd(6)},
      {"released after its claim", "SS-PVC-3", "pass", Released(true)},
      {"released before its claim went", "SS-PVC-3", "fail", Released(false)},
      {"pod after the new claim", "SS-PVC-6", "pass", MadeAnew(true)},
      {"pod before the old claim went", "SS-PVC-6", "fail", MadeAnew(false)},
      {"claim after its pod", "SS-PVC-7", "pass", InUse(true)},
      {"claim before its pod", "SS-PVC-7", "fail", InUse(false)},
  });
}

Edit Labels(const char* claim, const Json& labels) {
  return [claim, labels](Json& set) {
    set["spec"]["volumeClaimTemplates"][0]["metadata"]["name"] = claim;
    set["spec"]["volumeClaimTemplates"][0]["metadata"]["labels"] = labels;
  };
}

// A claim with these labels is there so many seconds before its pod, with the set or before it.
TraceText BroughtAlong(const Json& labels, double before, bool before_set = false) {
  TraceText trace;
  const auto claim = [&] {
    trace.Claim("ADDED", "data-pg-0", At("/metadata/labels", labels)).Wait(before);
  };
  if (before_set) claim();
  trace.Set(1, Labels("data", {{"tier", "db"}}));
  if (!before_set) claim();
  return trace.Up(0, "u0").Wait(6).End();
}

TraceText VolumeBack(bool claim_first) {
  TraceText trace = Healthy();
  if (claim_first) AskFor(trace, "data-pg-1").Claim("DELETED", "data-pg-1").Wait(6);
  Volume(trace, "DELETED", "data-pg-1");
  Volume(trace, "ADDED", "data-pg-1", [](Json& volume) {
    volume["metadata"]["uid"] = "other";
    volume["spec"].erase("claimRef");
    volume["status"]["phase"] = "Available";
  });
  return trace.Wait(6).End();
}

TraceText OneHandle(const char* access, const char* name = "data-pg-1") {
  TraceText trace = Healthy();
  Volume(trace, "MODIFIED", "data-pg-1", [&](Json& volume) {
    volume["spec"]["csi"]["volumeHandle"] = "h-data-pg-0";
    volume["spec"]["accessModes"] = {access};
    volume["spec"]["claimRef"]["name"] = name;
  });
  return trace.Wait(1).End();
}

TraceText Shrunk(const char* server, const char* size) {
  TraceText trace = On(server, Healthy());
  for (const char* storage : {"2Gi", size})
    trace.Claim("MODIFIED", "data-pg-1", At("/spec/resources/requests/storage", storage));
  return trace.Wait(1).End();
}

// After the set's end one of its name is made, with another claim template; pg-1 is of this or that one.
TraceText OfTwoSets(const char* owner) {
  TraceText trace = Healthy(1);
  trace.Up(1, "u1", At("/metadata/ownerReferences/0/uid", owner));
  trace.Action("delete", "statefulsets", "pg", "set").SetDeleted().Wait(0.1);
  for (int i : {0, 1})
    trace.Terminate(i).Gone(i);
  return SecondSet(trace, 0, "wal").Wait(9).End();
}

TraceText SlowToGo() {
  TraceText trace = Healthy();
  AskFor(trace, "data-pg-2").Claim("DELETED", "data-pg-2");
  return trace.Wait(130).End();
}

TEST(LawfulStorage, ClaimsAndVolumesOfOthers) {
  ExpectVerdicts({
      {"without any label", "SS-PVC-1", "unknown", BroughtAlong(Json::object(), 0)},
      {"long before its pod", "SS-PVC-1", "unknown", BroughtAlong({{"app", "pg"}}, 6)},
      {"before the set", "SS-PVC-1", "unknown", BroughtAlong({{"app", "pg"}}, 1, true)},
      {"made with its pod", "SS-PVC-1", "fail", BroughtAlong({{"app", "pg"}}, 0)},
      {"all labels", "SS-PVC-1", "pass", BroughtAlong({{"app", "pg"}, {"tier", "db"}}, 0)},
      {"of the set before", "SS-PVC-1", "pass", OfTwoSets("set")},
      {"of the set with another template", "SS-PVC-1", "fail", OfTwoSets("set2")},
      {"a static volume comes back", "SS-PVC-2", "pass", VolumeBack(true)},
      {"under a claim", "SS-PVC-2", "fail", VolumeBack(false)},
      {"a shared file system", "SS-PVC-4", "pass", OneHandle("ReadWriteMany")},
      {"a volume of somebody else", "SS-PVC-4", "pass", OneHandle("ReadWriteOnce", "scratch")},
      {"one disk twice", "SS-PVC-4", "fail", OneHandle("ReadWriteOnce")},
      {"back to its size", "SS-PVC-8", "pass", Shrunk("v1.32.0", "1Gi")},
      {"below its size", "SS-PVC-8", "fail", Shrunk("v1.32.0", "500Mi")},
      {"not on that server", "SS-PVC-8", "fail", Shrunk("v1.31.0", "1Gi")},
      {"a slow driver", "SS-PVC-9", "unknown", SlowToGo()},
  });
}

const Json kAccepted = {{"ok", true}, {"status", 201}};

Json Eviction(int ordinal) {
  return {{"verb", "evict"},
          {"resource", "pods"},
          {"name", fmt::format("pg-{}", ordinal)},
          {"uid", fmt::format("u{}", ordinal)}};
}

TraceText Budgeted(int allowed) {
  TraceText trace = Healthy();
  return trace.Open("poddisruptionbudgets").Budget(allowed, 3, 2).Wait(10);
}

TraceText& Evict(TraceText& trace, int ordinal) {
  trace.Act(Eviction(ordinal), kAccepted);
  trace.Change(ordinal, [](Json& pod) {
    pod["status"]["conditions"].push_back(
        {{"type", "DisruptionTarget"}, {"status", "True"}, {"reason", "EvictionByEvictionAPI"}});
  });
  return trace.Terminate(ordinal);
}

// A second budget that allows nothing, with this spec.
TraceText Beside(const Json& spec) {
  TraceText trace = Budgeted(1);
  trace.Object("poddisruptionbudgets", "other", [&](Json& budget) {
    budget["metadata"]["generation"] = 1;
    budget["spec"] = spec;
    budget["status"] = {{"observedGeneration", 1}, {"disruptionsAllowed", 0}};
  });
  trace.Wait(10);
  return Evict(trace, 1).Wait(6).End();
}

// The budget allows one again before the eviction or after it; its watch is late.
TraceText AllowedAgain(bool before) {
  TraceText trace = Budgeted(0);
  const double from = trace.t();
  if (before) trace.Budget(1, 3, 2).Change(0, At("/metadata/annotations/x", "1")).Wait(1);
  Evict(trace, 1).Wait(6);
  if (!before) trace.Budget(1, 3, 2).Change(0, At("/metadata/annotations/x", "1"));
  trace.Wait(10).End();
  return Late(trace, "poddisruptionbudgets", from, from + 8);
}

TraceText EvictedAndScaledAway(bool scaled) {
  TraceText trace = Budgeted(1);
  Evict(trace, 2).Wait(1);
  if (scaled) trace.Set(2);
  trace.Gone(2).Budget(scaled ? 1 : 0, 2, scaled ? 1 : 2).Wait(20);
  return Evict(trace, 1).Wait(1).End();
}

TEST(LawfulStorage, Budgets) {
  ExpectVerdicts({
      {"no selector", "SS-PDB-6", "not-applicable", Beside({{"minAvailable", 1}})},
      {"an empty selector", "SS-PDB-6", "fail",
       Beside({{"minAvailable", 1}, {"selector", Json::object()}})},
      {"no selector", "SS-PDB-1", "not-applicable", Beside({{"minAvailable", 1}})},
      {"an empty selector", "SS-PDB-1", "fail",
       Beside({{"minAvailable", 1}, {"selector", Json::object()}})},
      {"allowed before, told late", "SS-PDB-1", "not-applicable", AllowedAgain(true)},
      {"allowed after", "SS-PDB-1", "fail", AllowedAgain(false)},
      {"evicted and scaled away", "SS-PDB-3", "pass", EvictedAndScaledAway(true)},
      {"evicted and awaited", "SS-PDB-3", "fail", EvictedAndScaledAway(false)},
      {"evicted and scaled away", "SS-PDB-8", "pass", EvictedAndScaledAway(true)},
      {"evicted and awaited", "SS-PDB-8", "fail", EvictedAndScaledAway(false)},
  });
}

}  // namespace
}  // namespace holdfast::check
