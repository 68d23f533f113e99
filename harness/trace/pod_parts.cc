#include "harness/trace/pod_parts.h"

#include <algorithm>
#include <string>

namespace holdfast::trace {
namespace {

// Every pod gets this mount under another name.
constexpr std::string_view kTokenMount = "/var/run/secrets/kubernetes.io/serviceaccount";

uint64_t Print(std::string_view text) { return std::hash<std::string_view>()(text); }

uint64_t Fold(uint64_t hash, uint64_t more) {
  hash = (hash ^ more) * 0x9E'37'79'B9'7F'4A'7C'15ULL;
  return hash ^ (hash >> 32);
}

// Empty and absent are the same to the API server.
uint64_t PrintOfItems(JsonView array) {
  uint64_t hash = 0;
  array.ForEach([&](JsonView item) { hash = Fold(hash + 1, Print(item.Text())); });
  return hash;
}

uint64_t PrintOfValue(JsonView env) { return Print(env["value"].Text()); }

// One part: of the container (or of the pod, then `list` is empty), what it is, and its value.
struct Place {
  std::string_view list;
  std::string_view container;
  std::string_view what;
  std::string_view name;
};

// The members of an object that are no objects, under their paths.
template <typename F>
void ForEachLeaf(JsonView object, std::string& path, F&& f) {
  object.ForEachMember([&](std::string_view key, JsonView value) {
    const size_t size = path.size();
    path.append(".").append(key);
    if (value.IsObject()) {
      ForEachLeaf(value, path, f);
    } else if (value.IsArray() || value.IsSomething()) {
      f(std::string_view(path), value.Fingerprint());
    }
    path.resize(size);
  });
}

template <typename F>
void ForEachOfContainer(std::string_view list, JsonView container, F&& f) {
  const std::string_view owner = container["name"].Text();
  f(Place{list, owner, "", ""}, 0);
  // Images and commands of the others are read as such.
  if (list == "initContainers") {
    f(Place{list, owner, "image", ""}, Print(container["image"].Text()));
    f(Place{list, owner, "command", ""}, PrintOfItems(container["command"]));
    f(Place{list, owner, "args", ""}, PrintOfItems(container["args"]));
  }
  container["env"].ForEach([&](JsonView env) {
    f(Place{list, owner, "env", env["name"].Text()},
      Fold(PrintOfValue(env), env["valueFrom"].Fingerprint()));
  });
  container["volumeMounts"].ForEach([&](JsonView mount) {
    const std::string_view path = mount["mountPath"].Text();
    if (path == kTokenMount) return;
    const uint64_t where = Fold(Print(mount["name"].Text()), Print(mount["subPath"].Text()));
    f(Place{list, owner, "mount", path}, Fold(where, mount["readOnly"].Bool() ? 1 : 0));
  });
  std::string path;
  container["ports"].ForEach([&](JsonView port) {
    path = std::to_string(port["containerPort"].Int());
    path.append("/").append(port["protocol"].Text("TCP"));
    f(Place{list, owner, "port", path}, Print(port["name"].Text()));
  });
  for (const char* probe : {"readinessProbe", "livenessProbe", "startupProbe"}) {
    path.clear();
    ForEachLeaf(container[probe], path,
                [&](std::string_view leaf, uint64_t value) { f(Place{list, owner, probe, leaf}, value); });
  }
  for (const char* kind : {"requests", "limits"}) {
    container["resources"][kind].ForEachMember([&](std::string_view resource, JsonView value) {
      path.assign(kind).append(".").append(resource);
      f(Place{list, owner, "resources", path}, value.Fingerprint());
    });
  }
}

template <typename F>
void ForEachPart(JsonView spec, F&& f) {
  for (const char* list : {"containers", "initContainers"})
    spec[list].ForEach([&](JsonView container) { ForEachOfContainer(list, container, f); });
  for (const char* field : {"restartPolicy", "terminationGracePeriodSeconds"}) {
    if (spec[field].IsSomething()) f(Place{"", "", field, ""}, spec[field].Fingerprint());
  }
}

std::string NameOf(const Place& place) {
  std::string name(place.list);
  for (const std::string_view part : {place.container, place.what, place.name}) {
    if (part.empty()) continue;
    if (!name.empty() && !part.starts_with('.')) name += ' ';
    name += part;
  }
  return name;
}

}  // namespace

std::shared_ptr<const PodParts> PodPartsPool::Of(JsonView pod_spec, TextPool& texts) {
  uint64_t print = 1;
  ForEachPart(pod_spec, [&](const Place& place, uint64_t value) {
    for (const std::string_view text : {place.list, place.container, place.what, place.name})
      print = Fold(print, Print(text));
    print = Fold(print, value);
  });
  std::shared_ptr<const PodParts>& known = known_[print];
  if (known != nullptr) return known;
  PodParts parts;
  ForEachPart(pod_spec, [&](const Place& place, uint64_t value) {
    parts.push_back({.name = texts.Keep(NameOf(place)), .value = value});
  });
  std::sort(parts.begin(), parts.end());
  parts.shrink_to_fit();
  known = std::make_shared<const PodParts>(std::move(parts));
  return known;
}

uint64_t TemplatePrint(JsonView pod_template) {
  uint64_t print = 0;
  pod_template["spec"]["containers"].ForEach([&](JsonView container) {
    print = Fold(print + 1, Print(container["name"].Text()));
    print = Fold(print, Print(container["image"].Text()));
    print = Fold(print, PrintOfItems(container["command"]));
    print = Fold(print, PrintOfItems(container["args"]));
    container["env"].ForEach([&](JsonView env) {
      print = Fold(Fold(print, Print(env["name"].Text())), PrintOfValue(env));
    });
  });
  if (print == 0) return 0;
  // Their order means nothing.
  uint64_t labels = 0;
  pod_template["metadata"]["labels"].ForEachMember([&](std::string_view key, JsonView value) {
    labels += Fold(Print(key), Print(value.Text()));
  });
  return Fold(print, labels) | 1;
}

}  // namespace holdfast::trace
