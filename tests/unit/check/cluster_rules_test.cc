// SS-REC, SS-NODE, SS-NET and SS-PDB, on records that keep them and that break them.
#include "tests/unit/check/rule_rows.h"

namespace holdfast::check {
namespace {

Edit Disrupted(const char* reason) {
  return [reason](Json& pod) {
    pod["status"]["conditions"].push_back(
        {{"type", "DisruptionTarget"}, {"status", "True"}, {"reason", reason}});
  };
}

TraceText& Evict(TraceText& trace, int ordinal) {
  return trace.Change(ordinal, Disrupted("EvictionByEvictionAPI")).Terminate(ordinal);
}

TraceText Evicted(bool replaced) {
  TraceText trace = Healthy();
  Evict(trace, 1).Gone(1);
  if (replaced) trace.Up(1, "u1b");
  return trace.Wait(130).End();
}

TraceText Crashed(bool restarted, double wait) {
  TraceText trace = Healthy();
  trace.Change(1, At("/status/containerStatuses", Json::array({{{"restartCount", 0}}})));
  trace.Act({{"verb", "exec"},
             {"resource", "pods"},
             {"name", "pg-1"},
             {"uid", "u1"},
             {"effect", "kill-container"}},
            {{"ok", true}});
  if (restarted) trace.Change(1, At("/status/containerStatuses/0/restartCount", 1));
  return trace.Wait(wait).End();
}

TraceText ControllerFault(bool pod_deleted) {
  TraceText trace = Healthy();
  trace.Line({{"kind", "fault"}, {"id", 1}, {"fault", "controller-restart"}, {"phase", "begin"}});
  if (pod_deleted) trace.Terminate(1).Gone(1).Up(1, "u1b");
  trace.Line({{"kind", "fault"}, {"id", 1}, {"phase", "end"}});
  return trace.Wait(1).End();
}

const Edit kCordoned = [](Json& node) { node["spec"]["unschedulable"] = true; };

TraceText Drained(const char* moves_to) {
  TraceText trace = Healthy();
  trace.Open("nodes");
  for (const char* node : {"n0", "n1", "n2"})
    trace.Node(node, "True");
  trace.Wait(1).Node("n1", "True", kCordoned).Wait(6);
  Evict(trace, 1).Gone(1);
  trace.Create(1, "u1b").Change(1, At("/spec/nodeName", moves_to)).Ready(1);
  return trace.Wait(6).End();
}

TraceText NodeAway(double seconds, bool pod_deleted) {
  TraceText trace = Healthy();
  trace.Open("nodes").Node("n1", "True").Wait(1).Node("n1", "Unknown").Wait(seconds);
  if (pod_deleted) trace.Terminate(1);
  trace.Node("n1", "True");
  return trace.Wait(1).End();
}

TraceText Lost(bool marked) {
  TraceText trace = Healthy();
  trace.Open("nodes").Node("n1", "True").Wait(1).Node("n1", "Unknown").Wait(2);
  if (marked) trace.Ready(1, false);
  return trace.Wait(60).End();
}

TraceText Tainted(double wait, bool all_nodes) {
  TraceText trace = Healthy();
  trace.Open("nodes").Node("n1", "True").Node("n2", "True").Wait(1).Node("n1", "Unknown");
  if (all_nodes) trace.Node("n2", "Unknown");
  trace.Wait(wait).Change(1, Disrupted("DeletionByTaintManager")).Terminate(1);
  return trace.Wait(10).End();
}

TraceText Cordoned(bool placed_there) {
  TraceText trace = Healthy();
  trace.Open("nodes").Node("n1", "True").Node("n9", "True").Wait(1);
  trace.Node("n1", "True", kCordoned).Wait(10);
  trace.Set(4).Create(3, "u3").Change(3, At("/spec/nodeName", placed_there ? "n1" : "n9"));
  return trace.Wait(10).End();
}

TraceText AnotherContainer(int restarts) {
  const auto status = [](const char* id, int count) {
    return At("/status/containerStatuses",
              Json::array({{{"name", "main"}, {"containerID", id}, {"restartCount", count}}}));
  };
  TraceText trace = Healthy();
  trace.Change(1, status("test://1", 0)).Wait(1);
  return trace.Change(1, status("test://2", restarts)).Wait(6).End();
}

TEST(ClusterRules, RecoveryAndNodes) {
  TraceText gap = Cordoned(false);
  Gap(gap.Unsay(), "nodes");
  ExpectVerdicts({
      {"evicted, replaced", "SS-REC-2", "pass", Evicted(true)},
      {"evicted, not replaced", "SS-REC-2", "fail", Evicted(false)},
      {"none evicted", "SS-REC-2", "not-applicable", Healthy().End()},
      {"restarted", "SS-REC-3", "pass", Crashed(true, 1)},
      {"not restarted", "SS-REC-3", "fail", Crashed(false, 130)},
      {"not yet restarted", "SS-REC-3", "unknown", Crashed(false, 10)},
      {"another container", "SS-REC-3", "unknown", AnotherContainer(0)},
      {"another container, counted", "SS-REC-3", "pass", AnotherContainer(1)},
      {"no crash", "SS-REC-3", "not-applicable", Healthy().End()},
      {"nothing restarts", "SS-REC-4", "pass", ControllerFault(false)},
      {"a pod goes", "SS-REC-4", "fail", ControllerFault(true)},
      {"no outage", "SS-REC-4", "not-applicable", Healthy().End()},
      {"moves", "SS-REC-5", "pass", Drained("n2")},
      {"stays", "SS-REC-5", "fail", Drained("n1")},
      {"nodes not watched", "SS-REC-5", "not-applicable", Evicted(true)},
      {"survives", "SS-REC-6", "pass", NodeAway(60, false)},
      {"does not survive", "SS-REC-6", "fail", NodeAway(60, true)},
      {"away for long", "SS-REC-6", "not-applicable", NodeAway(400, true)},
      {"marked", "SS-NODE-1", "pass", Lost(true)},
      {"not marked", "SS-NODE-1", "fail", Lost(false)},
      {"back at once", "SS-NODE-1", "not-applicable", NodeAway(10, false)},
      {"in time", "SS-NODE-2", "pass", Tainted(301, false)},
      {"too early", "SS-NODE-2", "fail", Tainted(100, false)},
      {"no eviction", "SS-NODE-2", "not-applicable", Lost(true)},
      {"none evicted", "SS-NODE-3", "pass",
       Healthy().Open("nodes").Node("n1", "True").Wait(1).Node("n1", "Unknown").Wait(9).End()},
      {"evicted", "SS-NODE-3", "fail", Tainted(301, true)},
      {"one is Ready", "SS-NODE-3", "not-applicable", Tainted(301, false)},
      {"elsewhere", "SS-NODE-4", "pass", Cordoned(false)},
      {"there", "SS-NODE-4", "fail", Cordoned(true)},
      {"gap", "SS-NODE-4", "unknown", gap.End()},
      {"no cordon", "SS-NODE-4", "not-applicable", Lost(true)},
  });
}

Json EndpointOf(int ordinal, const char* uid, bool ready = true) {
  const std::string name = fmt::format("pg-{}", ordinal);
  return {{"addresses", {fmt::format("10.0.0.{}", ordinal + 1)}},
          {"hostname", name},
          {"nodeName", fmt::format("n{}", ordinal)},
          {"targetRef", {{"kind", "Pod"}, {"name", name}, {"uid", uid}}},
          {"conditions", {{"ready", ready}, {"serving", ready}, {"terminating", false}}}};
}

TraceText Slices(const std::vector<Json>& endpoints, double wait = 20) {
  TraceText trace = Healthy(2);
  trace.Open("services").Open("endpointslices");
  trace.Object("services", "pg",
               At("/spec", {{"clusterIP", "None"}, {"selector", {{"app", "pg"}}}}));
  trace.Object("endpointslices", "pg-x", [&](Json& slice) {
    slice["metadata"]["labels"] = {{"kubernetes.io/service-name", "pg"}};
    slice["endpoints"] = endpoints;
  });
  return trace.Wait(wait).End();
}

TraceText Asked(const Json& addresses) {
  TraceText trace = Healthy(2);
  trace.Wait(40).Probe(0, {{"dns", {{"pg-1.pg.ns.svc.cluster.local", addresses}}}});
  return trace.End();
}

TEST(ClusterRules, Network) {
  Json renamed = EndpointOf(1, "u1");
  renamed["hostname"] = "pg-0";
  TraceText gap = Slices({EndpointOf(0, "u0"), EndpointOf(1, "u1")});
  Gap(gap.Unsay(), "endpointslices");
  ExpectVerdicts({
      {"both", "SS-NET-1", "pass", Slices({EndpointOf(0, "u0"), EndpointOf(1, "u1")})},
      {"one missing", "SS-NET-1", "fail", Slices({EndpointOf(0, "u0")})},
      {"name of another", "SS-NET-1", "fail", Slices({EndpointOf(0, "u0"), renamed})},
      {"gap", "SS-NET-1", "unknown", gap.End()},
      {"not watched", "SS-NET-1", "not-applicable", Healthy().End()},
      {"ready", "SS-NET-2", "pass", Slices({EndpointOf(0, "u0"), EndpointOf(1, "u1")})},
      {"not ready", "SS-NET-2", "fail", Slices({EndpointOf(0, "u0"), EndpointOf(1, "u1", false)})},
      {"not yet", "SS-NET-2", "not-applicable", Slices({EndpointOf(1, "u1", false)}, 1)},
      {"resolves", "SS-NET-3", "pass", Asked({"10.0.0.2"})},
      {"to another", "SS-NET-3", "fail", Asked({"10.0.0.1"})},
      {"to nothing", "SS-NET-3", "fail", Asked(Json::array())},
      {"not asked", "SS-NET-3", "not-applicable", Healthy().End()},
  });
}

Json Eviction(int ordinal) {
  return {{"verb", "evict"},
          {"resource", "pods"},
          {"name", fmt::format("pg-{}", ordinal)},
          {"uid", fmt::format("u{}", ordinal)}};
}
const Json kRefused = {{"ok", false}, {"status", 429}, {"reason", "TooManyRequests"}};
const Json kAccepted = {{"ok", true}, {"status", 201}};

TraceText Budgeted(int allowed, int current, const Edit& edit = {}) {
  TraceText trace = Healthy();
  return trace.Open("poddisruptionbudgets").Budget(allowed, current, 2, edit).Wait(10);
}

Edit CountedFor(const char* reason, const Json& disrupted = Json::object()) {
  return [=](Json& budget) {
    budget["status"]["disruptedPods"] = disrupted;
    budget["status"]["conditions"] =
        Json::array({{{"type", "DisruptionAllowed"}, {"reason", reason}}});
  };
}

TraceText Tried(int allowed, const Json& answer) {
  return Budgeted(allowed, 3).Act(Eviction(1), answer).Wait(6).End();
}

TraceText Granted() {
  return Budgeted(1, 3).Act(Eviction(1), kAccepted).Terminate(1).Wait(6).End();
}

TraceText GrantedTwice() {
  TraceText trace = Budgeted(1, 3);
  trace.Act(Eviction(1), kAccepted).Wait(0.5).Act(Eviction(1), kAccepted);
  return trace.Terminate(1).Wait(6).End();
}

TraceText TwoEvictions(bool back_first) {
  TraceText trace = Budgeted(1, 3);
  Evict(trace, 1).Wait(1).Gone(1).Create(1, "u1b");
  if (back_first) trace.Ready(1);
  trace.Wait(1);
  Evict(trace, 0);
  return trace.Wait(1).End();
}

TraceText UnhealthyTried(const char* policy, const Json& answer) {
  return Budgeted(0, 1, At("/spec/unhealthyPodEvictionPolicy", policy))
      .Ready(1, false)
      .Wait(10)
      .Act(Eviction(1), answer)
      .Wait(6)
      .End();
}

TraceText TwoBudgets(const Json& answer) {
  TraceText trace = Budgeted(1, 3);
  trace.Object("poddisruptionbudgets", "other", [](Json& budget) {
    budget["spec"] = {{"selector", {{"matchLabels", {{"app", "pg"}}}}}};
    budget["status"] = {{"disruptionsAllowed", 1}};
  });
  return trace.Wait(10).Act(Eviction(1), answer).Wait(6).End();
}

TraceText Unobserved(const Json& answer) {
  return Budgeted(1, 3, At("/status/observedGeneration", 0))
      .Act(Eviction(1), answer)
      .Wait(6)
      .End();
}

TraceText Deleted(const Json& answer) {
  Json action = Eviction(1);
  action["verb"] = "delete";
  return Budgeted(0, 2).Act(action, answer).Wait(6).End();
}

TEST(ClusterRules, Budgets) {
  TraceText gap = Tried(0, kRefused);
  Gap(gap.Unsay(), "poddisruptionbudgets");
  ExpectVerdicts({
      {"refused", "SS-PDB-1", "pass", Tried(0, kRefused)},
      {"accepted", "SS-PDB-1", "fail", Tried(0, kAccepted)},
      {"gap", "SS-PDB-1", "unknown", gap.End()},
      {"allowed", "SS-PDB-1", "not-applicable", Granted()},
      {"allowed, and nothing happens", "SS-PDB-1", "unknown", Tried(1, kAccepted)},
      {"allowed, and asked for again", "SS-PDB-1", "unknown", GrantedTwice()},
      {"allowed, and the record ends", "SS-PDB-1", "not-applicable",
       Budgeted(1, 3).Act(Eviction(1), kAccepted).Wait(0.5).End()},
      {"adds up", "SS-PDB-2", "pass", Budgeted(1, 3).End()},
      {"allows too many", "SS-PDB-2", "fail", Budgeted(2, 3).End()},
      {"allows too few", "SS-PDB-2", "fail", Budgeted(0, 3, CountedFor("InsufficientPods")).End()},
      {"allows too few while one goes", "SS-PDB-2", "pass",
       Budgeted(0, 3, CountedFor("InsufficientPods", {{"pg-1", "2027-01-15T08:00:00Z"}})).End()},
      {"allows none where it cannot count", "SS-PDB-2", "pass",
       Budgeted(0, 3, CountedFor("SyncFailed")).End()},
      {"allows none and does not say why", "SS-PDB-2", "pass", Budgeted(0, 3).End()},
      {"desires too few", "SS-PDB-2", "fail",
       Budgeted(1, 3, At("/status/expectedPods", 9)).End()},
      {"half, rounded up", "SS-PDB-2", "pass",
       Budgeted(1, 3, At("/spec", {{"minAvailable", "50%"}})).End()},
      {"no budget", "SS-PDB-2", "not-applicable", Healthy().End()},
      {"one at a time", "SS-PDB-3", "pass", TwoEvictions(true)},
      {"two at a time", "SS-PDB-3", "fail", TwoEvictions(false)},
      {"none evicted", "SS-PDB-3", "not-applicable", Budgeted(1, 3).End()},
      {"deleted", "SS-PDB-4", "pass", Deleted(kAccepted)},
      {"deletion refused", "SS-PDB-4", "fail", Deleted(kRefused)},
      {"no budget", "SS-PDB-4", "not-applicable", Healthy().End()},
      {"unhealthy, refused", "SS-PDB-5", "pass", UnhealthyTried("IfHealthyBudget", kRefused)},
      {"unhealthy, accepted", "SS-PDB-5", "fail", UnhealthyTried("IfHealthyBudget", kAccepted)},
      {"always, accepted", "SS-PDB-5", "pass", UnhealthyTried("AlwaysAllow", kAccepted)},
      {"always, refused", "SS-PDB-5", "fail", UnhealthyTried("AlwaysAllow", kRefused)},
      {"healthy", "SS-PDB-5", "not-applicable", Tried(0, kRefused)},
      {"two, refused", "SS-PDB-6", "pass", TwoBudgets({{"ok", false}, {"status", 500}})},
      {"two, accepted", "SS-PDB-6", "fail", TwoBudgets(kAccepted)},
      {"one", "SS-PDB-6", "not-applicable", Tried(0, kRefused)},
      {"unobserved, refused", "SS-PDB-7", "pass", Unobserved(kRefused)},
      {"unobserved, accepted", "SS-PDB-7", "fail", Unobserved(kAccepted)},
      {"observed", "SS-PDB-7", "not-applicable", Tried(0, kRefused)},
      {"one by one", "SS-PDB-8", "pass", TwoEvictions(true)},
      {"two at once", "SS-PDB-8", "fail", TwoEvictions(false)},
      {"one eviction", "SS-PDB-8", "not-applicable", Evicted(true)},
  });
}

}  // namespace
}  // namespace holdfast::check
