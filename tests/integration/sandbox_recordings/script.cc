#include "tests/integration/sandbox_recordings/script.h"

#include <algorithm>
#include <set>

#include "harness/base/files.h"
#include "harness/base/strings.h"

namespace holdfast::recordings {
namespace {

constexpr const char* kApplied = "kubectl.kubernetes.io/last-applied-configuration";
// A pause in which a controller that wanted to act would have acted.
constexpr double kQuietSeconds = 1.5;

bool IsRoot(const std::string& resource, const Json& object) {
  static const std::set<std::string> kRoots{"services", "statefulsets", "deployments",
                                            "poddisruptionbudgets"};
  if (!GetArray(object, {"metadata", "ownerReferences"}).empty()) return false;
  return kRoots.contains(resource) ||
         !GetString(object, {"metadata", "annotations", kApplied}).empty();
}

class Mapper {
 public:
  // Images that a container ran from, and those that could not be had.
  void Saw(const Json& pod) {
    for (const Json& status : GetArray(pod, {"status", "containerStatuses"}))
      for (const Json& container : GetArray(pod, {"spec", "containers"})) {
        if (GetString(container, {"name"}) != GetString(status, {"name"})) continue;
        const std::string image = GetString(container, {"image"});
        const std::string waiting = GetString(status, {"state", "waiting", "reason"});
        if (FindPath(status, {"state", "running"}) != nullptr) ran_.insert(image);
        if (waiting == "ErrImagePull" || waiting == "ImagePullBackOff") missing_.insert(image);
      }
  }
  void Map(Json& value) const {
    if (value.is_array())
      for (Json& item : value)
        Map(item);
    if (!value.is_object()) return;
    for (auto& [key, item] : value.items()) {
      if ((key == "containers" || key == "initContainers") && item.is_array())
        for (Json& container : item)
          MapContainer(container);
      else
        Map(item);
    }
  }
  [[nodiscard]] std::string Image(const std::string& image) const {
    const bool missing = !ran_.contains(image) && missing_.contains(image);
    std::string folder = image;
    std::replace(folder.begin(), folder.end(), ':', '-');
    std::replace(folder.begin(), folder.end(), '@', '-');
    // Names resolve by their last element. What was never tried may be, here.
    return folder + (missing ? "/no-such-image:1" : "/busybox:1");
  }

 private:
  void MapContainer(Json& container) const {
    if (!container.is_object()) return;
    if (container.contains("image")) container["image"] = Image(GetString(container, {"image"}));
    // A probe that takes more than its second on a busy machine says nothing about Kubernetes.
    for (const char* probe : {"readinessProbe", "livenessProbe", "startupProbe"})
      if (container.contains(probe)) container[probe]["timeoutSeconds"] = 30;
    if (!container.contains("command")) return;
    for (Json& word : container["command"]) {
      if (word == "bash") word = "sh";
      if (!word.is_string()) continue;
      // Busybox's date has no nanoseconds.
      std::string text = word.get<std::string>();
      for (size_t at; (at = text.find("%s.%N")) != std::string::npos;)
        text.replace(at, 5, "%s.0");
      word = text;
    }
  }
  std::set<std::string> ran_;
  std::set<std::string> missing_;
};

// What a client sent: the last applied configuration, or else the object without what the server
// filled in.
Json Sent(const Json& object, const Mapper& mapper) {
  const std::string applied = GetString(object, {"metadata", "annotations", kApplied});
  if (const auto parsed = ParseJson(applied); !applied.empty() && parsed) {
    Json sent = *parsed;
    mapper.Map(sent);
    sent["metadata"]["annotations"][kApplied] = DumpJson(sent) + "\n";
    return sent;
  }
  Json sent = object;
  sent.erase("status");
  for (const char* field :
       {"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields"})
    sent["metadata"].erase(field);
  if (GetString(sent, {"spec", "clusterIP"}) != "None" && sent["spec"].contains("clusterIPs")) {
    sent["spec"].erase("clusterIP");
    sent["spec"].erase("clusterIPs");
  }
  mapper.Map(sent);
  return sent;
}

// The parts of an object that its users write.
Json Written(const Json& object) {
  Json written{{"spec", object.value("spec", Json::object())}, {"metadata", Json::object()}};
  for (const char* field : {"labels", "annotations"})
    written["metadata"][field] = GetObject(object, {"metadata", field});
  written["metadata"]["annotations"].erase("deployment.kubernetes.io/revision");
  written["metadata"]["annotations"].erase(kApplied);
  return written;
}

class ScriptReader {
 public:
  explicit ScriptReader(std::vector<Json> lines) : lines_(std::move(lines)) {}
  Script Read();

 private:
  Step MakeStep(const Json& action, double t) const;
  void AddObjects(size_t from, Step& step);

  std::vector<Json> lines_;
  Mapper mapper_;
  FactReader facts_;
  std::map<std::string, Json> newest_;  // "statefulsets/web"
  double last_fact_ = 0;
};

Step ScriptReader::MakeStep(const Json& action, double t) const {
  Step step;
  step.action = action;
  for (const Fact& fact : facts_.Seen())
    if (fact.awaited) ++step.needed[fact.text];
  step.rest = facts_.Rest();
  step.quiet = t - last_fact_ > kQuietSeconds;
  step.places = facts_.Places();
  if (GetString(action, {"resource"}) == "pods")
    step.pod = facts_.SymbolOf(GetString(action, {"uid"}));
  return step;
}

// What the action after line `from` made and changed, up to the next action.
void ScriptReader::AddObjects(size_t from, Step& step) {
  const std::string verb = GetString(step.action, {"verb"});
  std::set<std::string> done;
  for (size_t i = from; i < lines_.size(); ++i) {
    const Json& line = lines_[i];
    if (GetString(line, {"kind"}) == "action") return;
    if (GetString(line, {"kind"}) != "watch") continue;
    const std::string resource = GetString(line, {"resource"});
    const std::string type = GetString(line, {"event", "type"});
    if (type == "BOOKMARK") continue;
    const Json& object = GetObject(line, {"event", "object"});
    const std::string name = GetString(object, {"metadata", "name"});
    const std::string key = resource + "/" + name;
    if (type == "ADDED" && verb == "apply" && IsRoot(resource, object) && done.insert(key).second)
      step.create.push_back(Sent(object, mapper_));
    const bool aimed = verb == "apply" ? IsRoot(resource, object)
                                       : name == GetString(step.action, {"name"}) &&
                                             (resource == GetString(step.action, {"resource"}) ||
                                              !step.action.contains("resource"));
    if (type != "MODIFIED" || !aimed || !newest_.contains(key)) continue;
    Json before = Written(newest_.at(key));
    Json after = Written(object);
    Json patch = MergeDiff(before, after);
    if (patch.is_null() || !done.insert(key).second) continue;
    mapper_.Map(patch);
    step.changes.push_back({resource, name, patch});
  }
}

Script ScriptReader::Read() {
  Script script;
  for (const Json& line : lines_)
    if (GetString(line, {"resource"}) == "pods" && GetString(line, {"kind"}) == "watch")
      mapper_.Saw(GetObject(line, {"event", "object"}));
  std::set<std::string> classes;
  std::set<std::string> nodes;
  for (size_t i = 0; i < lines_.size(); ++i) {
    const Json& line = lines_[i];
    const std::string kind = GetString(line, {"kind"});
    const double t = line.value("t", 0.0);
    if (kind == "watch-open") script.watched.insert(GetString(line, {"resource"}));
    if (kind == "action" || kind == "end") {
      Step step = MakeStep(kind == "action" ? line : Json(), t);
      if (kind == "action") AddObjects(i + 1, step);
      script.steps.push_back(std::move(step));
    }
    if (kind == "watch" && GetString(line, {"event", "type"}) != "BOOKMARK") {
      const std::string resource = GetString(line, {"resource"});
      const Json& object = GetObject(line, {"event", "object"});
      newest_[resource + "/" + GetString(object, {"metadata", "name"})] = object;
      if (resource == "nodes") nodes.insert(GetString(object, {"metadata", "name"}));
      if (resource == "persistentvolumeclaims")
        classes.insert(GetString(object, {"spec", "storageClassName"}));
      if (GetString(line, {"event", "type"}) == "LIST" && IsRoot(resource, object))
        script.present.push_back(Sent(object, mapper_));
    }
    const size_t before = facts_.Seen().size();
    facts_.Add(line);
    if (kind == "watch" && facts_.Seen().size() > before) last_fact_ = t;
  }
  script.run = facts_.run();
  script.facts = FactsOf(lines_);
  script.nodes = {nodes.begin(), nodes.end()};
  script.storage_classes = {classes.begin(), classes.end()};
  return script;
}

}  // namespace

Json MergeDiff(const Json& before, const Json& after) {
  if (before == after) return {};
  if (!before.is_object() || !after.is_object()) return after;
  Json patch = Json::object();
  for (const auto& [key, value] : after.items()) {
    if (!before.contains(key))
      patch[key] = value;
    else if (before.at(key) != value)
      patch[key] = MergeDiff(before.at(key), value);
  }
  for (const auto& [key, value] : before.items())
    if (!after.contains(key)) patch[key] = nullptr;
  return patch;
}

Result<std::vector<Json>> ReadLines(const std::filesystem::path& trace) {
  HOLDFAST_ASSIGN(const std::string text, ReadFile(trace));
  std::vector<Json> lines;
  for (const std::string& line : Split(text, '\n')) {
    auto parsed = ParseJson(line);
    if (!parsed) break;
    lines.push_back(*std::move(parsed));
  }
  return lines;
}

Result<Script> ReadScript(const std::filesystem::path& recording) {
  HOLDFAST_ASSIGN(std::vector<Json> lines, ReadLines(recording));
  if (lines.empty() || GetString(lines.front(), {"format"}) != "holdfast-trace/1")
    return Fail(ErrorCode::kInvalidArgument, "{} is no holdfast-trace/1", recording.string());
  return ScriptReader(std::move(lines)).Read();
}

}  // namespace holdfast::recordings
