// What a real cluster may do with the pods of a set, beside the nearest that it may not.
#include <algorithm>

#include "harness/base/strings.h"
#include "tests/unit/check/late_watch.h"
#include "tests/unit/check/rule_rows.h"

namespace holdfast::check {
namespace {

const char* const kMinReady = "/spec/minReadySeconds";
const char* const kTaints = "/spec/taints";

Edit Unobserved() {
  return [](Json& set) {
    set["status"]["observedGeneration"] = set["metadata"]["generation"].get<int>() - 1;
  };
}

Edit Observed(const char* revision) {
  return [revision](Json& set) {
    set["status"]["observedGeneration"] = set["metadata"]["generation"];
    set["status"]["updateRevision"] = revision;
  };
}

// pg-2 is deleted for an update that the controller tells afterwards.
TraceText Updated(bool told, double after) {
  TraceText trace = Healthy();
  trace.Revision("2b", 2).Set(3, Unobserved()).Terminate(2);
  if (told) trace.Status(Observed("pg-2b"));
  return trace.Gone(2).Wait(after).End();
}

Edit Revised(const char* hash) {
  return At("/metadata/labels/controller-revision-hash", hash);
}

// The replacement of pg-2 is not Ready for two minutes.
TraceText Broken(const char* hash) {
  TraceText trace = Healthy();
  trace.Revision("2b", 2).Set(3, Unobserved()).Terminate(2).Status(Observed("pg-2b")).Gone(2);
  return trace.Create(2, "u2b", Revised(hash)).Wait(130).End();
}

TEST(LawfulPods, Ends) {
  const auto begun = [](double before) {
    TraceText trace;
    trace.Create(0, "u0");
    return Listed(trace, "pods").Set(1).Ready(0).Wait(before).Terminate(0).Wait(1).Gone(0).Wait(9).End();
  };
  TraceText by_name = Healthy();
  by_name.Action("delete", "namespaces", "ns", "ns-uid").Terminate(0).Wait(1).End();
  TraceText other = Healthy();
  other.Action("delete", "namespaces", "other", "ns-uid").Terminate(0).Wait(1).End();
  TraceText no_volume;
  no_volume.Open("nodes").Node("n0", "True").Set(1).Up(0, "u0", At("/spec/volumes", Json::array()));
  no_volume.Wait(10).Terminate(0, 5);
  const auto stopped = [](bool nodes, double after) {
    TraceText trace = Healthy();
    if (nodes) trace.Open("nodes").Node("n2", "True");
    return trace.Terminate(2, 5).Wait(after).Gone(2).End();
  };
  ExpectVerdicts({
      {"ends before the status", "SS-ID-3", "unknown", Updated(false, 1)},
      {"no status for long", "SS-ID-3", "fail", Updated(false, 40)},
      {"no new template", "SS-ID-3", "fail", Healthy().Terminate(2).Wait(1).End()},
      {"the run deletes the namespace", "SS-ID-3", "pass", by_name},
      {"the run deletes another", "SS-ID-3", "fail", other},
      {"asked for before the record", "SS-ID-3", "unknown", begun(3)},
      {"long after its begin", "SS-ID-3", "fail", begun(6)},
      {"long grace", "SS-REC-1", "unknown", Healthy().Terminate(1, 300).Wait(130).End()},
      {"gone", "SS-REC-1", "fail", Healthy().Terminate(1).Gone(1).Wait(130).End()},
      {"the update does not work", "SS-REC-1", "unknown", Broken("pg-2b")},
      {"another revision works", "SS-REC-1", "fail", Broken("pg-1a")},
      {"the volume is unmounted slowly", "SS-DEL-4", "unknown", stopped(true, 80)},
      {"too slowly", "SS-DEL-4", "fail", stopped(true, 370)},
      {"no volume", "SS-DEL-4", "fail", no_volume.Wait(80).Gone(0).End()},
      {"nodes not watched", "SS-DEL-4", "unknown", stopped(false, 370)},
  });
}

// Failed while pg-0 is not Ready; deleted so long after pg-0 is well again.
TraceText FailedHeldUp(double after) {
  TraceText trace = Healthy();
  trace.Ready(0, false).Change(2, At("/status/phase", "Failed")).Wait(150).Ready(0).Wait(after);
  return trace.Terminate(2).Gone(2).Up(2, "u2b").Wait(1).End();
}

// pg-0 is not Ready 20 ms before pg-1 is created again.
TraceText Recreated(const char* phase) {
  TraceText trace = Healthy(2);
  trace.Change(1, At("/status/phase", phase)).Action("delete", "pods", "pg-0", "nobody");
  if (std::string_view(phase) == "Running") trace.Action("delete", "pods", "pg-1", "u1");
  return trace.Ready(0, false).Terminate(1).Gone(1).Create(1, "u1b").Wait(1).End();
}

// pg-0 is not Ready for long; then pg-2 is created.
TraceText StartMoved(int64_t start) {
  TraceText trace;
  trace.Set(3).Up(0, "u0").Up(1, "u1").Ready(0, false).Wait(20);
  if (start > 0) trace.Set(2, At("/spec/ordinals/start", start));
  return trace.Create(2, "u2").Wait(1).End();
}

// Scaled to 3 and back to 2; pg-2 is created so much later.
TraceText OutOfRange(double later, bool status) {
  const auto unwritten = [](Json& set) {
    for (const char* count : {"replicas", "readyReplicas", "currentReplicas", "updatedReplicas"})
      set["status"][count] = 2;
    set["status"]["observedGeneration"] = 1;
  };
  TraceText trace = Healthy(2);
  trace.Set(3, unwritten).Wait(1).Set(2, unwritten).Wait(8);
  if (status) trace.Status(Observed("pg-1a")).Wait(8);
  return trace.Wait(later).Create(2, "u2").Wait(1).End();
}

TEST(LawfulPods, Order) {
  const auto min_ready = [](double last) {
    TraceText trace;
    trace.Open("events").Set(3, At(kMinReady, 100)).Up(0, "u0").Wait(100).Up(1, "u1");
    return trace.Wait(last).End();
  };
  const auto missing = [](bool claim) {
    TraceText trace;
    trace.Open("events").Set(3).Up(0, "u0").Up(1, "u1");
    const Json owner = {{"apiVersion", "v1"}, {"kind", "Pod"}, {"name", "pg-2"}, {"uid", "old"}};
    if (claim) {
      trace.Claim("ADDED", "data-pg-2",
                  At("/metadata/ownerReferences", Json::array({owner})));
    }
    return trace.Wait(130).End();
  };
  const auto late = [](double seconds) {
    return TraceText().Set(3).Up(0, "u0").Up(1, "u1").Wait(seconds).End();
  };
  TraceText unready;
  unready.Set(3).Up(0, "u0").Up(1, "u1").Ready(1, false);
  ExpectVerdicts({
      {"the highest stops slowly", "SS-ORD-13", "unknown",
       Healthy(2).Set(0).Terminate(1, 300).Wait(130).End()},
      {"the next is not asked", "SS-ORD-13", "fail",
       Healthy(2).Set(0).Terminate(1).Gone(1).Wait(130).End()},
      {"pods stop slowly", "SS-DEL-1", "unknown",
       Healthy(1).SetDeleted().Terminate(0, 300).Wait(130).End()},
      {"pods are not asked", "SS-DEL-1", "fail", Healthy(1).SetDeleted().Wait(130).End()},
      {"pods are asked late", "SS-DEL-1", "fail",
       Healthy(1).SetDeleted().Wait(130).Terminate(0).Gone(0).End()},
      {"not yet available", "SS-ORD-15", "unknown", min_ready(150)},
      {"available for long", "SS-ORD-15", "fail", min_ready(230)},
      {"the old claim is in the way", "SS-ORD-15", "unknown", missing(true)},
      {"nothing is in the way", "SS-ORD-15", "fail", missing(false)},
      {"a minute at the record's end", "SS-ORD-15", "unknown", late(60)},
      {"some seconds at the record's end", "SS-ORD-15", "not-applicable", late(4)},
      {"the lower one is not Ready", "SS-ORD-15", "not-applicable", unready.Wait(60).End()},
      {"events not watched", "SS-ORD-15", "unknown",
       TraceText().Set(3).Up(0, "u0").Up(1, "u1").Wait(130).End()},
      {"held up", "SS-ORD-6", "pass", FailedHeldUp(1)},
      {"left alone", "SS-ORD-6", "fail", FailedHeldUp(130)},
      {"one sync", "SS-ORD-2", "pass", Recreated("Failed")},
      {"two syncs", "SS-ORD-2", "fail", Recreated("Running")},
      {"start moved past it", "SS-ORD-4", "not-applicable", StartMoved(1)},
      {"start did not move", "SS-ORD-4", "fail", StartMoved(0)},
      {"a slow request", "SS-ORD-12", "unknown", OutOfRange(0, false)},
      {"the status came first", "SS-ORD-12", "fail", OutOfRange(0, true)},
      {"too slow", "SS-ORD-12", "fail", OutOfRange(70, false)},
  });
}

Edit Disrupted() {
  return At("/status/conditions/1", {{"type", "DisruptionTarget"},
                                     {"status", "True"},
                                     {"reason", "DeletionByTaintManager"}});
}

// n1 says itself that it is not Ready, then nothing more for 40 s; pg-1 is evicted after `wait`.
TraceText Lost(double wait, const Edit& node = {}, const Json& tolerations = nullptr) {
  TraceText trace = Healthy(1);
  trace.Set(2).Up(1, "u1", [&](Json& pod) {
    if (!tolerations.is_null()) pod["spec"]["tolerations"] = tolerations;
  });
  trace.Wait(10).Open("nodes").Node("n1", "True").Node("n2", "True").Wait(1).Node("n1", "False");
  trace.Wait(std::min(wait, 260.0)).Node("n1", "Unknown", node).Wait(std::max(0.0, wait - 260));
  return trace.Change(1, Disrupted()).Terminate(1).Wait(1).End();
}

Edit Tainted(const char* effect) {
  return At(kTaints, Json::array({{{"key", "maintenance"}, {"effect", effect}}}));
}

Json Tolerations(const char* key, int64_t seconds) {
  return Json::array({{{"key", key}, {"effect", "NoExecute"}, {"tolerationSeconds", seconds}}});
}

// The claim of pg-1 is bound so many seconds after its node is cordoned, and then the pod is placed.
TraceText Placed(bool before, const Json& tolerations = nullptr) {
  TraceText trace = Healthy(1);
  trace.Open("nodes").Node("n1", "True").Set(2);
  const auto cordon = [&] { trace.Wait(1).Node("n1", "True", At("/spec/unschedulable", true)); };
  if (before) cordon();
  trace.Claim("ADDED", "data-pg-1", At("/spec/volumeName", ""));
  trace.Create(1, "u1", [&](Json& pod) {
    if (!tolerations.is_null()) pod["spec"]["tolerations"] = tolerations;
  });
  if (!before) cordon();
  trace.Wait(10).Claim("MODIFIED", "data-pg-1", At("/spec/volumeName", "pv-data-pg-1"));
  return trace.Change(1, At("/spec/nodeName", "n1")).Wait(6).End();
}

// The node is uncordoned, and then the pod is placed.
TraceText Uncordoned(bool uncordoned) {
  TraceText trace = Healthy(1);
  trace.Open("nodes").Node("n1", "True", At("/spec/unschedulable", true)).Wait(10);
  if (uncordoned) trace.Node("n1", "True", At("/spec/unschedulable", false));
  return trace.Set(2).Create(1, "u1").Change(1, At("/spec/nodeName", "n1")).Wait(20).End();
}

// A pod on a lost node ends; nobody asked for it.
TraceText GoneOnLost(const char* phase) {
  TraceText trace = Healthy(2);
  trace.Open("nodes").Node("n1", "True").Wait(1).Node("n1", "Unknown").Wait(60);
  trace.Change(1, At("/status/phase", phase)).Wait(10);
  return trace.Terminate(1, 0).Gone(1).Wait(60).End();
}

TEST(LawfulPods, Nodes) {
  const Json everything = Json::array({{{"operator", "Exists"}}});
  const auto evicted = [](const char* ready) {
    TraceText trace = Healthy();
    trace.Open("nodes").Node("n2", "True").Wait(1).Node("n2", ready).Wait(300).Terminate(2);
    return On("v1.25.16", trace.Wait(1).End());
  };
  ExpectVerdicts({
      {"not Ready, then unreachable", "SS-NODE-2", "pass", Lost(301)},
      {"too early by both", "SS-NODE-2", "fail", Lost(270)},
      {"another taint", "SS-NODE-2", "not-applicable", Lost(270, Tainted("NoExecute"))},
      {"a taint that evicts nobody", "SS-NODE-2", "fail", Lost(270, Tainted("NoSchedule"))},
      {"tolerates not-ready for less", "SS-NODE-2", "pass",
       Lost(31, {}, Tolerations("node.kubernetes.io/not-ready", 30))},
      {"tolerates something else for less", "SS-NODE-2", "fail",
       Lost(31, {}, Tolerations("maintenance", 30))},
      {"bound after the cordon", "SS-NODE-4", "unknown", Placed(false)},
      {"cordoned before the pod was", "SS-NODE-4", "fail", Placed(true)},
      {"tolerates everything", "SS-NODE-4", "not-applicable", Placed(true, everything)},
      {"tolerates something", "SS-NODE-4", "fail",
       Placed(true, Tolerations("node.kubernetes.io/unschedulable", 30))},
      {"late nodes", "SS-NODE-4", "not-applicable", Late(Uncordoned(true), "nodes", 15, 30)},
      {"late nodes, cordoned", "SS-NODE-4", "fail", Late(Uncordoned(false), "nodes", 15, 30)},
      {"had failed", "SS-AMO-4", "not-applicable", GoneOnLost("Failed")},
      {"was running", "SS-AMO-4", "fail", GoneOnLost("Running")},
      {"no mark before 1.26", "SS-ID-3", "unknown", evicted("Unknown")},
      {"no reason either", "SS-ID-3", "fail", evicted("True")},
  });
}

Json Annotated(const char* value) { return {{"app/port", value}}; }

// Two pods of a revision with the annotation 1; another revision says 2.
TraceText Annotations(const char* first, const char* second) {
  TraceText trace;
  const auto revise = [&](const char* hash, int number, const char* value) {
    trace.Object("controllerrevisions", std::string("pg-") + hash, [&](Json& revision) {
      revision["metadata"]["labels"] = {{"controller.kubernetes.io/hash", hash}};
      revision["revision"] = number;
      Json& in = revision["data"]["spec"]["template"];
      in["metadata"]["annotations"] = Annotated(value);
      in["spec"]["containers"] = Json::array({{{"name", "main"}, {"image", "db:1"}}});
    });
  };
  revise("2b", 2, "1");
  revise("3c", 3, "2");
  trace.Set(2, Observed("pg-2b"));
  int ordinal = 0;
  for (const char* value : {first, second}) {
    trace.Up(ordinal, ordinal == 0 ? "u0" : "u1", [&](Json& pod) {
      pod["metadata"]["labels"]["controller-revision-hash"] = "pg-2b";
      if (value != nullptr) pod["metadata"]["annotations"] = Annotated(value);
    });
    ++ordinal;
  }
  return trace.Wait(6).End();
}

// pg-1 has that image; the others have db:1.
TraceText Image(const char* image) {
  TraceText trace = Healthy(1);
  return trace.Set(2).Up(1, "u1", At("/spec/containers/0/image", image)).Wait(6).End();
}

// The set is made again with another service; then pg-0 is changed, which is still the old one's.
TraceText SetAgain(const char* subdomain) {
  TraceText trace = Healthy(1);
  trace.SetDeleted().Wait(1).Watch("statefulsets", "ADDED", {
      {"metadata", {{"name", "pg"}, {"namespace", "ns"}, {"uid", "set2"}, {"generation", 1}}},
      {"spec", {{"serviceName", "other"}, {"replicas", 1}}}});
  trace.Change(0, At("/spec/subdomain", subdomain));
  return trace.Terminate(0).Wait(1).Gone(0).Wait(1).End();
}

TraceText ByHand(const char* generated) {
  TraceText trace = Healthy(1);
  trace.Create(1, "x1", [&](Json& pod) {
    pod["metadata"]["ownerReferences"] = Json::array();
    pod["metadata"]["generateName"] = generated;
  });
  return trace.Wait(1).Change(1, At("/metadata/ownerReferences", trace.pod(0)["metadata"]["ownerReferences"]))
      .Wait(1).End();
}

TraceText ListedPod(const Edit& edit) {
  TraceText trace;
  trace.Set(1).Create(0, "u0", edit);
  return Listed(trace, "pods").Wait(1).Ready(0).Wait(6).End();
}

// pg-1 is gone and not made again for so long.
TraceText Quiet(double wait, bool status) {
  TraceText trace = Healthy();
  trace.Action("delete", "pods", "pg-1", "u1").Terminate(1).Gone(1);
  if (status) trace.Wait(1).Status(At("/status/collisionCount", 1));
  return trace.Wait(wait).End();
}

TEST(LawfulPods, Identity) {
  const char* const index = "apps.kubernetes.io/pod-index";
  const auto no_index = [&](const char* server) {
    TraceText trace;
    trace.Set(1).Up(0, "u0", [&](Json& pod) { pod["metadata"]["labels"].erase(index); });
    return On(server, trace.Wait(6).End());
  };
  const auto annotated = [](double after) {
    TraceText trace = Healthy(1);
    trace.SetDeleted().Terminate(0, 60).Wait(10);
    if (after > 0) trace.Change(0, At("/metadata/annotations", Annotated("1")));
    if (after < 0) trace.Gone(0).Wait(10).Up(0, "u0b");
    return trace.Wait(1).End();
  };
  const auto terminating = [](bool listed) {
    TraceText trace;
    trace.Set(1).Create(0, "u0", [](Json& pod) {
      pod["metadata"]["deletionTimestamp"] = "2027-01-15T08:00:30Z";
      pod["metadata"]["deletionGracePeriodSeconds"] = 30;
    });
    if (listed) Listed(trace, "pods");
    return trace.Wait(1).Gone(0).Up(0, "u0b").Wait(6).End();
  };
  ExpectVerdicts({
      {"admission rewrites all", "SS-ID-8", "unknown", Annotations("9", "9")},
      {"one agrees", "SS-ID-8", "fail", Annotations("1", "9")},
      {"of another revision", "SS-ID-8", "fail", Annotations("2", "2")},
      {"missing", "SS-ID-8", "fail", Annotations("9", nullptr)},
      {"by a mirror", "SS-ID-8", "unknown", Image("mirror.test/library/db:1")},
      {"by digest", "SS-ID-8", "unknown", Image("db@sha256:00")},
      {"another tag", "SS-ID-8", "fail", Image("mirror.test/library/db:2")},
      {"another name", "SS-ID-8", "fail", Image("mirror.test/library/web@sha256:00")},
      {"the service of its own set", "SS-ID-5", "pass", SetAgain("pg")},
      {"of the other set", "SS-ID-5", "fail", SetAgain("other")},
      {"made by hand and adopted", "SS-ID-6", "pass", ByHand("")},
      {"made by the controller", "SS-ID-6", "fail", ByHand("pg-")},
      {"changed while it ends", "SS-ID-6", "pass", annotated(1)},
      {"made by a set that is gone", "SS-ID-6", "fail", annotated(-1)},
      {"adopted before the record", "SS-ID-1", "pass",
       ListedPod(At("/metadata/generateName", ""))},
      {"listed with another name", "SS-ID-1", "fail",
       ListedPod(At("/metadata/generateName", "web-"))},
      {"a controller of 1.27", "SS-ID-4", "unknown", no_index("v1.28.0")},
      {"1.29", "SS-ID-4", "fail", no_index("v1.29.0")},
      {"nobody is there yet", "SS-ID-1", "unknown", Quiet(12, false)},
      {"nobody for long", "SS-ID-1", "fail", Quiet(70, false)},
      {"the controller wrote since", "SS-ID-1", "fail", Quiet(6, true)},
      {"ends from before the record", "SS-ID-3", "pass", terminating(true)},
      {"asked to stop in it", "SS-ID-3", "fail", terminating(false)},
  });
}

// pg-0 is made, and then its set is deleted; or the other way round.
TraceText Inert(bool before) {
  TraceText trace;
  trace.Set(1).Wait(20);
  if (before) trace.Create(0, "u0").SetDeleted();
  if (!before) trace.SetDeleted().Create(0, "u0");
  return trace.Wait(20).End();
}

TEST(LawfulPods, LateWatches) {
  ExpectVerdicts({
      {"late set", "SS-ID-3", "pass", Late(Updated(true, 20), "statefulsets", 11, 25)},
      {"late set, nothing new", "SS-ID-3", "fail",
       Late(Healthy().Terminate(2).Gone(2).Wait(60).End(), "statefulsets", 11, 25)},
      {"late pods", "SS-ORD-14", "pass", Late(Inert(true), "pods", 15, 35)},
      {"late pods, after the set", "SS-ORD-14", "fail", Late(Inert(false), "pods", 15, 35)},
      {"late owners", "SS-ID-6", "pass", Late(Inert(true), "pods", 15, 35)},
      {"late owners, after the set", "SS-ID-6", "fail", Late(Inert(false), "pods", 15, 35)},
  });
}

}  // namespace
}  // namespace holdfast::check
