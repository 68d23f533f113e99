#include "harness/trace/watch_model_objects.h"

#include <array>

#include "harness/base/strings.h"
#include "harness/base/time_format.h"

namespace holdfast::trace {
namespace {

// The digits at [at, at + length), or -1.
int Digits(std::string_view text, size_t at, size_t length) {
  int number = 0;
  for (size_t i = at; i < at + length; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    number = number * 10 + (text[i] - '0');
  }
  return number;
}

// Days since 1970-01-01 of a date of the Gregorian calendar (H. Hinnant, days_from_civil).
int64_t DaysFromCivil(int year, int month, int day) {
  const int64_t y = month <= 2 ? year - 1 : year;
  const int64_t era = (y >= 0 ? y : y - 399) / 400;
  const int64_t year_of_era = y - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

}  // namespace

Labels ToLabels(JsonView object) {
  Labels labels;
  object.ForEachMember([&](std::string_view key, JsonView value) {
    if (value.IsText()) labels.try_emplace(std::string(key), value.Text());
  });
  return labels;
}

std::vector<OwnerReference> ToOwners(JsonView meta) {
  std::vector<OwnerReference> owners;
  meta["ownerReferences"].ForEach([&](JsonView owner) {
    owners.push_back({.api_version = std::string(owner["apiVersion"].Text()),
                      .kind = std::string(owner["kind"].Text()),
                      .name = std::string(owner["name"].Text()),
                      .uid = std::string(owner["uid"].Text()),
                      .controller = owner["controller"].Bool(),
                      .block_owner_deletion = owner["blockOwnerDeletion"].Bool()});
  });
  return owners;
}

Containers ToContainers(JsonView pod_spec) {
  Containers containers;
  pod_spec["containers"].ForEach([&](JsonView container) {
    const uint64_t command = container["command"].Fingerprint();
    const uint64_t args = container["args"].Fingerprint();
    containers[std::string(container["name"].Text())] = {
        .image = std::string(container["image"].Text()), .command = command * 31 + args};
  });
  return containers;
}

Stamp ToStamp(std::string_view text) {
  if (text.size() != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
      text[13] != ':' || text[16] != ':' || text[19] != 'Z') {
    const auto parsed = ParseRfc3339(text);
    return parsed ? parsed->count() / 1'000'000'000 : kNoStamp;
  }
  const std::array<int, 6> parts = {Digits(text, 0, 4),  Digits(text, 5, 2),  Digits(text, 8, 2),
                                    Digits(text, 11, 2), Digits(text, 14, 2), Digits(text, 17, 2)};
  for (const int part : parts)
    if (part < 0) return kNoStamp;
  if (parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31) return kNoStamp;
  return DaysFromCivil(parts[0], parts[1], parts[2]) * 86400 + parts[3] * 3600 + parts[4] * 60 +
         parts[5];
}

int64_t ToBytes(std::string_view quantity) {
  static constexpr std::array<std::pair<std::string_view, int64_t>, 9> kUnits = {{
      {"Ki", int64_t{1} << 10},
      {"Mi", int64_t{1} << 20},
      {"Gi", int64_t{1} << 30},
      {"Ti", int64_t{1} << 40},
      {"k", 1000},
      {"M", 1000 * 1000},
      {"G", 1000 * 1000 * 1000},
      {"T", int64_t{1000} * 1000 * 1000 * 1000},
      {"", 1},
  }};
  for (const auto& [suffix, factor] : kUnits) {
    if (!quantity.ends_with(suffix)) continue;
    const auto number = ParseInt(quantity.substr(0, quantity.size() - suffix.size()));
    return number && *number >= 0 && *number < INT64_MAX / factor ? *number * factor : -1;
  }
  return -1;
}

std::string JoinTexts(JsonView array) {
  std::string joined;
  array.ForEach([&](JsonView item) {
    if (!joined.empty()) joined += ',';
    joined += item.Text();
  });
  return joined;
}

bool HasText(JsonView array, std::string_view text) {
  bool found = false;
  array.ForEach([&](JsonView item) { found = found || item.Text() == text; });
  return found;
}

std::string NumberOrText(JsonView value) {
  if (value.IsNumber()) return std::to_string(value.Int());
  return std::string(value.Text());
}

}  // namespace holdfast::trace
