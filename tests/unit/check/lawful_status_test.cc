// What a real cluster may write about a set, beside the nearest that it may not.
#include "tests/unit/check/late_watch.h"
#include "tests/unit/check/rule_rows.h"

namespace holdfast::check {
namespace {

const Json kAccepted = {{"ok", true}, {"status", 200}};

Edit Count(int replicas, int ready) {
  return [=](Json& set) {
    set["status"]["replicas"] = replicas;
    set["status"]["readyReplicas"] = ready;
    set["status"]["currentReplicas"] = replicas;
    set["status"]["updatedReplicas"] = replicas;
  };
}

// pg-2 is counted as Ready; the record ends before its watch has told so, or after it has told more.
TraceText CountedAtTheEnd(bool told_more) {
  TraceText trace;
  trace.Set(3, Count(0, 0)).Up(0, "u0").Up(1, "u1").Create(2, "u2").Status(Count(3, 2)).Wait(6);
  trace.Status(Count(3, 3));
  if (told_more) trace.Change(0, At("/metadata/annotations/x", "1"));
  return trace.Wait(0.1).End();
}

// The pods' watch is late; the status counts pg-2 once it is there, or long before.
TraceText CountedWhileLate(bool there) {
  TraceText trace;
  trace.Set(3, Count(0, 0)).Up(0, "u0").Up(1, "u1").Status(Count(2, 2)).Wait(6);
  const double from = trace.t();
  if (there) trace.Create(2, "u2");
  trace.Status(Count(3, 2));
  trace.Wait(there ? 0 : 7);
  if (!there) trace.Create(2, "u2");
  trace.Status(At("/metadata/annotations/x", "1")).Wait(20).End();
  return Late(trace, "pods", from, from + 9);
}

// A record that begins while pods are there: how long they had been is not in it.
TraceText BegunLate(bool second) {
  TraceText trace;
  trace.Set(3);
  for (int i = 0; i < 3; ++i) {
    trace.Create(i, fmt::format("u{}", i), [](Json& pod) {
      pod["status"] = {{"phase", "Running"},
                       {"conditions", Json::array({{{"type", "Ready"}, {"status", "True"}}})}};
    });
  }
  for (std::string& line : trace.lines()) {
    Json json = ParseJson(line).value_or(Json());
    if (json.value("resource", "") != "pods") continue;
    if (json.value("kind", "") == "watch-open") json["items"] = 3;
    if (json.value("kind", "") == "watch") json["event"]["type"] = "LIST";
    line = DumpJson(json);
  }
  trace.Status(Count(2, 2)).Wait(6).Status(Count(3, 3)).Wait(6);
  if (second) trace.Status(Count(2, 2)).Wait(6);
  return trace.End();
}

TEST(LawfulStatus, Counts) {
  ExpectVerdicts({
      {"readiness not yet told", "SS-STAT-2", "unknown", CountedAtTheEnd(false)},
      {"all told, and none", "SS-STAT-2", "fail", CountedAtTheEnd(true)},
      {"told late", "SS-STAT-2", "pass", CountedWhileLate(true)},
      {"counted before it was there", "SS-STAT-2", "fail", CountedWhileLate(false)},
      {"the first count of a late record", "SS-STAT-2", "pass", BegunLate(false)},
      {"a later count of it", "SS-STAT-2", "fail", BegunLate(true)},
  });
}

enum class Sign { kNone, kStatus, kSlice };

// pg-2 goes, and the status still counts it. A sign that the controllers are there comes after it.
TraceText NotCountedOff(Sign sign, double rest) {
  TraceText trace = Healthy();
  trace.Open("endpointslices").Action("delete", "pods", "pg-2", "u2").Terminate(2).Wait(1).Gone(2);
  trace.Wait(0.1);
  if (sign == Sign::kStatus) trace.Status(Count(3, 2));
  if (sign == Sign::kSlice) {
    trace.Object("endpointslices", "pg-x", [](Json& slice) {
      slice["metadata"]["labels"] = {{"kubernetes.io/service-name", "pg"}};
    });
  }
  return trace.Wait(rest).End();
}

// The status counts one Ready pod too few for so long, and is right in the end.
TraceText WrongForLong(double seconds) {
  return Healthy().Wait(6).Status(Count(3, 2)).Wait(seconds).Status(Count(3, 3)).Wait(1).End();
}

// pg-2 comes while the pods' watch is held back; the status counts it, as it should.
TraceText RightWhileLate() {
  TraceText trace;
  trace.Set(3, Count(0, 0)).Up(0, "u0").Up(1, "u1").Status(Count(2, 2)).Wait(6);
  const double from = trace.t();
  trace.Up(2, "u2").Status(Count(3, 3)).Wait(90).Status(At("/metadata/annotations/x", "1"));
  return Late(trace.Wait(1).End(), "pods", from, from + 90);
}

// The same without pg-2.
TraceText WrongWhileLate() {
  TraceText trace;
  trace.Set(3, Count(0, 0)).Up(0, "u0").Up(1, "u1").Status(Count(2, 2)).Wait(6);
  const double from = trace.t();
  trace.Status(Count(3, 3)).Wait(90).Status(At("/metadata/annotations/x", "1"));
  return Late(trace.Wait(1).End(), "pods", from, from + 90);
}

// pg-2 is refused; nothing says so but an event.
TraceText Refused(const char* server) {
  TraceText trace = Healthy();
  trace.Open("events").Action("delete", "pods", "pg-2", "u2").Terminate(2).Gone(2);
  trace.Object("events", "pg.1", [](Json& event) {
    event["reason"] = "FailedCreate";
    event["involvedObject"] = {{"kind", "StatefulSet"}, {"name", "pg"}};
  });
  return On(server, trace.Wait(70).End());
}

Json EndpointOf(int ordinal) {
  return {{"addresses", {fmt::format("10.0.0.{}", ordinal + 1)}},
          {"hostname", fmt::format("pg-{}", ordinal)},
          {"targetRef", {{"name", fmt::format("pg-{}", ordinal)}, {"uid", fmt::format("u{}", ordinal)}}},
          {"conditions", {{"ready", true}, {"serving", true}, {"terminating", false}}}};
}

// pg-1 is away or Ready again, the slice tells what was before.
TraceText StaleSlice(bool gone, bool sign, double rest, const Json& selector = {{"app", "pg"}}) {
  TraceText trace = Healthy(2);
  trace.Open("services").Open("endpointslices");
  trace.Object("services", "pg", [&](Json& service) {
    service["spec"]["clusterIP"] = "None";
    if (!selector.is_null()) service["spec"]["selector"] = selector;
  });
  if (!selector.is_null()) {
    trace.Object("endpointslices", "pg-x", [&](Json& slice) {
      slice["metadata"]["labels"] = {{"kubernetes.io/service-name", "pg"}};
      slice["endpoints"] = Json::array({EndpointOf(0)});
      if (gone) slice["endpoints"].push_back(EndpointOf(1));
    });
  }
  if (gone) trace.Action("delete", "pods", "pg-1", "u1").Terminate(1).Wait(1).Gone(1);
  if (!gone) trace.Ready(1, false).Ready(1);
  if (sign) trace.Status(Count(2, gone ? 1 : 2)).Status(At("/status/availableReplicas", 2));
  return trace.Wait(rest).End();
}

TEST(LawfulStatus, ControllersThatAreAway) {
  ExpectVerdicts({
      {"nothing written", "SS-STAT-3", "unknown", NotCountedOff(Sign::kNone, 20)},
      {"nothing written for long", "SS-STAT-3", "fail", NotCountedOff(Sign::kNone, 61)},
      {"another status, still wrong", "SS-STAT-3", "fail", NotCountedOff(Sign::kStatus, 20)},
      {"a slice was written", "SS-STAT-3", "fail", NotCountedOff(Sign::kSlice, 20)},
      {"wrong for two minutes, right in the end", "SS-STAT-3", "fail", WrongForLong(120)},
      {"wrong for some seconds", "SS-STAT-3", "pass", WrongForLong(50)},
      {"a late watch", "SS-STAT-3", "unknown", RightWhileLate()},
      {"a late watch that tells nothing new", "SS-STAT-3", "fail", WrongWhileLate()},
      {"pods were refused", "SS-STAT-3", "unknown", Refused("v1.23.9")},
      {"refused, but it writes nevertheless", "SS-STAT-3", "fail", Refused("v1.24.9")},
      {"no endpoint, nothing written", "SS-NET-1", "unknown", StaleSlice(false, false, 20)},
      {"no endpoint, a status written", "SS-NET-1", "fail", StaleSlice(false, true, 20)},
      {"no endpoint for long", "SS-NET-1", "fail", StaleSlice(false, false, 61)},
      {"dead endpoint, nothing written", "SS-NET-2", "unknown", StaleSlice(true, false, 20)},
      {"dead endpoint, a status written", "SS-NET-2", "fail", StaleSlice(true, true, 20)},
      {"dead endpoint for long", "SS-NET-2", "fail", StaleSlice(true, false, 61)},
      {"endpoints of the service's owner", "SS-NET-1", "not-applicable",
       StaleSlice(false, true, 20, nullptr)},
  });
}

// The answer names the address of a pod that its watch tells of later, or that comes later.
TraceText AnsweredLate(bool there) {
  TraceText trace = Healthy(2);
  const double from = trace.t();
  const auto moved = [&] { trace.Change(1, At("/status/podIP", "10.0.0.77")); };
  if (there) moved();
  trace.Status(At("/metadata/annotations/x", "1")).Wait(1);
  trace.Probe(0, {{"dns", {{"pg-1.pg.ns.svc.cluster.local", {"10.0.0.77"}}}}}).Wait(there ? 0 : 6);
  if (!there) moved();
  trace.Status(At("/metadata/annotations/x", "2")).Wait(20).End();
  return Late(trace, "pods", from, from + 9);
}

TraceText ScaledLate(bool written) {
  TraceText trace = Healthy();
  const double from = trace.t();
  trace.Act({{"verb", "scale"}, {"resource", "statefulsets"}, {"name", "pg"}, {"replicas", 2}}, kAccepted);
  if (written) trace.Set(2);
  trace.Change(0, At("/metadata/annotations/x", "1")).Wait(8);
  if (!written) trace.Set(2);
  trace.Wait(20).End();
  return Late(trace, "statefulsets", from, from + 9);
}

TEST(LawfulStatus, LateWatches) {
  ExpectVerdicts({
      {"address told late", "SS-NET-3", "pass", AnsweredLate(true)},
      {"address given later", "SS-NET-3", "fail", AnsweredLate(false)},
      {"scaled, told late", "SS-STAT-9", "pass", ScaledLate(true)},
      {"scaled later", "SS-STAT-9", "fail", ScaledLate(false)},
  });
}

TraceText Restart(bool undone) {
  TraceText trace = Healthy();
  trace.Set(3, [](Json& set) {
    set["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] =
        "2027-01-15T08:00:00Z";
    set["status"]["observedGeneration"] = 1;
  });
  if (undone) trace.Set(3, [](Json& set) { set["spec"].erase("template"); });
  if (!undone) trace.Status(At("/status/observedGeneration", 2));
  return trace.End();
}

TraceText OrphanOf(const char* name) {
  TraceText trace = Healthy();
  trace.Object("controllerrevisions", name, [](Json& revision) {
    revision["metadata"]["labels"] = {{"controller.kubernetes.io/hash", "5d4"}};
    revision["revision"] = 1;
  });
  return trace.Wait(130).End();
}

TEST(LawfulStatus, Revisions) {
  ExpectVerdicts({
      {"a restart that was undone", "SS-UPD-16", "not-applicable", Restart(true)},
      {"a restart without effect", "SS-UPD-16", "fail", Restart(false)},
      {"orphan of a set with a longer name", "SS-REV-3", "not-applicable", OrphanOf("pg-api-5d4")},
      {"orphan of the set", "SS-REV-3", "fail", OrphanOf("pg-5d4")},
  });
}

// pg-4 follows pg-3; another API server stamps its creation, and the clock of its node its readiness.
TraceText Stamped(int created_behind, int ready_behind) {
  const auto back = [](int seconds) {
    const int second = 30 * 60 - seconds;
    return fmt::format("2027-01-15T08:{:02}:{:02}Z", second / 60, second % 60);
  };
  TraceText trace = Healthy();
  trace.Wait(1800 - trace.t()).Set(5).Up(3, "u3").Up(4, "u4");
  for (std::string& line : trace.lines()) {
    Json json = ParseJson(line).value_or(Json());
    if (json.value("resource", "") != "pods" || json.value("kind", "") != "watch") continue;
    Json& pod = json["event"]["object"];
    if (pod["metadata"]["uid"] != Json("u4")) continue;
    pod["metadata"]["creationTimestamp"] = back(created_behind);
    if (pod["status"].contains("conditions"))
      pod["status"]["conditions"][0]["lastTransitionTime"] = back(ready_behind);
    line = DumpJson(json);
  }
  return trace.Wait(1).End();
}

TEST(LawfulStatus, Clocks) {
  ExpectVerdicts({
      {"in step", "SS-ID-2", "pass", Stamped(0, 0)},
      {"an API server that is 4 s behind", "SS-ID-2", "pass", Stamped(4, 0)},
      {"made long before the one before it", "SS-ID-2", "unknown", Stamped(10, 0)},
      {"a node that is 90 s behind", "SS-ID-2", "pass", Stamped(0, 90)},
      {"ready long before it was made", "SS-ID-2", "unknown", Stamped(0, 400)},
  });
}

}  // namespace
}  // namespace holdfast::check
