// A reader of the wire format (protobuf.dev, "Encoding") driven by the table of fields.
#include "harness/sandbox/api/protobuf.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

#include <fmt/chrono.h>

#include "harness/base/strings.h"
#include "harness/sandbox/api/api_errors.h"
#include "harness/sandbox/api/protobuf_fields.h"

namespace holdfast::sandbox {
namespace {

constexpr std::string_view kMagic{"k8s\0", 4};
// JSONSchemaProps aside the API's messages do not contain themselves; this is far beyond them all.
constexpr int kMaxDepth = 40;

struct Field {
  std::string name;
  bool optional = false;
  char shape = '1';  // '1', '[' or '{'.
  std::string type;
};
using Message = std::map<uint64_t, Field>;

void AddRow(std::string_view row, std::map<std::string, Message>& messages) {
  const size_t colon = row.find(": ");
  if (colon == std::string_view::npos) return;
  Message& message = messages[std::string(row.substr(0, colon))];
  for (const std::string& part : Split(row.substr(colon + 2), ',')) {
    const std::vector<std::string> words = Split(Trim(part), ' ');
    if (words.size() != 3) continue;
    Field field;
    field.name = words[1];
    std::string_view type = words[2];
    if (type.starts_with('*')) {
      field.optional = true;
      type.remove_prefix(1);
    }
    if (type.starts_with("[]") || type.starts_with("{}")) {
      field.shape = type.front();
      type.remove_prefix(2);
    }
    field.type = type;
    message[static_cast<uint64_t>(ParseInt(words[0]).value_or(0))] = field;
  }
}

const std::map<std::string, Message>& Messages() {
  static const std::map<std::string, Message> kMessages = [] {
    std::map<std::string, Message> messages;
    for (const char* table : {kProtobufFields1, kProtobufFields2, kProtobufFields3}) {
      // A row goes on in lines that are indented.
      const std::string joined = ReplaceAll(table, "\n  ", " ");
      for (const std::string& row : Split(joined, '\n'))
        AddRow(row, messages);
    }
    return messages;
  }();
  return kMessages;
}

// One field as it stands on the wire.
struct Item {
  uint64_t number = 0;
  bool is_bytes = false;
  uint64_t varint = 0;
  std::string_view bytes;
};

class Wire {
 public:
  explicit Wire(std::string_view rest) : rest_(rest) {}
  // nullopt at the end, and when the rest is broken.
  std::optional<Item> Next() {
    if (rest_.empty() || broken) return std::nullopt;
    const uint64_t tag = Varint();
    Item item{.number = tag >> 3U, .is_bytes = false, .varint = 0, .bytes = {}};
    switch (tag & 7U) {
      case 0:
        item.varint = Varint();
        break;
      case 1:
        item.bytes = Take(8);
        break;
      case 2:
        item.is_bytes = true;
        item.bytes = Take(Varint());
        break;
      case 5:
        item.bytes = Take(4);
        break;
      default:
        broken = true;
    }
    return broken ? std::nullopt : std::optional(item);
  }
  uint64_t Varint() {
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7FU) << shift;
      if (byte < 0x80U) return value;
    }
    broken = true;
    return 0;
  }
  [[nodiscard]] bool AtEnd() const { return rest_.empty(); }

  bool broken = false;

 private:
  std::string_view Take(uint64_t size) {
    if (size > rest_.size()) broken = true;
    if (broken) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view rest_;
};

class Decoder {
 public:
  Json Object(const std::string& name, std::string_view bytes);
  bool broken = false;

 private:
  // A value that is no list and no map; null: nothing worth telling.
  Json Value(const Field& field, const Item& item);
  Json Special(const std::string& type, std::string_view bytes);
  void Add(const Field& field, const Item& item, Json& object);
  void AddEntry(const Field& field, std::string_view bytes, Json& map);
  int depth_ = 0;
};

// First occurrence of each field by number, for the small messages that JSON writes otherwise.
std::map<uint64_t, Item> Items(std::string_view bytes, bool& broken) {
  std::map<uint64_t, Item> items;
  Wire wire(bytes);
  while (const auto item = wire.Next())
    items[item->number] = *item;
  broken = broken || wire.broken;
  return items;
}

std::string Stamp(int64_t seconds, int64_t nanos, bool micro) {
  const std::chrono::sys_seconds at{std::chrono::seconds(seconds)};
  const std::string whole = fmt::format("{:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(at.time_since_epoch().count()));
  return micro ? fmt::format("{}.{:06}Z", whole, nanos / 1000) : whole + "Z";
}

Json Decoder::Special(const std::string& type, std::string_view bytes) {
  const std::map<uint64_t, Item> items = Items(bytes, broken);
  const auto number = [&](uint64_t field) {
    return items.contains(field) ? static_cast<int64_t>(items.at(field).varint) : 0;
  };
  const auto text = [&](uint64_t field) {
    return items.contains(field) ? std::string(items.at(field).bytes) : std::string();
  };
  if (type == "Quantity") return text(1).empty() ? "0" : text(1);
  if (type == "IntOrString") return number(1) == 0 ? Json(number(2)) : Json(text(3));
  if (type == "Time" || type == "MicroTime") {
    constexpr int64_t kLastSecond = 253402300799;  // Of the year 9999.
    if (items.empty()) return {};
    if (number(1) < -kLastSecond || number(1) > kLastSecond) {
      broken = true;
      return {};
    }
    return Stamp(number(1), number(2), type == "MicroTime");
  }
  if (type == "Strings") {
    Json list = Json::array();
    Wire wire(bytes);
    while (const auto item = wire.Next())
      list.push_back(std::string(item->bytes));
    return list;
  }
  // FieldsV1 and RawExtension hold JSON.
  if (text(1).empty()) return {};
  auto parsed = ParseJson(text(1));
  if (!parsed) broken = true;
  return parsed.value_or(Json());
}

Json Decoder::Value(const Field& field, const Item& item) {
  const bool keep = field.optional || field.shape != '1';
  const std::string& type = field.type;
  if (type == "s" || type == "y") {
    if (!item.is_bytes) broken = true;
    if (item.bytes.empty() && !keep) return {};
    return type == "s" ? Json(std::string(item.bytes)) : Json(Base64Encode(item.bytes));
  }
  if (type == "i")
    return item.varint == 0 && !keep ? Json() : Json(static_cast<int64_t>(item.varint));
  if (type == "b") return item.varint == 0 && !keep ? Json() : Json(item.varint != 0);
  if (!item.is_bytes) broken = true;
  if (!Messages().contains(type)) return Special(type, item.bytes);
  Json object = Object(type, item.bytes);
  return object.empty() && !keep ? Json() : object;
}

void Decoder::AddEntry(const Field& field, std::string_view bytes, Json& map) {
  const std::map<uint64_t, Item> entry = Items(bytes, broken);
  const std::string key = entry.contains(1) ? std::string(entry.at(1).bytes) : "";
  const Item value = entry.contains(2)
                         ? entry.at(2)
                         : Item{.number = 2, .is_bytes = true, .varint = 0, .bytes = {}};
  map[key] = Value(field, value);
}

void Decoder::Add(const Field& field, const Item& item, Json& object) {
  if (field.shape == '{') {
    AddEntry(field, item.bytes, object[field.name]);
    return;
  }
  if (field.shape == '[') {
    Json& list = object[field.name];
    if (list.is_null()) list = Json::array();
    if (field.type != "i" || !item.is_bytes) {
      list.push_back(Value(field, item));
      return;
    }
    // Packed.
    Wire numbers(item.bytes);
    while (!numbers.AtEnd() && !numbers.broken)
      list.push_back(static_cast<int64_t>(numbers.Varint()));
    broken = broken || numbers.broken;
    return;
  }
  Json value = Value(field, item);
  if (value.is_null()) return;
  if (field.name == "-")
    object.update(value);
  else
    object[field.name] = std::move(value);
}

Json Decoder::Object(const std::string& name, std::string_view bytes) {
  Json object = Json::object();
  if (++depth_ > kMaxDepth) broken = true;
  const Message& message = Messages().at(name);
  Wire wire(bytes);
  while (!broken) {
    const auto item = wire.Next();
    if (!item) break;
    const auto field = message.find(item->number);
    if (field != message.end()) Add(field->second, *item, object);
  }
  broken = broken || wire.broken;
  --depth_;
  return object;
}

}  // namespace

Result<Json> JsonFromProtobuf(std::string_view body, std::string_view expected) {
  if (!body.starts_with(kMagic))
    return Fail(BadRequest("the body is not in Kubernetes' protobuf envelope"));
  body.remove_prefix(kMagic.size());
  bool broken = false;
  const std::map<uint64_t, Item> envelope = Items(body, broken);
  const std::map<uint64_t, Item> type =
      Items(envelope.contains(1) ? envelope.at(1).bytes : std::string_view(), broken);
  const auto text = [&](uint64_t field) {
    return type.contains(field) ? std::string(type.at(field).bytes) : std::string();
  };
  const std::string version = text(1);
  const std::string kind = text(2).empty() ? std::string(expected) : text(2);
  const std::string message =
      kind == "Event" && version.starts_with("events.k8s.io/") ? "EventsEvent" : kind;
  if (!broken && !Messages().contains(message))
    return Fail(BadRequest(fmt::format("no kind \"{}\" is registered for version \"{}\"", kind, version)));
  Decoder decoder;
  Json object = Json::object();
  if (!broken && envelope.contains(2)) object = decoder.Object(message, envelope.at(2).bytes);
  if (broken || decoder.broken)
    return Fail(BadRequest(fmt::format("the protobuf encoding of the {} is broken", kind)));
  object["apiVersion"] = version;
  object["kind"] = kind;
  return object;
}

}  // namespace holdfast::sandbox
