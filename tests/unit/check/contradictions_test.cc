// Records whose parts contradict each other, and their nearest lawful neighbours.
#include <algorithm>

#include "tests/unit/check/rule_rows.h"

namespace holdfast::check {
namespace {

Edit All(std::vector<Edit> edits) {
  return [edits = std::move(edits)](Json& object) {
    for (const Edit& edit : edits)
      edit(object);
  };
}

TraceText OnNodes() {
  TraceText trace;
  trace.Open("nodes");
  for (const char* node : {"n0", "n1"})
    trace.Node(node, "True");
  return trace;
}

// Without the first line that holds all the texts.
TraceText Without(TraceText trace, const std::vector<std::string>& texts) {
  auto& lines = trace.lines();
  const auto found = std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
    return std::all_of(texts.begin(), texts.end(), [&](const std::string& text) {
      return line.find(text) != std::string::npos;
    });
  });
  EXPECT_NE(found, lines.end());
  if (found != lines.end()) lines.erase(found);
  return trace;
}

TraceText Begun(int64_t later_s, int64_t offset_s, bool tells_offset = true) {
  TraceText trace = Healthy();
  auto run = ParseJson(trace.lines()[0]);
  (*run)["started"]["wall_ns"] = (*run)["started"]["wall_ns"].get<int64_t>() + later_s * 1'000'000'000;
  (*run)["started"]["server_offset_ns"] = offset_s * 1'000'000'000;
  if (!tells_offset) (*run)["started"].erase("server_offset_ns");
  trace.lines()[0] = DumpJson(*run);
  return trace.End();
}

// pg-1 goes; where it is not marked, nothing shows that it was asked to.
TraceText Goes(bool marked, bool forced, bool well, int grace = 30) {
  TraceText trace = OnNodes();
  trace.Set(2).Up(0, "u0").Up(1, "u1", At("/spec/terminationGracePeriodSeconds", grace)).Wait(40);
  if (!well) trace.Node("n1", "Unknown").Wait(1);
  trace.Action("delete", "pods", "pg-1", "u1", forced);
  if (marked) trace.Terminate(1).Wait(1);
  return trace.Gone(1).Up(1, "u1b").Wait(10).End();
}

TraceText Scaled(int status, bool again) {
  TraceText trace = Healthy(2);
  const Json scale = {
      {"verb", "scale"}, {"resource", "statefulsets"}, {"name", "pg"}, {"replicas", 3}};
  trace.Act(scale, {{"ok", status == 200}, {"status", status}});
  if (again) trace.Act(scale, {{"ok", true}, {"status", 200}});
  return trace.Set(3).Up(2, "u2").Wait(10).End();
}

Edit Container(const char* field, const Json& value) {
  return At((std::string("/spec/containers/0/") + field).c_str(), value);
}

Edit ReadyContainer(bool ready) {
  return At("/status/containerStatuses", Json::array({{{"name", "main"}, {"ready", ready}}}));
}

Edit ContainersReady(const char* status) {
  return [status](Json& pod) {
    pod["status"]["conditions"].push_back({{"type", "ContainersReady"}, {"status", status}});
  };
}

TraceText Changed(const Edit& edit) { return Healthy().Change(1, edit).Wait(6).End(); }

TraceText Slices(bool with_service) {
  TraceText trace;
  trace.Open("services").Open("endpointslices");
  if (with_service) trace.Object("services", "pg", At("/spec/clusterIP", "None"));
  trace.Object("endpointslices", "pg-x", [](Json& slice) {
    slice["metadata"]["labels"] = {{"kubernetes.io/service-name", "pg"}};
    slice["addressType"] = "IPv4";
    slice["endpoints"] = Json::array();
  });
  return trace.Set(1).Up(0, "u0").Wait(10).End();
}

TEST(Contradictions, Beginnings) {
  const TraceText whole = OnNodes().Set(1).Up(0, "u0").Wait(6).End();
  const auto unclaimed = [](Json& volume) { volume["status"]["phase"] = "Available"; };
  TraceText volume = OnNodes();
  volume.Object("persistentvolumes", "x", unclaimed).Object("persistentvolumes", "x", unclaimed);
  volume.Set(1).Up(0, "u0").Wait(6).End();
  ExpectVerdicts({
      {"every node was added", "SS-ID-2", "pass", whole},
      {"nodes were not opened", "SS-ID-2", "unknown",
       Without(whole, {"watch-open", "\"nodes\""})},
      {"a volume from its beginning", "SS-PVC-3", "pass", volume},
      {"a volume without its beginning", "SS-PVC-3", "unknown",
       Without(volume, {"persistentvolumes-x", "ADDED"})},
      {"a service and its slice", "SS-NET-2", "not-applicable", Slices(true)},
      {"a slice of no service", "SS-NET-2", "unknown", Slices(false)},
  });
}

TEST(Contradictions, TheClockOfTheRecord) {
  ExpectVerdicts({
      {"agrees", "SS-ID-2", "pass", Begun(0, 0)},
      {"is 20 s late", "SS-ID-2", "unknown", Begun(20, 0)},
      {"is 20 s early", "SS-ID-2", "unknown", Begun(-20, 0)},
      {"is 4 s late", "SS-ID-2", "pass", Begun(4, 0)},
      {"is late by what it says", "SS-ID-2", "pass", Begun(20, -20)},
      {"says nothing of the server's", "SS-ID-2", "pass", Begun(20, 0, false)},
  });
}

TEST(Contradictions, WhatAPodCannotBe) {
  ExpectVerdicts({
      {"all is ready", "SS-ID-2", "pass", Changed(All({ReadyContainer(true), ContainersReady("True")}))},
      {"a container is not", "SS-ID-2", "unknown", Changed(ReadyContainer(false))},
      {"the containers are not", "SS-ID-2", "unknown", Changed(ContainersReady("False"))},
      {"not yet Ready, as its container", "SS-ID-2", "pass",
       Changed(All({ReadyContainer(false), At("/status/conditions/0/status", "False"),
                    At("/status/conditions/0/lastTransitionTime", "2027-01-15T08:00:12Z")}))},
      {"another image", "SS-ID-2", "pass", Changed(Container("image", "db:2"))},
      {"other resources", "SS-ID-2", "pass",
       Changed(Container("resources", {{"limits", {{"cpu", "1"}}}}))},
      {"another environment", "SS-ID-2", "unknown",
       Changed(Container("env", Json::array({{{"name", "A"}, {"value", "1"}}})))},
  });
}

TEST(Contradictions, WhatCannotHaveHappened) {
  ExpectVerdicts({
      {"asked to stop", "SS-ID-2", "pass", Goes(true, false, true)},
      {"never asked to stop", "SS-ID-2", "unknown", Goes(false, false, true)},
      {"by force", "SS-ID-2", "pass", Goes(false, true, true)},
      {"on a lost node", "SS-ID-2", "pass", Goes(false, false, false)},
      {"without a grace period", "SS-ID-2", "pass", Goes(false, false, true, 0)},
      {"scaled", "SS-ID-1", "pass", Scaled(200, false)},
      {"scaled though refused", "SS-ID-1", "unknown", Scaled(403, false)},
      {"the answer does not say", "SS-ID-1", "pass", Scaled(500, false)},
      {"asked again", "SS-ID-1", "pass", Scaled(409, true)},
  });
}

TEST(Contradictions, ProbesOfOthers) {
  const auto probed = [](const char* address, const char* full, const char* uid = "u1") {
    TraceText trace = Healthy();
    Json fields = {{"hostname", "pg-1"}, {"fqdn", full},
                   {"hosts_line", Json::array({address, "pg-1.pg.ns.svc.cluster.local", "pg-1"})}};
    trace.Probe(1, fields);
    std::string& line = trace.lines().back();
    const size_t at = line.find("\"uid\":\"u1\"");
    line.replace(at, 10, std::string("\"uid\":\"") + uid + "\"");
    return trace.End();
  };
  const char* full = "pg-1.pg.ns.svc.cluster.local";
  ExpectVerdicts({
      {"itself", "SS-ID-5P", "pass", probed("10.0.0.2", full)},
      {"itself, by its other family", "SS-ID-5P", "pass", probed("fd00::2", full)},
      {"another address", "SS-ID-5P", "unknown", probed("10.0.0.7", full)},
      {"another name", "SS-ID-5P", "unknown", probed("10.0.0.2", "pg-1.other")},
      {"no full name", "SS-ID-5P", "pass", probed("10.0.0.2", "pg-1")},
      {"a pod that never was", "SS-ID-5P", "unknown", probed("10.0.0.2", full, "nobody")},
  });
}

}  // namespace
}  // namespace holdfast::check
