#include "harness/sandbox/world/dns_message.h"

#include <algorithm>

#include "harness/base/strings.h"

namespace holdfast::sandbox {
namespace {

constexpr size_t kHeaderSize = 12;
constexpr uint16_t kTypeA = 1;
constexpr uint16_t kTypeSoa = 6;
constexpr uint16_t kTypePtr = 12;
constexpr uint16_t kTypeSrv = 33;
constexpr uint16_t kTypeOpt = 41;
constexpr uint16_t kTypeAny = 255;
constexpr uint16_t kClassIn = 1;
constexpr uint8_t kFormatError = 1;
constexpr uint8_t kNoSuchName = 3;
constexpr uint8_t kNotImplemented = 4;
constexpr uint8_t kRefused = 5;

// Reads with bounds; after the first read outside, `ok` stays false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] size_t at() const { return at_; }
  void Skip(size_t count) {
    if (count > bytes_.size() - at_) ok_ = false;
    at_ = ok_ ? at_ + count : bytes_.size();
  }
  uint16_t U16() {
    if (bytes_.size() - at_ < 2) {
      ok_ = false;
      return 0;
    }
    const auto high = static_cast<uint8_t>(bytes_[at_]);
    const auto low = static_cast<uint8_t>(bytes_[at_ + 1]);
    at_ += 2;
    return static_cast<uint16_t>(high << 8 | low);
  }
  // A name in lower case; follows compression pointers, which must point backwards, so that it
  // always ends.
  std::vector<std::string> Name() {
    std::vector<std::string> labels;
    size_t at = at_;
    size_t earliest = at_;
    size_t length = 0;
    bool jumped = false;
    while (true) {
      if (at >= bytes_.size()) break;
      const auto size = static_cast<uint8_t>(bytes_[at]);
      if (size == 0) {
        if (!jumped) at_ = at + 1;
        return labels;
      }
      if ((size & 0xC0) == 0xC0) {
        if (at + 1 >= bytes_.size()) break;
        const size_t target = (size_t{size} & 0x3F) << 8 | static_cast<uint8_t>(bytes_[at + 1]);
        if (target >= earliest) break;
        if (!jumped) at_ = at + 2;
        jumped = true;
        earliest = at = target;
        continue;
      }
      length += size_t{size} + 1;
      if (size > 63 || length > 254 || at + 1 + size > bytes_.size()) break;
      std::string label(bytes_.substr(at + 1, size));
      std::ranges::transform(label, label.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      });
      labels.push_back(std::move(label));
      at += 1 + size_t{size};
    }
    ok_ = false;
    return {};
  }

 private:
  std::string_view bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

void PutU16(std::string& out, size_t value) {
  out += static_cast<char>(value >> 8 & 0xFF);
  out += static_cast<char>(value & 0xFF);
}
void PutU32(std::string& out, uint32_t value) {
  PutU16(out, value >> 16);
  PutU16(out, value & 0xFFFF);
}
void PutName(std::string& out, const std::string& name) {
  for (const std::string& label : Split(name, '.')) {
    if (label.empty()) continue;
    const std::string_view cut = std::string_view(label).substr(0, 63);
    out += static_cast<char>(cut.size());
    out += cut;
  }
  out += '\0';
}
// A record of the name that was asked for (a pointer to the question) or, for `owner`, of that one.
std::string Record(uint16_t type, const std::string& data, const std::string& owner = "") {
  std::string out;
  if (owner.empty())
    PutU16(out, 0xC000 | kHeaderSize);
  else
    PutName(out, owner);
  PutU16(out, type);
  PutU16(out, kClassIn);
  PutU32(out, kDnsTtlSeconds);
  PutU16(out, data.size());
  return out + data;
}

struct Question {
  std::vector<std::string> labels;
  uint16_t type = 0;
  uint16_t klass = 0;
  std::string_view bytes;  // As they came, to be repeated.
  bool edns = false;
  size_t payload_limit = 0;
};

// The one question and the EDNS record of a query, or nullopt when it is malformed.
std::optional<Question> ReadQuestion(std::string_view query) {
  Reader reader(query);
  reader.Skip(4);
  if (reader.U16() != 1) return std::nullopt;
  size_t records = size_t{reader.U16()} + reader.U16();
  records += reader.U16();
  Question question;
  question.labels = reader.Name();
  question.type = reader.U16();
  question.klass = reader.U16();
  if (!reader.ok()) return std::nullopt;
  question.bytes = query.substr(kHeaderSize, reader.at() - kHeaderSize);
  for (; records > 0; --records) {
    reader.Name();
    const uint16_t type = reader.U16();
    const uint16_t klass = reader.U16();
    reader.Skip(4);
    reader.Skip(reader.U16());
    if (!reader.ok()) return std::nullopt;
    if (type == kTypeOpt) {
      question.edns = true;
      question.payload_limit = klass;
    }
  }
  return question;
}

std::vector<std::string> Answers(const NameRecords& records, uint16_t type) {
  std::vector<std::string> answers;
  if (type == kTypeA || type == kTypeAny)
    for (const Ipv4& address : records.a)
      answers.push_back(Record(kTypeA, std::string(address.begin(), address.end())));
  if (type == kTypeSrv || type == kTypeAny)
    for (const SrvRecord& srv : records.srv) {
      std::string data;
      PutU16(data, 0);    // Priority.
      PutU16(data, 100);  // Weight.
      PutU16(data, srv.port);
      PutName(data, srv.target);
      answers.push_back(Record(kTypeSrv, data));
    }
  if (type == kTypePtr || type == kTypeAny)
    for (const std::string& name : records.ptr) {
      std::string data;
      PutName(data, name);
      answers.push_back(Record(kTypePtr, data));
    }
  return answers;
}

// Tells a resolver for how long it may remember that there is nothing.
std::string NegativeAuthority() {
  std::string data;
  PutName(data, "ns.dns.cluster.local");
  PutName(data, "hostmaster.cluster.local");
  for (const uint32_t value : {1U, 7200U, 1800U, 86400U, kDnsTtlSeconds})
    PutU32(data, value);
  return Record(kTypeSoa, data, "cluster.local");
}

struct Reply {
  uint8_t code = 0;
  bool truncated = false;
  std::vector<std::string> answers;
  std::vector<std::string> authority;
};

std::string Encode(std::string_view query, const Question* question, const Reply& reply) {
  const bool recursion_desired = (static_cast<uint8_t>(query[2]) & 0x01) != 0;
  const auto opcode = static_cast<uint8_t>(static_cast<uint8_t>(query[2]) & 0x78);
  const bool edns = question != nullptr && question->edns;
  std::string out(query.substr(0, 2));
  out += static_cast<char>(0x80 | opcode | 0x04 | (reply.truncated ? 0x02 : 0) |
                           (recursion_desired ? 0x01 : 0));
  out += static_cast<char>(0x80 | reply.code);
  PutU16(out, question != nullptr ? 1 : 0);
  PutU16(out, reply.answers.size());
  PutU16(out, reply.authority.size());
  PutU16(out, edns ? 1 : 0);
  if (question != nullptr) out += question->bytes;
  out += Join(reply.answers, "");
  out += Join(reply.authority, "");
  if (edns) {
    out += '\0';
    PutU16(out, kTypeOpt);
    PutU16(out, 1232);
    PutU32(out, 0);
    PutU16(out, 0);
  }
  return out;
}

}  // namespace

std::optional<Ipv4> ParseIpv4(std::string_view text) {
  const std::vector<std::string> parts = Split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  Ipv4 address{};
  for (size_t i = 0; i < 4; ++i) {
    const std::optional<int64_t> value = ParseInt(parts[i]);
    if (!value || *value < 0 || *value > 255 || parts[i].size() > 3) return std::nullopt;
    address.at(i) = static_cast<uint8_t>(*value);
  }
  return address;
}

std::string AnswerDns(std::string_view query, const Zone& zone, size_t limit) {
  if (query.size() < kHeaderSize || (static_cast<uint8_t>(query[2]) & 0x80) != 0) return {};
  Reply reply;
  if ((static_cast<uint8_t>(query[2]) & 0x78) != 0) {
    reply.code = kNotImplemented;
    return Encode(query, nullptr, reply);
  }
  const std::optional<Question> question = ReadQuestion(query);
  if (!question) {
    reply.code = kFormatError;
    return Encode(query, nullptr, reply);
  }
  if (question->klass != kClassIn) {
    reply.code = kRefused;
    return Encode(query, &*question, reply);
  }
  const std::optional<NameRecords> records = zone.Find(question->labels);
  if (!records) reply.code = kNoSuchName;
  if (records) reply.answers = Answers(*records, question->type);
  if (reply.answers.empty()) reply.authority.push_back(NegativeAuthority());
  const size_t allowed = std::max(limit, std::min<size_t>(question->payload_limit, 4096));
  std::string answer = Encode(query, &*question, reply);
  while (answer.size() > allowed && !reply.answers.empty()) {
    reply.truncated = true;
    reply.answers.pop_back();
    answer = Encode(query, &*question, reply);
  }
  return answer;
}

}  // namespace holdfast::sandbox
