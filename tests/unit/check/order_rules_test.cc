// SS-ORD, SS-ORDI and the further identity rules, on records that keep them and that break them.
#include "tests/unit/check/rule_rows.h"

namespace holdfast::check {
namespace {

const char* const kMinReady = "/spec/minReadySeconds";

// pg-0 Ready; pg-1 made so many seconds later, with minReadySeconds 10.
TraceText Available(double wait) {
  return TraceText()
      .Set(2, At(kMinReady, 10))
      .Up(0, "u0")
      .Wait(wait)
      .Up(1, "u1")
      .Wait(1)
      .End();
}

// Scaled from 3 to 2 while pg-0 has been unready for so long.
TraceText SurvivorUnready(double wait) {
  return Healthy().Ready(0, false).Wait(wait).Set(2).Terminate(2).Gone(2).Wait(6).End();
}

// Two condemned pods unhealthy for so long; the higher one goes first.
TraceText Condemned(double wait) {
  return Healthy()
      .Ready(1, false)
      .Ready(2, false)
      .Wait(wait)
      .Set(1)
      .Wait(6)
      .Terminate(2)
      .Gone(2)
      .Wait(1)
      .End();
}

TraceText Updating(bool scaled_first) {
  TraceText trace = Healthy();
  trace.Revision("2b", 2).Set(2, At("/status/updateRevision", "pg-2b")).Wait(6);
  if (scaled_first) trace.Terminate(2).Gone(2).Wait(1);
  return trace.Terminate(1).Gone(1).Wait(1).End();
}

// pg-0 broken, pg-1 missing; it comes back `wait` seconds later, before pg-0 is well.
TraceText Halted(double wait, bool repaired) {
  TraceText trace = Healthy(2);
  trace.Action("delete", "pods", "pg-1", "u1").Ready(0, false).Terminate(1).Gone(1).Wait(wait);
  if (repaired) trace.Ready(0);
  return trace.Up(1, "u1b").Wait(6).End();
}

TraceText BothMissing(bool ascending) {
  TraceText trace = Healthy();
  trace.Action("delete", "pods", "pg-0", "u0").Action("delete", "pods", "pg-1", "u1");
  trace.Terminate(0).Terminate(1).Gone(0).Gone(1);
  if (ascending) return trace.Up(0, "u0b").Up(1, "u1b").Wait(1).End();
  return trace.Up(1, "u1b").Up(0, "u0b").Wait(1).End();
}

TraceText Failed(double wait, bool deleted) {
  TraceText trace = Healthy();
  trace.Change(1, At("/status/phase", "Failed")).Wait(wait);
  if (deleted) trace.Terminate(1).Gone(1).Up(1, "u1b");
  return trace.End();
}

Edit Parallel() { return At("/spec/podManagementPolicy", "Parallel"); }

TraceText ToZero(bool all_gone) {
  TraceText trace = Healthy(1);
  trace.Set(0);
  if (all_gone) trace.Terminate(0).Gone(0);
  return trace.Wait(130).End();
}

TraceText AfterDeletion(double wait) {
  return Healthy(1).SetDeleted().Terminate(0).Gone(0).Wait(wait).Up(0, "u0b").End();
}

// Start moves from 0 to 2 with two replicas.
TraceText Moved(bool new_range_first, bool keep_claims = true) {
  TraceText trace = Healthy(2);
  trace.Set(2, At("/spec/ordinals/start", 2)).Wait(6);
  if (new_range_first) trace.Up(2, "u2").Up(3, "u3").Wait(6);
  trace.Terminate(1).Gone(1);
  if (!keep_claims) trace.Claim("DELETED", "data-pg-1");
  if (!new_range_first) trace.Up(2, "u2").Up(3, "u3");
  return trace.Terminate(0).Gone(0).Wait(1).End();
}

TraceText Protected(int ordinal) {
  TraceText trace;
  trace.Set(3, [](Json& set) {
    set["spec"]["ordinals"]["start"] = 5;
    set["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = 1;
  });
  trace.Up(5, "u5").Up(6, "u6").Up(7, "u7").Wait(6).Revision("2b", 2);
  trace.Set(3, At("/status/updateRevision", "pg-2b")).Wait(6);
  return trace.Terminate(ordinal).Gone(ordinal).Wait(1).End();
}

TraceText Squatted(bool created) {
  TraceText trace = Healthy(1);
  trace.Create(1, "x1", [](Json& pod) {
    pod["metadata"]["ownerReferences"] = Json::array();
    pod["metadata"]["generateName"] = "";
    pod["metadata"]["labels"] = {{"app", "other"}};
  });
  trace.Set(3).Wait(10);
  if (created) trace.Up(2, "u2");
  return trace.Wait(1).End();
}

TraceText Gapped(TraceText trace) {
  Gap(trace, "pods");
  return trace.End();
}

TEST(OrderRules, Gates) {
  ExpectVerdicts({
      {"waited", "SS-ORD-3", "pass", Available(10)},
      {"a little early", "SS-ORD-3", "pass", Available(8.5)},
      {"too early", "SS-ORD-3", "fail", Available(5)},
      {"no minReadySeconds", "SS-ORD-3", "not-applicable", Healthy().End()},
      {"survivors well", "SS-ORD-8", "pass",
       Healthy().Set(2).Terminate(2).Gone(2).Wait(6).End()},
      {"a survivor flickers", "SS-ORD-8", "pass", SurvivorUnready(3)},
      {"a survivor is broken", "SS-ORD-8", "fail", SurvivorUnready(8)},
      {"no scaling", "SS-ORD-8", "not-applicable", Healthy().End()},
      {"gap", "SS-ORD-8", "unknown", Gapped(Healthy().Set(2).Terminate(2).Gone(2).Wait(6))},
      {"one unhealthy condemned pod", "SS-ORD-9", "pass",
       Healthy().Ready(2, false).Wait(8).Set(2).Terminate(2).Gone(2).Wait(6).End()},
      {"not the lowest unhealthy one", "SS-ORD-9", "fail", Condemned(8)},
      {"no unhealthy one", "SS-ORD-9", "not-applicable", Healthy().End()},
      {"scaled, then updated", "SS-ORD-10", "pass", Updating(true)},
      {"updated while condemned", "SS-ORD-10", "fail", Updating(false)},
      {"no update", "SS-ORD-10", "not-applicable", Healthy().End()},
  });
}

TEST(OrderRules, Halts) {
  ExpectVerdicts({
      {"waits for repair", "SS-ORD-4", "pass", Halted(10, true)},
      {"goes on", "SS-ORD-4", "fail", Halted(10, false)},
      {"a flicker", "SS-ORD-4", "not-applicable", Halted(2, true)},
      {"goes on after repair", "SS-ORD-15", "pass", Halted(10, true)},
      {"stays missing", "SS-ORD-15", "fail",
       TraceText().Open("events").Set(3).Up(0, "u0").Up(1, "u1").Wait(130).End()},
      {"missing for a while", "SS-ORD-15", "unknown",
       TraceText().Set(3).Up(0, "u0").Up(1, "u1").Wait(30).End()},
      {"the lowest first", "SS-ORD-5", "pass", BothMissing(true)},
      {"the higher first", "SS-ORD-5", "fail", BothMissing(false)},
      {"one missing", "SS-ORD-5", "not-applicable", Halted(2, true)},
      {"failed and replaced", "SS-ORD-6", "pass", Failed(1, true)},
      {"failed and left", "SS-ORD-6", "fail", Failed(130, false)},
      {"failed a moment ago", "SS-ORD-6", "unknown", Failed(2, false)},
      {"none failed", "SS-ORD-6", "not-applicable", Healthy().End()},
  });
}

TEST(OrderRules, Ranges) {
  ExpectVerdicts({
      {"burst", "SS-ORD-11", "pass",
       TraceText().Set(2, Parallel()).Create(0, "u0").Create(1, "u1").Ready(0).Ready(1).End()},
      {"waits for ever", "SS-ORD-11", "fail",
       TraceText().Open("events").Set(2, Parallel()).Create(0, "u0").Wait(130).End()},
      {"ordered", "SS-ORD-11", "not-applicable", Healthy().End()},
      {"in range", "SS-ORD-12", "pass", Healthy(2).Set(3).Up(2, "u2").End()},
      {"out of range", "SS-ORD-12", "fail", Healthy(3).Set(2).Wait(10).Up(2, "u2b").End()},
      {"no change", "SS-ORD-12", "not-applicable", Healthy().End()},
      {"to zero", "SS-ORD-13", "pass", ToZero(true)},
      {"one stays", "SS-ORD-13", "fail", ToZero(false)},
      {"not to zero", "SS-ORD-13", "not-applicable", Healthy().End()},
      {"inert", "SS-ORD-14", "pass", Healthy(1).SetDeleted().Terminate(0).Gone(0).End()},
      {"at once", "SS-ORD-14", "pass", AfterDeletion(1)},
      {"active", "SS-ORD-14", "fail", AfterDeletion(10)},
      {"not deleted", "SS-ORD-14", "not-applicable", Healthy().End()},
      {"start 5", "SS-ORDI-1", "pass", Protected(7)},
      {"relative index", "SS-ORDI-1", "fail",
       TraceText()
           .Set(1, At("/spec/ordinals/start", 5))
           .Up(5, "u5",
               [](Json& pod) { pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"] = "0"; })
           .End()},
      {"start 0", "SS-ORDI-1", "not-applicable", Healthy().End()},
      {"above the partition", "SS-ORDI-2", "pass", Protected(7)},
      {"below the partition", "SS-ORDI-2", "fail", Protected(5)},
      {"no partition", "SS-ORDI-2", "not-applicable", Healthy().End()},
      {"new range first", "SS-ORDI-3", "pass", Moved(true)},
      {"old range first", "SS-ORDI-3", "fail", Moved(false)},
      {"not moved", "SS-ORDI-3", "not-applicable", Healthy().End()},
      {"claims stay", "SS-ORDI-4", "pass", Moved(true)},
      {"claims go", "SS-ORDI-4", "fail", Moved(true, false)},
      {"nothing to hand over", "SS-ORDI-4", "not-applicable", Healthy().End()},
  });
}

TEST(OrderRules, FurtherIdentity) {
  const auto scratch = [](const char* nonce) { return Json{{"scratch", {{"nonce", nonce}}}}; };
  ExpectVerdicts({
      {"template", "SS-ID-8", "pass", Healthy().End()},
      {"image of one pod", "SS-ID-8", "fail",
       TraceText()
           .Set(2)
           .Up(0, "u0")
           .Up(1, "u1", At("/spec/containers/0/image", "db:9"))
           .End()},
      {"image of all pods", "SS-ID-8", "unknown",
       TraceText().Set(1).Up(0, "u0", At("/spec/containers/0/image", "mirror/db:1")).End()},
      {"label of the template", "SS-ID-8", "fail",
       TraceText()
           .Set(2)
           .Up(0, "u0")
           .Up(1, "u1", [](Json& pod) { pod["metadata"]["labels"].erase("app"); })
           .End()},
      {"kept", "SS-ID-9", "pass",
       Healthy().Probe(0, scratch("a")).Probe(0, scratch("a")).Probe(1, scratch("b")).End()},
      {"emptied", "SS-ID-9", "fail", Healthy().Probe(0, scratch("a")).Probe(0, scratch("b")).End()},
      {"inherited", "SS-ID-9", "fail", Healthy().Probe(0, scratch("a")).Probe(1, scratch("a")).End()},
      {"no look", "SS-ID-9", "not-applicable", Healthy().End()},
      {"short", "SS-ID-10", "pass", Healthy().End()},
      {"long label", "SS-ID-10", "fail",
       TraceText()
           .Set(1)
           .Up(0, "u0", At("/metadata/labels/long", std::string(64, 'x')))
           .End()},
      {"gap", "SS-ID-10", "unknown", Gapped(Healthy())},
      {"blocked", "SS-ID-11", "pass", Squatted(false)},
      {"passed over", "SS-ID-11", "fail", Squatted(true)},
      {"nobody else", "SS-ID-11", "not-applicable", Healthy().End()},
  });
}

}  // namespace
}  // namespace holdfast::check
