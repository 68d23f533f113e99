#include "harness/sandbox/api/table.h"

#include <map>
#include <utility>
#include <vector>

#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/sandbox/api/pod_cells.h"
#include "harness/sandbox/api/selectors.h"
#include "harness/sandbox/api/table_columns.h"

namespace holdfast::sandbox {
namespace {

std::string OrUnset(std::string text) { return text.empty() ? "<unset>" : text; }

std::string AgeOf(const std::string& stamp, Nanos now) {
  const auto at = ParseRfc3339(stamp);
  return at ? HumanDuration(now - *at) : "<unknown>";
}
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
      NameColumn(),
      {"Ready", [](const Json& pod, Nanos) -> Json { return PodReadyCell(pod); }},
      {"Status", [](const Json& pod, Nanos) -> Json { return PodStatusCell(pod); }},
      {"Restarts", [](const Json& pod, Nanos now) -> Json { return PodRestartsCell(pod, now); }},
      AgeColumn(),
      TextColumn("IP", {"status", "podIP"}, true),
      TextColumn("Node", {"spec", "nodeName"}, true),
      TextColumn("Nominated Node", {"status", "nominatedNodeName"}, true),
      {"Readiness Gates", gates, true}};
}

Columns SetColumns() {
  return {NameColumn(),
          {"Ready",
           [](const Json& set, Nanos) -> Json {
             return fmt::format("{}/{}", GetInt(set, {"status", "readyReplicas"}),
                                GetInt(set, {"spec", "replicas"}));
           }},
          AgeColumn(),
          ContainersColumn(),
          ImagesColumn()};
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
  return {NameColumn(),
          {"Status", NodeStatus},
          {"Roles", NodeRoles},
          AgeColumn(),
          TextColumn("Version", {"status", "nodeInfo", "kubeletVersion"}),
          NodeAddress("Internal-IP", "InternalIP"),
          NodeAddress("External-IP", "ExternalIP"),
          TextColumn("OS-Image", {"status", "nodeInfo", "osImage"}, true),
          TextColumn("Kernel-Version", {"status", "nodeInfo", "kernelVersion"}, true),
          TextColumn("Container-Runtime", {"status", "nodeInfo", "containerRuntimeVersion"}, true)};
}

std::string PhaseOrTerminating(const Json& object) {
  return GetString(object, {"metadata", "deletionTimestamp"}).empty()
             ? GetString(object, {"status", "phase"})
             : "Terminating";
}

Columns ClaimColumns() {
  return {NameColumn(),
          {"Status", [](const Json& claim, Nanos) -> Json { return PhaseOrTerminating(claim); }},
          TextColumn("Volume", {"spec", "volumeName"}, false, false),
          {"Capacity",
           [](const Json& claim, Nanos) -> Json {
             return GetString(claim, {"spec", "volumeName"}).empty()
                        ? ""
                        : GetString(claim, {"status", "capacity", "storage"});
           }},
          AccessModes(),
          TextColumn("StorageClass", {"spec", "storageClassName"}, false, false),
          {"VolumeAttributesClass",
           [](const Json& claim, Nanos) -> Json {
             return OrUnset(GetString(claim, {"spec", "volumeAttributesClassName"}));
           }},
          AgeColumn(),
          TextColumn("VolumeMode", {"spec", "volumeMode"}, true, false)};
}

Columns VolumeColumns() {
  return {NameColumn(),
          TextColumn("Capacity", {"spec", "capacity", "storage"}, false, false),
          AccessModes(),
          TextColumn("Reclaim Policy", {"spec", "persistentVolumeReclaimPolicy"}, false, false),
          {"Status", [](const Json& volume, Nanos) -> Json { return PhaseOrTerminating(volume); }},
          {"Claim",
           [](const Json& volume, Nanos) -> Json {
             const Json& claim = GetObject(volume, {"spec", "claimRef"});
             if (claim.empty()) return "";
             return GetString(claim, {"namespace"}) + "/" + GetString(claim, {"name"});
           }},
          TextColumn("StorageClass", {"spec", "storageClassName"}, false, false),
          {"VolumeAttributesClass",
           [](const Json& volume, Nanos) -> Json {
             return OrUnset(GetString(volume, {"spec", "volumeAttributesClassName"}));
           }},
          TextColumn("Reason", {"status", "reason"}, false, false),
          AgeColumn(),
          TextColumn("VolumeMode", {"spec", "volumeMode"}, true, false)};
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
  return {NameColumn(),
          TextColumn("Type", {"spec", "type"}),
          TextColumn("Cluster-IP", {"spec", "clusterIP"}),
          {"External-IP", [](const Json&, Nanos) -> Json { return "<none>"; }},
          {"Port(s)", ports},
          AgeColumn(),
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
          TextColumn("Type", {"type"}, false, false),
          TextColumn("Reason", {"reason"}, false, false),
          {"Object", object},
          TextColumn("Subobject", {"involvedObject", "fieldPath"}, true, false),
          TextColumn("Source", {"source", "component"}, true, false),
          {"Message",
           [](const Json& event, Nanos) -> Json {
             return std::string(Trim(GetString(event, {"message"})));
           }},
          {"First Seen", first_seen, true},
          TextColumn("Count", {"count"}, true, false),
          TextColumn("Name", {"metadata", "name"}, true)};
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
      TextColumn("Provisioner", {"provisioner"}),
      TextColumn("ReclaimPolicy", {"reclaimPolicy"}),
      TextColumn("VolumeBindingMode", {"volumeBindingMode"}),
      {"AllowVolumeExpansion",
       [](const Json& entry, Nanos) -> Json { return GetBool(entry, {"allowVolumeExpansion"}); }},
      AgeColumn()};
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
  return {NameColumn(),
          TextColumn("AddressType", {"addressType"}),
          {"Ports", ports},
          {"Endpoints", endpoints},
          AgeColumn()};
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
  return {
      NameColumn(), {"Controller", controller}, TextColumn("Revision", {"revision"}), AgeColumn()};
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
      {"namespaces",
       {NameColumn(), TextColumn("Status", {"status", "phase"}, false, false), AgeColumn()}},
      {"configmaps", {NameColumn(), CountColumn("Data", "data"), AgeColumn()}},
      {"secrets",
       {NameColumn(), TextColumn("Type", {"type"}), CountColumn("Data", "data"), AgeColumn()}},
      {"leases", {NameColumn(), TextColumn("Holder", {"spec", "holderIdentity"}), AgeColumn()}},
      {"volumeattachments",
       {NameColumn(), TextColumn("Attacher", {"spec", "attacher"}),
        TextColumn("PV", {"spec", "source", "persistentVolumeName"}),
        TextColumn("Node", {"spec", "nodeName"}), TextColumn("Attached", {"status", "attached"}),
        AgeColumn()}},
  };
  static const Columns kOther = {NameColumn(), AgeColumn()};
  if (const auto found = kColumns.find(plural); found != kColumns.end()) return found->second;
  const Columns* other = OtherColumns(plural);
  return other == nullptr ? kOther : *other;
}

}  // namespace

std::string OrNone(std::string text) { return text.empty() ? "<none>" : text; }

Column TextColumn(std::string name, std::vector<std::string> path, bool wide, bool none) {
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

Column NumberColumn(std::string name, std::vector<std::string> path) {
  return {std::move(name),
          [path = std::move(path)](const Json& object, Nanos) -> Json {
            const Json* at = &object;
            for (const std::string& part : path)
              if (at != nullptr) at = FindPath(*at, {part});
            return at != nullptr && at->is_number_integer() ? at->get<int64_t>() : int64_t{0};
          },
          false, "integer"};
}

Column AgeColumn() {
  return {"Age", [](const Json& object, Nanos now) -> Json {
            return AgeOf(GetString(object, {"metadata", "creationTimestamp"}), now);
          }};
}

Column NameColumn() { return TextColumn("Name", {"metadata", "name"}); }

Column ContainersColumn() {
  return {
      "Containers",
      [](const Json& object, Nanos) -> Json {
        return JoinMembers(GetArray(object, {"spec", "template", "spec", "containers"}), "name");
      },
      true};
}

Column ImagesColumn() {
  return {
      "Images",
      [](const Json& object, Nanos) -> Json {
        return JoinMembers(GetArray(object, {"spec", "template", "spec", "containers"}), "image");
      },
      true};
}

Column SelectorColumn() {
  return {
      "Selector",
      [](const Json& object, Nanos) -> Json {
        return OrNone(LabelSelector::FromJson(GetObject(object, {"spec", "selector"})).ToString());
      },
      true};
}

Column CountColumn(const std::string& name, const char* member) {
  return {name,
          [member](const Json& object, Nanos) -> Json {
            const Json* found = FindPath(object, {member});
            return found == nullptr ? size_t{0} : found->size();
          },
          false, "integer"};
}

Json PartialMetadata(const Json& object) {
  return {{"kind", "PartialObjectMetadata"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", object.value("metadata", Json::object())}};
}

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
    columns.push_back({{"name", column.name},
                       {"type", column.type},
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
    row["object"] = PartialMetadata(object);
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
