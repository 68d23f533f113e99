// LoadSuite: the file, its top level, workload, load, expect and accept.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <set>

#include "harness/base/files.h"
#include "harness/base/strings.h"
#include "harness/base/time_format.h"
#include "harness/suite/matrix.h"
#include "harness/suite/overrides.h"
#include "harness/suite/scenario_reader.h"
#include "harness/suite/suite.h"
#include "harness/suite/value_reader.h"
#include "harness/suite/yaml_reader.h"

namespace holdfast::suite {
namespace {

// A device or a pipe would block or never end, so only a regular file of a sane size is read.
Result<std::string> ReadSuiteText(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    return Fail(ErrorCode::kInvalidArgument, "{}: cannot read the suite: {}; check the path",
                path.string(), ErrnoText(errno));
  }
  if (!S_ISREG(info.st_mode)) {
    return Fail(ErrorCode::kInvalidArgument, "{}: not a regular file; name a suite file",
                path.string());
  }
  if (static_cast<uint64_t>(info.st_size) > kMaximumBytes) {
    return Fail(ErrorCode::kInvalidArgument,
                "{}: {} bytes, a suite has at most 1 MiB; is it the right file?", path.string(),
                WithThousands(info.st_size));
  }
  auto text = ReadFile(path);
  if (!text)
    return Fail(ErrorCode::kInvalidArgument, "{}: {}", path.string(), text.error().message);
  return text;
}

void ReadWorkload(const Node& node,
                  const Vocabulary& vocabulary,
                  Mistakes& mistakes,
                  Suite& suite) {
  std::vector<std::string> known;
  for (const auto& [name, unused] : vocabulary.workloads)
    known.push_back(name);
  Place place = node.place;
  Node parameters;
  if (node.kind == NodeKind::kScalar) {
    suite.workload = node.text;
    parameters.place = node.place;
  } else if (node.kind == NodeKind::kMap && node.entries.size() == 1) {
    suite.workload = node.entries.front().key;
    place = node.entries.front().place;
    parameters = node.entries.front().value;
  } else {
    mistakes.Add(node.place, "workload must name one workload, such as 'workload: {{{}: {{}}}}'",
                 known.empty() ? "postgres" : known.front());
    return;
  }
  const auto schema = vocabulary.workloads.find(suite.workload);
  if (schema == vocabulary.workloads.end()) {
    mistakes.Add(place, "unknown workload '{}'{}", Excerpt(suite.workload),
                 Suggestion(suite.workload, known));
    return;
  }
  suite.workload_parameters = ReadParameters(
      parameters, fmt::format("workload '{}'", suite.workload), schema->second, mistakes);
}

// Where a key stands, for a mistake in its value.
Place PlaceOf(const Node& map, std::string_view key) {
  const Entry* const found = map.Find(key);
  return found != nullptr ? found->value.place : map.place;
}

std::optional<double> ParseSkew(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value,
                                            std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 4))
    return std::nullopt;
  return value;
}

Load ReadLoad(const Node& node, Mistakes& mistakes) {
  const Load defaults;
  const auto count = [](const char* name, int fallback, int64_t least, int64_t most) {
    Parameter parameter{name, ParameterType::kInteger, fallback, ""};
    parameter.min = least;
    parameter.max = most;
    return parameter;
  };
  const ParameterSchema schema = {
      count("writers", defaults.writers, 1, 256),
      count("readers", defaults.readers, 0, 256),
      count("register-clients", defaults.register_clients, 0, 200),
      count("transaction-clients", defaults.transaction_clients, 0, 100),
      count("value-size", defaults.value_size, 0, 1'000'000),
      {"rate", ParameterType::kRate, defaults.rate, ""},
      {"loop", ParameterType::kString, "closed", "", {"closed", "open"}},
      {"skew", ParameterType::kString, "0", ""},
      count("registers", defaults.registers, 1, 1000),
      count("register-reads", defaults.register_reads, 0, 1000),
      count("register-writes", defaults.register_writes, 0, 1000),
      count("register-cas", defaults.register_cas, 0, 1000),
      {"deadline", ParameterType::kDuration, "2s", ""},
      {"connect-timeout", ParameterType::kDuration, "2s", ""},
      count("sentinel-rows", defaults.sentinel_rows, 0, 1'000'000),
      count("minimum-acks", defaults.minimum_acks, 0, 1'000'000'000),
  };
  const Json values = ReadParameters(node, "load", schema, mistakes);
  Load load;
  load.writers = static_cast<int>(GetInt(values, {"writers"}, defaults.writers));
  load.readers = static_cast<int>(GetInt(values, {"readers"}, defaults.readers));
  load.register_clients =
      static_cast<int>(GetInt(values, {"register-clients"}, defaults.register_clients));
  load.transaction_clients =
      static_cast<int>(GetInt(values, {"transaction-clients"}, defaults.transaction_clients));
  load.value_size = static_cast<int>(GetInt(values, {"value-size"}, defaults.value_size));
  if (const Json* rate = FindPath(values, {"rate"})) load.rate = rate->get<double>();
  load.open_loop = GetString(values, {"loop"}) == "open";
  if (load.open_loop && load.rate <= 0)
    mistakes.Add(PlaceOf(node, "loop"), "loop 'open' needs a rate above 0/s");
  if (const auto skew = ParseSkew(GetString(values, {"skew"}, "0")))
    load.skew = *skew;
  else
    mistakes.Add(PlaceOf(node, "skew"), "skew must be a number from 0 to 4, such as 0.99, not '{}'",
                 Excerpt(GetString(values, {"skew"})));
  load.registers = static_cast<int>(GetInt(values, {"registers"}, defaults.registers));
  load.register_reads =
      static_cast<int>(GetInt(values, {"register-reads"}, defaults.register_reads));
  load.register_writes =
      static_cast<int>(GetInt(values, {"register-writes"}, defaults.register_writes));
  load.register_cas = static_cast<int>(GetInt(values, {"register-cas"}, defaults.register_cas));
  if (load.register_reads + load.register_writes + load.register_cas < 1)
    mistakes.Add(PlaceOf(node, "register-reads"),
                 "one of register-reads, register-writes and register-cas must be above 0");
  for (const auto& [name, place] : {std::pair("deadline", &load.deadline),
                                    std::pair("connect-timeout", &load.connect_timeout)}) {
    *place = ParseDuration(GetString(values, {name})).value_or(*place);
    if (*place < std::chrono::milliseconds(10))
      mistakes.Add(PlaceOf(node, name), "{} must be at least 10ms", name);
  }
  load.sentinel_rows = static_cast<int>(GetInt(values, {"sentinel-rows"}, defaults.sentinel_rows));
  load.minimum_acks = static_cast<int>(GetInt(values, {"minimum-acks"}, defaults.minimum_acks));
  return load;
}

// A guarantee's id that is known and not yet in `seen`, or nullopt with a mistake.
std::optional<std::string> ReadGuarantee(const Node& node,
                                         const Vocabulary& vocabulary,
                                         std::set<std::string>& seen,
                                         Mistakes& mistakes) {
  const auto& known = vocabulary.guarantees;
  if (node.kind != NodeKind::kScalar) {
    mistakes.Add(node.place, "must be the id of a guarantee, such as SS-ORD-2, not {}",
                 Describe(node));
    return std::nullopt;
  }
  if (std::find(known.begin(), known.end(), node.text) == known.end()) {
    const auto near = Nearest(Excerpt(node.text), known);
    mistakes.Add(node.place, "unknown guarantee '{}'{}", Excerpt(node.text),
                 near ? fmt::format(" (did you mean '{}'?)", *near)
                      : "; 'holdfast list guarantees' prints them");
    return std::nullopt;
  }
  if (!seen.insert(node.text).second) {
    mistakes.Add(node.place, "'{}' is named twice; remove one", node.text);
    return std::nullopt;
  }
  return node.text;
}

std::vector<std::string> ReadExpect(const Node& node,
                                    const Vocabulary& vocabulary,
                                    Mistakes& mistakes) {
  std::vector<std::string> ids;
  if (!ExpectMap(node, "expect", mistakes)) return ids;
  RefuseUnknownKeys(node, {"fail"}, mistakes);
  const Entry* fail = node.Find("fail");
  if (fail == nullptr || !ExpectSequence(fail->value, "fail", mistakes)) return ids;
  std::set<std::string> seen;
  for (const Node& item : fail->value.items) {
    if (auto id = ReadGuarantee(item, vocabulary, seen, mistakes)) ids.push_back(std::move(*id));
  }
  return ids;
}

bool IsDate(std::string_view text) {
  return text.size() == 10 && ParseRfc3339(std::string(text) + "T00:00:00Z").has_value();
}

Json ReadWaiver(const Node& node,
                const Vocabulary& vocabulary,
                std::set<std::string>& seen,
                Mistakes& mistakes) {
  Json waiver = Json::object();
  if (node.kind != NodeKind::kMap) {
    mistakes.Add(node.place, "a waiver must be a map with 'id' and 'reason', not {}",
                 Describe(node));
    return waiver;
  }
  RefuseUnknownKeys(node, {"id", "reason", "until"}, mistakes);
  if (const Entry* id = node.Find("id")) {
    if (auto known = ReadGuarantee(id->value, vocabulary, seen, mistakes)) waiver["id"] = *known;
  } else {
    mistakes.Add(node.place, "the waiver has no 'id'; name the guarantee that it waives");
  }
  if (const Entry* reason = node.Find("reason"); reason != nullptr &&
                                                 reason->value.kind == NodeKind::kScalar &&
                                                 !Trim(reason->value.text).empty()) {
    waiver["reason"] = reason->value.text;
  } else {
    mistakes.Add(reason != nullptr ? reason->place : node.place,
                 "the waiver has no 'reason'; say in one sentence why it is accepted");
  }
  if (const Entry* until = node.Find("until")) {
    if (IsDate(until->value.text)) {
      waiver["until"] = until->value.text;
    } else {
      mistakes.Add(until->value.place, "until must be a date such as 2027-06-30, not {}",
                   Describe(until->value));
    }
  }
  return waiver;
}

Json ReadAccept(const Node& node, const Vocabulary& vocabulary, Mistakes& mistakes) {
  Json waivers = Json::array();
  if (!ExpectSequence(node, "accept", mistakes)) return waivers;
  std::set<std::string> seen;
  for (const Node& item : node.items)
    waivers.push_back(ReadWaiver(item, vocabulary, seen, mistakes));
  return waivers;
}

ClusterFence ReadCluster(const Node& node, Mistakes& mistakes) {
  const auto text = [](const char* name) {
    Parameter parameter{name, ParameterType::kString, nullptr, ""};
    parameter.optional = true;
    return parameter;
  };
  const auto count = [](const char* name, int fallback) {
    Parameter parameter{name, ParameterType::kInteger, fallback, ""};
    parameter.min = fallback;
    parameter.max = 100'000;
    return parameter;
  };
  const ClusterFence defaults;
  const ParameterSchema schema = {text("context"), text("uid"),
                                  count("ready-nodes", defaults.ready_nodes),
                                  count("nodes-left", defaults.nodes_left),
                                  count("nodes-injured", defaults.nodes_injured)};
  const Json values = ReadParameters(node, "cluster", schema, mistakes);
  return {GetString(values, {"context"}), GetString(values, {"uid"}),
          static_cast<int>(GetInt(values, {"ready-nodes"}, defaults.ready_nodes)),
          static_cast<int>(GetInt(values, {"nodes-left"}, defaults.nodes_left)),
          static_cast<int>(GetInt(values, {"nodes-injured"}, defaults.nodes_injured))};
}

// The system's namespaces and the journal's are nobody's to play in.
std::string ReadNamespace(const Node& node, Mistakes& mistakes) {
  const std::string name = ReadLabel(node, "namespace", mistakes).value_or("");
  if (name.starts_with("kube-") || name == "holdfast-journal")
    mistakes.Add(node.place, "namespace {} is the system's; name one that is yours", name);
  return name;
}

NodeCommands ReadNodeControl(const Node& node, Mistakes& mistakes) {
  ParameterSchema schema;
  for (const char* name : {"stop", "start", "freeze", "partition", "state"}) {
    Parameter parameter{name, ParameterType::kString, nullptr, ""};
    parameter.optional = true;
    schema.push_back(std::move(parameter));
  }
  const Json values = ReadParameters(node, "node-control", schema, mistakes);
  NodeCommands commands{GetString(values, {"stop"}), GetString(values, {"start"}),
                        GetString(values, {"freeze"}), GetString(values, {"partition"}),
                        GetString(values, {"state"})};
  // What cannot be taken back must not be done.
  if (commands.start.empty()) {
    mistakes.Add(node.place,
                 "node-control has no 'start'; add the command that brings a node back");
  }
  return commands;
}

std::optional<uint64_t> ReadSeed(const Node& node, Mistakes& mistakes) {
  const auto seed =
      node.kind == NodeKind::kScalar && !node.quoted ? ParseUnsigned(node.text) : std::nullopt;
  if (!seed) {
    mistakes.Add(node.place, "seed must be a whole number from 0 to {} in decimal digits, not {}",
                 UINT64_MAX, Describe(node));
  }
  return seed;
}

void ReadTopLevel(const Node& root,
                  const Vocabulary& vocabulary,
                  Mistakes& mistakes,
                  Suite& suite) {
  if (root.kind != NodeKind::kMap) {
    mistakes.Add(root.place,
                 "a suite must be a map with 'suite', 'workload' and 'scenarios', not {}",
                 Describe(root));
    return;
  }
  RefuseUnknownKeys(root,
                    {"suite", "workload", "load", "scenarios", "seed", "expect", "accept",
                     "cluster", "namespace", "node-control", "matrix"},
                    mistakes);
  const Place start{{1, 1}, {}};
  if (const Entry* name = root.Find("suite")) {
    suite.name = ReadLabel(name->value, "suite", mistakes).value_or("");
  } else {
    mistakes.Add(start, "'suite' is missing; add the suite's name, such as 'suite: my-suite'");
  }
  if (const Entry* workload = root.Find("workload")) {
    ReadWorkload(workload->value, vocabulary, mistakes, suite);
  } else {
    mistakes.Add(start,
                 "'workload' is missing; add what to deploy, such as 'workload: {{{}: {{}}}}'",
                 vocabulary.workloads.empty() ? "postgres" : vocabulary.workloads.begin()->first);
  }
  if (const Entry* load = root.Find("load")) suite.load = ReadLoad(load->value, mistakes);
  if (const Entry* scenarios = root.Find("scenarios")) {
    suite.scenarios = ReadScenarios(scenarios->value, vocabulary, mistakes);
  } else {
    mistakes.Add(start, "'scenarios' is missing; add a list of scenarios with 'name' and 'steps'");
  }
  if (const Entry* seed = root.Find("seed")) suite.seed = ReadSeed(seed->value, mistakes);
  if (const Entry* expect = root.Find("expect"))
    suite.expect_fail = ReadExpect(expect->value, vocabulary, mistakes);
  if (const Entry* accept = root.Find("accept"))
    suite.accept = ReadAccept(accept->value, vocabulary, mistakes);
  if (const Entry* cluster = root.Find("cluster"))
    suite.cluster = ReadCluster(cluster->value, mistakes);
  if (const Entry* given = root.Find("namespace"))
    suite.given_namespace = ReadNamespace(given->value, mistakes);
  if (const Entry* control = root.Find("node-control"))
    suite.node_control = ReadNodeControl(control->value, mistakes);
}

Suite ReadVariant(Variant& variant,
                  const Vocabulary& vocabulary,
                  const std::vector<std::string>& overrides,
                  Mistakes& mistakes) {
  Suite suite;
  suite.accept = Json::array();
  suite.variant = Json::object();
  if (variant.root.kind == NodeKind::kMap) ApplyOverrides(overrides, variant.root, mistakes);
  RefuseOverriddenAxes(variant, mistakes);
  ReadTopLevel(variant.root, vocabulary, mistakes, suite);
  if (variant.suffix.empty()) return suite;
  suite.name += "-" + variant.suffix;
  for (const Choice& choice : variant.choices)
    suite.variant[choice.axis] = ChoiceText(choice);
  return suite;
}

}  // namespace

Result<std::vector<Suite>> LoadSuites(const std::filesystem::path& path,
                                      const Vocabulary& vocabulary,
                                      const std::vector<std::string>& overrides) {
  HOLDFAST_ASSIGN(const std::string text, ReadSuiteText(path));
  Mistakes mistakes;
  std::optional<Node> root = ReadYaml(text, mistakes);
  if (root && root->kind == NodeKind::kNull) root.reset();
  if (!root && mistakes.empty()) {
    mistakes.Add({{1, 1}, {}},
                 "the file is empty; a suite has 'suite', 'workload' and 'scenarios'");
  }
  std::vector<Variant> variants;
  if (root) variants = ExpandMatrix(*std::move(root), mistakes);
  std::vector<Suite> suites;
  for (Variant& variant : variants) {
    Suite suite = ReadVariant(variant, vocabulary, overrides, mistakes);
    suite.path = path;
    suite.text = text;
    // What is wrong in one of them is mostly wrong in all.
    if (!mistakes.empty()) break;
    suites.push_back(std::move(suite));
  }
  if (!mistakes.empty())
    return Fail(ErrorCode::kInvalidArgument, "{}", mistakes.Render(path.string()));
  return suites;
}

Result<Suite> LoadSuite(const std::filesystem::path& path,
                        const Vocabulary& vocabulary,
                        const std::vector<std::string>& overrides) {
  HOLDFAST_ASSIGN(std::vector<Suite> suites, LoadSuites(path, vocabulary, overrides));
  if (suites.size() == 1) return std::move(suites[0]);
  return Fail(ErrorCode::kInvalidArgument, "{}: its matrix makes {} suites, one is wanted here",
              path.string(), suites.size());
}

}  // namespace holdfast::suite
