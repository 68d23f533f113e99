#include "harness/observe/twin.h"

#include <algorithm>

#include "harness/base/strings.h"

namespace holdfast::observe {
namespace {

std::optional<uint64_t> Number(const std::string& version) {
  const auto number = ParseInt(version);
  if (!number || *number < 0) return std::nullopt;
  return static_cast<uint64_t>(*number);
}

}  // namespace

void Twin::Listed(Side side, const std::string& version) {
  const auto number = Number(version);
  if (!number) {
    comparable_ = false;
    return;
  }
  Stream& stream = streams_[side];
  stream.listed = true;
  stream.list_version = stream.last = *number;
  stream.waiting.clear();
  floor_ = std::max(floor_, *number);
  agreed_ = std::max(agreed_, *number);
  DropCovered();
}

void Twin::DropCovered() {
  for (Stream& stream : streams_)
    while (!stream.waiting.empty() && stream.waiting.front().version <= floor_)
      stream.waiting.pop_front();
}

std::optional<std::string> Twin::Event(Side side, const std::string& version, Nanos now) {
  const auto number = Number(version);
  if (!number) comparable_ = false;
  if (!comparable_) return std::nullopt;
  Stream& stream = streams_[side];
  if (*number <= stream.last && stream.listed) {
    return fmt::format("version {} came again after version {}", *number, stream.last);
  }
  stream.last = *number;
  if (*number <= floor_) return std::nullopt;
  stream.waiting.push_back({*number, now});
  return Match();
}

// Equal heads go; of two different ones the lower was left out by the other side.
std::optional<std::string> Twin::Match() {
  auto& a = streams_[kRecorded].waiting;
  auto& b = streams_[kSecond].waiting;
  if (!streams_[kRecorded].listed || !streams_[kSecond].listed) return std::nullopt;
  while (!a.empty() && !b.empty()) {
    if (a.front().version != b.front().version) {
      const uint64_t missing = std::min(a.front().version, b.front().version);
      const uint64_t behind = std::max(a.back().version, b.back().version);
      GoOnBehind(behind);
      return fmt::format("version {} was sent by only one of two watches", missing);
    }
    agreed_ = a.front().version;
    a.pop_front();
    b.pop_front();
  }
  return std::nullopt;
}

std::optional<std::string> Twin::Overdue(Nanos now, Nanos patience) {
  if (!comparable_ || !streams_[kRecorded].listed || !streams_[kSecond].listed) return std::nullopt;
  for (const Stream& stream : streams_) {
    if (stream.waiting.empty() || now - stream.waiting.front().at < patience) continue;
    const uint64_t missing = stream.waiting.front().version;
    GoOnBehind(stream.waiting.back().version);
    return fmt::format("version {} was sent by only one of two watches", missing);
  }
  return std::nullopt;
}

void Twin::GoOnBehind(uint64_t version) {
  floor_ = std::max(floor_, version);
  DropCovered();
}

}  // namespace holdfast::observe
