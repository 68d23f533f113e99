// Columns of deployments, disruption budgets, access rules and the lesser kinds.
#include <map>
#include <set>

#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/sandbox/api/table.h"
#include "harness/sandbox/api/table_columns.h"

namespace holdfast::sandbox {
namespace {

Columns DeploymentColumns() {
  const auto ready = [](const Json& object, Nanos) -> Json {
    return fmt::format("{}/{}", GetInt(object, {"status", "readyReplicas"}),
                       GetInt(object, {"spec", "replicas"}));
  };
  const auto count = [](const char* field) {
    return [field](const Json& object, Nanos) -> Json {
      return std::to_string(GetInt(object, {"status", field}));
    };
  };
  return {NameColumn(),
          {"Ready", ready},
          {"Up-to-date", count("updatedReplicas")},
          {"Available", count("availableReplicas")},
          AgeColumn(),
          ContainersColumn(),
          ImagesColumn(),
          SelectorColumn()};
}

Columns ReplicaSetColumns() {
  return {NameColumn(),
          NumberColumn("Desired", {"spec", "replicas"}),
          NumberColumn("Current", {"status", "replicas"}),
          NumberColumn("Ready", {"status", "readyReplicas"}),
          AgeColumn(),
          ContainersColumn(),
          ImagesColumn(),
          SelectorColumn()};
}

Columns BudgetColumns() {
  const auto limit = [](const char* field) {
    return [field](const Json& budget, Nanos) -> Json {
      const Json* value = FindPath(budget, {"spec", field});
      if (value == nullptr) return "N/A";
      return value->is_string() ? value->get<std::string>() : DumpJson(*value);
    };
  };
  return {NameColumn(),
          {"Min Available", limit("minAvailable")},
          {"Max Unavailable", limit("maxUnavailable")},
          NumberColumn("Allowed Disruptions", {"status", "disruptionsAllowed"}),
          AgeColumn()};
}

Columns BindingColumns() {
  const auto role = [](const Json& binding, Nanos) -> Json {
    return GetString(binding, {"roleRef", "kind"}) + "/" + GetString(binding, {"roleRef", "name"});
  };
  const auto subjects = [](const char* kind) {
    return [kind](const Json& binding, Nanos) -> Json {
      std::vector<std::string> names;
      for (const Json& subject : GetArray(binding, {"subjects"})) {
        if (GetString(subject, {"kind"}) != kind) continue;
        const std::string name = GetString(subject, {"name"});
        names.push_back(std::string_view(kind) == "ServiceAccount"
                            ? GetString(subject, {"namespace"}) + "/" + name
                            : name);
      }
      return Join(names, ", ");
    };
  };
  return {NameColumn(),
          {"Role", role},
          AgeColumn(),
          {"Users", subjects("User"), true},
          {"Groups", subjects("Group"), true},
          {"ServiceAccounts", subjects("ServiceAccount"), true}};
}

Columns QuotaColumns() {
  const auto amounts = [](std::string_view prefix) {
    return [prefix](const Json& quota, Nanos) -> Json {
      std::vector<std::string> parts;
      for (const auto& [name, hard] : GetObject(quota, {"status", "hard"}).items()) {
        if (name.starts_with("limits.") != (prefix == "limits.")) continue;
        parts.push_back(fmt::format("{}: {}/{}", name, GetString(quota, {"status", "used", name}),
                                    hard.is_string() ? hard.get<std::string>() : DumpJson(hard)));
      }
      return Join(parts, ", ");
    };
  };
  return {NameColumn(), {"Request", amounts("")}, {"Limit", amounts("limits.")}, AgeColumn()};
}

Columns EndpointsColumns() {
  const auto addresses = [](const Json& object, Nanos) -> Json {
    std::vector<std::string> all;
    for (const Json& subset : GetArray(object, {"subsets"})) {
      const Json& ports = GetArray(subset, {"ports"});
      for (const Json& address : GetArray(subset, {"addresses"})) {
        if (ports.empty()) all.push_back(GetString(address, {"ip"}));
        for (const Json& port : ports)
          all.push_back(fmt::format("{}:{}", GetString(address, {"ip"}), GetInt(port, {"port"})));
      }
    }
    if (all.size() > 3) {
      const size_t more = all.size() - 3;
      all.resize(3);
      return fmt::format("{} + {} more...", Join(all, ","), more);
    }
    return OrNone(Join(all, ","));
  };
  return {NameColumn(), {"Endpoints", addresses}, AgeColumn()};
}

Columns DriverColumns() {
  const auto flag = [](const char* field) {
    return [field](const Json& driver, Nanos) -> Json { return GetBool(driver, {"spec", field}); };
  };
  const auto tokens = [](const Json& driver, Nanos) -> Json {
    std::vector<std::string> audiences;
    for (const Json& request : GetArray(driver, {"spec", "tokenRequests"}))
      audiences.push_back(GetString(request, {"audience"}));
    return audiences.empty() ? "<unset>" : Join(audiences, ",");
  };
  const auto modes = [](const Json& driver, Nanos) -> Json {
    std::vector<std::string> all;
    for (const Json& mode : GetArray(driver, {"spec", "volumeLifecycleModes"}))
      if (mode.is_string()) all.push_back(mode.get<std::string>());
    return OrNone(Join(all, ","));
  };
  return {NameColumn(),
          {"AttachRequired", flag("attachRequired"), false, "boolean"},
          {"PodInfoOnMount", flag("podInfoOnMount"), false, "boolean"},
          {"StorageCapacity", flag("storageCapacity"), false, "boolean"},
          {"TokenRequests", tokens},
          {"RequiresRepublish", flag("requiresRepublish"), false, "boolean"},
          {"Modes", modes},
          AgeColumn()};
}

Columns DaemonSetColumns() {
  const auto count = [](const char* name, const char* field) {
    return Column{name, [field](const Json& object, Nanos) -> Json {
                    return GetInt(object, {"status", field});
                  }, false, "integer"};
  };
  const auto nodes = [](const Json& object, Nanos) -> Json {
    std::vector<std::string> parts;
    for (const auto& [key, value] :
         GetObject(object, {"spec", "template", "spec", "nodeSelector"}).items())
      if (value.is_string()) parts.push_back(key + "=" + value.get<std::string>());
    return OrNone(Join(parts, ","));
  };
  return {NameColumn(),
          count("Desired", "desiredNumberScheduled"),
          count("Current", "currentNumberScheduled"),
          count("Ready", "numberReady"),
          count("Up-to-date", "updatedNumberScheduled"),
          count("Available", "numberAvailable"),
          {"Node Selector", nodes},
          AgeColumn(),
          ContainersColumn(),
          ImagesColumn(),
          SelectorColumn()};
}

Columns JobColumns() {
  const auto status = [](const Json& job, Nanos) -> Json {
    for (const char* type : {"Complete", "Failed", "Suspended"})
      for (const Json& condition : GetArray(job, {"status", "conditions"}))
        if (GetString(condition, {"type"}) == type && GetString(condition, {"status"}) == "True")
          return type;
    return "Running";
  };
  const auto completions = [](const Json& job, Nanos) -> Json {
    return fmt::format("{}/{}", GetInt(job, {"status", "succeeded"}),
                       GetInt(job, {"spec", "completions"}, 1));
  };
  const auto duration = [](const Json& job, Nanos now) -> Json {
    const auto start = ParseRfc3339(GetString(job, {"status", "startTime"}));
    const auto end = ParseRfc3339(GetString(job, {"status", "completionTime"}));
    return start ? HumanDuration(end.value_or(now) - *start) : "";
  };
  return {NameColumn(), {"Status", status}, {"Completions", completions},
          {"Duration", duration}, AgeColumn(),
          ContainersColumn(), ImagesColumn(), SelectorColumn()};
}

Columns CronJobColumns() {
  const auto active = [](const Json& object, Nanos) -> Json {
    return GetArray(object, {"status", "active"}).size();
  };
  const auto suspended = [](const Json& object, Nanos) -> Json {
    return GetBool(object, {"spec", "suspend"}) ? "True" : "False";
  };
  return {NameColumn(),
          TextColumn("Schedule", {"spec", "schedule"}),
          TextColumn("Timezone", {"spec", "timeZone"}),
          {"Suspend", suspended},
          {"Active", active, false, "integer"},
          TextColumn("Last Schedule", {"status", "lastScheduleTime"}),
          AgeColumn()};
}

Column CreatedColumn() {
  return TextColumn("Created At", {"metadata", "creationTimestamp"}, false, false);
}

}  // namespace

const Columns* OtherColumns(const std::string& plural) {
  static const std::map<std::string, Columns> kColumns = {
      {"deployments", DeploymentColumns()},
      {"replicasets", ReplicaSetColumns()},
      {"replicationcontrollers", ReplicaSetColumns()},
      {"daemonsets", DaemonSetColumns()},
      {"jobs", JobColumns()},
      {"cronjobs", CronJobColumns()},
      {"poddisruptionbudgets", BudgetColumns()},
      {"roles", {NameColumn(), CreatedColumn()}},
      {"clusterroles", {NameColumn(), CreatedColumn()}},
      {"limitranges", {NameColumn(), CreatedColumn()}},
      {"rolebindings", BindingColumns()},
      {"clusterrolebindings", BindingColumns()},
      {"resourcequotas", QuotaColumns()},
      {"endpoints", EndpointsColumns()},
      {"serviceaccounts", {NameColumn(), CountColumn("Secrets", "secrets"), AgeColumn()}},
      {"priorityclasses",
       {NameColumn(),
        NumberColumn("Value", {"value"}),
        {"Global-Default",
         [](const Json& entry, Nanos) -> Json { return GetBool(entry, {"globalDefault"}); }, false,
         "boolean"},
        AgeColumn(),
        TextColumn("PreemptionPolicy", {"preemptionPolicy"}, false, false)}},
      {"csidrivers", DriverColumns()},
      {"csinodes",
       {NameColumn(),
        {"Drivers",
         [](const Json& node, Nanos) -> Json {
           return GetArray(node, {"spec", "drivers"}).size();
         },
         false, "integer"},
        AgeColumn()}},
      {"csistoragecapacities",
       {NameColumn(), TextColumn("StorageClassName", {"storageClassName"}, false, false),
        TextColumn("Capacity", {"capacity"}, false, false), AgeColumn()}},
      {"volumeattributesclasses",
       {NameColumn(), TextColumn("DriverName", {"driverName"}, false, false), AgeColumn()}},
  };
  const auto found = kColumns.find(plural);
  return found == kColumns.end() ? nullptr : &found->second;
}

}  // namespace holdfast::sandbox
