// What no API server and no controller does to a set, its pods, revisions and endpoints, beside the
// nearest that one does.
#include "tests/unit/check/rule_rows.h"

namespace holdfast::check {
namespace {

Json Container(const char* name) {
  return {{"name", name},
          {"image", "db:1"},
          {"env", Json::array({{{"name", "MODE"}, {"value", "a"}},
                               {{"name", "POD"},
                                {"valueFrom", {{"fieldRef", {{"fieldPath", "metadata.name"}}}}}}})},
          {"ports", Json::array({{{"name", "db"}, {"containerPort", 5432}, {"protocol", "TCP"}}})},
          {"volumeMounts", Json::array({{{"name", "data"}, {"mountPath", "/data"}}})},
          {"readinessProbe", {{"tcpSocket", {{"port", 5432}}}, {"periodSeconds", 10}}},
          {"resources", {{"requests", {{"cpu", "100m"}}}}}};
}

// What the template says, and the pods with it.
void Fill(Json& spec) {
  spec["containers"] = Json::array({Container("main")});
  spec["initContainers"] = Json::array({Container("init")});
  spec["restartPolicy"] = "Always";
  spec["terminationGracePeriodSeconds"] = 30;
}

// Pods of a full template; each is edited as it is created.
TraceText Parts(const std::vector<Edit>& edits) {
  TraceText trace;
  trace.Object("controllerrevisions", "pg-2b", [&](Json& revision) {
    revision["metadata"]["labels"] = {{"controller.kubernetes.io/hash", "2b"}};
    revision["metadata"]["ownerReferences"] = Json::array(
        {{{"kind", "StatefulSet"}, {"name", "pg"}, {"uid", "set"}, {"controller", true}}});
    revision["revision"] = 2;
    Fill(revision["data"]["spec"]["template"]["spec"]);
  });
  trace.Set(static_cast<int>(edits.size()), At("/status/updateRevision", "pg-2b"));
  int ordinal = 0;
  for (const Edit& edit : edits) {
    trace.Up(ordinal, fmt::format("u{}", ordinal), [&](Json& pod) {
      pod["metadata"]["labels"]["controller-revision-hash"] = "pg-2b";
      Fill(pod["spec"]);
      if (edit) edit(pod["spec"]);
    });
    ++ordinal;
  }
  return trace.Wait(6).End();
}

TraceText Part(const char* path, const Json& value) { return Parts({{}, At(path, value)}); }

TraceText Removed(const char* path, const char* key) {
  return Parts({{}, [=](Json& spec) { spec[Json::json_pointer(path)].erase(key); }});
}

TEST(BrokenPods, Templates) {
  const Json sidecar = {{"name", "sidecar"}, {"image", "mesh:1"}};
  const Edit injected = At("/containers/1", sidecar);
  const Json token = {{"name", "kube-api-access-x"},
                      {"mountPath", "/var/run/secrets/kubernetes.io/serviceaccount"}};
  const Edit other = At("/containers/0/env/0/value", "b");
  const auto both = [&](Json& spec) {
    injected(spec);
    other(spec);
  };
  ExpectVerdicts({
      {"as it says", "SS-ID-8", "pass", Parts({{}, {}})},
      {"another env", "SS-ID-8", "fail", Part("/containers/0/env/0/name", "NODE")},
      {"another value", "SS-ID-8", "fail", Parts({{}, other})},
      {"in all pods", "SS-ID-8", "unknown", Parts({other, other})},
      {"one more", "SS-ID-8", "pass", Part("/containers/0/env/2", {{"name", "ZONE"}})},
      {"another source", "SS-ID-8", "fail",
       Part("/containers/0/env/1/valueFrom/fieldRef/fieldPath", "metadata.uid")},
      {"another path", "SS-ID-8", "fail", Part("/containers/0/volumeMounts/0/mountPath", "/d")},
      {"not mounted", "SS-ID-8", "fail", Removed("/containers/0", "volumeMounts")},
      {"mounted for reading", "SS-ID-8", "fail", Part("/containers/0/volumeMounts/0/readOnly", true)},
      {"said to be for writing", "SS-ID-8", "pass",
       Part("/containers/0/volumeMounts/0/readOnly", false)},
      {"mounted also elsewhere", "SS-ID-8", "pass", Part("/containers/0/volumeMounts/1", token)},
      {"another probe", "SS-ID-8", "fail", Part("/containers/0/readinessProbe/periodSeconds", 5)},
      {"probe by default", "SS-ID-8", "pass", Part("/containers/0/readinessProbe/timeoutSeconds", 1)},
      {"no probe", "SS-ID-8", "fail", Removed("/containers/0", "readinessProbe")},
      {"another port", "SS-ID-8", "fail", Part("/containers/0/ports/0/containerPort", 1)},
      {"resources by use", "SS-ID-8", "unknown",
       Part("/containers/0/resources/requests/cpu", "200m")},
      {"resources by default", "SS-ID-8", "pass",
       Part("/containers/0/resources/limits", {{"cpu", "1"}})},
      {"another grace", "SS-ID-8", "fail", Part("/terminationGracePeriodSeconds", 5)},
      {"another restart policy", "SS-ID-8", "fail", Part("/restartPolicy", "Never")},
      {"no init container", "SS-ID-8", "fail", Removed("", "initContainers")},
      {"init with another command", "SS-ID-8", "fail",
       Part("/initContainers/0/args", Json::array({"-x"}))},
      {"a sidecar in one", "SS-ID-8", "unknown", Parts({{}, injected})},
      {"in both", "SS-ID-8", "pass", Parts({injected, injected})},
      {"with its env", "SS-ID-8", "unknown", Parts({{}, both})},
  });
}

// The spec is changed; who is told of it does not matter.
TraceText Changed(const Edit& edit, const Edit& first = {}) {
  TraceText trace;
  trace.Set(1, first).Up(0, "u0").Wait(1).Set(1, edit);
  return trace.Wait(6).End();
}

Json ClaimTemplate(const char* size, const char* storage_class = nullptr) {
  Json claim = {{"metadata", {{"name", "data"}}}};
  claim["spec"] = {{"accessModes", {"ReadWriteOnce"}},
                   {"resources", {{"requests", {{"storage", size}}}}}};
  if (storage_class != nullptr) claim["spec"]["storageClassName"] = storage_class;
  return Json::array({claim});
}

TEST(BrokenPods, FixedFields) {
  const char* const claims = "/spec/volumeClaimTemplates";
  const auto claim = [&](const Json& before, const Json& after) {
    return Changed(At(claims, after), At(claims, before));
  };
  Json defaulted = ClaimTemplate("1024Mi");
  defaulted[0]["spec"]["volumeMode"] = "Filesystem";
  defaulted[0]["status"]["phase"] = "Pending";
  Json shared = ClaimTemplate("1Gi");
  shared[0]["spec"]["accessModes"] = {"ReadWriteMany"};
  TraceText again = Healthy(1);
  again.SetDeleted().Watch("statefulsets", "ADDED", {
      {"metadata", {{"name", "pg"}, {"namespace", "ns"}, {"uid", "set2"}, {"generation", 1}}},
      {"spec", {{"serviceName", "other"}, {"replicas", 1}}}});
  ExpectVerdicts({
      {"a free field", "SS-VAL-1", "not-applicable", Changed(At("/spec/minReadySeconds", 5))},
      {"policy", "SS-VAL-1", "fail", Changed(At("/spec/podManagementPolicy", "Parallel"))},
      {"service", "SS-VAL-1", "fail", Changed(At("/spec/serviceName", "other"))},
      {"of another set", "SS-VAL-1", "not-applicable", again.Wait(1).End()},
      {"labels", "SS-VAL-1", "fail", Changed(At("/spec/selector/matchLabels/app", "web"))},
      {"expressions", "SS-VAL-1", "fail",
       Changed(At("/spec/selector/matchExpressions",
                  Json::array({{{"key", "app"}, {"operator", "Exists"}}})))},
      {"size", "SS-VAL-1", "fail", claim(ClaimTemplate("1Gi"), ClaimTemplate("2Gi"))},
      {"access", "SS-VAL-1", "fail", claim(ClaimTemplate("1Gi"), shared)},
      {"defaults of a new server", "SS-VAL-1", "not-applicable", claim(ClaimTemplate("1Gi"), defaulted)},
      {"class", "SS-VAL-1", "fail", claim(ClaimTemplate("1Gi", "a"), ClaimTemplate("1Gi", "b"))},
      {"class by default", "SS-VAL-1", "not-applicable",
       claim(ClaimTemplate("1Gi"), ClaimTemplate("1Gi", "b"))},
  });
}

// pg-2b is made with these owners and, where `later` is given, changed to those.
TraceText Owners(const Json& owners, bool used, const Json& later = nullptr, double wait = 10) {
  TraceText trace;
  trace.Set(1).Up(0, "u0").Wait(wait);
  const auto revise = [&](const Json& references) {
    trace.Object("controllerrevisions", "pg-2b", [&](Json& revision) {
      revision["metadata"]["labels"] = {{"controller.kubernetes.io/hash", "2b"}};
      revision["metadata"]["ownerReferences"] = references;
      revision["revision"] = 2;
    });
  };
  revise(owners);
  trace.Set(1, [&](Json& set) {
    if (used) set["status"]["updateRevision"] = "pg-2b";
  });
  if (!later.is_null()) revise(later);
  return trace.Wait(6).End();
}

TEST(BrokenPods, OwnersOfRevisions) {
  const auto owned = [](const char* uid, const char* kind) {
    return Json::array({{{"kind", kind}, {"name", "pg"}, {"uid", uid}, {"controller", true}}});
  };
  const Json none = Json::array();
  const Json set = owned("set", "StatefulSet");
  ExpectVerdicts({
      {"the set's", "SS-REV-1", "pass", Owners(set, true)},
      {"left behind", "SS-REV-1", "pass", Owners(set, true, none)},
      {"nobody's", "SS-REV-1", "fail", Owners(none, true)},
      {"nobody's, and the set does not use it", "SS-REV-1", "pass", Owners(none, false)},
      {"adopted", "SS-REV-1", "unknown", Owners(none, true, set)},
      {"of an unknown set", "SS-REV-1", "fail", Owners(owned("zz", "StatefulSet"), true)},
      {"of one that may have been before", "SS-REV-1", "unknown",
       Owners(owned("zz", "StatefulSet"), true, nullptr, 0)},
      {"of a daemon set of the name", "SS-REV-1", "pass", Owners(owned("zz", "DaemonSet"), false)},
  });
}

Edit Template(const Edit& edit, bool observed) {
  return [=](Json& set) {
    Json& in = set["spec"]["template"];
    in["metadata"]["labels"] = {{"app", "pg"}};
    Fill(in["spec"]);
    set["status"]["updateRevision"] = "pg-2b";
    if (!observed) set["status"]["observedGeneration"] = 0;
    edit(in);
  };
}

// The set's template beside the revision pg-2b that its status names.
TraceText Templated(const Edit& edit, bool observed = true, bool listed = false) {
  TraceText trace;
  Json revision = {{"metadata",
                    {{"name", "pg-2b"}, {"uid", "r2b"}, {"resourceVersion", "101"},
                     {"creationTimestamp", "2027-01-15T08:00:00Z"},
                     {"labels", {{"controller.kubernetes.io/hash", "2b"}}}}},
                   {"revision", 2}};
  revision["metadata"]["ownerReferences"] =
      Json::array({{{"kind", "StatefulSet"}, {"name", "pg"}, {"uid", "set"}, {"controller", true}}});
  Json& in = revision["data"]["spec"]["template"];
  in["metadata"]["labels"] = {{"app", "pg"}};
  Fill(in["spec"]);
  if (listed) {
    trace = TraceText();
    trace.lines().pop_back();
    for (std::string& text : trace.lines()) {
      Json line = *ParseJson(text);
      if (GetString(line, {"resource"}) == "controllerrevisions") line["items"] = 1;
      text = DumpJson(line);
    }
  }
  trace.Watch("controllerrevisions", listed ? "LIST" : "ADDED", revision);
  trace.Set(1, Template(edit, observed));
  return trace.Wait(6).End();
}

TEST(BrokenPods, TemplatesOfRevisions) {
  const Edit none = [](Json&) {};
  const Edit image = At("/spec/containers/0/image", "db:9");
  ExpectVerdicts({
      {"the same", "SS-REV-1", "pass", Templated(none)},
      {"image", "SS-REV-1", "fail", Templated(image)},
      {"not observed yet", "SS-REV-1", "pass", Templated(image, false)},
      {"from before the record", "SS-REV-1", "pass", Templated(image, true, true)},
      {"env", "SS-REV-1", "fail", Templated(At("/spec/containers/0/env/0/value", "b"))},
      {"args", "SS-REV-1", "fail", Templated(At("/spec/containers/0/args", Json::array({"-x"})))},
      {"no args", "SS-REV-1", "pass", Templated(At("/spec/containers/0/args", Json::array()))},
      {"label", "SS-REV-1", "fail", Templated(At("/metadata/labels/tier", "db"))},
      {"a default", "SS-REV-1", "pass",
       Templated(At("/spec/containers/0/readinessProbe/timeoutSeconds", 1))},
  });
}

Json EndpointOf(int ordinal, const char* uid, const char* address) {
  const std::string name = fmt::format("pg-{}", ordinal);
  return {{"addresses", Json::array({address})},
          {"hostname", name},
          {"nodeName", fmt::format("n{}", ordinal)},
          {"targetRef", {{"kind", "Pod"}, {"name", name}, {"uid", uid}}},
          {"conditions", {{"ready", true}, {"serving", true}, {"terminating", false}}}};
}

// One slice of each family, so long at rest.
TraceText Slices(const Json& four, const Json& six, double rest = 70, bool managed = true) {
  TraceText trace = Healthy(2);
  trace.Open("services").Open("endpointslices");
  trace.Object("services", "pg", At("/spec", {{"clusterIP", "None"}, {"selector", {{"app", "pg"}}}}));
  const auto slice = [&](const char* name, const char* family, const Json& endpoints) {
    trace.Object("endpointslices", name, [&](Json& object) {
      object["metadata"]["labels"] = {{"kubernetes.io/service-name", "pg"}};
      if (managed) {
        object["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"] =
            "endpointslice-controller.k8s.io";
      }
      object["addressType"] = family;
      object["endpoints"] = endpoints;
    });
  };
  slice("pg-4", "IPv4", four);
  if (!six.empty()) slice("pg-6", "IPv6", six);
  return trace.Wait(rest).End();
}

TEST(BrokenPods, Endpoints) {
  const Json first = EndpointOf(0, "u0", "10.0.0.1");
  const Json both = Json::array({first, EndpointOf(1, "u1", "10.0.0.2")});
  const Json other = Json::array({first, EndpointOf(1, "u1", "10.0.0.9")});
  const Json six = Json::array({EndpointOf(0, "u0", "fd00::1"), EndpointOf(1, "u1", "fd00::2")});
  Json stray = both;
  stray.push_back(EndpointOf(1, "zz", "10.0.0.7"));
  Json unready = stray;
  unready[2]["conditions"]["ready"] = false;
  Json own = both;
  own.push_back({{"addresses", Json::array({"10.9.9.9"})}, {"conditions", {{"ready", true}}}});
  TraceText gap = Slices(stray, {});
  Gap(gap.Unsay(), "pods");
  ExpectVerdicts({
      {"their addresses", "SS-NET-1", "pass", Slices(both, {})},
      {"another address", "SS-NET-1", "fail", Slices(other, {})},
      {"another address a moment ago", "SS-NET-1", "pass", Slices(other, {}, 5)},
      {"both families", "SS-NET-1", "pass", Slices(both, six)},
      {"another address beside the other family", "SS-NET-1", "fail", Slices(other, six)},
      {"of pods", "SS-NET-2", "pass", Slices(both, {})},
      {"of no pod", "SS-NET-2", "fail", Slices(stray, {})},
      {"of no pod a moment ago", "SS-NET-2", "pass", Slices(stray, {}, 5)},
      {"of no pod, nothing shows a controller", "SS-NET-2", "unknown", Slices(stray, {}, 30)},
      {"of no pod, not ready", "SS-NET-2", "pass", Slices(unready, {})},
      {"of somebody's own slice", "SS-NET-2", "pass", Slices(stray, {}, 70, false)},
      {"without a pod", "SS-NET-2", "pass", Slices(own, {})},
      {"pods may be missing", "SS-NET-2", "unknown", gap.End()},
  });
}

}  // namespace
}  // namespace holdfast::check
