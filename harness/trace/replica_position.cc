#include "harness/trace/replica_position.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "harness/base/strings.h"

namespace holdfast::trace {
namespace {

template <typename Number>
std::optional<Number> Whole(std::string_view text, int base = 10) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string_view> Parts(std::string_view text, char by) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t at = text.find(by);
    parts.push_back(Trim(text.substr(0, at)));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

// "5" or "1-5"; numbers begin with 1.
std::optional<std::pair<int64_t, int64_t>> Interval(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = Whole<int64_t>(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : Whole<int64_t>(text.substr(dash + 1));
  if (!first || !last || *first < 1 || *last < *first) return std::nullopt;
  return std::pair{*first, *last};
}

}  // namespace

std::optional<uint64_t> ParseLsn(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto high = Whole<uint64_t>(text.substr(0, slash), 16);
  const auto low = Whole<uint64_t>(text.substr(slash + 1), 16);
  if (!high || !low || *high > 0xffffffffU || *low > 0xffffffffU) return std::nullopt;
  return (*high << 32U) | *low;
}

std::optional<GtidSet> GtidSet::Parse(std::string_view text) {
  GtidSet set;
  if (Trim(text).empty()) return set;
  for (const std::string_view part : Parts(text, ',')) {
    const std::vector<std::string_view> fields = Parts(part, ':');
    if (fields.size() == 1) {
      // DOMAIN-SERVER-SEQUENCE
      const std::vector<std::string_view> numbers = Parts(part, '-');
      if (numbers.size() != 3 || (!set.sources_.empty() && !set.places_)) return std::nullopt;
      const auto domain = Whole<uint32_t>(numbers[0]);
      const auto server = Whole<uint32_t>(numbers[1]);
      const auto sequence = Whole<int64_t>(numbers[2]);
      if (!domain || !server || !sequence || *sequence < 0) return std::nullopt;
      set.places_ = true;
      Source source{.intervals = {}, .server = *server};
      if (*sequence > 0) source.intervals.emplace_back(1, *sequence);
      if (!set.sources_.emplace(std::to_string(*domain), std::move(source)).second)
        return std::nullopt;
      continue;
    }
    if (set.places_ || fields[0].size() != 36) return std::nullopt;
    std::string source = Lower(fields[0]);
    bool any = false;
    for (size_t i = 1; i < fields.size(); ++i) {
      if (const auto interval = Interval(fields[i])) {
        set.sources_[source].intervals.push_back(*interval);
        any = true;
      } else if (!fields[i].empty() && (fields[i][0] < '0' || fields[i][0] > '9')) {
        source = Lower(fields[0]) + ":" + Lower(fields[i]);  // A tag: what follows is of it.
        any = false;
      } else {
        return std::nullopt;
      }
    }
    if (!any) return std::nullopt;
  }
  // The server writes them in order; a record may not.
  for (auto& [name, source] : set.sources_) {
    std::sort(source.intervals.begin(), source.intervals.end());
    std::vector<std::pair<int64_t, int64_t>> joined;
    for (const auto& interval : source.intervals) {
      if (!joined.empty() && interval.first <= joined.back().second + 1) {
        joined.back().second = std::max(joined.back().second, interval.second);
      } else {
        joined.push_back(interval);
      }
    }
    source.intervals = std::move(joined);
  }
  return set;
}

bool GtidSet::Source::Holds(int64_t number) const {
  return std::any_of(intervals.begin(), intervals.end(), [&](const auto& interval) {
    return interval.first <= number && number <= interval.second;
  });
}

std::optional<int64_t> GtidSet::Source::FirstMissing(const Source& other, int64_t most) const {
  size_t at = 0;
  for (const auto& [first, last] : other.intervals) {
    for (int64_t next = first; next <= std::min(last, most);) {
      while (at < intervals.size() && intervals[at].second < next)
        ++at;
      if (at == intervals.size() || intervals[at].first > next) return next;
      if (intervals[at].second >= last) break;
      next = intervals[at].second + 1;
    }
  }
  return std::nullopt;
}

std::string GtidSet::Name(const std::string& source, const Source& entry, int64_t number) const {
  if (!places_) return fmt::format("{}:{}", source, number);
  // Who wrote a transaction is told only of the newest one of a domain.
  const bool newest = !entry.intervals.empty() && entry.intervals.back().second == number;
  return newest ? fmt::format("{}-{}-{}", source, entry.server, number)
                : fmt::format("{}-*-{}", source, number);
}

std::optional<std::string> GtidSet::Missing(const GtidSet& other) const {
  for (const auto& [name, wanted] : other.sources_) {
    const auto found = sources_.find(name);
    if (found == sources_.end()) {
      if (wanted.intervals.empty()) continue;
      return other.Name(name, wanted, wanted.intervals.front().first);
    }
    const Source& have = found->second;
    if (const auto missing = have.FirstMissing(wanted, INT64_MAX)) return other.Name(name, wanted, *missing);
    // The same place, written by two servers: two transactions.
    if (places_ && other.places_ && !wanted.intervals.empty() && wanted.intervals == have.intervals &&
        wanted.server != have.server)
      return other.Name(name, wanted, wanted.intervals.back().second);
  }
  return std::nullopt;
}

std::optional<std::string> GtidSet::Gap(const GtidSet& primary) const {
  for (const auto& [name, have] : sources_) {
    const auto wanted = primary.sources_.find(name);
    if (wanted == primary.sources_.end() || have.intervals.empty()) continue;
    if (const auto missing = have.FirstMissing(wanted->second, have.intervals.back().second))
      return primary.Name(name, wanted->second, *missing);
  }
  return std::nullopt;
}

ReplicaPosition ReadPosition(const Json& pos) {
  ReplicaPosition position;
  position.lsn = ParseLsn(GetString(pos, {"lsn"}));
  if (const Json* gtid = FindPath(pos, {"gtid"}); gtid != nullptr && gtid->is_string())
    position.gtids = GtidSet::Parse(gtid->get_ref<const std::string&>());
  return position;
}

std::optional<bool> Reached(const ReplicaPosition& have, const ReplicaPosition& wanted) {
  if (have.lsn && wanted.lsn) return *have.lsn >= *wanted.lsn;
  if (have.gtids && wanted.gtids) return !have.gtids->Missing(*wanted.gtids);
  return std::nullopt;
}

}  // namespace holdfast::trace
