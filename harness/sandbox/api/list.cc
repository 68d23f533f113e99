// Lists: selection, chunks, tables.
#include <algorithm>

#include "harness/base/random.h"
#include "harness/base/strings.h"
#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/events_view.h"
#include "harness/sandbox/api/handler.h"
#include "harness/sandbox/api/table.h"

namespace holdfast::sandbox {
namespace {

constexpr size_t kSnapshotsKept = 64;

Error ContinueExpired() {
  return ApiError(410, "Expired",
                  "The provided continue parameter is too old to display a consistent list result. "
                  "You must start a new list without the continue parameter.");
}

// "VERSION.ID.OFFSET": which snapshot, and how far it has been read.
std::string ContinueToken(uint64_t version, const std::string& id, size_t offset) {
  return Base64Encode(fmt::format("{}.{}.{}", version, id, offset));
}

// Items of a list do not carry their type.
void AppendItem(std::string& out, const StoredObject& object, const ResourceInfo& info) {
  const std::string prefix =
      fmt::format("{{\"apiVersion\":\"{}\",\"kind\":\"{}\",", info.ApiVersion(), info.kind);
  if (object.text.starts_with(prefix)) {
    out += '{';
    out.append(object.text, prefix.size());
    return;
  }
  Json bare = ServedJson(info, object);
  bare.erase("apiVersion");
  bare.erase("kind");
  out += DumpJson(bare);
}

Error InvalidListOption(std::string_view why) {
  return ApiError(422, "Invalid", fmt::format("ListOptions.meta.k8s.io \"\" is invalid: {}", why));
}

Result<uint64_t> VersionAsked(const HttpRequest& request) {
  const std::string text = request.Query("resourceVersion", "0");
  const auto number = text.empty() ? std::optional<int64_t>(0) : ParseInt(text);
  if (!number || *number < 0)
    return Fail(BadRequest("resourceVersion must be a number, not " + text));
  return static_cast<uint64_t>(*number);
}

// The version of which exactly the state is asked for, when one is.
Result<std::optional<uint64_t>> ExactVersion(const HttpRequest& request) {
  HOLDFAST_ASSIGN(const uint64_t version, VersionAsked(request));
  const std::string match = request.Query("resourceVersionMatch");
  if (match.empty()) return std::optional<uint64_t>();
  if (request.Query("resourceVersion").empty())
    return Fail(
        InvalidListOption("resourceVersionMatch: Forbidden: resourceVersionMatch is "
                          "forbidden unless resourceVersion is provided"));
  if (match != "Exact" && match != "NotOlderThan")
    return Fail(
        InvalidListOption(fmt::format("resourceVersionMatch: Unsupported value: \"{}\": "
                                      "supported values: \"Exact\", \"NotOlderThan\", "
                                      "\"\"",
                                      match)));
  if (match == "Exact" && version == 0)
    return Fail(
        InvalidListOption("resourceVersionMatch: Forbidden: resourceVersionMatch \"Exact\" "
                          "is forbidden for resourceVersion \"0\""));
  return match == "Exact" ? std::optional<uint64_t>(version) : std::optional<uint64_t>();
}

Status CheckNotTooNew(const HttpRequest& request, uint64_t current) {
  HOLDFAST_ASSIGN(const uint64_t wanted, VersionAsked(request));
  if (wanted <= current) return {};
  return Fail(ApiError(
      504, "Timeout", fmt::format("Too large resource version: {}, current: {}", wanted, current)));
}

}  // namespace

Result<Selection> ApiHandler::SelectionOf(const HttpRequest& request, const Route& route) const {
  Selection selection;
  HOLDFAST_ASSIGN(selection.labels, LabelSelector::Parse(request.Query("labelSelector")));
  HOLDFAST_ASSIGN(selection.fields,
                  FieldSelector::Parse(request.Query("fieldSelector"), route.info->plural));
  return selection;
}

Result<ApiHandler::Snapshot> ApiHandler::TakeSnapshot(const std::string& id) {
  const std::lock_guard lock(snapshots_mutex_);
  const auto found = std::find_if(snapshots_.begin(), snapshots_.end(),
                                  [&](const Snapshot& kept) { return kept.id == id; });
  if (found == snapshots_.end()) return Fail(ContinueExpired());
  return *found;
}

void ApiHandler::KeepSnapshot(Snapshot snapshot) {
  const std::lock_guard lock(snapshots_mutex_);
  snapshots_.push_back(std::move(snapshot));
  if (snapshots_.size() > kSnapshotsKept) snapshots_.pop_front();
}

Result<HttpResponse> ApiHandler::List(const HttpRequest& request, const Route& route) {
  HOLDFAST_ASSIGN(const OutputFormat format, Negotiate(request.accept));
  HOLDFAST_ASSIGN(const Selection selection, SelectionOf(request, route));
  const std::string limit_text = request.Query("limit", "0");
  const auto limit = ParseInt(limit_text);
  if (!limit || *limit < 0) return Fail(BadRequest("limit must be a number, not " + limit_text));
  Snapshot snapshot;
  size_t offset = 0;
  if (const std::string token = request.Query("continue"); !token.empty()) {
    const auto decoded = Base64Decode(token);
    const std::vector<std::string> parts = decoded ? Split(*decoded, '.') : Split("", '.');
    const auto at = parts.size() == 3 ? ParseInt(parts[2]) : std::nullopt;
    if (!at || *at < 0) return Fail(BadRequest("continue key is not valid"));
    HOLDFAST_ASSIGN(snapshot, TakeSnapshot(parts[1]));
    offset = std::min(static_cast<size_t>(*at), snapshot.objects.size());
  } else {
    HOLDFAST_ASSIGN(const std::optional<uint64_t> exact, ExactVersion(request));
    std::vector<ObjectPtr> all =
        registry_.store().List(route.info->plural, route.ns, &snapshot.version);
    HOLDFAST_RETURN_IF_ERROR(CheckNotTooNew(request, snapshot.version));
    if (exact && *exact < snapshot.version) {
      auto then = registry_.store().ListAt(route.info->plural, route.ns, *exact);
      if (!then)
        return Fail(ApiError(
            410, "Expired",
            fmt::format("The resourceVersion for the provided list is too old: {}", *exact)));
      all = *std::move(then);
      snapshot.version = *exact;
    }
    for (ObjectPtr& object : all)
      if (selection.Matches(object->json)) snapshot.objects.push_back(std::move(object));
  }
  size_t end = snapshot.objects.size();
  if (*limit > 0) end = std::min(end, offset + static_cast<size_t>(*limit));
  Json metadata = {{"resourceVersion", std::to_string(snapshot.version)}};
  if (end < snapshot.objects.size()) {
    if (snapshot.id.empty()) {
      snapshot.id = RandomToken(12);
      KeepSnapshot(snapshot);
    }
    metadata["continue"] = ContinueToken(snapshot.version, snapshot.id, end);
    metadata["remainingItemCount"] = snapshot.objects.size() - end;
  }
  if (format == OutputFormat::kTable) {
    Json table = EmptyTable(TableColumns(*route.info));
    table["metadata"] = std::move(metadata);
    const std::string include = request.Query("includeObject");
    const Nanos now = registry_.clock().Wall();
    for (size_t i = offset; i < end; ++i)
      table["rows"].push_back(TableRow(*route.info, snapshot.objects[i]->json, include, now));
    return JsonResponse(200, table);
  }
  if (format == OutputFormat::kMetadata) {
    Json items = Json::array();
    for (size_t i = offset; i < end; ++i)
      items.push_back(PartialMetadata(snapshot.objects[i]->json));
    return JsonResponse(200, {{"kind", "PartialObjectMetadataList"},
                              {"apiVersion", "meta.k8s.io/v1"},
                              {"metadata", std::move(metadata)},
                              {"items", std::move(items)}});
  }
  std::string body =
      fmt::format("{{\"kind\":\"{}List\",\"apiVersion\":\"{}\",\"metadata\":{},\"items\":[",
                  route.info->kind, route.info->ApiVersion(), DumpJson(metadata));
  for (size_t i = offset; i < end; ++i) {
    if (i > offset) body += ',';
    AppendItem(body, *snapshot.objects[i], *route.info);
  }
  body += "]}\n";
  return HttpResponse{200, "application/json", std::move(body)};
}

}  // namespace holdfast::sandbox
