// One streaming pass over history.jsonl with a SAX reader.
#include "reports/history_lane.h"

#include <algorithm>
#include <fstream>
#include <limits>

#include "reports/text.h"

namespace holdfast::reports {
namespace {

// Picks the few fields that are needed from one line without building a tree: histories have
// millions of lines.
class LineFields : public nlohmann::json_sax<Json> {
 public:
  std::string type;
  std::string function;
  double time = -1;  // Nanoseconds.

  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t value) override {
    return Number(static_cast<double>(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return Number(static_cast<double>(value));
  }
  bool number_float(number_float_t value, const string_t& /*text*/) override {
    return Number(value);
  }
  bool string(string_t& value) override {
    if (depth_ != 1) return true;
    if (key_ == Key::kType) type = value;
    if (key_ == Key::kFunction) function = value;
    return true;
  }
  bool binary(binary_t& /*value*/) override { return true; }
  bool start_object(std::size_t /*size*/) override { return Open(); }
  bool key(string_t& name) override {
    if (depth_ != 1) return true;
    key_ = name == "type"   ? Key::kType
           : name == "f"    ? Key::kFunction
           : name == "time" ? Key::kTime
                            : Key::kOther;
    return true;
  }
  bool end_object() override { return Close(); }
  bool start_array(std::size_t /*size*/) override { return Open(); }
  bool end_array() override { return Close(); }
  bool parse_error(std::size_t /*position*/,
                   const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }

 private:
  enum class Key { kOther, kType, kFunction, kTime };
  bool Number(double value) {
    if (depth_ == 1 && key_ == Key::kTime) time = value;
    return true;
  }
  bool Open() {
    ++depth_;
    return depth_ < 64;
  }
  bool Close() {
    --depth_;
    return true;
  }
  int depth_ = 0;
  Key key_ = Key::kOther;
};

void Count(const LineFields& fields, double seconds, OperationBuckets& buckets) {
  constexpr double kLongest = 30.0 * 86'400;  // A time beyond it is damage, not a run.
  if (fields.function == "final-read" || seconds < 0 || seconds > kLongest) return;
  OperationBuckets::Kind kind = OperationBuckets::kOk;
  if (fields.type == "fail") {
    kind = OperationBuckets::kFail;
  } else if (fields.type == "info") {
    kind = OperationBuckets::kInfo;
  } else if (fields.type != "ok") {
    return;
  }
  const auto bucket = static_cast<size_t>(seconds / OperationBuckets::kWidth);
  if (buckets.counts.size() <= bucket) buckets.counts.resize(bucket + 1);
  ++buckets.counts[bucket][kind];
}

}  // namespace

void ReadHistoryLane(const std::filesystem::path& path, RunRecord& record) {
  std::ifstream in(path);
  std::string line;
  for (int64_t number = 1; std::getline(in, line); ++number) {
    LineFields fields;
    if (!Json::sax_parse(line, &fields)) {
      ++record.damaged_lines;
      continue;
    }
    const double seconds = fields.time / 1e9;
    Count(fields, seconds, record.operations);
    const auto wanted = record.evidence.find({"history.jsonl", number});
    if (wanted != record.evidence.end()) wanted->second = {seconds, Shorten(OneLine(line), 200)};
  }
  const double last =
      static_cast<double>(record.operations.counts.size()) * OperationBuckets::kWidth;
  record.end = std::max(record.end, last);
}

}  // namespace holdfast::reports
