#include "harness/sandbox/api/delete_options.h"

#include <cstdint>
#include <optional>
#include <string_view>

#include "harness/base/strings.h"
#include "harness/sandbox/api/api_errors.h"

namespace holdfast::sandbox {
namespace {

// Reads the fields of one protobuf message in order.
class ProtoReader {
 public:
  struct Field {
    uint64_t number = 0;
    uint64_t varint = 0;
    std::string_view bytes;
  };
  explicit ProtoReader(std::string_view message) : rest_(message) {}
  // nullopt at the end; `malformed` afterwards tells why.
  std::optional<Field> Next() {
    if (rest_.empty()) return std::nullopt;
    const uint64_t tag = Varint();
    Field field{tag >> 3U, 0, {}};
    switch (tag & 7U) {
      case 0:
        field.varint = Varint();
        break;
      case 2: {
        const uint64_t size = Varint();
        if (size > rest_.size()) malformed = true;
        if (malformed) return std::nullopt;
        field.bytes = rest_.substr(0, size);
        rest_.remove_prefix(size);
        break;
      }
      default:
        malformed = true;
    }
    return malformed ? std::nullopt : std::optional(field);
  }

  bool malformed = false;

 private:
  uint64_t Varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80U) return value;
    }
    malformed = true;
    return 0;
  }

  std::string_view rest_;
};

constexpr std::string_view kMagic{"k8s\0", 4};

Result<DeleteParameters> FromProtobuf(std::string_view body) {
  const auto broken = [] {
    return Fail(BadRequest("the body is not a protobuf DeleteOptions in Kubernetes' envelope"));
  };
  if (!body.starts_with(kMagic)) return broken();
  body.remove_prefix(kMagic.size());
  std::string_view raw;
  ProtoReader envelope(body);
  while (const auto field = envelope.Next())
    if (field->number == 2) raw = field->bytes;
  DeleteParameters parameters;
  ProtoReader options(raw);
  bool malformed = envelope.malformed;
  while (const auto field = options.Next()) {
    if (field->number == 1) parameters.grace_seconds = static_cast<int64_t>(field->varint);
    if (field->number == 4) parameters.propagation = field->bytes;
    if (field->number == 5) parameters.dry_run = true;
    if (field->number != 2) continue;
    ProtoReader preconditions(field->bytes);
    while (const auto one = preconditions.Next()) {
      if (one->number == 1) parameters.uid = one->bytes;
      if (one->number == 2) parameters.resource_version = one->bytes;
    }
    malformed = malformed || preconditions.malformed;
  }
  if (malformed || options.malformed) return broken();
  return parameters;
}

Result<DeleteParameters> FromJsonBody(const std::string& body) {
  HOLDFAST_ASSIGN(const Json parsed, ParseBody(body));
  return DeleteParametersFrom(parsed);
}

}  // namespace

Result<DeleteParameters> DeleteParametersFrom(const Json& options) {
  if (!options.is_object()) return Fail(BadRequest("DeleteOptions must be a JSON object"));
  DeleteParameters parameters;
  if (const Json* grace = FindPath(options, {"gracePeriodSeconds"});
      grace != nullptr && !grace->is_null()) {
    if (!grace->is_number_integer())
      return Fail(BadRequest("gracePeriodSeconds must be an integer"));
    parameters.grace_seconds = grace->get<int64_t>();
  }
  parameters.uid = GetString(options, {"preconditions", "uid"});
  parameters.resource_version = GetString(options, {"preconditions", "resourceVersion"});
  const Json* orphan = FindPath(options, {"orphanDependents"});
  const bool old_form = orphan != nullptr && orphan->is_boolean();
  const std::string policy = GetString(options, {"propagationPolicy"});
  if (old_form && !policy.empty())
    return Fail(ApiError(422, "Invalid",
                         "DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: Invalid "
                         "value: \"" +
                             policy +
                             "\": orphanDependents and deletionPropagation cannot be both set"));
  parameters.propagation = policy.empty() ? "Background" : policy;
  if (old_form && orphan->get<bool>()) parameters.propagation = "Orphan";
  for (const Json& value : GetArray(options, {"dryRun"})) {
    if (value != "All")
      return Fail(
          ApiError(422, "Invalid",
                   "DeleteOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: " +
                       DumpJson(value) + ": supported values: \"All\""));
    parameters.dry_run = true;
  }
  return parameters;
}

Result<DeleteParameters> ReadDeleteOptions(const HttpRequest& request) {
  DeleteParameters parameters;
  if (!request.body.empty()) {
    if (request.content_type.starts_with("application/vnd.kubernetes.protobuf")) {
      HOLDFAST_ASSIGN(parameters, FromProtobuf(request.body));
    } else if (request.content_type.empty() ||
               request.content_type.starts_with("application/json")) {
      HOLDFAST_ASSIGN(parameters, FromJsonBody(request.body));
    } else {
      return Fail(ApiError(415, "UnsupportedMediaType",
                           "the body of the request was in an unknown format - accepted media "
                           "types include: application/json, application/vnd.kubernetes.protobuf"));
    }
  }
  if (const std::string grace = request.Query("gracePeriodSeconds"); !grace.empty()) {
    const auto seconds = ParseInt(grace);
    if (!seconds) return Fail(BadRequest("gracePeriodSeconds must be an integer"));
    parameters.grace_seconds = *seconds;
  }
  if (const std::string policy = request.Query("propagationPolicy"); !policy.empty())
    parameters.propagation = policy;
  for (const std::string& value : request.QueryAll("dryRun")) {
    if (value != "All") return Fail(BadRequest("dryRun must be All, not " + value));
    parameters.dry_run = true;
  }
  return parameters;
}

}  // namespace holdfast::sandbox
