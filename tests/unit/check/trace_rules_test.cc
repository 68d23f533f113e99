// Every guarantee over the trace, on records that keep it and records that break it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/check/rule_rows.h"

namespace holdfast::check {
namespace {

struct Row {
  const char* name;
  const char* id;
  const char* verdict;
  TraceText trace;
};

TraceText Recreated() {
  return Healthy()
      .Action("delete", "pods", "pg-1", "u1")
      .Terminate(1)
      .Wait(1)
      .Gone(1)
      .Up(1, "u1b")
      .Wait(10)
      .End();
}

TraceText Restarted(const std::string& before) {
  TraceText trace = Healthy();
  if (!before.empty()) trace.Action("delete", "pods", "pg-1", before);
  return trace.Terminate(1).Wait(1).Gone(1).Up(1, "u1b").Wait(10).End();
}

void Swap(Json& pod, const std::string& claim) {
  pod["spec"]["volumes"][0]["persistentVolumeClaim"]["claimName"] = claim;
}

TraceText With(const Edit& edit) {
  return TraceText().Set(2).Up(0, "u0").Up(1, "u1", edit).Wait(10).End();
}

TraceText ScaledDown(bool in_order) {
  TraceText trace = Healthy().Set(1);
  if (in_order) return trace.Terminate(2).Gone(2).Terminate(1).Gone(1).Wait(10).End();
  return trace.Terminate(1).Wait(1).Gone(1).Terminate(2).Gone(2).Wait(10).End();
}

TraceText Policy(const char* policy) {
  return TraceText()
      .Set(2, [&](Json& set) { set["spec"]["podManagementPolicy"] = policy; })
      .Create(1, "u1")
      .Create(0, "u0")
      .Ready(0)
      .Ready(1)
      .Wait(10)
      .End();
}

TraceText Relabelled(bool by_run) {
  TraceText trace = Healthy();
  if (by_run) {
    trace.Act({{"verb", "patch"},
               {"resource", "pods"},
               {"name", "pg-1"},
               {"field", "metadata.labels"}},
              {{"ok", true}, {"status", 200}});
  }
  return trace.Change(1, At("/metadata/labels/apps.kubernetes.io~1pod-index", "7")).Wait(6).End();
}

Json Label(const char* key, const char* value) {
  return {{"metadata", {{"labels", {{key, value}}}}}};
}

TraceText Witness(const std::vector<std::string>& lines, bool forced) {
  TraceText trace = Healthy();
  trace.Action("delete", "pods", "pg-0", "u0", forced).Terminate(0).Gone(0).Up(0, "u0b");
  return trace
      .Line({{"kind", "volume-file"},
             {"claim", "data-pg-0"},
             {"claimUid", "claim-data-pg-0"},
             {"lines", lines}})
      .End();
}

std::vector<Row> IdentityRows() {
  return {
      {"names", "SS-ID-1", "pass", Recreated()},
      {"odd name", "SS-ID-1", "fail", With([](Json& pod) { pod["metadata"]["name"] = "pg-01"; })},
      {"generateName", "SS-ID-1", "fail",
       With([](Json& pod) { pod["metadata"]["generateName"] = "x-"; })},
      {"one too few at rest", "SS-ID-1", "fail",
       TraceText()
           .Set(3)
           .Up(0, "u0")
           .Up(1, "u1")
           .Status(At("/status/collisionCount", 1))
           .Wait(10)
           .End()},
      {"one too many at rest", "SS-ID-1", "fail", Healthy(3).Set(2).Wait(10).End()},
      {"lives", "SS-ID-2", "pass", Recreated()},
      {"deletion missing", "SS-ID-2", "fail",
       Healthy().Terminate(1).Wait(1).Gone(1).Unsay().Up(1, "u1b").Wait(10).End()},
      {"two at once", "SS-AMO-1", "fail",
       Healthy().Terminate(1).Wait(1).Create(1, "u1b").Wait(10).End()},
      {"one at once", "SS-AMO-1", "pass", Recreated()},
      {"own deletion", "SS-ID-3", "pass", Restarted("u1")},
      {"no cause", "SS-ID-3", "fail", Restarted("")},
      {"deletion of another uid", "SS-ID-3", "fail", Restarted("u9")},
      {"eviction", "SS-ID-3", "pass",
       Healthy()
           .Change(1,
                   [](Json& pod) {
                     pod["status"]["conditions"].push_back({{"type", "DisruptionTarget"},
                                                            {"status", "True"},
                                                            {"reason", "EvictionByEvictionAPI"}});
                   })
           .Terminate(1)
           .Gone(1)
           .Up(1, "u1b")
           .End()},
      {"failed pod", "SS-ID-3", "pass",
       Healthy()
           .Change(1, [](Json& pod) { pod["status"]["phase"] = "Failed"; })
           .Terminate(1)
           .Gone(1)
           .Up(1, "u1b")
           .End()},
      {"rolling update", "SS-ID-3", "pass",
       Healthy()
           .Set(3, [](Json& set) { set["status"]["updateRevision"] = "pg-2b"; })
           .Terminate(2)
           .Gone(2)
           .End()},
      {"below the partition", "SS-ID-3", "fail",
       Healthy()
           .Set(3,
                [](Json& set) {
                  set["status"]["updateRevision"] = "pg-2b";
                  set["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = 2;
                })
           .Wait(10)
           .Terminate(1)
           .Gone(1)
           .End()},
      {"scale-down", "SS-ID-3", "pass", ScaledDown(true)},
      {"set deleted", "SS-ID-3", "pass", Healthy().SetDeleted().Terminate(1).Gone(1).End()},
      {"labels", "SS-ID-4", "pass", Recreated()},
      {"pod-name label", "SS-ID-4", "fail", With([](Json& pod) {
         pod.merge_patch(Label("statefulset.kubernetes.io/pod-name", "pg-0"));
       })},
      {"index label", "SS-ID-4", "fail",
       With([](Json& pod) { pod.merge_patch(Label("apps.kubernetes.io/pod-index", "7")); })},
      {"a label changed by nobody", "SS-ID-4", "unknown", Relabelled(false)},
      {"a label changed by the run", "SS-ID-4", "pass", Relabelled(true)},
      {"unknown revision", "SS-ID-4", "fail",
       With([](Json& pod) { pod.merge_patch(Label("controller-revision-hash", "pg-9z")); })},
      {"hostname", "SS-ID-5", "pass", Recreated()},
      {"other hostname", "SS-ID-5", "fail",
       With([](Json& pod) { pod["spec"]["hostname"] = "pg-0"; })},
      {"other subdomain", "SS-ID-5", "fail",
       With([](Json& pod) { pod["spec"]["subdomain"] = "other"; })},
      {"hostname changes", "SS-ID-5", "fail",
       Healthy().Change(1, [](Json& pod) { pod["spec"]["hostname"] = "x"; }).End()},
      {"owner", "SS-ID-6", "pass", Recreated()},
      {"owner of another uid", "SS-ID-6", "fail",
       With([](Json& pod) { pod["metadata"]["ownerReferences"][0]["uid"] = "other"; })},
      {"no owner", "SS-ID-6", "fail",
       With([](Json& pod) { pod["metadata"]["ownerReferences"] = Json::array(); })},
      {"owner does not block", "SS-ID-6", "fail", With([](Json& pod) {
         pod["metadata"]["ownerReferences"][0]["blockOwnerDeletion"] = false;
       })},
      {"volumes", "SS-ID-7", "pass", Recreated()},
      {"claims exchanged", "SS-ID-7", "fail", With([](Json& pod) { Swap(pod, "data-pg-0"); })},
      {"read-only", "SS-ID-7", "fail", With([](Json& pod) {
         pod["spec"]["volumes"][0]["persistentVolumeClaim"]["readOnly"] = true;
       })},
      {"no volume", "SS-ID-7", "fail",
       With([](Json& pod) { pod["spec"]["volumes"] = Json::array(); })},
  };
}

std::vector<Row> OrderRows() {
  return {
      {"ascending", "SS-ORD-1", "pass", Recreated()},
      {"descending", "SS-ORD-1", "fail", Policy("OrderedReady")},
      {"parallel", "SS-ORD-1", "not-applicable", Policy("Parallel")},
      {"parallel gate", "SS-ORD-2", "not-applicable", Policy("Parallel")},
      {"parallel scale-down", "SS-ORD-7", "not-applicable", Policy("Parallel")},
      {"start 5", "SS-ORD-1", "pass",
       TraceText()
           .Set(2, [](Json& set) { set["spec"]["ordinals"]["start"] = 5; })
           .Up(5, "u5")
           .Up(6, "u6")
           .End()},
      {"gate", "SS-ORD-2", "pass", Recreated()},
      {"never ready", "SS-ORD-2", "fail",
       TraceText().Set(2).Create(0, "u0").Wait(1).Create(1, "u1").Ready(0).Ready(1).End()},
      {"no predecessor", "SS-ORD-2", "fail", Policy("OrderedReady")},
      {"unready for a moment", "SS-ORD-2", "pass",
       TraceText().Set(2).Up(0, "u0").Ready(0, false).Wait(3).Up(1, "u1").End()},
      {"unready for long", "SS-ORD-2", "fail",
       TraceText().Set(2).Up(0, "u0").Ready(0, false).Wait(6).Up(1, "u1").End()},
      {"terminating for long", "SS-ORD-2", "fail",
       TraceText().Set(2).Up(0, "u0").Terminate(0).Wait(6).Up(1, "u1").End()},
      {"both deleted, the higher comes back first", "SS-ORD-2", "fail",
       Healthy().Terminate(0).Terminate(2).Wait(1).Gone(0).Gone(2).Up(2, "u2b").Up(0, "u0b").End()},
      {"both deleted, in order", "SS-ORD-2", "pass",
       Healthy().Terminate(0).Terminate(2).Wait(1).Gone(0).Gone(2).Up(0, "u0b").Up(2, "u2b").End()},
      {"nothing created", "SS-ORD-7", "not-applicable", Recreated()},
      {"scale-down in order", "SS-ORD-7", "pass", ScaledDown(true)},
      {"scale-down out of order", "SS-ORD-7", "fail", ScaledDown(false)},
      {"scale-down overlaps", "SS-ORD-7", "fail",
       Healthy().Set(1).Terminate(2).Wait(1).Terminate(1).Gone(2).Gone(1).End()},
      {"deletions by the run overlap", "SS-ORD-7", "not-applicable",
       Healthy()
           .Action("delete", "pods", "pg-2", "u2")
           .Action("delete", "pods", "pg-1", "u1")
           .Terminate(1)
           .Terminate(2)
           .End()},
      {"recovered", "SS-REC-1", "pass", Recreated()},
      {"not replaced", "SS-REC-1", "fail", Healthy().Terminate(1).Gone(1).Wait(130).End()},
      {"not ready", "SS-REC-1", "fail",
       Healthy().Terminate(1).Gone(1).Create(1, "u1b").Wait(130).End()},
      {"record too short", "SS-REC-1", "unknown", Healthy().Terminate(1).Gone(1).Wait(5).End()},
      {"never gone", "SS-REC-1", "unknown", Healthy().Terminate(1).Wait(130).End()},
      {"scaled down", "SS-REC-1", "not-applicable", ScaledDown(true)},
  };
}

std::vector<Row> StorageRows() {
  return {
      {"claims", "SS-PVC-1", "pass", Recreated()},
      {"claim missing", "SS-PVC-1", "fail",
       With([](Json& pod) { pod["metadata"]["name"] = "pg-7"; })},
      {"chain", "SS-PVC-2", "pass", Recreated()},
      {"claim deleted by nobody", "SS-PVC-2", "fail",
       Healthy().Claim("DELETED", "data-pg-1").Wait(1).End()},
      {"claim deleted by the run", "SS-PVC-2", "pass",
       Healthy()
           .Action("delete", "persistentvolumeclaims", "data-pg-1")
           .Claim("DELETED", "data-pg-1")
           .End()},
      {"claim deleted by its policy", "SS-PVC-2", "pass",
       Healthy()
           .Set(1,
                [](Json& set) {
                  set["spec"]["persistentVolumeClaimRetentionPolicy"]["whenScaled"] = "Delete";
                })
           .Claim("DELETED", "data-pg-2")
           .End()},
      {"volume exchanged", "SS-PVC-2", "fail",
       Healthy()
           .Claim("MODIFIED", "data-pg-1",
                  [](Json& claim) { claim["spec"]["volumeName"] = "pv-fresh"; })
           .End()},
      {"claim lost", "SS-PVC-2", "fail",
       Healthy()
           .Claim("MODIFIED", "data-pg-1", [](Json& claim) { claim["status"]["phase"] = "Lost"; })
           .End()},
      {"bijection", "SS-PVC-4", "pass", Recreated()},
      {"shared volume", "SS-PVC-4", "fail",
       Healthy()
           .Claim("ADDED", "other",
                  [](Json& claim) { claim["spec"]["volumeName"] = "pv-data-pg-0"; })
           .End()},
      {"one writer", "SS-AMO-2", "pass",
       Witness({"start pg-0 u0 n0 0 1800000001.5", "beat pg-0 u0 n0 1 1800000002.5",
                "start pg-0 u0b n0 0 1800000012.5"},
               false)},
      {"two writers", "SS-AMO-2", "fail",
       Witness({"start pg-0 u0 n0 0 1800000001.5", "start pg-0 u0b n2 0 1800000012.5",
                "beat pg-0 u0 n0 1 1800000013.0"},
               true)},
      {"unreadable witness", "SS-AMO-2", "unknown",
       Witness({"start pg-0 u0 n0 0 1800000001.5", "garbage", "start pg-0 u0b n0 0 1800000012.5"},
               false)},
      {"no witness", "SS-AMO-2", "not-applicable", Recreated()},
  };
}

Json Database(const char* identifier, int timeline) {
  return {{"database", {{"systemIdentifier", identifier}, {"timeline", timeline}}}};
}
Json Marker(const char* pod, const char* nonce) {
  return {{"marker", {{"pod", pod}, {"nonce", nonce}}}};
}
Json Host(const char* name, const char* full) {
  return {{"hostname", name}, {"hosts_line", {"10.0.0.2", full, name}}};
}
Json Mounts(const char* root, const char* data) {
  return {{"mounts", {{{"device", root}, {"path", "/"}}, {{"device", data}, {"path", "/data"}}}}};
}

std::vector<Row> ProbeRows() {
  return {
      {"inside", "SS-ID-5P", "pass",
       Healthy().Probe(1, Host("pg-1", "pg-1.pg.ns.svc.cluster.local")).End()},
      {"other name inside", "SS-ID-5P", "fail",
       Healthy().Probe(1, Host("pg-0", "pg-1.pg.ns.svc.cluster.local")).End()},
      {"other service inside", "SS-ID-5P", "fail",
       Healthy().Probe(1, Host("pg-1", "pg-1.other.ns.svc.cluster.local")).End()},
      {"probe failed", "SS-ID-5P", "unknown", Healthy().Probe(1, {{"error", "no exec"}}).End()},
      {"probe repeated", "SS-ID-5P", "pass",
       Healthy()
           .Probe(1, {{"error", "no exec"}})
           .Probe(1, Host("pg-1", "pg-1.pg.ns.svc.cluster.local"))
           .End()},
      {"markers", "SS-DATA-2", "pass",
       Healthy()
           .Probe(0, Marker("pg-0", "a"))
           .Probe(1, Marker("pg-1", "b"))
           .Probe(0, Marker("pg-0", "a"))
           .End()},
      {"another's marker", "SS-DATA-2", "fail", Healthy().Probe(1, Marker("pg-0", "a")).End()},
      {"fresh marker", "SS-DATA-2", "fail",
       Healthy().Probe(1, Marker("pg-1", "a")).Probe(1, Marker("pg-1", "b")).End()},
      {"marker gone", "SS-DATA-2", "fail",
       Healthy().Probe(1, Marker("pg-1", "a")).Probe(1, {{"marker", nullptr}}).End()},
      {"mounts", "SS-DATA-3", "pass", Healthy().Probe(1, Mounts("8:1", "8:2")).End()},
      {"no mount", "SS-DATA-3", "fail", Healthy().Probe(1, Mounts("8:1", "8:1")).End()},
      {"one database", "SS-DATA-5", "pass",
       Healthy()
           .Probe(0, Database("71", 1))
           .Probe(1, Database("71", 1))
           .Probe(0, Database("71", 2))
           .End()},
      {"two databases", "SS-DATA-5", "fail",
       Healthy().Probe(0, Database("71", 1)).Probe(1, Database("72", 1)).End()},
      {"timeline back", "SS-DATA-5", "fail",
       Healthy().Probe(0, Database("71", 2)).Probe(0, Database("71", 1)).End()},
  };
}

void JudgeAll(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    const CheckResult result = Find(CheckTrace(row.trace.Text()), row.id, "trace");
    EXPECT_EQ(ToString(result.verdict), row.verdict)
        << row.id << " on '" << row.name << "': " << result.reason;
    if (result.verdict == Verdict::kFail) {
      ASSERT_FALSE(result.findings.empty()) << row.name;
      EXPECT_FALSE(result.findings[0].objects.empty()) << row.name;
      EXPECT_FALSE(result.findings[0].evidence.empty()) << row.name;
    }
  }
}

TEST(TraceRules, Identity) { JudgeAll(IdentityRows()); }
TEST(TraceRules, Order) { JudgeAll(OrderRows()); }
TEST(TraceRules, Storage) { JudgeAll(StorageRows()); }
TEST(TraceRules, Probes) { JudgeAll(ProbeRows()); }

TEST(TraceRules, TheHealthyRecordIsGreen) {
  const Verdicts verdicts = CheckTrace(Recreated().Text());
  EXPECT_EQ(verdicts.exit, 0) << verdicts.reason;
  for (const CheckResult& check : verdicts.checks) {
    EXPECT_TRUE(check.verdict == Verdict::kPass || check.verdict == Verdict::kNotApplicable)
        << check.id << ": " << check.reason;
    EXPECT_FALSE(check.reason.empty()) << check.id;
  }
}

TEST(TraceRules, AFindingNamesThePodTheClaimAndWhatHappened) {
  const TraceText trace = With([](Json& pod) { Swap(pod, "data-pg-0"); });
  const CheckResult result = Find(CheckTrace(trace.Text()), "SS-ID-7", "trace");
  ASSERT_EQ(result.findings.size(), 1U);
  const Finding& finding = result.findings[0];
  EXPECT_THAT(finding.sentence, testing::HasSubstr("pg-1"));
  EXPECT_THAT(finding.sentence, testing::HasSubstr("data-pg-0"));
  EXPECT_THAT(finding.sentence, testing::HasSubstr("data-pg-1"));
  EXPECT_EQ(finding.evidence[0].file, "t.jsonl");
  const CheckResult forced = Find(
      CheckTrace(Witness({"start pg-0 u0 n1 0 1800000001.5", "start pg-0 u0b n2 0 1800000012.5",
                          "beat pg-0 u0 n1 1 1800000013.0"},
                         true)
                     .Text()),
      "SS-AMO-2", "trace");
  EXPECT_THAT(forced.reason, testing::HasSubstr("force delete"));
}

}  // namespace
}  // namespace holdfast::check
