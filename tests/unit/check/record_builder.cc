#include "tests/unit/check/record_builder.h"

#include <fmt/format.h>

#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "harness/base/time_format.h"

namespace holdfast::check {
namespace {

constexpr int64_t kWall = 1'800'000'000;  // Seconds since the epoch at t = 0.

Json Owner(const std::string& uid) {
  return {{"apiVersion", "apps/v1"}, {"kind", "StatefulSet"},     {"name", "pg"}, {"uid", uid},
          {"controller", true},      {"blockOwnerDeletion", true}};
}

Json Meta(const std::string& name, const std::string& uid, const std::string& created) {
  return {{"name", name}, {"namespace", "ns"}, {"uid", uid}, {"creationTimestamp", created}};
}

void SetCondition(Json& pod, bool ready) {
  pod["status"]["phase"] = "Running";
  pod["status"]["conditions"] =
      Json::array({{{"type", "Ready"}, {"status", ready ? "True" : "False"}}});
}

}  // namespace

TraceText::TraceText(const std::string& kind) {
  Line({{"kind", "run"},
        {"format", "holdfast-trace/1"},
        {"target", {{"kind", kind}, {"namespace", "ns"}, {"name", "pg"}}},
        {"started", {{"wall_ns", kWall * 1'000'000'000}, {"server_offset_ns", 0}}},
        {"server", "v1.36.2"}});
  for (const char* resource :
       {"pods", "statefulsets", "persistentvolumeclaims", "persistentvolumes",
        "controllerrevisions", "deployments", "replicasets"}) {
    Line(
        {{"kind", "watch-open"}, {"resource", resource}, {"resourceVersion", "100"}, {"items", 0}});
  }
  Revision("1a", 1);
}

TraceText& TraceText::Open(const std::string& resource) {
  return Line({{"kind", "watch-open"},
               {"resource", resource},
               {"resourceVersion", std::to_string(version_)},
               {"items", 0}});
}

TraceText& TraceText::Object(const std::string& resource,
                             const std::string& name,
                             const Edit& edit) {
  Json& object = objects_[resource + " " + name];
  const bool is_new = object.is_null();
  if (is_new) object = {{"metadata", Meta(name, resource + "-" + name, Stamp())}};
  edit(object);
  return Watch(resource, is_new ? "ADDED" : "MODIFIED", object);
}

TraceText& TraceText::ObjectGone(const std::string& resource, const std::string& name) {
  return Watch(resource, "DELETED", objects_[resource + " " + name]);
}

TraceText& TraceText::Revision(const std::string& hash, int number, const std::string& image) {
  return Object("controllerrevisions", "pg-" + hash, [&](Json& revision) {
    revision["metadata"]["labels"] = {{"controller.kubernetes.io/hash", hash}};
    revision["metadata"]["ownerReferences"] = Json::array({Owner("set")});
    revision["revision"] = number;
    revision["data"]["spec"]["template"] = {
        {"metadata", {{"labels", {{"app", "pg"}}}}},
        {"spec", {{"containers", Json::array({{{"name", "main"}, {"image", image}}})}}}};
  });
}

TraceText& TraceText::Node(const std::string& name, const std::string& ready, const Edit& edit) {
  return Object("nodes", name, [&](Json& node) {
    const std::string before =
        GetString(node, {"status", "conditions"}).empty() && node.contains("status")
            ? node["status"]["conditions"][0]["status"].get<std::string>()
            : "";
    if (before != ready) {
      node["status"]["conditions"] = Json::array(
          {{{"type", "Ready"}, {"status", ready}, {"lastTransitionTime", Stamp()}}});
    }
    if (edit) edit(node);
  });
}

TraceText& TraceText::Budget(int allowed, int current, int desired, const Edit& edit) {
  return Object("poddisruptionbudgets", "pg", [&](Json& budget) {
    if (!budget["metadata"].contains("generation")) budget["metadata"]["generation"] = 1;
    budget["spec"] = {{"selector", {{"matchLabels", {{"app", "pg"}}}}}, {"maxUnavailable", 1}};
    budget["status"] = {{"observedGeneration", budget["metadata"]["generation"]},
                        {"disruptionsAllowed", allowed},
                        {"currentHealthy", current},
                        {"desiredHealthy", desired},
                        {"expectedPods", desired + 1}};
    if (edit) edit(budget);
  });
}

TraceText& TraceText::Act(const Json& action, const Json& answer) {
  const int id = ++actions_;
  Json begin = action;
  begin["kind"] = "action";
  begin["id"] = id;
  Line(begin);
  Json end = answer;
  end["kind"] = "action-result";
  end["id"] = id;
  return Line(end);
}

std::string TraceText::Stamp(double after) const {
  return FormatRfc3339(Nanos((kWall + static_cast<int64_t>(t_ + after)) * 1'000'000'000));
}

TraceText& TraceText::Wait(double seconds) {
  t_ += seconds;
  return *this;
}

TraceText& TraceText::Line(Json fields) {
  t_ += 0.001;
  fields["t"] = t_;
  lines_.push_back(DumpJson(fields));
  return *this;
}

TraceText& TraceText::Watch(const std::string& resource,
                            const std::string& type,
                            const Json& object) {
  Json copy = object;
  copy["metadata"]["resourceVersion"] = std::to_string(++version_);
  return Line(
      {{"kind", "watch"}, {"resource", resource}, {"event", {{"type", type}, {"object", copy}}}});
}

TraceText& TraceText::Set(int replicas, const Edit& edit) {
  const bool is_new = set_.is_null();
  if (is_new) {
    set_ = {{"metadata", Meta("pg", "set", Stamp())}};
    set_["metadata"]["generation"] = 0;
    set_["spec"] = {{"serviceName", "pg"},
                    {"podManagementPolicy", "OrderedReady"},
                    {"selector", {{"matchLabels", {{"app", "pg"}}}}},
                    {"volumeClaimTemplates", Json::array({{{"metadata", {{"name", "data"}}}}})}};
  }
  set_["metadata"]["generation"] = set_["metadata"]["generation"].get<int>() + 1;
  set_["spec"]["replicas"] = replicas;
  set_["status"] = {{"observedGeneration", set_["metadata"]["generation"]},
                    {"replicas", replicas},
                    {"readyReplicas", replicas},
                    {"currentReplicas", replicas},
                    {"updatedReplicas", replicas},
                    {"updateRevision", "pg-1a"},
                    {"currentRevision", "pg-1a"}};
  if (edit) edit(set_);
  return Watch("statefulsets", is_new ? "ADDED" : "MODIFIED", set_);
}

TraceText& TraceText::Status(const Edit& edit) {
  edit(set_);
  return Watch("statefulsets", "MODIFIED", set_);
}

TraceText& TraceText::SetDeleted() { return Watch("statefulsets", "DELETED", set_); }

TraceText& TraceText::Claim(const std::string& type, const std::string& name, const Edit& edit) {
  Json& claim = claims_[name];
  if (type == "ADDED") {
    claim = {{"metadata", Meta(name, "claim-" + name, Stamp())}};
    claim["metadata"]["labels"] = {{"app", "pg"}};
    claim["spec"]["volumeName"] = "pv-" + name;
    claim["spec"]["accessModes"] = {"ReadWriteOnce"};
    claim["spec"]["resources"]["requests"]["storage"] = "1Gi";
    claim["status"]["phase"] = "Bound";
  }
  if (edit) edit(claim);
  return Watch("persistentvolumeclaims", type, claim);
}

TraceText& TraceText::Create(int ordinal, const std::string& uid, const Edit& edit) {
  const std::string name = fmt::format("pg-{}", ordinal);
  const std::string claim = "data-" + name;
  if (!claims_.contains(claim)) {
    Claim("ADDED", claim);
    Json volume = {{"metadata", Meta("pv-" + claim, "volume-" + claim, Stamp())}};
    volume["spec"] = {
        {"claimRef", {{"namespace", "ns"}, {"name", claim}, {"uid", "claim-" + claim}}},
        {"csi", {{"driver", "d"}, {"volumeHandle", "h-" + claim}}}};
    volume["spec"]["accessModes"] = {"ReadWriteOnce"};
    volume["spec"]["persistentVolumeReclaimPolicy"] = "Delete";
    volume["status"]["phase"] = "Bound";
    Watch("persistentvolumes", "ADDED", volume);
  }
  Json pod = {{"metadata", Meta(name, uid, Stamp())}};
  pod["metadata"]["generateName"] = "pg-";
  pod["metadata"]["generation"] = 1;
  pod["metadata"]["labels"] = {{"app", "pg"},
                               {"statefulset.kubernetes.io/pod-name", name},
                               {"apps.kubernetes.io/pod-index", std::to_string(ordinal)},
                               {"controller-revision-hash", "pg-1a"}};
  pod["metadata"]["ownerReferences"] = Json::array({Owner("set")});
  pod["spec"] = {
      {"hostname", name},
      {"subdomain", "pg"},
      {"containers", Json::array({{{"name", "main"},
                                   {"image", "db:1"},
                                   {"volumeMounts",
                                    Json::array({{{"name", "data"}, {"mountPath", "/data"}}})}}})},
      {"volumes",
       Json::array({{{"name", "data"}, {"persistentVolumeClaim", {{"claimName", claim}}}}})}};
  pod["status"]["phase"] = "Pending";
  if (edit) edit(pod);
  pods_[ordinal] = pod;
  return Watch("pods", "ADDED", pod);
}

TraceText& TraceText::Ready(int ordinal, bool ready) {
  Json& pod = pods_[ordinal];
  SetCondition(pod, ready);
  pod["status"]["conditions"][0]["lastTransitionTime"] = Stamp();
  pod["status"]["podIP"] = fmt::format("10.0.0.{}", ordinal + 1);
  if (!pod["spec"].contains("nodeName")) pod["spec"]["nodeName"] = fmt::format("n{}", ordinal);
  return Watch("pods", "MODIFIED", pods_[ordinal]);
}

TraceText& TraceText::Up(int ordinal, const std::string& uid, const Edit& edit) {
  return Create(ordinal, uid, edit).Wait(0.5).Ready(ordinal).Wait(0.1);
}

TraceText& TraceText::Change(int ordinal, const Edit& edit) {
  edit(pods_[ordinal]);
  return Watch("pods", "MODIFIED", pods_[ordinal]);
}

TraceText& TraceText::Terminate(int ordinal, int grace) {
  return Change(ordinal, [&](Json& pod) {
    pod["metadata"]["deletionTimestamp"] = Stamp(grace);
    pod["metadata"]["deletionGracePeriodSeconds"] = grace;
    pod["metadata"]["generation"] = 2;
  });
}

TraceText& TraceText::Gone(int ordinal) { return Watch("pods", "DELETED", pods_[ordinal]); }

TraceText& TraceText::Action(const std::string& verb,
                             const std::string& resource,
                             const std::string& name,
                             const std::string& uid,
                             bool force) {
  const int id = ++actions_;
  Line({{"kind", "action"},
        {"id", id},
        {"verb", verb},
        {"resource", resource},
        {"name", name},
        {"uid", uid},
        {"force", force}});
  return Line({{"kind", "action-result"}, {"id", id}, {"ok", true}});
}

TraceText& TraceText::Scenario(const std::string& name, const std::string& phase) {
  return Line({{"kind", "scenario"}, {"name", name}, {"phase", phase}});
}

TraceText& TraceText::Probe(int ordinal, const Json& fields) {
  Json probe = fields;
  probe["kind"] = "probe";
  probe["pod"] = fmt::format("pg-{}", ordinal);
  probe["uid"] = pods_[ordinal]["metadata"]["uid"];
  return Line(probe);
}

TraceText& TraceText::End() { return Line({{"kind", "end"}}); }

TraceText& TraceText::Unsay() {
  lines_.pop_back();
  return *this;
}

std::string TraceText::Text() const { return Join(lines_, "\n") + "\n"; }

TraceText Healthy(int replicas) {
  TraceText trace;
  trace.Set(replicas);
  for (int i = 0; i < replicas; ++i)
    trace.Up(i, fmt::format("u{}", i));
  return trace.Wait(10);
}

int64_t Value(int writer, int64_t sequence, int run) {
  return (static_cast<int64_t>(run) << 41) | (static_cast<int64_t>(writer) << 32) | sequence;
}

HistoryText::HistoryText() {
  lines_.push_back(DumpJson({{"hist", 1}, {"run", "r7"}, {"nodes", {"pg-0", "pg-1", "pg-2"}}}));
}

HistoryText& HistoryText::Event(double time, const Json& fields) {
  Json event = fields;
  event["index"] = index_++;
  event["time"] = static_cast<int64_t>(time * 1e9);
  lines_.push_back(DumpJson(event));
  return *this;
}

HistoryText& HistoryText::Add(double time, int writer, int64_t sequence, const std::string& type) {
  Json event = {{"process", writer},
                {"f", "add"},
                {"key", fmt::format("w{}", writer)},
                {"value", Value(writer, sequence)},
                {"node", "pg-0"}};
  event["type"] = "invoke";
  Event(time, event);
  event["type"] = type;
  if (type != "ok") event["error"] = {"58000", "refused"};
  return Event(time + 0.001, event);
}

HistoryText& HistoryText::Cut(double time, int writer, int64_t sequence, const std::string& node) {
  Json event = {{"process", ++reader_}, {"f", "add"}, {"key", fmt::format("w{}", writer)},
                {"value", Value(writer, sequence)}, {"node", node}, {"type", "invoke"}};
  Event(time, event);
  event["type"] = "info";
  event["error"] = {"timeout", "no answer"};
  return Event(time + 0.001, event);
}

HistoryText& HistoryText::Read(double time,
                               const std::string& node,
                               int writer,
                               const std::vector<int64_t>& values,
                               const Json& extra) {
  Json event = {{"process", ++reader_}, {"f", "read"},  {"key", fmt::format("w{}", writer)},
                {"value", nullptr},     {"node", node}, {"type", "invoke"}};
  Event(time, event);
  event["type"] = "ok";
  event["value"] = values;
  event.update(extra);
  return Event(time + 0.001, event);
}

HistoryText& HistoryText::Final(double time,
                                const std::string& scenario,
                                const std::string& node,
                                int writer,
                                const std::vector<int64_t>& values,
                                const Json& extra) {
  Json event = {{"process", "probe:" + node},
                {"f", "final-read"},
                {"key", fmt::format("w{}", writer)},
                {"value", nullptr},
                {"node", node},
                {"scenario", scenario},
                {"type", "invoke"}};
  Event(time, event);
  event["type"] = "ok";
  event["value"] = values;
  event["role"] = node == "pg-0" ? "primary" : "replica";
  event.update(extra);
  return Event(time + 0.001, event);
}

std::string HistoryText::Text() const { return Join(lines_, "\n") + "\n"; }

Json RunJson() {
  return {{"format", "holdfast-run/1"},
          {"state", "finished"},
          {"started", "2027-01-15T08:00:00Z"},
          {"load", {{"writers", 1}, {"readers", 1}, {"window", 3}}},
          {"limits", {{"minimum-acks", 2}}},
          {"scenarios", Json::array({{{"name", "s1"}, {"faults", 1}}})}};
}

Verdicts CheckTrace(const std::string& text) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "t.jsonl";
  if (!WriteFileAtomic(path, text)) return {};
  auto verdicts = CheckPath(path);
  return verdicts ? *verdicts : Verdicts{};
}

Verdicts CheckRun(const Json& run, const std::string& trace, const std::string& history) {
  const TemporaryDirectory directory;
  if (!WriteFileAtomic(directory.path() / "run.json", DumpJson(run)) ||
      !WriteFileAtomic(directory.path() / "trace.jsonl", trace) ||
      !WriteFileAtomic(directory.path() / "history.jsonl", history))
    return {};
  auto verdicts = CheckPath(directory.path());
  return verdicts ? *verdicts : Verdicts{};
}

CheckResult Find(const Verdicts& verdicts, const std::string& id, const std::string& scenario) {
  for (const CheckResult& check : verdicts.checks)
    if (check.id == id && check.scenario == scenario) return check;
  return {};
}

std::string Of(const TraceText& trace, const std::string& id) {
  return std::string(ToString(Find(CheckTrace(trace.Text()), id, "trace").verdict));
}

}  // namespace holdfast::check
