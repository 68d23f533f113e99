#include "tests/integration/sandbox_recordings/player.h"

#include <fstream>
#include <set>

#include "harness/base/process.h"
#include "harness/base/strings.h"
#include "harness/kube/kubeconfig.h"
#include "harness/observe/recorder.h"
#include "harness/trace/run_directory.h"
#include "harness/trace/trace_writer.h"

#include "tests/integration/sandbox_recordings/compare.h"
#include "tests/integration/sandbox_recordings/node_map.h"
#include "tests/integration/sandbox_recordings/raw_http.h"

namespace holdfast::recordings {
namespace {

namespace resources = kube::resources;

// Long enough for a controller that acts where it should not to be seen.
constexpr Nanos kQuiet = std::chrono::milliseconds(1500);

// Feeds a FactReader from a file that is still being written.
class Tail {
 public:
  explicit Tail(std::filesystem::path path) : file_(std::move(path)) {}
  // Whether there was anything new.
  bool Read(FactReader& reader) {
    const size_t before = reader.Seen().size();
    for (char c; file_.get(c);) {
      if (c != '\n') {
        line_ += c;
        continue;
      }
      if (const auto line = ParseJson(line_)) reader.Add(*line);
      line_.clear();
    }
    file_.clear();
    return reader.Seen().size() != before;
  }

 private:
  std::ifstream file_;
  std::string line_;
};

const kube::Resource* ResourceOf(const std::string& plural) {
  static const std::vector<kube::Resource> kAll = [] {
    std::vector<kube::Resource> all = observe::DefaultResources();
    all.push_back(resources::kConfigMaps);
    return all;
  }();
  for (const kube::Resource& resource : kAll)
    if (resource.plural == plural) return &resource;
  return nullptr;
}

class Player {
 public:
  Player(const Script& script, const PlayOptions& options)
      : script_(script),
        options_(options),
        ns_(GetString(script.run, {"target", "namespace"})),
        target_(GetString(script.run, {"target", "name"})),
        trace_path_(options.directory / "trace.jsonl") {}
  Result<Played> Run();

 private:
  Status Prepare();
  Status MakeNamespace();
  Status MakeStorageClass(const std::string& name);
  Status MapNodes();
  // "" or what is missing.
  std::string Await(const Step& step);
  [[nodiscard]] std::string Missing(const Step& step) const;
  Status Perform(const Step& step);
  // The answer as the fields of an action-result.
  Result<Json> Do(const Step& step, const std::string& name);
  Result<Json> Request(const std::string& method,
                       const std::string& path,
                       const Json& body,
                       const std::string& type = "application/json");
  Result<Json> Apply(const Step& step);
  Result<Json> Change(const recordings::Change& change);
  Result<Json> Delete(const Step& step, const std::string& name);
  Result<Json> Undo(const std::string& name);
  Result<Json> Exec(const std::string& pod, const std::string& effect);
  [[nodiscard]] std::string Path(const std::string& plural,
                                 const std::string& name,
                                 const std::string& subresource = "") const {
    return ResourceOf(plural)->Path(ns_, name, subresource);
  }

  const Script& script_;
  const PlayOptions& options_;
  const std::string ns_;
  const std::string target_;
  const std::filesystem::path trace_path_;
  kube::ClusterAccess access_;
  std::unique_ptr<kube::Client> client_;
  std::unique_ptr<trace::TraceWriter> trace_;
  std::unique_ptr<observe::Recorder> recorder_;
  std::unique_ptr<NodeMap> nodes_;
  std::unique_ptr<Tail> tail_;
  FactReader facts_;
};

Status Player::MakeNamespace() {
  HOLDFAST_RETURN_IF_ERROR(
      client_->Create(resources::kNamespaces, "", {{"metadata", {{"name", ns_}}}}));
  const Deadline deadline(SystemClock(), std::chrono::seconds(30));
  while (!client_->Get({resources::kServiceAccounts, ns_, "default"})) {
    if (deadline.Passed())
      return Fail(ErrorCode::kTimedOut, "namespace {} gets no default service account", ns_);
    SystemClock().SleepFor(std::chrono::milliseconds(50), {});
  }
  return {};
}

// The class of the recording, made like the default one here: its name is part of what is compared.
// The recorded volumes are paths that every node sees, which nobody attaches.
Status Player::MakeStorageClass(const std::string& name) {
  if (name.empty() || client_->Get({resources::kStorageClasses, "", name})) return {};
  HOLDFAST_ASSIGN(const kube::ObjectList classes,
                  client_->List(resources::kStorageClasses, "", {}));
  for (const Json& one : classes.items) {
    if (GetString(one, {"metadata", "annotations", "storageclass.kubernetes.io/is-default-class"}) !=
        "true")
      continue;
    Json copy = one;
    copy["metadata"] = {{"name", name}};
    copy["provisioner"] = "local.sandbox.holdfast.dev";
    const auto made = client_->Create(resources::kStorageClasses, "", copy);
    if (!made && made.error().code != ErrorCode::kConflict) return Fail(made.error());
    return {};
  }
  return Fail(ErrorCode::kNotFound, "the cluster has no default storage class");
}

Status Player::MapNodes() {
  HOLDFAST_ASSIGN(const kube::ObjectList nodes, client_->List(resources::kNodes, "", {}));
  std::vector<std::string> here;
  for (const Json& node : nodes.items)
    here.push_back(GetString(node, {"metadata", "name"}));
  if (here.size() < script_.nodes.size())
    return Fail(ErrorCode::kInvalidArgument, "the recording has {} nodes, the cluster {}",
                script_.nodes.size(), here.size());
  nodes_ = std::make_unique<NodeMap>(script_.nodes, here);
  return {};
}

Status Player::Prepare() {
  HOLDFAST_ASSIGN(access_, kube::LoadKubeconfig(options_.kubeconfig, ""));
  HOLDFAST_ASSIGN(client_, kube::Client::Create(access_));
  HOLDFAST_RETURN_IF_ERROR(MapNodes());
  for (const std::string& name : script_.storage_classes)
    HOLDFAST_RETURN_IF_ERROR(MakeStorageClass(name));
  HOLDFAST_RETURN_IF_ERROR(MakeNamespace());
  HOLDFAST_ASSIGN(trace_, trace::TraceWriter::Open(
                              trace_path_, {&SystemClock(), SystemClock().Now()}));
  trace_->Append(
      "run", {{"format", trace::kTraceFormat},
              {"target", script_.run.at("target")},
              {"started",
               {{"wall_ns", SystemClock().Wall().count()}, {"server_offset_ns", 0}}},
              {"server", "sandbox"},
              {"nodes", script_.nodes.size()}});
  HOLDFAST_ASSIGN(recorder_, observe::Recorder::Start(
                                 *client_, *trace_, {ns_, observe::DefaultResources()},
                                 Deadline(SystemClock(), std::chrono::seconds(30))));
  tail_ = std::make_unique<Tail>(trace_path_);
  return {};
}

std::string Player::Missing(const Step& step) const {
  std::map<std::string, int> seen;
  for (const Fact& fact : facts_.Seen())
    ++seen[fact.text];
  std::vector<std::string> missing;
  // What a named difference covers is not waited for.
  for (const Fact& fact : WithoutNamed(script_.facts)) {
    const auto needed = step.needed.find(fact.text);
    if (needed == step.needed.end() || seen[fact.text] >= needed->second) continue;
    missing.push_back(fact.text);
    seen[fact.text] = needed->second;
  }
  if (missing.empty() && facts_.Rest() != step.rest && !step.rest.empty())
    missing.push_back(
        fmt::format("{}; here {}", step.rest, facts_.Rest().empty() ? "no rest" : facts_.Rest()));
  if (missing.size() > 5) missing.resize(5);
  return Join(missing, "\n    ");
}

std::string Player::Await(const Step& step) {
  const Deadline deadline(SystemClock(), options_.patience);
  Nanos last = SystemClock().Now();
  while (true) {
    if (tail_->Read(facts_)) last = SystemClock().Now();
    const std::string missing = Missing(step);
    if (missing.empty() && (!step.quiet || SystemClock().Now() - last > kQuiet)) return "";
    if (deadline.Passed()) return missing.empty() ? "a time in which nothing happens" : missing;
    SystemClock().SleepFor(std::chrono::milliseconds(20), {});
  }
}

Result<Json> Player::Request(const std::string& method,
                             const std::string& path,
                             const Json& body,
                             const std::string& type) {
  HOLDFAST_ASSIGN(const RawAnswer answer,
                  Send(access_, method, path, DumpJson(body),
                       {"Content-Type: " + type, "Accept: application/json"}));
  const Json parsed = answer.Parsed();
  Json result{{"ok", answer.status < 300}, {"status", answer.status}};
  if (answer.status >= 300)
    for (const char* field : {"reason", "message", "details"})
      if (parsed.contains(field)) result[field] = parsed.at(field);
  return result;
}

Result<Json> Player::Change(const recordings::Change& change) {
  Json patch = change.patch;
  if (change.resource == "nodes") patch.erase("metadata");
  return Request("PATCH", Path(change.resource, change.name), patch,
                 "application/merge-patch+json");
}

Result<Json> Player::Apply(const Step& step) {
  Json result{{"ok", true}};
  for (const Json& object : step.create) {
    const kube::Resource* resource =
        kube::FindResource(GetString(object, {"apiVersion"}), GetString(object, {"kind"}));
    if (resource == nullptr)
      return Fail(ErrorCode::kInvalidArgument, "no resource for {}", GetString(object, {"kind"}));
    HOLDFAST_ASSIGN(result, Request("POST", resource->Path(ns_), object));
    if (!GetBool(result, {"ok"})) return result;
  }
  for (const recordings::Change& change : step.changes) {
    HOLDFAST_ASSIGN(result, Change(change));
    if (!GetBool(result, {"ok"})) return result;
  }
  return result;
}

Result<Json> Player::Delete(const Step& step, const std::string& name) {
  const std::string cascade = GetString(step.action, {"cascade"}, "background");
  Json body{{"kind", "DeleteOptions"},
            {"apiVersion", "v1"},
            {"propagationPolicy", cascade == "orphan"       ? "Orphan"
                                  : cascade == "foreground" ? "Foreground"
                                                            : "Background"}};
  if (GetBool(step.action, {"force"})) body["gracePeriodSeconds"] = 0;
  return Request("DELETE", Path(GetString(step.action, {"resource"}), name), body);
}

// As kubectl does: the template of the revision before the newest, as a strategic merge patch.
Result<Json> Player::Undo(const std::string& name) {
  HOLDFAST_ASSIGN(const kube::ObjectList revisions,
                  client_->List(resources::kControllerRevisions, ns_, {}));
  std::map<int64_t, Json> by_number;
  for (const Json& revision : revisions.items)
    by_number[GetInt(revision, {"revision"})] = revision.at("data");
  if (by_number.size() < 2) return Fail(ErrorCode::kNotFound, "no revision of {} to go back to", name);
  return Request("PATCH", Path("statefulsets", name), std::next(by_number.rbegin())->second,
                 "application/strategic-merge-patch+json");
}

Result<Json> Player::Exec(const std::string& pod, const std::string& effect) {
  const std::string script = effect == "unready" ? "rm -f /tmp/ready"
                             : effect == "ready" ? "touch /tmp/ready"
                                                 : "kill 1";
  ProcessOptions options;
  options.argv = {"kubectl", "--kubeconfig", options_.kubeconfig.string(), "-n", ns_,
                  "exec",    pod,            "--",                         "sh", "-c",
                  script};
  HOLDFAST_ASSIGN(const ProcessResult ended, RunProcess(options));
  // The container may take the shell with it.
  const bool ok = ended.exit_code == 0 || effect == "kill-container";
  return Json{{"ok", ok}, {"message", ended.err}};
}

Result<Json> Player::Do(const Step& step, const std::string& name) {
  const std::string verb = GetString(step.action, {"verb"});
  if (verb == "apply") return Apply(step);
  if (verb == "delete") return Delete(step, name);
  if (verb == "scale")
    return Request("PATCH", Path(GetString(step.action, {"resource"}), name, "scale"),
                   {{"spec", {{"replicas", GetInt(step.action, {"replicas"})}}}},
                   "application/merge-patch+json");
  if (verb == "evict")
    return Request("POST", Path("pods", name, "eviction"),
                   {{"apiVersion", "policy/v1"},
                    {"kind", "Eviction"},
                    {"metadata", {{"name", name}, {"namespace", ns_}}}});
  if (verb == "cordon" || verb == "uncordon")
    return Request("PATCH", Path("nodes", name),
                   {{"spec", {{"unschedulable", verb == "cordon" ? Json(true) : Json()}}}},
                   "application/strategic-merge-patch+json");
  if (verb == "exec") return Exec(name, GetString(step.action, {"effect"}));
  if (verb == "rollout-undo" && GetString(script_.run, {"target", "kind"}) == "StatefulSet")
    return Undo(name);
  // What the cluster did about it stands among the changes, and is not ours to do.
  static const std::set<std::string> kNodeControl{"partition", "heal", "crash", "freeze", "return"};
  if (kNodeControl.contains(verb))
    return Request("POST",
                   fmt::format("/holdfast/v1/nodes/{}/{}", name, verb == "heal" ? "return" : verb),
                   {{"from", "control-plane"}});
  if (step.changes.empty())
    return Fail(ErrorCode::kInvalidArgument, "action \"{}\" changed nothing that could be repeated",
                GetString(step.action, {"action"}));
  return Apply(step);
}

Status Player::Perform(const Step& step) {
  const std::string resource = GetString(step.action, {"resource"});
  const std::string verb = GetString(step.action, {"verb"});
  std::string name = GetString(step.action, {"name"});
  const std::string recorded_node = resource == "nodes" ? name : "";
  if (!recorded_node.empty())
    name = nodes_->Find(recorded_node, step.places, facts_.Places());
  if (!step.pod.empty()) name = facts_.PodNamed(step.pod);
  if (name.empty() && verb != "apply")
    return Fail(ErrorCode::kNotFound, "{} {} of the recording has no counterpart here", resource,
                GetString(step.action, {"name"}));
  Json action = step.action;
  action.erase("t");
  action.erase("kind");
  action.erase("uid");
  if (!name.empty()) action["name"] = name;
  if (const Json* object = facts_.Find(resource, name); object != nullptr)
    action["uid"] = GetString(*object, {"metadata", "uid"});
  const int64_t id = GetInt(action, {"id"});
  trace_->Append("action", action);
  HOLDFAST_ASSIGN(Json result, Do(step, name));
  if (!recorded_node.empty()) {
    if (verb == "uncordon" || verb == "heal" || verb == "return")
      nodes_->Free(recorded_node);
    else
      nodes_->Hold(recorded_node, name);
  }
  result["id"] = id;
  trace_->Append("action-result", result);
  return {};
}

Result<Played> Player::Run() {
  HOLDFAST_RETURN_IF_ERROR(Prepare());
  for (const Json& object : script_.present) {
    Step step;
    step.create = {object};
    HOLDFAST_ASSIGN(const Json made, Apply(step));
    if (!GetBool(made, {"ok"})) return Fail(ErrorCode::kRefused, "{}", DumpJson(made));
  }
  Played played;
  for (const Step& step : script_.steps) {
    played.stuck = Await(step);
    if (!played.stuck.empty()) {
      played.stuck = fmt::format("before {} the sandbox did not show in {}:\n    {}",
                                 step.action.is_null() ? "the end"
                                                       : GetString(step.action, {"action"}),
                                 FormatDuration(options_.patience), played.stuck);
      break;
    }
    if (!step.action.is_null()) HOLDFAST_RETURN_IF_ERROR(Perform(step));
  }
  recorder_->MarkTroubles();
  recorder_->Stop();
  trace_->Append("end", Json::object());
  HOLDFAST_RETURN_IF_ERROR(trace_->Health());
  HOLDFAST_ASSIGN(const std::vector<Json> lines, ReadLines(trace_path_));
  played.facts = FactsOf(lines);
  const auto removed = client_->Delete({resources::kNamespaces, "", ns_}, {});
  if (!removed) return Fail(removed.error());
  return played;
}

}  // namespace

Result<Played> Play(const Script& script, const PlayOptions& options) {
  return Player(script, options).Run();
}

}  // namespace holdfast::recordings
