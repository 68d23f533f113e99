// SS-UPD and SS-REV, on records that keep them and that break them.
#include "tests/unit/check/rule_rows.h"

namespace holdfast::check {
namespace {

constexpr const char* kHash = "controller-revision-hash";

Edit AtRevision(const char* revision) {
  return [revision](Json& pod) { pod["metadata"]["labels"][kHash] = revision; };
}

Edit Rolling(const char* update, int partition = 0) {
  return [update, partition](Json& set) {
    set["spec"]["updateStrategy"] = {{"type", "RollingUpdate"},
                                     {"rollingUpdate", {{"partition", partition}}}};
    set["spec"]["template"]["image"] = update;
    set["status"]["updateRevision"] = update;
    set["status"]["updatedReplicas"] = 0;
  };
}

// Three pods, and an update to pg-2b under way for longer than the controller's view may lag.
TraceText Begun(const Edit& more = {}) {
  TraceText trace;
  trace.Set(3, [&](Json& set) {
    Rolling("pg-1a")(set);
    if (more) more(set);
  });
  for (int i = 0; i < 3; ++i)
    trace.Up(i, fmt::format("u{}", i));
  trace.Wait(6).Revision("2b", 2, "db:2");
  return trace.Set(3, Rolling("pg-2b")).Wait(6);
}

TraceText& Update(TraceText& trace, int ordinal, const char* revision = "pg-2b", bool ready = true) {
  const std::string uid = fmt::format("u{}-{}", ordinal, trace.lines().size());
  trace.Terminate(ordinal).Wait(1).Gone(ordinal).Create(ordinal, uid, [&](Json& pod) {
    AtRevision(revision)(pod);
    pod["spec"]["containers"][0]["image"] = "db:2";
  });
  if (ready) trace.Wait(0.5).Ready(ordinal);
  return trace.Wait(0.1);
}

TraceText InOrder() {
  TraceText trace = Begun();
  Update(trace, 2);
  Update(trace, 1);
  return trace.Wait(1).End();
}

TraceText OutOfOrder() {
  TraceText trace = Begun();
  Update(trace, 1);
  return trace.Wait(1).End();
}

TraceText TooFast(const Edit& more = {}) {
  TraceText trace = Begun(more);
  Update(trace, 2, "pg-2b", false);
  Update(trace, 1);
  return trace.Wait(1).End();
}

TraceText Unhealthy(double wait, bool deleted) {
  TraceText trace = Begun();
  trace.Ready(2, false).Wait(wait);
  if (deleted) Update(trace, 2);
  return trace.Wait(1).End();
}

// pg-2 never got Ready at pg-2b, the template went back, the run deletes the pod.
TraceText Stuck(const char* comes_back_at) {
  TraceText trace = Begun();
  Update(trace, 2, "pg-2b", false);
  trace.Wait(6).Set(3, Rolling("pg-1a")).Wait(6);
  trace.Action("delete", "pods", "pg-2", trace.pod(2)["metadata"]["uid"].get<std::string>());
  Update(trace, 2, comes_back_at);
  return trace.Wait(6).End();
}

TraceText WithMinReady(double wait) {
  TraceText trace = Begun(At("/spec/minReadySeconds", 10));
  trace.Wait(10);
  Update(trace, 2);
  trace.Wait(wait);
  Update(trace, 1);
  return trace.Wait(1).End();
}

Edit MaxUnavailable(const Json& value) {
  return At("/spec/updateStrategy/rollingUpdate/maxUnavailable", value);
}

TraceText SeveralAway(const Json& most) {
  TraceText trace = Begun();
  trace.Set(3, [&](Json& set) {
    Rolling("pg-2b")(set);
    MaxUnavailable(most)(set);
  });
  trace.Wait(6).Terminate(2).Terminate(1);
  return trace.Wait(1).End();
}

TraceText Partitioned(int deleted, const char* comes_back_at, bool by_run) {
  TraceText trace = Begun();
  trace.Set(3, Rolling("pg-2b", 2)).Wait(6);
  if (by_run)
    trace.Action("delete", "pods", fmt::format("pg-{}", deleted), fmt::format("u{}", deleted));
  Update(trace, deleted, comes_back_at);
  return trace.Wait(6).End();
}

TraceText Completed(const char* current) {
  return Healthy()
      .Set(3,
           [&](Json& set) {
             Rolling("pg-2b")(set);
             set["status"]["updatedReplicas"] = 3;
             set["status"]["currentRevision"] = current;
           })
      .End();
}

// The template goes from A to B and back to A.
TraceText Rollback(const char* back_at, bool stored_again) {
  TraceText trace = Begun();
  if (stored_again) trace.Revision("3c", 3, "db:1");
  trace.Set(3, [&](Json& set) {
    Rolling("pg-1a")(set);
    set["status"]["updateRevision"] = back_at;
  });
  return trace.Wait(6).End();
}

TraceText OnDelete(bool by_run, const char* comes_back_at) {
  const Edit strategy = At("/spec/updateStrategy", {{"type", "OnDelete"}});
  TraceText trace;
  trace.Set(3, strategy).Up(0, "u0").Up(1, "u1").Up(2, "u2").Wait(6).Revision("2b", 2);
  trace.Set(3, At("/status/updateRevision", "pg-2b")).Wait(6);
  if (by_run) trace.Action("delete", "pods", "pg-1", "u1");
  Update(trace, 1, comes_back_at);
  return trace.Wait(6).End();
}

TraceText Overtaken(const char* last_pod_at) {
  TraceText trace = Begun();
  trace.Revision("3c", 3, "db:3").Set(3, Rolling("pg-3c")).Wait(6);
  for (const int ordinal : {2, 1})
    Update(trace, ordinal, "pg-3c");
  Update(trace, 0, last_pod_at);
  trace.Status([](Json& set) {
    set["status"]["updatedReplicas"] = 3;
    set["status"]["currentRevision"] = "pg-3c";
  });
  return trace.Wait(6).End();
}

TraceText NoOp(const char* update) {
  return Healthy()
      .Set(3, [&](Json& set) {
        set["spec"]["revisionHistoryLimit"] = 3;
        set["status"]["updateRevision"] = update;
      })
      .End();
}

TraceText ScaledDuring(const char* new_pod_at) {
  TraceText trace = Begun();
  trace.Set(4, Rolling("pg-2b")).Wait(6).Up(3, "u3", [&](Json& pod) {
    AtRevision(new_pod_at)(pod);
    pod["spec"]["containers"][0]["image"] = "db:2";
  });
  return trace.Wait(1).End();
}

TraceText Restarted(const char* update) {
  return Healthy()
      .Set(3, [&](Json& set) {
        set["spec"]["template"]["metadata"]["annotations"] = {
            {"kubectl.kubernetes.io/restartedAt", "2027-01-15T08:00:00Z"}};
        set["status"]["updateRevision"] = update;
      })
      .End();
}

TraceText ClaimOverUpdate(const char* volume) {
  TraceText trace = Begun();
  Update(trace, 2);
  trace.Claim("MODIFIED", "data-pg-2", At("/spec/volumeName", volume));
  return trace.Wait(1).End();
}

TraceText History(int limit, int revisions) {
  TraceText trace = Healthy(1);
  trace.Set(1, At("/spec/revisionHistoryLimit", limit));
  for (int i = 0; i < revisions; ++i)
    trace.Revision(fmt::format("{}x", i), 10 + i, fmt::format("old:{}", i));
  return trace.Wait(10).End();
}

TEST(UpdateRules, Pace) {
  ExpectVerdicts({
      {"descending", "SS-UPD-1", "pass", InOrder()},
      {"a lower one first", "SS-UPD-1", "fail", OutOfOrder()},
      {"no update", "SS-UPD-1", "not-applicable", Healthy().End()},
      {"one at a time", "SS-UPD-2", "pass", InOrder()},
      {"before the one above is Ready", "SS-UPD-2", "fail", TooFast()},
      {"no update", "SS-UPD-2", "not-applicable", Healthy().End()},
      {"halts", "SS-UPD-3", "pass", Unhealthy(8, false)},
      {"does not halt", "SS-UPD-3", "fail", Unhealthy(8, true)},
      {"a flicker", "SS-UPD-3", "not-applicable", Unhealthy(2, true)},
      {"repaired by hand", "SS-UPD-4", "pass", Stuck("pg-1a")},
      {"broken again", "SS-UPD-4", "fail", Stuck("pg-2b")},
      {"not stuck", "SS-UPD-4", "not-applicable", InOrder()},
      {"parallel, too fast", "SS-UPD-9", "fail",
       TooFast(At("/spec/podManagementPolicy", "Parallel"))},
      {"ordered", "SS-UPD-9", "not-applicable", InOrder()},
      {"waited", "SS-UPD-11", "pass", WithMinReady(10)},
      {"too early", "SS-UPD-11", "fail", WithMinReady(2)},
      {"no minReadySeconds", "SS-UPD-11", "not-applicable", InOrder()},
      {"two of two", "SS-UPD-12", "pass", SeveralAway(2)},
      {"two of one", "SS-UPD-12", "fail", SeveralAway(1)},
      {"two of a third of three", "SS-UPD-12", "fail", SeveralAway("34%")},
      {"none", "SS-UPD-12", "not-applicable", InOrder()},
  });
}

TEST(UpdateRules, RevisionsOfPods) {
  ExpectVerdicts({
      {"comes back at current", "SS-UPD-5", "pass", Partitioned(0, "pg-1a", true)},
      {"comes back at update", "SS-UPD-5", "fail", Partitioned(0, "pg-2b", true)},
      {"deleted by nobody", "SS-UPD-5", "fail", Partitioned(0, "pg-1a", false)},
      {"no partition", "SS-UPD-5", "not-applicable", InOrder()},
      {"at update", "SS-UPD-6", "pass", InOrder()},
      {"above the partition at current", "SS-UPD-6", "fail", Partitioned(2, "pg-1a", true)},
      {"complete", "SS-UPD-7", "pass", Completed("pg-2b")},
      {"not completed", "SS-UPD-7", "fail", Completed("pg-1a")},
      {"used again", "SS-UPD-8", "pass", Rollback("pg-1a", false)},
      {"another revision", "SS-UPD-8", "fail", Rollback("pg-2b", false)},
      {"stored again", "SS-UPD-8", "fail", Rollback("pg-1a", true)},
      {"never back", "SS-UPD-8", "not-applicable", InOrder()},
      {"deleted by the run", "SS-UPD-10", "pass", OnDelete(true, "pg-2b")},
      {"deleted by nobody", "SS-UPD-10", "fail", OnDelete(false, "pg-2b")},
      {"comes back at current", "SS-UPD-10", "fail", OnDelete(true, "pg-1a")},
      {"rolling", "SS-UPD-10", "not-applicable", InOrder()},
      {"overtaken", "SS-UPD-13", "pass", Overtaken("pg-3c")},
      {"one left behind", "SS-UPD-13", "fail", Overtaken("pg-2b")},
      {"not overtaken", "SS-UPD-13", "not-applicable", InOrder()},
      {"history limit", "SS-UPD-14", "pass", NoOp("pg-1a")},
      {"spurious revision", "SS-UPD-14", "fail", NoOp("pg-2b")},
      {"no change", "SS-UPD-14", "not-applicable", Healthy().End()},
      {"new ordinal at update", "SS-UPD-15", "pass", ScaledDuring("pg-2b")},
      {"new ordinal at current", "SS-UPD-15", "fail", ScaledDuring("pg-1a")},
      {"not scaled", "SS-UPD-15", "not-applicable", InOrder()},
      {"restart", "SS-UPD-16", "pass", Restarted("pg-2b")},
      {"restart without effect", "SS-UPD-16", "fail", Restarted("pg-1a")},
      {"no restart", "SS-UPD-16", "not-applicable", Healthy().End()},
      {"same volume", "SS-UPD-17", "pass", ClaimOverUpdate("pv-data-pg-2")},
      {"another volume", "SS-UPD-17", "fail", ClaimOverUpdate("pv-fresh")},
      {"no update", "SS-UPD-17", "not-applicable", Healthy().End()},
  });
}

TEST(UpdateRules, Revisions) {
  TraceText gap = Healthy();
  Gap(gap, "controllerrevisions");
  ExpectVerdicts({
      {"one per template", "SS-REV-1", "pass", Begun().End()},
      {"wrong name", "SS-REV-1", "fail",
       Healthy()
           .Object("controllerrevisions", "pg-zz",
                   [](Json& revision) {
                     revision["metadata"]["labels"] = {{"controller.kubernetes.io/hash", "yy"}};
                     revision["metadata"]["ownerReferences"] =
                         Json::array({{{"uid", "set"}, {"controller", true}}});
                     revision["revision"] = 2;
                   })
           .End()},
      {"data changes", "SS-REV-1", "fail", Healthy().Revision("1a", 1, "db:7").End()},
      {"a number left out", "SS-REV-1", "unknown", Healthy().Revision("2b", 7, "db:2").Wait(6).End()},
      {"number taken", "SS-REV-1", "unknown", Healthy().Revision("2b", 1, "db:2").Wait(6).End()},
      {"gap", "SS-REV-1", "unknown", gap.End()},
      {"within the limit", "SS-REV-2", "pass", History(2, 2)},
      {"above the limit", "SS-REV-2", "fail", History(2, 3)},
      {"no limit", "SS-REV-2", "not-applicable", History(-1, 3)},
      {"adopted", "SS-REV-3", "pass",
       Healthy()
           .Object("controllerrevisions", "pg-1a", At("/metadata/ownerReferences", Json::array()))
           .Revision("1a", 1)
           .End()},
      {"left alone", "SS-REV-3", "fail",
       Healthy()
           .Object("controllerrevisions", "pg-1a", At("/metadata/ownerReferences", Json::array()))
           .Wait(130)
           .End()},
      {"owned", "SS-REV-3", "not-applicable", Healthy().End()},
      {"changed", "SS-REV-4", "pass", History(3, 0)},
      {"refused", "SS-REV-4", "fail",
       Healthy()
           .Act({{"verb", "patch"},
                 {"resource", "statefulsets"},
                 {"name", "pg"},
                 {"field", "spec.revisionHistoryLimit"}},
                {{"ok", false}, {"status", 422}})
           .End()},
      {"not changed", "SS-REV-4", "not-applicable", Healthy().End()},
  });
}

}  // namespace
}  // namespace holdfast::check
