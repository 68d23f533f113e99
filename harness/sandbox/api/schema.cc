#include "harness/sandbox/api/schema.h"

#include <array>
#include <cstdlib>
#include <map>
#include <utility>

#include "harness/base/log.h"
#include "harness/base/strings.h"
#include "harness/sandbox/api/schema_tables.h"

namespace holdfast::sandbox {
namespace {

using Base = ValueSchema::Base;

// A table that does not fit together is a defect of ours, seen by the first start.
[[noreturn]] void Broken(std::string_view what) {
  Log(LogLevel::kError, "the API's schema is broken at \"{}\"", what);
  std::abort();
}

class Reader {
 public:
  Reader() {
    const std::array<const char*, 6> tables{kSchemaCluster,   kSchemaPods,    kSchemaVolumes,
                                            kSchemaWorkloads, kSchemaStorage, kSchemaBatch};
    for (const char* table : tables)
      Each(table, [this](std::string_view line) {
        if (line.starts_with("= ")) DeclareType(line.substr(2));
      });
    TypeSchema* type = nullptr;
    for (const char* table : tables)
      Each(table, [&](std::string_view line) {
        if (line.starts_with("= ")) {
          type = &types[std::string(line.substr(2, line.find(' ', 2) - 2))];
        } else {
          AddField(*type, line);
        }
      });
    for (auto& [name, made] : types)
      for (size_t i = 0; i < made.fields.size(); ++i)
        made.index.emplace(made.fields[i].name, i);
  }

  std::map<std::string, TypeSchema, std::less<>> types;

 private:
  template <typename Visit>
  static void Each(std::string_view table, Visit visit) {
    while (!table.empty()) {
      const size_t end = table.find('\n');
      const std::string_view line = table.substr(0, end);
      if (!line.empty()) visit(line);
      if (end == std::string_view::npos) return;
      table.remove_prefix(end + 1);
    }
  }

  // The words before the bar, and the text behind it.
  static std::pair<std::vector<std::string>, std::string> Halves(std::string_view line) {
    const size_t bar = line.find('|');
    if (bar == std::string_view::npos) Broken(line);
    return {Split(Trim(line.substr(0, bar)), ' '), std::string(Trim(line.substr(bar + 1)))};
  }

  void DeclareType(std::string_view line) {
    auto [words, text] = Halves(line);
    const size_t dot = words[0].find('.');
    TypeSchema& type = types[words[0]];
    type.package = words[0].substr(0, dot);
    type.name = words[0].substr(dot + 1);
    type.description = std::move(text);
    type.atomic = words.size() > 1 && words[1] == "@atomic";
  }

  void AddField(TypeSchema& type, std::string_view line) {
    auto [words, text] = Halves(line);
    if (words.size() < 2) Broken(line);
    FieldSchema field;
    field.name = words[0];
    if (field.name.ends_with('!')) {
      field.name.pop_back();
      field.required = true;
    }
    field.value = ReadType(words[1], type.package);
    field.description = std::move(text);
    for (size_t i = 2; i < words.size(); ++i) {
      const std::string& word = words[i];
      if (word == "@atomic") {
        field.atomic = true;
      } else if (word == "@set") {
        field.merge = FieldSchema::Merge::kSet;
      } else if (word.starts_with('@')) {
        field.merge = FieldSchema::Merge::kByKeys;
        field.keys = Split(word.substr(1), ',');
      } else if (word.starts_with('^')) {
        field.patch_merges = true;
        field.patch_key = word.substr(1);
      } else if (word == "~") {
        field.retains_keys = true;
      } else {
        Broken(line);
      }
    }
    if (field.value.type != nullptr && field.value.type->atomic) field.atomic = true;
    type.fields.push_back(std::move(field));
  }

  ValueSchema ReadType(std::string_view text, const std::string& package) {
    static const std::map<std::string, Base, std::less<>> kPlain = {
        {"string", Base::kString},     {"int32", Base::kInt32},
        {"int64", Base::kInt64},       {"bool", Base::kBool},
        {"time", Base::kTime},         {"microtime", Base::kMicroTime},
        {"quantity", Base::kQuantity}, {"intorstring", Base::kIntOrString},
        {"bytes", Base::kBytes},       {"object", Base::kAny},
    };
    ValueSchema value;
    if (text.starts_with("[]") || text.starts_with("map:")) {
      const bool list = text.front() == '[';
      value.base = list ? Base::kList : Base::kMap;
      value.element =
          std::make_shared<const ValueSchema>(ReadType(text.substr(list ? 2 : 4), package));
      return value;
    }
    if (const auto plain = kPlain.find(text); plain != kPlain.end()) {
      value.base = plain->second;
      return value;
    }
    const auto found =
        types.find(text.find('.') == std::string_view::npos ? package + "." + std::string(text)
                                                            : std::string(text));
    if (found == types.end()) Broken(text);
    value.base = Base::kStruct;
    value.type = &found->second;
    return value;
  }
};

const Reader& Tables() {
  static const Reader* const kReader = new Reader;
  return *kReader;
}

}  // namespace

const TypeSchema* FindType(std::string_view name) {
  const auto& types = Tables().types;
  const auto found = types.find(name);
  return found == types.end() ? nullptr : &found->second;
}

const TypeSchema& SchemaOf(const ResourceInfo& info) {
  static const auto* const kByResource = [] {
    auto* table = new std::unordered_map<const ResourceInfo*, const TypeSchema*>;
    for (const ResourceInfo& one : AllResources()) {
      const std::string package =
          one.group.empty() ? "core" : one.group.substr(0, one.group.find('.'));
      const TypeSchema* type = FindType(package + "." + one.kind);
      if (type == nullptr) Broken(one.kind);
      table->emplace(&one, type);
    }
    return table;
  }();
  return *kByResource->at(&info);
}

}  // namespace holdfast::sandbox
