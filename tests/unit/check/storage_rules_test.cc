// SS-PVC, SS-RET, SS-AMO and SS-DATA, on records that keep them and that break them.
#include "tests/unit/check/rule_rows.h"

namespace holdfast::check {
namespace {

TraceText& VolumeState(TraceText& trace, int ordinal, const char* type, const Edit& edit = {}) {
  const std::string claim = fmt::format("data-pg-{}", ordinal);
  Json volume = {{"metadata",
                  {{"name", "pv-" + claim},
                   {"uid", "volume-" + claim},
                   {"creationTimestamp", trace.pod(ordinal)["metadata"]["creationTimestamp"]}}}};
  volume["spec"] = {{"claimRef", {{"namespace", "ns"}, {"name", claim}, {"uid", "claim-" + claim}}},
                    {"accessModes", {"ReadWriteOnce"}},
                    {"persistentVolumeReclaimPolicy", "Delete"}};
  volume["status"]["phase"] = "Bound";
  if (edit) edit(volume);
  return trace.Watch("persistentvolumes", type, volume);
}

TraceText ClaimChange(const char* path, const Json& value) {
  return Healthy().Claim("MODIFIED", "data-pg-1", At(path, value)).Wait(1).End();
}

TraceText& DeleteClaim(TraceText& trace, int ordinal, bool by_run) {
  const std::string name = fmt::format("data-pg-{}", ordinal);
  if (by_run) trace.Action("delete", "persistentvolumeclaims", name, "claim-" + name);
  return trace.Claim("MODIFIED", name,
                     At("/metadata/deletionTimestamp", "2027-01-15T08:00:20Z"));
}

Edit FreshClaim(const char* volume) {
  return [volume](Json& claim) {
    claim["metadata"]["uid"] = "fresh";
    claim["metadata"].erase("deletionTimestamp");
    claim["spec"]["volumeName"] = volume;
  };
}

TraceText ScaledAway(bool claim_stays) {
  TraceText trace = Healthy();
  trace.Set(2).Terminate(2).Gone(2);
  if (!claim_stays) trace.Claim("DELETED", "data-pg-2");
  return trace.Wait(10).End();
}

// The claim is deleted, the pod too, and both are made anew.
TraceText MadeAnew(bool claim_gone_first, const char* volume = "pv-fresh") {
  TraceText trace = Healthy();
  DeleteClaim(trace, 1, true).Action("delete", "pods", "pg-1", "u1");
  trace.Terminate(1).Gone(1);
  if (claim_gone_first) {
    trace.Claim("DELETED", "data-pg-1").Claim("ADDED", "data-pg-1", FreshClaim(volume));
    return trace.Up(1, "u1b").Wait(10).End();
  }
  return trace.Wait(10).Up(1, "u1b").Wait(10).Claim("DELETED", "data-pg-1").Wait(1).End();
}

TraceText InUse(bool kept) {
  TraceText trace = Healthy();
  DeleteClaim(trace, 1, true).Wait(10);
  if (!kept) return trace.Claim("DELETED", "data-pg-1").Wait(10).End();
  trace.Action("delete", "pods", "pg-1", "u1").Terminate(1).Gone(1);
  return trace.Claim("DELETED", "data-pg-1").Wait(10).End();
}

TraceText VolumeGone(const char* then) {
  TraceText trace = Healthy();
  VolumeState(trace, 1, "DELETED").Wait(6);
  if (then != nullptr) trace.Claim("MODIFIED", "data-pg-1", At("/status/phase", "Lost"));
  if (then != nullptr && then == std::string("Bound"))
    trace.Claim("MODIFIED", "data-pg-1", At("/status/phase", "Bound"));
  return trace.Wait(then == nullptr ? 130 : 1).End();
}

TraceText VolumeChanged(const char* path, const Json& value, double rest = 6) {
  TraceText trace = Healthy();
  return VolumeState(trace, 1, "MODIFIED", At(path, value)).Wait(rest).End();
}

TraceText ReleasedAfter() {
  TraceText trace = ScaledAway(true).Unsay();
  DeleteClaim(trace, 2, true).Claim("DELETED", "data-pg-2");
  return VolumeState(trace, 2, "MODIFIED", At("/status/phase", "Released")).Wait(6).End();
}

TEST(StorageRules, Claims) {
  TraceText gap = Healthy();
  Gap(gap, "persistentvolumeclaims");
  ExpectVerdicts({
      {"bound", "SS-PVC-3", "pass", Healthy().End()},
      {"bound to nothing", "SS-PVC-3", "fail", ClaimChange("/spec/volumeName", "")},
      {"bound twice", "SS-PVC-3", "fail", ClaimChange("/spec/volumeName", "other")},
      {"volume of another claim", "SS-PVC-3", "fail", VolumeChanged("/spec/claimRef/uid", "other")},
      {"volume released under its claim", "SS-PVC-3", "fail",
       VolumeChanged("/status/phase", "Released")},
      {"volume released, and the record ends", "SS-PVC-3", "pass",
       VolumeChanged("/status/phase", "Released", 1)},
      {"volume released after its claim", "SS-PVC-3", "pass", ReleasedAfter()},
      {"lost from the start", "SS-PVC-2", "fail",
       Healthy()
           .Claim("ADDED", "data-pg-3", At("/status/phase", "Lost"))
           .Wait(1)
           .End()},
      {"gap", "SS-PVC-3", "unknown", gap.End()},
      {"kept", "SS-PVC-5", "pass", ScaledAway(true)},
      {"not kept", "SS-PVC-5", "fail", ScaledAway(false)},
      {"no scaling", "SS-PVC-5", "not-applicable", Healthy().End()},
      {"made anew", "SS-PVC-6", "pass", MadeAnew(true)},
      {"pod before the claim is gone", "SS-PVC-6", "fail", MadeAnew(false)},
      {"two at a time", "SS-PVC-6", "fail",
       Healthy().Claim("ADDED", "data-pg-1", FreshClaim("pv-fresh")).Wait(6).End()},
      {"none", "SS-PVC-6", "not-applicable", Healthy().End()},
      {"protected", "SS-PVC-7", "pass", InUse(true)},
      {"not protected", "SS-PVC-7", "fail", InUse(false)},
      {"none", "SS-PVC-7", "not-applicable", Healthy().End()},
      {"unchanged", "SS-PVC-8", "pass", Healthy().End()},
      {"larger", "SS-PVC-8", "pass", ClaimChange("/spec/resources/requests/storage", "2Gi")},
      {"other access", "SS-PVC-8", "fail", ClaimChange("/spec/accessModes", {"ReadWriteMany"})},
      {"other templates", "SS-PVC-8", "fail",
       Healthy().Set(3, At("/spec/volumeClaimTemplates/0/metadata/name", "log")).End()},
      {"another volume", "SS-PVC-9", "pass", MadeAnew(true)},
      {"the same volume", "SS-PVC-9", "fail", MadeAnew(true, "pv-data-pg-1")},
      {"none", "SS-PVC-9", "not-applicable", Healthy().End()},
      {"lost", "SS-PVC-10", "pass", VolumeGone("Lost")},
      {"found again", "SS-PVC-10", "fail", VolumeGone("Bound")},
      {"not told", "SS-PVC-10", "fail", VolumeGone(nullptr)},
      {"none", "SS-PVC-10", "not-applicable", Healthy().End()},
  });
}

Edit Policy(const char* deleted, const char* scaled) {
  return At("/spec/persistentVolumeClaimRetentionPolicy",
            {{"whenDeleted", deleted}, {"whenScaled", scaled}});
}

TraceText Retained(const char* deleted, const char* scaled, int replicas = 2) {
  TraceText trace;
  trace.Set(replicas, Policy(deleted, scaled));
  for (int i = 0; i < replicas; ++i)
    trace.Up(i, fmt::format("u{}", i));
  return trace.Wait(6);
}

Json OwnedBy(const char* kind, const char* name, const char* uid) {
  return Json::array({{{"apiVersion", "v1"},
                       {"kind", kind},
                       {"name", name},
                       {"uid", uid},
                       {"controller", true}}});
}

TraceText SetGone(const char* policy, bool claims_go, double wait = 1) {
  TraceText trace = Retained(policy, "Retain", 1);
  trace.Claim("MODIFIED", "data-pg-0",
              At("/metadata/ownerReferences", OwnedBy("StatefulSet", "pg", "set")));
  trace.SetDeleted().Terminate(0).Gone(0);
  if (claims_go) trace.Claim("DELETED", "data-pg-0");
  return trace.Wait(wait).End();
}

TraceText ScaledWithDelete(bool claim_goes, bool before_pod = false, bool owned = true) {
  TraceText trace = Retained("Retain", "Delete");
  trace.Set(1, Policy("Retain", "Delete")).Wait(6);
  if (owned) {
    trace.Claim("MODIFIED", "data-pg-1",
                At("/metadata/ownerReferences", OwnedBy("Pod", "pg-1", "u1")));
  }
  trace.Terminate(1);
  if (before_pod) trace.Claim("DELETED", "data-pg-1").Wait(10);
  trace.Gone(1);
  if (claim_goes && !before_pod) trace.Claim("DELETED", "data-pg-1");
  return trace.Wait(claim_goes ? 1 : 130).End();
}

TraceText InRange(bool claim_stays) {
  TraceText trace = Healthy();
  trace.Action("delete", "pods", "pg-1", "u1").Terminate(1).Gone(1);
  if (!claim_stays) trace.Claim("DELETED", "data-pg-1");
  return trace.Up(1, "u1b").Wait(1).End();
}

TraceText DownAndUp(bool claim_gone) {
  TraceText trace = Retained("Retain", "Delete");
  trace.Set(1, Policy("Retain", "Delete")).Wait(6);
  trace.Claim("MODIFIED", "data-pg-1",
              At("/metadata/ownerReferences", OwnedBy("Pod", "pg-1", "u1")));
  trace.Terminate(1).Gone(1);
  if (claim_gone) trace.Claim("DELETED", "data-pg-1").Wait(6);
  trace.Set(2, Policy("Retain", "Delete")).Wait(6);
  if (claim_gone) trace.Claim("ADDED", "data-pg-1", [](Json& claim) {
    FreshClaim("pv-fresh")(claim);
    claim["metadata"].erase("ownerReferences");
  });
  return trace.Up(1, "u1b").Wait(10).End();
}

TraceText ForeignClaim(bool deleted) {
  TraceText trace = Retained("Delete", "Delete", 2);
  trace.Claim("MODIFIED", "data-pg-1",
              At("/metadata/ownerReferences", OwnedBy("Backup", "b", "b1")));
  trace.Set(1, Policy("Delete", "Delete")).Wait(6).Terminate(1).Gone(1);
  if (deleted) trace.Claim("DELETED", "data-pg-1");
  return trace.Wait(1).End();
}

TraceText Stale(bool taken_over) {
  TraceText trace = Retained("Delete", "Retain", 1);
  trace.Claim("MODIFIED", "data-pg-0",
              At("/metadata/ownerReferences", OwnedBy("StatefulSet", "pg", "set")));
  trace.SetDeleted().Wait(10);
  trace.Claim("MODIFIED", "data-pg-0", At("/metadata/labels/x", "y")).Wait(1);
  if (taken_over) {
    trace.Claim("MODIFIED", "data-pg-0",
                At("/metadata/ownerReferences", OwnedBy("StatefulSet", "pg", "other")));
  }
  return trace.Wait(1).End();
}

TraceText References(const char* policy, bool owned, double wait) {
  TraceText trace = Retained(policy, "Retain", 1);
  if (owned) {
    trace.Claim("MODIFIED", "data-pg-0",
                At("/metadata/ownerReferences", OwnedBy("StatefulSet", "pg", "set")));
  }
  return trace.Wait(wait).End();
}

TEST(StorageRules, Retention) {
  ExpectVerdicts({
      {"Delete, and they go", "SS-RET-1", "pass", SetGone("Delete", true)},
      {"Delete, and they stay", "SS-RET-1", "fail", SetGone("Delete", false, 130)},
      {"Delete, too soon to tell", "SS-RET-1", "unknown", SetGone("Delete", false)},
      {"Retain, and they stay", "SS-RET-1", "pass", SetGone("Retain", false)},
      {"Retain, and they go", "SS-RET-1", "fail", SetGone("Retain", true)},
      {"not deleted", "SS-RET-1", "not-applicable", Healthy().End()},
      {"goes", "SS-RET-2", "pass", ScaledWithDelete(true)},
      {"goes without an owner", "SS-RET-2", "fail", ScaledWithDelete(true, false, false)},
      {"stays", "SS-RET-2", "fail", ScaledWithDelete(false)},
      {"goes before its pod", "SS-RET-2", "fail", ScaledWithDelete(true, true)},
      {"Retain", "SS-RET-2", "not-applicable", ScaledAway(true)},
      {"kept", "SS-RET-3", "pass", InRange(true)},
      {"not kept", "SS-RET-3", "fail", InRange(false)},
      {"none deleted", "SS-RET-3", "not-applicable", Healthy().End()},
      {"fresh", "SS-RET-4", "pass", DownAndUp(true)},
      {"old claim still there", "SS-RET-4", "fail", DownAndUp(false)},
      {"not again", "SS-RET-4", "not-applicable", ScaledWithDelete(true)},
      {"left alone", "SS-RET-5", "pass", ForeignClaim(false)},
      {"deleted", "SS-RET-5", "fail", ForeignClaim(true)},
      {"no other controller", "SS-RET-5", "not-applicable", Healthy().End()},
      {"left alone", "SS-RET-6", "pass", Stale(false)},
      {"taken over", "SS-RET-6", "fail", Stale(true)},
      {"none", "SS-RET-6", "not-applicable", Healthy().End()},
      {"owned as the policy says", "SS-RET-7", "pass", References("Delete", true, 1)},
      {"not owned", "SS-RET-7", "fail", References("Delete", false, 130)},
      {"owned against the policy", "SS-RET-7", "fail", References("Retain", true, 130)},
      {"not yet", "SS-RET-7", "not-applicable", References("Delete", false, 1)},
  });
}

TraceText WitnessOf(const std::vector<std::string>& lines, bool forced = false) {
  TraceText trace = Healthy();
  trace.Action("delete", "pods", "pg-0", "u0", forced).Terminate(0).Gone(0).Up(0, "u0b");
  return trace
      .Line({{"kind", "volume-file"},
             {"claim", "data-pg-0"},
             {"claimUid", "claim-data-pg-0"},
             {"path", "/data/w"},
             {"lines", lines}});
}

TraceText Unreachable(bool gone, bool forced) {
  TraceText trace = Healthy();
  trace.Open("nodes").Node("n1", "True").Wait(1).Node("n1", "Unknown").Wait(20);
  trace.Action("delete", "pods", "pg-1", "u1", forced).Terminate(1).Wait(20);
  if (gone) trace.Gone(1);
  return trace.Wait(40).End();
}

TraceText Attached(bool detached_first) {
  const auto attach = [](const char* node, bool attached) {
    return [node, attached](Json& object) {
      object["spec"] = {{"nodeName", node},
                        {"source", {{"persistentVolumeName", "pv-data-pg-0"}}}};
      object["status"]["attached"] = attached;
    };
  };
  TraceText trace = Healthy();
  trace.Open("volumeattachments").Object("volumeattachments", "a", attach("n0", true));
  if (detached_first) trace.ObjectGone("volumeattachments", "a");
  return trace.Object("volumeattachments", "b", attach("n1", true)).Wait(1).End();
}

const std::vector<std::string> kTwoLives = {"start pg-0 u0 n1 0 1800000001.5",
                                            "beat pg-0 u0 n1 1 1800000002.5",
                                            "start pg-0 u0b n1 0 1800000012.5"};

const std::vector<std::string> kLongLife = {
    "start pg-0 u0 n1 0 1800000001.5", "beat pg-0 u0 n1 1 1800000002.5",
    "beat pg-0 u0 n1 2 1800000100.5", "stop pg-0 u0 n1 3 1800000101.5"};

TraceText Copies(const std::vector<std::string>& second) {
  TraceText trace = WitnessOf(kLongLife);
  return trace
      .Line({{"kind", "volume-file"},
             {"claim", "data-pg-0"},
             {"claimUid", "claim-data-pg-0"},
             {"path", "/data/w"},
             {"lines", second}})
      .End();
}

TraceText Forced(bool same_claim) {
  TraceText trace = Healthy();
  trace.Action("delete", "pods", "pg-1", "u1", true).Terminate(1, 0).Gone(1);
  if (!same_claim) {
    trace.Claim("DELETED", "data-pg-1")
        .Claim("ADDED", "data-pg-1", FreshClaim("pv-fresh"));
  }
  return trace.Up(1, "u1b").Wait(1).End();
}

Json MountOf(const char* options) {
  return {{"mounts", {{{"path", "/data"}, {"device", "8:2"}, {"options", options}}}}};
}
Json DataOf(const char* mode) { return {{"data", {{"uid", 999}, {"gid", 999}, {"mode", mode}}}}; }

TEST(StorageRules, OneAtATime) {
  const std::vector<std::string> late = {kTwoLives[0], kTwoLives[2],
                                         "beat pg-0 u0 n1 1 1800000013.5"};
  ExpectVerdicts({
      {"in order", "SS-AMO-3", "pass", WitnessOf(kTwoLives).End()},
      {"writes after its end", "SS-AMO-3", "fail", WitnessOf(late).End()},
      {"forced", "SS-AMO-3", "not-applicable", WitnessOf(late, true).End()},
      {"stays", "SS-AMO-4", "pass", Unreachable(false, false)},
      {"disappears", "SS-AMO-4", "fail", Unreachable(true, false)},
      {"forced", "SS-AMO-4", "not-applicable", Unreachable(true, true)},
      {"same claim", "SS-AMO-5", "pass", Forced(true)},
      {"another claim", "SS-AMO-5", "fail", Forced(false)},
      {"not forced", "SS-AMO-5", "not-applicable", InRange(true)},
      {"detached first", "SS-AMO-6", "pass", Attached(true)},
      {"attached twice", "SS-AMO-6", "fail", Attached(false)},
      {"not watched", "SS-AMO-6", "not-applicable", Healthy().End()},
      {"one user", "SS-AMO-7", "pass", InRange(true)},
      {"two users", "SS-AMO-7", "fail",
       TraceText()
           .Set(2)
           .Up(0, "u0")
           .Up(1, "u1", At("/spec/volumes/0/persistentVolumeClaim/claimName", "data-pg-0"))
           .End()},
  });
}

TEST(StorageRules, Inside) {
  ExpectVerdicts({
      {"continues", "SS-DATA-4", "pass",
       Copies({kLongLife[0], kLongLife[1], kLongLife[2], kLongLife[3],
               "start pg-0 u0b n1 0 1800000110.5"})},
      {"an unsynced tail is lost", "SS-DATA-4", "pass", Copies({kLongLife[0], kLongLife[1]})},
      {"an old copy", "SS-DATA-4", "fail", Copies({kLongLife[0]})},
      {"another past", "SS-DATA-4", "fail", Copies({kLongLife[1], kLongLife[0], kLongLife[2]})},
      {"no file", "SS-DATA-4", "not-applicable", Healthy().End()},
      {"writable", "SS-DATA-6", "pass", Healthy().Probe(1, MountOf("rw,relatime")).End()},
      {"read-only", "SS-DATA-6", "fail", Healthy().Probe(1, MountOf("ro,relatime")).End()},
      {"not told", "SS-DATA-6", "not-applicable", Healthy().End()},
      {"same mode", "SS-DATA-7", "pass",
       Healthy().Probe(1, DataOf("0700")).Probe(1, DataOf("0700")).End()},
      {"other mode", "SS-DATA-7", "fail",
       Healthy().Probe(1, DataOf("0700")).Probe(1, DataOf("0777")).End()},
      {"not told", "SS-DATA-7", "not-applicable", Healthy().End()},
      {"whole", "SS-DATA-8", "pass", WitnessOf(kTwoLives, true).End()},
      {"a hole", "SS-DATA-8", "fail",
       WitnessOf({kTwoLives[0], "beat pg-0 u0 n1 5 1800000003.5"}, true).End()},
      {"no file", "SS-DATA-8", "not-applicable", Healthy().End()},
  });
}

}  // namespace
}  // namespace holdfast::check
