// Changes of the set that follow each other faster than the controller's view may lag: what explains
// a deletion or a creation is told by versions, so that wrong order is seen there, too, and right
// order is never blamed.
#include "harness/base/strings.h"

#include "tests/unit/check/rule_rows.h"

namespace holdfast::check {
namespace {

Edit AtRevision(const char* revision) {
  return [revision](Json& pod) {
    pod["metadata"]["labels"]["controller-revision-hash"] = revision;
    pod["spec"]["containers"][0]["image"] = revision == std::string("pg-1a") ? "db:1" : "db:2";
  };
}

void Strategy(Json& set, int partition) {
  set["spec"]["updateStrategy"] = {{"type", "RollingUpdate"},
                                   {"rollingUpdate", {{"partition", partition}}}};
}

// Three pods at pg-1a, at rest for 6 s.
TraceText Base() {
  TraceText trace;
  trace.Set(3, [](Json& set) {
    Strategy(set, 0);
    set["spec"]["template"]["image"] = "pg-1a";
  });
  for (int i = 0; i < 3; ++i)
    trace.Up(i, fmt::format("u{}", i));
  return trace.Wait(6);
}

// The spec as somebody wrote it; the status has not seen it yet.
TraceText& Asked(TraceText& trace, int replicas, const char* revision = "pg-1a", int partition = 0) {
  return trace.Set(replicas, [&](Json& set) {
    const std::string before = GetString(set, {"spec", "template", "image"});
    Strategy(set, partition);
    set["spec"]["template"]["image"] = revision;
    set["status"]["observedGeneration"] = GetInt(set, {"metadata", "generation"}) - 1;
    set["status"]["updateRevision"] = before;
  });
}

// The controller's status, which comes after what it did.
TraceText& Seen(TraceText& trace, const char* revision = "pg-1a") {
  return trace.Status([&](Json& set) {
    set["status"]["observedGeneration"] = set["metadata"]["generation"];
    set["status"]["updateRevision"] = revision;
    if (set["status"]["currentRevision"] != Json(revision)) set["status"]["updatedReplicas"] = 0;
  });
}

TraceText& Away(TraceText& trace, int ordinal) {
  return trace.Terminate(ordinal).Wait(0.2).Gone(ordinal);
}

TraceText& Replace(TraceText& trace, int ordinal, const char* revision) {
  return Away(trace, ordinal)
      .Up(ordinal, fmt::format("u{}-{}", ordinal, trace.lines().size()), AtRevision(revision));
}

TraceText& Fault(TraceText& trace, const char* name, const std::vector<int>& ordinals) {
  Json targets = Json::array();
  for (const int ordinal : ordinals) {
    targets.push_back({{"kind", "Pod"},
                       {"name", fmt::format("pg-{}", ordinal)},
                       {"uid", trace.pod(ordinal)["metadata"]["uid"]}});
  }
  trace.Line({{"kind", "fault"}, {"id", 1}, {"fault", name}, {"phase", "begin"}, {"targets", targets}});
  return trace.Line({{"kind", "fault"}, {"id", 1}, {"phase", "proof"}});
}

// From 3 to 1 and back within a second; `order` of the two that go.
TraceText DownAndUp(const std::vector<int>& order, bool back, const char* fault = nullptr) {
  TraceText trace = Base();
  if (fault != nullptr) Fault(trace, fault, {1, 2});
  Asked(trace, 1);
  for (const int ordinal : order)
    Away(trace, ordinal);
  Seen(trace);
  if (back) {
    Asked(trace, 3).Up(1, "u1-new").Up(2, "u2-new");
    Seen(trace);
  }
  return trace.Wait(8).End();
}

TraceText Overlapping() {
  TraceText trace = Base();
  Asked(trace, 1).Terminate(2).Terminate(1).Wait(0.2).Gone(2).Gone(1);
  Seen(trace);
  Asked(trace, 3).Up(1, "u1-new").Up(2, "u2-new");
  return Seen(trace).Wait(8).End();
}

TraceText DownBesideOwnDelete() {
  TraceText trace = Base();
  trace.Action("delete", "pods", "pg-1", "u1");
  Asked(trace, 1).Terminate(1).Terminate(2).Wait(0.2).Gone(1).Gone(2);
  return Seen(trace).Wait(8).End();
}

// The action names a pod that is no target of the deletion.
TraceText DownBesideRefusedDelete() {
  TraceText trace = Base();
  trace.Act({{"verb", "evict"}, {"resource", "pods/eviction"}, {"name", "pg-1"}, {"uid", "u1"}},
            {{"ok", false}, {"status", 429}});
  Asked(trace, 1);
  Away(trace, 1);
  Away(trace, 2);
  return Seen(trace).Wait(8).End();
}

TraceText Rollout(const std::vector<int>& order, const char* fault = nullptr) {
  TraceText trace = Base();
  if (fault != nullptr) Fault(trace, fault, {0, 1, 2});
  Asked(trace, 3, "pg-2b").Revision("2b", 2, "db:2");
  for (const int ordinal : order)
    Replace(trace, ordinal, "pg-2b");
  return Seen(trace, "pg-2b").Wait(8).End();
}

TraceText TwoAtATime() {
  TraceText trace = Base();
  Asked(trace, 3, "pg-2b").Revision("2b", 2, "db:2");
  trace.Terminate(2).Terminate(1);
  Seen(trace, "pg-2b");
  for (const int ordinal : {2, 1})
    trace.Gone(ordinal).Up(ordinal, fmt::format("u{}-new", ordinal), AtRevision("pg-2b"));
  return trace.Wait(8).End();
}

// The partition is 2 for a second, then 0; pg-0 goes in that second, by the run or by nobody.
TraceText BelowPartition(bool by_run, const char* comes_back_at) {
  TraceText trace = Base();
  Asked(trace, 3, "pg-2b", 2).Revision("2b", 2, "db:2");
  Seen(trace, "pg-2b").Wait(0.3);
  if (by_run) trace.Action("delete", "pods", "pg-0", "u0");
  Replace(trace, 0, comes_back_at);
  Asked(trace, 3, "pg-2b", 0);
  return Seen(trace, "pg-2b").Wait(8).End();
}

// Away and back by scaling, and at once an update, which takes pg-2 first.
TraceText UpdateAfterScaleBack() {
  TraceText trace = Base();
  Asked(trace, 2);
  Away(trace, 2);
  Seen(trace);
  Asked(trace, 3).Up(2, "u2-back");
  Seen(trace);
  Asked(trace, 3, "pg-2b").Revision("2b", 2, "db:2");
  for (const int ordinal : {2, 1, 0})
    Replace(trace, ordinal, "pg-2b");
  return Seen(trace, "pg-2b").Wait(8).End();
}

// An update that goes back before it is through: pods at pg-2b return to pg-1a.
TraceText RolledBackAtOnce() {
  TraceText trace = Base();
  Asked(trace, 3, "pg-2b").Revision("2b", 2, "db:2");
  Replace(trace, 2, "pg-2b");
  Seen(trace, "pg-2b");
  Asked(trace, 3, "pg-1a").Revision("1a", 3, "db:1");
  Replace(trace, 2, "pg-1a");
  return Seen(trace, "pg-1a").Wait(8).End();
}

// The same record from an API server whose versions are no numbers.
TraceText Opaque(TraceText trace) {
  for (std::string& line : trace.lines())
    line = ReplaceAll(line, R"("resourceVersion":")", R"("resourceVersion":"v)");
  return trace;
}

// Every version of the resource moved by so much.
TraceText Moved(TraceText trace, const std::string& resource, int64_t by, size_t from = 0) {
  for (size_t i = from; i < trace.lines().size(); ++i) {
    Json line = ParseJson(trace.lines()[i]).value_or(Json());
    if (GetString(line, {"resource"}) != resource || !line.contains("event")) continue;
    Json& version = line["event"]["object"]["metadata"]["resourceVersion"];
    version = std::to_string(ParseInt(version.get<std::string>()).value_or(0) + by);
    trace.lines()[i] = DumpJson(line);
  }
  return trace;
}

TraceText Holed(TraceText trace, const char* resource) {
  trace.Unsay();
  trace.Line({{"kind", "hole"}, {"resource", resource}, {"after", "101"}, {"reason", "told once"}});
  return trace.End();
}

// The set stays as it is for a minute while a pod is replaced now and then.
TraceText Long() {
  TraceText trace = Base();
  for (int i = 0; i < 8; ++i) {
    trace.Action("delete", "pods", "pg-1", trace.pod(1)["metadata"]["uid"].get<std::string>());
    Replace(trace, 1, "pg-1a").Wait(8);
    Seen(trace);
  }
  return trace.Wait(1).End();
}

TEST(FastChanges, ScalingDown) {
  ExpectVerdicts({
      {"in order", "SS-ORD-7", "pass", DownAndUp({2, 1}, false)},
      {"in order, and up", "SS-ORD-7", "pass", DownAndUp({2, 1}, true)},
      {"in order, and up: cause", "SS-ID-3", "pass", DownAndUp({2, 1}, true)},
      {"ascending", "SS-ORD-7", "fail", DownAndUp({1, 2}, false)},
      {"ascending, and up", "SS-ORD-7", "fail", DownAndUp({1, 2}, true)},
      {"overlapping, and up", "SS-ORD-7", "fail", Overlapping()},
      {"our own fault is no excuse", "SS-ORD-7", "fail", DownAndUp({1, 2}, true, "scale")},
      {"whatever its name", "SS-ORD-7", "fail", DownAndUp({1, 2}, true, "pod-delete")},
      {"in order under a fault", "SS-ORD-7", "pass", DownAndUp({2, 1}, true, "scale")},
      {"our own delete is one", "SS-ORD-7", "pass", DownBesideOwnDelete()},
      {"a refused eviction is none", "SS-ORD-7", "fail", DownBesideRefusedDelete()},
      {"versions that are no numbers", "SS-ORD-7", "pass", Opaque(DownAndUp({2, 1}, true))},
      {"a hole", "SS-ORD-7", "unknown", Holed(DownAndUp({1, 2}, true), "pods")},
      {"a hole in the set", "SS-ORD-7", "unknown", Holed(DownAndUp({2, 1}, true), "statefulsets")},
  });
}

TEST(FastChanges, Updating) {
  ExpectVerdicts({
      {"descending", "SS-UPD-1", "pass", Rollout({2, 1, 0})},
      {"descending", "SS-UPD-2", "pass", Rollout({2, 1, 0})},
      {"ascending", "SS-UPD-1", "fail", Rollout({0, 1, 2})},
      {"the middle first", "SS-UPD-1", "fail", Rollout({1, 2, 0})},
      {"our own fault is no excuse", "SS-UPD-1", "fail", Rollout({0, 1, 2}, "image-update")},
      {"versions that are no numbers", "SS-UPD-1", "pass", Opaque(Rollout({2, 1, 0}))},
      {"a hole", "SS-UPD-1", "unknown", Holed(Rollout({0, 1, 2}), "pods")},
      {"two at a time", "SS-UPD-2", "fail", TwoAtATime()},
      {"partition ignored", "SS-UPD-5", "fail", BelowPartition(false, "pg-1a")},
      {"partition ignored: no cause", "SS-ID-3", "fail", BelowPartition(false, "pg-1a")},
      {"not told by opaque versions", "SS-UPD-5", "pass", Opaque(BelowPartition(false, "pg-1a"))},
      {"killed, back at current", "SS-UPD-5", "pass", BelowPartition(true, "pg-1a")},
      {"killed, back at update", "SS-UPD-5", "fail", BelowPartition(true, "pg-2b")},
      {"killed, back at update", "SS-UPD-6", "fail", BelowPartition(true, "pg-2b")},
      {"rolled back at once", "SS-UPD-1", "pass", RolledBackAtOnce()},
      {"rolled back at once", "SS-UPD-2", "pass", RolledBackAtOnce()},
      {"rolled back at once", "SS-UPD-6", "pass", RolledBackAtOnce()},
      {"rolled back at once", "SS-ID-3", "pass", RolledBackAtOnce()},
  });
}

TEST(FastChanges, AnUpdateAfterAScaleBackIsNotBlamed) {
  for (const TraceText& trace : {UpdateAfterScaleBack(), Opaque(UpdateAfterScaleBack())}) {
    const Verdicts verdicts = CheckTrace(trace.Text());
    for (const CheckResult& check : verdicts.checks)
      EXPECT_NE(check.verdict, Verdict::kFail) << check.id << ": " << check.reason;
    EXPECT_EQ(Find(verdicts, "SS-ID-3", "trace").verdict, Verdict::kPass);
  }
}

TEST(FastChanges, VersionsOfTwoResources) {
  const size_t last = Long().lines().size() - 2;
  ExpectVerdicts({
      {"one counter", "SS-ID-3", "pass", Long()},
      // The set's last state is told a minute after it was written.
      {"one line long after its time", "SS-ID-3", "unknown",
       Moved(Long(), "statefulsets", -40, last)},
      {"a store of its own, ahead", "SS-ID-3", "pass", Moved(Long(), "statefulsets", 1'000'000)},
      {"a store of its own, behind", "SS-ID-3", "pass", Moved(Long(), "pods", 1'000'000)},
      {"a store of its own: wrong order", "SS-UPD-1", "fail",
       Moved(Rollout({0, 1, 2}), "statefulsets", 1'000'000)},
  });
}

}  // namespace
}  // namespace holdfast::check
