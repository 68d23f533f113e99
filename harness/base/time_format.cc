#include "harness/base/time_format.h"

#include <fmt/format.h>

#include "harness/base/strings.h"

namespace holdfast {

std::string FormatRfc3339(Nanos since_epoch, int decimals) {
  const auto days = std::chrono::floor<std::chrono::days>(since_epoch);
  const std::chrono::year_month_day date{std::chrono::sys_days{days}};
  const std::chrono::hh_mm_ss time{since_epoch - days};
  std::string text =
      fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                  time.hours().count(), time.minutes().count(), time.seconds().count());
  if (decimals > 0)
    text +=
        "." +
        fmt::format("{:09}", time.subseconds().count()).substr(0, static_cast<size_t>(decimals));
  return text + "Z";
}

std::optional<Nanos> ParseRfc3339(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  const auto year = ParseInt(text.substr(0, 4));
  const auto month = ParseInt(text.substr(5, 2));
  const auto day = ParseInt(text.substr(8, 2));
  const auto hour = ParseInt(text.substr(11, 2));
  const auto minute = ParseInt(text.substr(14, 2));
  const auto second = ParseInt(text.substr(17, 2));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  Nanos total = std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours(*hour) +
                std::chrono::minutes(*minute) + std::chrono::seconds(*second);
  std::string_view rest = text.substr(19);
  if (rest.starts_with('.')) {
    const size_t end = rest.find_first_not_of("0123456789", 1);
    if (end == std::string_view::npos || end == 1) return std::nullopt;
    std::string digits(rest.substr(1, end - 1));
    digits.resize(9, '0');
    total += Nanos(*ParseInt(digits));
    rest.remove_prefix(end);
  }
  if (rest == "Z" || rest == "z") return total;
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') return std::nullopt;
  const auto offset_hours = ParseInt(rest.substr(1, 2));
  const auto offset_minutes = ParseInt(rest.substr(4, 2));
  if (!offset_hours || !offset_minutes) return std::nullopt;
  const Nanos offset = std::chrono::hours(*offset_hours) + std::chrono::minutes(*offset_minutes);
  return rest[0] == '+' ? total - offset : total + offset;
}

}  // namespace holdfast
