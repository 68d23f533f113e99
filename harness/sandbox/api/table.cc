#include "harness/sandbox/api/table.h"

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/sandbox/api/pod_cells.h"

namespace holdfast::sandbox {
namespace {

struct Column {
  std::string name;
  std::function<Json(const Json& object, Nanos now)> cell;
  bool wide = false;
};
using Columns = std::vector<Column>;

std::string OrNone(std::string text) { return text.empty() ? "<none>" : text; }
std::string OrUnset(std::string text) { return text.empty() ? "<unset>" : text; }

Column Text(std::string name, std::vector<std::string> path, bool wide = false, bool none = true) {
  return {std::move(name),
          [path = std::move(path), none](const Json& object, Nanos) -> Json {
            const Json* at = &object;
            for (const std::string& part : path)
              if (at != nullptr) at = FindPath(*at, {part});
            std::string text;
            if (at != nullptr && at->is_string()) text = at->get<std::string>();
            if (at != nullptr && !at->is_string()) text = DumpJson(*at);
            return none ? OrNone(text) : text;
          },
          wide};
}

std::string AgeOf(const std::string& stamp, Nanos now) {
  const auto at = ParseRfc3339(stamp);
  return at ? HumanDuration(now - *at) : "<unknown>";
}
Column Age(const std::string& name = "Age") {
  return {name, [](const Json& object, Nanos now) -> Json {
            return AgeOf(GetString(object, {"metadata", "creationTimestamp"}), now);
          }};
}
Column Name() { return Text("Name", {"metadata", "name"}); }

std::string JoinMembers(const Json& items, const char* member, std::string_view separator = ",") {
  std::vector<std::string> parts;
  for (const Json& item : items)
    parts.push_back(member == nullptr ? (item.is_string() ? item.get<std::string>() : "")
                                      : GetString(item, {member}));
  return Join(parts, separator);
}

Column AccessModes() {
  return {"Access Modes", [](const Json& object, Nanos) -> Json {
            static const std::map<std::string, std::string> kShort = {{"ReadWriteOnce", "RWO"},
                                                                      {"ReadOnlyMany", "ROX"},
                                                                      {"ReadWriteMany", "RWX"},
                                                                      {"ReadWriteOncePod", "RWOP"}};
            // A claim shows what it got, not what it asked for.
            const bool claim = GetString(object, {"kind"}) == "PersistentVolumeClaim";
            std::vector<std::string> modes;
            for (const Json& mode : GetArray(object, {claim ? "status" : "spec", "accessModes"}))
              if (const auto at = kShort.find(mode.is_string() ? mode.get<std::string>() : "");
                  at != kShort.end())
                modes.push_back(at->second);
            return Join(modes, ",");
          }};
}

Columns PodColumns() {
  const auto gates = [](const Json& pod, Nanos) -> Json {
    const Json& wanted = GetArray(pod, {"spec", "readinessGates"});
    if (wanted.empty()) return "<none>";
    size_t met = 0;
    for (const Json& gate : wanted)
      for (const Json& condition : GetArray(pod, {"status", "conditions"}))
        met += GetString(condition, {"type"}) == GetString(gate, {"conditionType"}) &&
                       GetString(condition, {"status"}) == "True"
                   ? 1
                   : 0;
    return fmt::format("{}/{}", met, wanted.size());
  };
  return {
      Name(),
      {"Ready", [](const Json& pod, Nanos) -> Json { return PodReadyCell(pod); }},
      {"Status", [](const Json& pod, Nanos) -> Json { return PodStatusCell(pod); }},
      {"Restarts", [](const Json& pod, Nanos now) -> Json { return PodRestartsCell(pod, now); }},
      Age(),
      Text("IP", {"status", "podIP"}, true),
      Text("Node", {"spec", "nodeName"}, true),
      Text("Nominated Node", {"status", "nominatedNodeName"}, true),
      {"Readiness Gates", gates, true}};
}

Columns SetColumns() {
  return {Name(),
          {"Ready",
           [](const Json& set, Nanos) -> Json {
             return fmt::format("{}/{}", GetInt(set, {"status", "readyReplicas"}),
                                GetInt(set, {"spec", "replicas"}));
           }},
          Age(),
          {"Containers",
           [](const Json& set, Nanos) -> Json {
             return JoinMembers(GetArray(set, {"spec", "template", "spec", "containers"}), "name");
           },
           true},
          {"Images",
           [](const Json& set, Nanos) -> Json {
             return JoinMembers(GetArray(set, {"spec", "template", "spec", "containers"}), "image");
           },
           true}};
}

Json NodeStatus(const Json& node, Nanos) {
  std::string text = "Unknown";
  for (const Json& condition : GetArray(node, {"status", "conditions"}))
    if (GetString(condition, {"type"}) == "Ready")
      text = GetString(condition, {"status"}) == "True" ? "Ready" : "NotReady";
  if (GetBool(node, {"spec", "unschedulable"})) text += ",SchedulingDisabled";
  return text;
}
Json NodeRoles(const Json& node, Nanos) {
  constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
  std::vector<std::string> roles;
  for (const auto& [key, value] : GetObject(node, {"metadata", "labels"}).items())
    if (key.starts_with(kPrefix)) roles.push_back(key.substr(kPrefix.size()));
  return OrNone(Join(roles, ","));
}
Column NodeAddress(const std::string& name, const std::string& type) {
  return {name,
          [type](const Json& node, Nanos) -> Json {
            for (const Json& address : GetArray(node, {"status", "addresses"}))
              if (GetString(address, {"type"}) == type) return GetString(address, {"address"});
            return "<none>";
          },
          true};
}
Columns NodeColumns() {
  return {Name(),
          {"Status", NodeStatus},
          {"Roles", NodeRoles},
          Age(),
          Text("Version", {"status", "nodeInfo", "kubeletVersion"}),
          NodeAddress("Internal-IP", "InternalIP"),
          NodeAddress("External-IP", "ExternalIP"),
          Text("OS-Image", {"status", "nodeInfo", "osImage"}, true),
          Text("Kernel-Version", {"status", "nodeInfo", "kernelVersion"}, true),
          Text("Container-Runtime", {"status", "nodeInfo", "containerRuntimeVersion"}, true)};
}

std::string PhaseOrTerminating(const Json& object) {
  return GetString(object, {"metadata", "deletionTimestamp"}).empty()
             ? GetString(object, {"status", "phase"})
             : "Terminating";
}

Columns ClaimColumns() {
  return {Name(),
          {"Status", [](const Json& claim, Nanos) -> Json { return PhaseOrTerminating(claim); }},
          Text("Volume", {"spec", "volumeName"}, false, false),
          {"Capacity",
           [](const Json& claim, Nanos) -> Json {
             return GetString(claim, {"spec", "volumeName"}).empty()
                        ? ""
                        : GetString(claim, {"status", "capacity", "storage"});
           }},
          AccessModes(),
          Text("StorageClass", {"spec", "storageClassName"}, false, false),
          {"VolumeAttributesClass",
           [](const Json& claim, Nanos) -> Json {
             return OrUnset(GetString(claim, {"spec", "volumeAttributesClassName"}));
           }},
          Age(),
          Text("VolumeMode", {"spec", "volumeMode"}, true, false)};
}

Columns VolumeColumns() {
  return {Name(),
          Text("Capacity", {"spec", "capacity", "storage"}, false, false),
          AccessModes(),
          Text("Reclaim Policy", {"spec", "persistentVolumeReclaimPolicy"}, false, false),
          {"Status", [](const Json& volume, Nanos) -> Json { return PhaseOrTerminating(volume); }},
          {"Claim",
           [](const Json& volume, Nanos) -> Json {
             const Json& claim = GetObject(volume, {"spec", "claimRef"});
             if (claim.empty()) return "";
             return GetString(claim, {"namespace"}) + "/" + GetString(claim, {"name"});
           }},
          Text("StorageClass", {"spec", "storageClassName"}, false, false),
          {"VolumeAttributesClass",
           [](const Json& volume, Nanos) -> Json {
             return OrUnset(GetString(volume, {"spec", "volumeAttributesClassName"}));
           }},
          Text("Reason", {"status", "reason"}, false, false),
          Age(),
          Text("VolumeMode", {"spec", "volumeMode"}, true, false)};
}

Columns ServiceColumns() {
  const auto ports = [](const Json& service, Nanos) -> Json {
    std::vector<std::string> parts;
    for (const Json& port : GetArray(service, {"spec", "ports"}))
      parts.push_back(fmt::format("{}/{}", GetInt(port, {"port"}), GetString(port, {"protocol"})));
    return OrNone(Join(parts, ","));
  };
  const auto selector = [](const Json& service, Nanos) -> Json {
    std::vector<std::string> parts;
    for (const auto& [key, value] : GetObject(service, {"spec", "selector"}).items())
      parts.push_back(key + "=" + (value.is_string() ? value.get<std::string>() : ""));
    return OrNone(Join(parts, ","));
  };
  return {Name(),
          Text("Type", {"spec", "type"}),
          Text("Cluster-IP", {"spec", "clusterIP"}),
          {"External-IP", [](const Json&, Nanos) -> Json { return "<none>"; }},
          {"Port(s)", ports},
          Age(),
          {"Selector", selector, true}};
}

Columns EventColumns() {
  const auto last_seen = [](const Json& event, Nanos now) -> Json {
    for (const char* field : {"lastTimestamp", "firstTimestamp", "eventTime"})
      if (const std::string stamp = GetString(event, {field}); !stamp.empty())
        return AgeOf(stamp, now);
    return AgeOf(GetString(event, {"metadata", "creationTimestamp"}), now);
  };
  const auto object = [](const Json& event, Nanos) -> Json {
    std::string kind = GetString(event, {"involvedObject", "kind"});
    for (char& c : kind)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return kind + "/" + GetString(event, {"involvedObject", "name"});
  };
  const auto first_seen = [](const Json& event, Nanos now) -> Json {
    return AgeOf(GetString(event, {"firstTimestamp"}), now);
  };
  return {{"Last Seen", last_seen},
          Text("Type", {"type"}, false, false),
          Text("Reason", {"reason"}, false, false),
          {"Object", object},
          Text("Subobject", {"involvedObject", "fieldPath"}, true, false),
          Text("Source", {"source", "component"}, true, false),
          {"Message",
           [](const Json& event, Nanos) -> Json {
             return std::string(Trim(GetString(event, {"message"})));
           }},
          {"First Seen", first_seen, true},
          Text("Count", {"count"}, true, false),
          Text("Name", {"metadata", "name"}, true)};
}

Columns ClassColumns() {
  const auto name = [](const Json& entry, Nanos) -> Json {
    const bool is_default =
        GetString(entry, {"metadata", "annotations",
                          "storageclass.kubernetes.io/is-default-class"}) == "true";
    return GetString(entry, {"metadata", "name"}) + (is_default ? " (default)" : "");
  };
  return {
      {"Name", name},
      Text("Provisioner", {"provisioner"}),
      Text("ReclaimPolicy", {"reclaimPolicy"}),
      Text("VolumeBindingMode", {"volumeBindingMode"}),
      {"AllowVolumeExpansion",
       [](const Json& entry, Nanos) -> Json { return GetBool(entry, {"allowVolumeExpansion"}); }},
      Age()};
}

Columns SliceColumns() {
  const auto ports = [](const Json& slice, Nanos) -> Json {
    std::vector<std::string> parts;
    for (const Json& port : GetArray(slice, {"ports"}))
      parts.push_back(std::to_string(GetInt(port, {"port"})));
    return parts.empty() ? "<unset>" : Join(parts, ",");
  };
  const auto endpoints = [](const Json& slice, Nanos) -> Json {
    std::vector<std::string> parts;
    for (const Json& endpoint : GetArray(slice, {"endpoints"}))
      parts.push_back(JoinMembers(GetArray(endpoint, {"addresses"}), nullptr));
    if (parts.size() > 3) {
      const size_t more = parts.size() - 3;
      parts.resize(3);
      return fmt::format("{} + {} more...", Join(parts, ","), more);
    }
    return parts.empty() ? "<unset>" : Join(parts, ",");
  };
  return {Name(),
          Text("AddressType", {"addressType"}),
          {"Ports", ports},
          {"Endpoints", endpoints},
          Age()};
}

Columns RevisionColumns() {
  const auto controller = [](const Json& revision, Nanos) -> Json {
    for (const Json& owner : GetArray(revision, {"metadata", "ownerReferences"})) {
      if (!GetBool(owner, {"controller"})) continue;
      const ResourceInfo* info = FindResource("statefulsets");
      if (GetString(owner, {"kind"}) == info->kind)
        return info->singular + "." + info->group + "/" + GetString(owner, {"name"});
      return GetString(owner, {"kind"}) + "/" + GetString(owner, {"name"});
    }
    return "<none>";
  };
  return {Name(), {"Controller", controller}, Text("Revision", {"revision"}), Age()};
}

Column CountOf(const std::string& title, const char* member) {
  return {title, [member](const Json& object, Nanos) -> Json {
            const Json* found = FindPath(object, {member});
            return found == nullptr ? size_t{0} : found->size();
          }};
}

const Columns& ColumnsOf(const std::string& plural) {
  static const std::map<std::string, Columns> kColumns = {
      {"pods", PodColumns()},
      {"statefulsets", SetColumns()},
      {"nodes", NodeColumns()},
      {"persistentvolumeclaims", ClaimColumns()},
      {"persistentvolumes", VolumeColumns()},
      {"services", ServiceColumns()},
      {"events", EventColumns()},
      {"storageclasses", ClassColumns()},
      {"endpointslices", SliceColumns()},
      {"controllerrevisions", RevisionColumns()},
      {"namespaces", {Name(), Text("Status", {"status", "phase"}, false, false), Age()}},
      {"configmaps", {Name(), CountOf("Data", "data"), Age()}},
      {"secrets", {Name(), Text("Type", {"type"}), CountOf("Data", "data"), Age()}},
      {"leases", {Name(), Text("Holder", {"spec", "holderIdentity"}), Age()}},
      {"volumeattachments",
       {Name(), Text("Attacher", {"spec", "attacher"}),
        Text("PV", {"spec", "source", "persistentVolumeName"}), Text("Node", {"spec", "nodeName"}),
        Text("Attached", {"status", "attached"}), Age()}},
  };
  static const Columns kOther = {Name(), Age()};
  const auto found = kColumns.find(plural);
  return found == kColumns.end() ? kOther : found->second;
}

}  // namespace

std::string HumanDuration(Nanos duration) {
  const int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return fmt::format("{}s", seconds);
  const int64_t minutes = seconds / 60;
  const auto with_rest = [](int64_t whole, char unit, int64_t rest, char rest_unit) {
    return rest == 0 ? fmt::format("{}{}", whole, unit)
                     : fmt::format("{}{}{}{}", whole, unit, rest, rest_unit);
  };
  if (minutes < 10) return with_rest(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return fmt::format("{}m", minutes);
  const int64_t hours = minutes / 60;
  if (hours < 8) return with_rest(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return fmt::format("{}h", hours);
  if (hours < 192) return with_rest(hours / 24, 'd', hours % 24, 'h');
  const int64_t days = hours / 24;
  if (days < 730) return fmt::format("{}d", days);
  return with_rest(days / 365, 'y', days < 365 * 8 ? days % 365 : 0, 'd');
}

Json TableColumns(const ResourceInfo& info) {
  Json columns = Json::array();
  for (const Column& column : ColumnsOf(info.plural)) {
    const bool number = column.name == "Data";
    columns.push_back({{"name", column.name},
                       {"type", number ? "integer" : "string"},
                       {"format", column.name == "Name" ? "name" : ""},
                       {"description", ""},
                       {"priority", column.wide ? 1 : 0}});
  }
  return columns;
}

Json TableRow(const ResourceInfo& info, const Json& object, const std::string& include, Nanos now) {
  Json cells = Json::array();
  for (const Column& column : ColumnsOf(info.plural))
    cells.push_back(column.cell(object, now));
  Json row = {{"cells", std::move(cells)}};
  if (include == "Object") {
    row["object"] = object;
  } else if (include != "None") {
    row["object"] = {{"kind", "PartialObjectMetadata"},
                     {"apiVersion", "meta.k8s.io/v1"},
                     {"metadata", object.value("metadata", Json::object())}};
  }
  return row;
}

Json EmptyTable(Json columns) {
  return {{"kind", "Table"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", Json::object()},
          {"columnDefinitions", std::move(columns)},
          {"rows", Json::array()}};
}

}  // namespace holdfast::sandbox
