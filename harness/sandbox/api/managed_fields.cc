#include "harness/sandbox/api/managed_fields.h"

#include <map>
#include <utility>
#include <vector>

#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/decode.h"
#include "harness/sandbox/api/defaults.h"
#include "harness/sandbox/api/field_sets.h"

namespace holdfast::sandbox {
namespace {

constexpr const char* kApply = "Apply";
constexpr const char* kUpdate = "Update";

Json& FieldsOf(Json& entry) { return entry["fieldsV1"]; }

bool IsEntryOf(const Json& entry, const FieldWriter& writer, const char* operation) {
  return GetString(entry, {"manager"}) == writer.manager &&
         GetString(entry, {"operation"}) == operation &&
         GetString(entry, {"subresource"}) == writer.subresource;
}

Json MakeEntry(const ResourceInfo& info,
               const FieldWriter& writer,
               const char* operation,
               Json fields) {
  Json entry = {{"manager", writer.manager},       {"operation", operation},
                {"apiVersion", info.ApiVersion()}, {"time", FormatRfc3339(writer.now)},
                {"fieldsType", "FieldsV1"},        {"fieldsV1", std::move(fields)}};
  if (!writer.subresource.empty()) entry["subresource"] = writer.subresource;
  return entry;
}

// Takes out what nobody can own, and what the subresource does not write.
Json Owned(const ResourceInfo& info, const std::string& subresource, Json fields) {
  fields.erase("f:apiVersion");
  fields.erase("f:kind");
  if (const auto metadata = fields.find("f:metadata"); metadata != fields.end()) {
    for (const char* name : {"f:name", "f:namespace", "f:uid", "f:creationTimestamp",
                             "f:generation", "f:resourceVersion", "f:selfLink", "f:managedFields",
                             "f:deletionTimestamp", "f:deletionGracePeriodSeconds", "."})
      metadata->erase(name);
    if (metadata->empty()) fields.erase("f:metadata");
  }
  if (subresource == "status") {
    Json status = fields.value("f:status", Json());
    fields = Json::object();
    if (!status.is_null()) fields["f:status"] = std::move(status);
  } else if (info.has_status) {
    fields.erase("f:status");
  }
  return fields;
}

void DropEmpty(Json& entries) {
  Json kept = Json::array();
  for (Json& entry : entries)
    if (!GetObject(entry, {"fieldsV1"}).empty()) kept.push_back(std::move(entry));
  entries = std::move(kept);
}

void KeepOwners(Json& object, Json entries) {
  DropEmpty(entries);
  if (entries.empty()) {
    object["metadata"].erase("managedFields");
  } else {
    object["metadata"]["managedFields"] = std::move(entries);
  }
}

// Takes `fields` from every entry but `own`; an entry that changes carries on with its time.
void TakeFromOthers(Json& entries,
                    const FieldWriter& writer,
                    const char* operation,
                    const Json& fields) {
  if (fields.empty()) return;
  for (Json& entry : entries)
    if (!IsEntryOf(entry, writer, operation))
      FieldsOf(entry) = SetDifference(GetObject(entry, {"fieldsV1"}), fields);
}

std::string Described(const Json& entry) {
  std::string text = "\"" + GetString(entry, {"manager"}) + "\"";
  if (const std::string sub = GetString(entry, {"subresource"}); !sub.empty())
    text += " with subresource \"" + sub + "\"";
  if (GetString(entry, {"operation"}) == kUpdate) {
    text += " using " + GetString(entry, {"apiVersion"});
    if (const std::string time = GetString(entry, {"time"}); !time.empty()) text += " at " + time;
  }
  return text;
}

Error ApplyConflict(const std::map<std::string, std::vector<std::string>>& conflicts) {
  size_t count = 0;
  std::string lines;
  for (const auto& [manager, paths] : conflicts) {
    lines += (lines.empty() ? "" : "\n") + ("conflicts with " + manager + ":");
    for (const std::string& path : paths)
      lines += "\n- " + path;
    count += paths.size();
  }
  if (count == 1)
    return ApiError(409, "Conflict",
                    fmt::format("Apply failed with 1 conflict: conflict with {}: {}",
                                conflicts.begin()->first, conflicts.begin()->second.front()));
  return ApiError(409, "Conflict", fmt::format("Apply failed with {} conflicts: {}", count, lines));
}

// What the annotation of client-side apply says was applied, as far as the object still has it so.
Json FieldsOfLastApplied(const ResourceInfo& info, const Json& live) {
  const auto applied = ParseJson(GetString(
      live, {"metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"}));
  if (!applied || !applied->is_object()) return Json::object();
  Json object = *applied;
  const TypeSchema& type = SchemaOf(info);
  if (!DecodeObject(type, object, nullptr)) return Json::object();
  const FieldChanges since = CompareFields(type, object, live);
  return SetDifference(FieldsIn(type, object), SetUnion(since.written, since.removed));
}

}  // namespace

Json CleanedManagedFields(const Json& sent) {
  Json kept = Json::array();
  for (const Json& entry : sent) {
    if (!entry.is_object()) continue;
    if (entry.empty()) return Json::array();
    if (!GetString(entry, {"operation"}).empty() && !GetObject(entry, {"fieldsV1"}).empty())
      kept.push_back(entry);
  }
  return kept;
}

void TrackUpdate(const ResourceInfo& info,
                 const Json& before,
                 const FieldWriter& writer,
                 Json& after) {
  const Json old = before.is_null() ? Json::object() : before;
  const FieldChanges changes = CompareFields(SchemaOf(info), old, after);
  // A scale is written to the object itself.
  const std::string through = writer.subresource == "status" ? "status" : "";
  const Json written = Owned(info, through, changes.written);
  const Json removed = Owned(info, through, changes.removed);
  if (written.empty() && removed.empty()) return;
  Json entries = CleanedManagedFields(GetArray(after, {"metadata", "managedFields"}));
  TakeFromOthers(entries, writer, kUpdate, SetUnion(written, removed));
  bool found = false;
  for (Json& entry : entries) {
    if (!IsEntryOf(entry, writer, kUpdate)) continue;
    found = true;
    Json fields = SetUnion(SetDifference(GetObject(entry, {"fieldsV1"}), removed), written);
    entry = MakeEntry(info, writer, kUpdate, std::move(fields));
  }
  if (!found && !written.empty()) entries.push_back(MakeEntry(info, writer, kUpdate, written));
  KeepOwners(after, std::move(entries));
}

Result<Json> ApplyFields(const ResourceInfo& info,
                         const Json& live,
                         const Json& wanted,
                         const FieldWriter& writer,
                         bool force) {
  if (!GetArray(wanted, {"metadata", "managedFields"}).empty())
    return Fail(BadRequest("metadata.managedFields must be nil"));
  const TypeSchema& type = SchemaOf(info);
  if (const std::string missing = ElementWithoutKey(type, wanted); !missing.empty())
    return Fail(ApiError(500, "",
                         fmt::format("failed to create typed patch object ({}/{}; {}, Kind={}): {}",
                                     GetString(wanted, {"metadata", "namespace"}),
                                     GetString(wanted, {"metadata", "name"}), info.ApiVersion(),
                                     info.kind, missing)));
  const Json fields = Owned(info, writer.subresource, FieldsIn(type, wanted));
  if (live.is_null()) {
    Json made = wanted;
    KeepOwners(made, Json::array({MakeEntry(info, writer, kApply, fields)}));
    return made;
  }
  Json entries = CleanedManagedFields(GetArray(live, {"metadata", "managedFields"}));
  Json former = Json::object();
  Json owned = fields;  // By anybody, once this is done.
  Json own_entry;
  for (const Json& entry : entries) {
    if (IsEntryOf(entry, writer, kApply)) {
      former = GetObject(entry, {"fieldsV1"});
      own_entry = entry;
    } else {
      owned = SetUnion(owned, GetObject(entry, {"fieldsV1"}));
    }
  }
  Json merged = MergeByFields(type, live, wanted);
  PruneFields(type, merged, former, owned);
  // What defaults bring back has not changed: a list that is replaced whole would differ from its
  // stored form for ever, and every apply would write.
  Json settled = merged;
  if (writer.subresource.empty()) ApplyDefaults(info, settled);
  const FieldChanges changes = CompareFields(type, live, settled);
  // Fields that a client-side apply of the same tool wrote are its own already.
  const Json allowed =
      writer.manager == "kubectl" ? FieldsOfLastApplied(info, live) : Json::object();
  std::map<std::string, std::vector<std::string>> conflicts;
  for (const Json& entry : entries) {
    if (IsEntryOf(entry, writer, kApply)) continue;
    const Json shared =
        SetDifference(SetIntersection(GetObject(entry, {"fieldsV1"}), changes.written), allowed);
    for (std::string& path : SetPaths(shared))
      conflicts[Described(entry)].push_back(std::move(path));
  }
  if (!force && !conflicts.empty()) return Fail(ApplyConflict(conflicts));
  TakeFromOthers(entries, writer, kApply, SetUnion(changes.written, changes.removed));
  Json kept = Json::array();
  for (Json& entry : entries)
    if (!IsEntryOf(entry, writer, kApply)) kept.push_back(std::move(entry));
  // The time is that of the last change.
  const bool same = !own_entry.is_null() && former == fields && changes.written.empty() &&
                    changes.removed.empty();
  kept.push_back(same ? own_entry : MakeEntry(info, writer, kApply, fields));
  // A repeated apply leaves the object as it is, down to the order of its owners.
  if (same) kept = GetArray(live, {"metadata", "managedFields"});
  KeepOwners(merged, std::move(kept));
  return merged;
}

}  // namespace holdfast::sandbox
