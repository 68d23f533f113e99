// Claims and volumes that no cluster would make, each beside the nearest record that is lawful.
#include "tests/unit/check/rule_rows.h"

namespace holdfast::check {
namespace {

// A pod on a claim that it has before: with this volume, if any, and so many seconds before the end.
TraceText OnVolume(const Edit& edit, double rest = 6, bool shown = true) {
  TraceText trace;
  trace.Set(1).Claim("ADDED", "data-pg-0");
  if (shown) Volume(trace, "ADDED", "data-pg-0", edit);
  return trace.Up(0, "u0").Wait(rest).End();
}

// The watch of the volumes lost its place in between.
TraceText AcrossAGap() {
  TraceText trace;
  trace.Set(1).Claim("ADDED", "data-pg-0");
  Volume(trace, "ADDED", "data-pg-0", At("/spec/claimRef/uid", "nobody"));
  trace.Up(0, "u0");
  return Gap(trace, "persistentvolumes").Wait(6).End();
}

// The volume is given back to its claim, or is not.
TraceText TakenAway(bool given_back) {
  TraceText trace = Healthy();
  Volume(trace, "MODIFIED", "data-pg-1", [](Json& volume) {
    volume["spec"].erase("claimRef");
    volume["status"]["phase"] = "Available";
  });
  if (given_back) Volume(trace, "MODIFIED", "data-pg-1");
  return trace.Wait(6).End();
}

Edit Unmounted() {
  return [](Json& pod) { pod["spec"]["containers"][0].erase("volumeMounts"); };
}

// The claim is bound so many seconds after its pod is Ready; below 0 it is so before.
TraceText ReadyOn(double bound_after, const Edit& pod = {}, double rest = 12) {
  TraceText trace;
  trace.Set(1).Claim("ADDED", "data-pg-0", [](Json& claim) {
    claim["spec"].erase("volumeName");
    claim["status"]["phase"] = "Pending";
  });
  Volume(trace, "ADDED", "data-pg-0");
  const auto bind = [&] {
    trace.Claim("MODIFIED", "data-pg-0", [](Json& claim) {
      claim["spec"]["volumeName"] = "pv-data-pg-0";
      claim["status"]["phase"] = "Bound";
    });
  };
  if (bound_after < 0) bind();
  trace.Up(0, "u0", pod);
  if (bound_after >= 0 && bound_after < rest) {
    trace.Wait(bound_after);
    bind();
  }
  return trace.Wait(rest).End();
}

TEST(BrokenStorage, BothSidesOfABinding) {
  ExpectVerdicts({
      {"its own", "SS-PVC-3", "pass", OnVolume({})},
      {"a uid of nobody", "SS-PVC-3", "fail", OnVolume(At("/spec/claimRef/uid", "nobody"))},
      {"just now", "SS-PVC-3", "pass", OnVolume(At("/spec/claimRef/uid", "nobody"), 1)},
      {"another namespace", "SS-PVC-3", "fail", OnVolume(At("/spec/claimRef/namespace", "other"))},
      {"another claim", "SS-PVC-3", "fail", OnVolume(At("/spec/claimRef/name", "data-pg-7"))},
      {"never bound", "SS-PVC-3", "fail", OnVolume(At("/status/phase", "Available"))},
      {"never shown", "SS-PVC-3", "unknown", OnVolume({}, 6, false)},
      {"never shown, just now", "SS-PVC-3", "pass", OnVolume({}, 1, false)},
      {"across a gap", "SS-PVC-3", "unknown", AcrossAGap()},
      {"taken away by hand", "SS-PVC-3", "unknown", TakenAway(false)},
      {"and given back", "SS-PVC-3", "pass", TakenAway(true)},
  });
}

TEST(BrokenStorage, PodsOnUnboundClaims) {
  ExpectVerdicts({
      {"bound before", "SS-PVC-3", "pass", ReadyOn(-1)},
      {"never", "SS-PVC-3", "fail", ReadyOn(100)},
      {"told a little later", "SS-PVC-3", "pass", ReadyOn(3)},
      {"long after", "SS-PVC-3", "fail", ReadyOn(6)},
      {"not mounted", "SS-PVC-3", "pass", ReadyOn(6, Unmounted())},
      {"just Ready", "SS-PVC-3", "not-applicable", ReadyOn(100, {}, 3)},
  });
}

Edit Path(const char* type, const char* path, const char* node = nullptr, const char* node2 = nullptr) {
  return [=](Json& volume) {
    volume["spec"].erase("csi");
    volume["spec"][type] = {{"path", path}};
    if (node == nullptr) return;
    Json nodes = Json::array({node});
    if (node2 != nullptr) nodes.push_back(node2);
    volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"] = Json::array({{
        {"matchExpressions",
         Json::array({{{"key", "kubernetes.io/hostname"}, {"operator", "In"}, {"values", nodes}}})}}});
  };
}

// Two pods on claims that have these volumes.
TraceText OnVolumes(const Edit& first, const Edit& second) {
  TraceText trace;
  trace.Set(2).Claim("ADDED", "data-pg-0").Claim("ADDED", "data-pg-1");
  Volume(trace, "ADDED", "data-pg-0", first);
  Volume(trace, "ADDED", "data-pg-1", second);
  return trace.Up(0, "u0").Up(1, "u1").Wait(1).End();
}

TraceText ChangedTo(const Edit& edit) {
  TraceText trace;
  trace.Set(1).Claim("ADDED", "data-pg-0");
  Volume(trace, "ADDED", "data-pg-0", Path("hostPath", "/a"));
  trace.Up(0, "u0");
  return Volume(trace, "MODIFIED", "data-pg-0", edit).Wait(1).End();
}

TEST(BrokenStorage, VolumesThatAreNoDriverS) {
  ExpectVerdicts({
      {"two paths", "SS-PVC-4", "pass", OnVolumes(Path("hostPath", "/a"), Path("hostPath", "/b"))},
      {"one path", "SS-PVC-4", "unknown", OnVolumes(Path("hostPath", "/a"), Path("hostPath", "/a"))},
      {"one path of one node", "SS-PVC-4", "fail",
       OnVolumes(Path("local", "/a", "n1"), Path("local", "/a", "n1"))},
      {"one path of two nodes", "SS-PVC-4", "pass",
       OnVolumes(Path("local", "/a", "n1"), Path("local", "/a", "n2"))},
      {"one path of some nodes", "SS-PVC-4", "unknown",
       OnVolumes(Path("local", "/a", "n1", "n2"), Path("local", "/a", "n1", "n2"))},
      {"the same path again", "SS-PVC-2", "pass", ChangedTo(Path("hostPath", "/a"))},
      {"another path", "SS-PVC-2", "fail", ChangedTo(Path("hostPath", "/b"))},
      {"another type", "SS-PVC-2", "fail", ChangedTo(Path("local", "/a"))},
  });
}

// The set's template asks for 1Gi of class fast for one node; its claim is made so many seconds before
// its pod.
TraceText MadeFor(const Edit& claim, double before = 0) {
  TraceText trace;
  trace.Set(1, At("/spec/volumeClaimTemplates/0/spec",
                  {{"accessModes", {"ReadWriteOnce"}},
                   {"storageClassName", "fast"},
                   {"resources", {{"requests", {{"storage", "1Gi"}}}}}}));
  trace.Claim("ADDED", "data-pg-0", [&](Json& made) {
    made["spec"]["storageClassName"] = "fast";
    if (claim) claim(made);
  });
  Volume(trace, "ADDED", "data-pg-0");
  return trace.Wait(before).Up(0, "u0").Wait(1).End();
}

TraceText Grown() {
  TraceText trace = MadeFor({}).Unsay();
  return trace.Claim("MODIFIED", "data-pg-0", At("/spec/resources/requests/storage", "2Gi")).Wait(1).End();
}

// The server fills in the mode, or somebody changes it.
TraceText Mode(const char* before, const char* after) {
  TraceText trace;
  trace.Set(1).Claim("ADDED", "data-pg-0", [&](Json& claim) {
    if (*before != '\0') claim["spec"]["volumeMode"] = before;
  });
  Volume(trace, "ADDED", "data-pg-0");
  trace.Up(0, "u0").Claim("MODIFIED", "data-pg-0", At("/spec/volumeMode", after));
  return trace.Wait(1).End();
}

TEST(BrokenStorage, ClaimsThatAreNotTheTemplate) {
  const char* size = "/spec/resources/requests/storage";
  ExpectVerdicts({
      {"as the template", "SS-PVC-1", "pass", MadeFor({})},
      {"written otherwise", "SS-PVC-1", "pass", MadeFor(At(size, "1024Mi"))},
      {"grown later", "SS-PVC-1", "pass", Grown()},
      {"another size", "SS-PVC-1", "fail", MadeFor(At(size, "2Gi"))},
      {"somebody else's", "SS-PVC-1", "pass", MadeFor(At(size, "2Gi"), 6)},
      {"another class", "SS-PVC-1", "fail", MadeFor(At("/spec/storageClassName", "slow"))},
      {"other modes", "SS-PVC-1", "fail", MadeFor(At("/spec/accessModes", Json::array({"ReadWriteMany"})))},
      {"the mode stays", "SS-PVC-8", "pass", Mode("Block", "Block")},
      {"the mode is told", "SS-PVC-8", "pass", Mode("", "Filesystem")},
      {"the mode changes", "SS-PVC-8", "fail", Mode("Filesystem", "Block")},
  });
}

}  // namespace
}  // namespace holdfast::check
