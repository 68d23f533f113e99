#include "harness/sandbox/image/apt_sources.h"

#include <algorithm>
#include <array>
#include <system_error>

#include "harness/base/files.h"
#include "harness/base/strings.h"

namespace holdfast::sandbox {
namespace fs = std::filesystem;
namespace {

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r';
    if (!space) word += c;
    if (space && !word.empty()) words.push_back(std::exchange(word, {}));
  }
  if (!word.empty()) words.push_back(word);
  return words;
}

std::string Lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

bool Contains(const std::vector<std::string>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

void AddOption(AptSource& source, const std::string& key, const std::string& value) {
  const std::string name = Lower(key);
  if (name == "signed-by") source.signed_by = value;
  if (name == "trusted") source.options["Trusted"] = value;
  if (name == "check-valid-until") source.options["Check-Valid-Until"] = value;
}

// "deb [option=value ...] uri suite component..."
void ParseListLine(std::string_view line, std::vector<AptSource>& sources) {
  line = Trim(line.substr(0, line.find('#')));
  if (!line.starts_with("deb ") && !line.starts_with("deb\t")) return;
  line = Trim(line.substr(3));
  AptSource source;
  if (line.starts_with('[')) {
    const size_t end = line.find(']');
    if (end == std::string_view::npos) return;
    for (const std::string& option : Words(line.substr(1, end - 1))) {
      const size_t equals = option.find('=');
      if (equals != std::string::npos)
        AddOption(source, option.substr(0, equals), option.substr(equals + 1));
    }
    line = Trim(line.substr(end + 1));
  }
  const std::vector<std::string> words = Words(line);
  if (words.size() < 3) return;
  source.uris = {words[0]};
  source.suites = {words[1]};
  source.components.assign(words.begin() + 2, words.end());
  sources.push_back(std::move(source));
}

using Stanza = std::map<std::string, std::string>;

void AddStanza(const Stanza& stanza, std::vector<AptSource>& sources) {
  const auto field = [&](const char* name) {
    const auto found = stanza.find(name);
    return found == stanza.end() ? std::string() : found->second;
  };
  const std::string enabled = Lower(std::string(Trim(field("enabled"))));
  if (enabled == "no" || enabled == "false" || !Contains(Words(field("types")), "deb")) return;
  AptSource source;
  source.uris = Words(field("uris"));
  source.suites = Words(field("suites"));
  source.components = Words(field("components"));
  for (const auto& [key, value] : stanza)
    AddOption(source, key, value);
  if (!source.uris.empty() && !source.suites.empty()) sources.push_back(std::move(source));
}

// The security archive of a suite has its name with a suffix, or after a slash before Debian 11.
bool IsOfSuite(const std::string& suite, const std::string& codename) {
  return suite == codename || suite == codename + "-updates" || suite == codename + "-security" ||
         suite == codename + "/updates";
}

// Third parties also name their suites after the distribution's, but they bring their own key.
bool IsOfDistribution(const AptSource& source) {
  return Contains(source.components, "main") &&
         (source.signed_by.empty() ||
          source.signed_by.find("debian-archive") != std::string::npos ||
          source.signed_by.find("BEGIN PGP") != std::string::npos);
}

}  // namespace

std::vector<AptSource> ParseListFile(std::string_view text) {
  std::vector<AptSource> sources;
  for (const std::string& line : Split(text, '\n'))
    ParseListLine(line, sources);
  return sources;
}

std::vector<AptSource> ParseSourcesFile(std::string_view text) {
  std::vector<AptSource> sources;
  Stanza stanza;
  std::string key;
  for (const std::string& line : Split(text, '\n')) {
    if (line.starts_with('#')) continue;
    if (Trim(line).empty()) {
      AddStanza(stanza, sources);
      stanza.clear();
      key.clear();
    } else if (line.starts_with(' ') || line.starts_with('\t')) {
      if (!key.empty()) stanza[key] += "\n" + line;
    } else if (const size_t colon = line.find(':'); colon != std::string::npos) {
      key = Lower(std::string(Trim(std::string_view(line).substr(0, colon))));
      stanza[key] = std::string(Trim(std::string_view(line).substr(colon + 1)));
    }
  }
  AddStanza(stanza, sources);
  return sources;
}

namespace {

// The code names under which one archive carries its releases.
constexpr std::array<std::string_view, 6> kReleases = {"bullseye", "bookworm", "trixie",
                                                       "forky",    "sid",      "unstable"};

// The suites of `codename` that the source names or, when it names another release of the same
// archive, the one that must be beside it. Empty: neither.
std::vector<std::string> SuitesFor(const AptSource& source, const std::string& codename) {
  std::vector<std::string> suites;
  std::ranges::copy_if(source.suites, std::back_inserter(suites),
                       [&](const std::string& suite) { return IsOfSuite(suite, codename); });
  if (!suites.empty()) return suites;
  for (const std::string& suite : source.suites)
    for (const std::string_view release : kReleases)
      if (suite == release) return {codename};
  return {};
}

std::string Stanzas(const std::vector<AptSource>& sources, const std::string& codename, bool named) {
  std::string text;
  for (const AptSource& source : sources) {
    if (!IsOfDistribution(source)) continue;
    const std::vector<std::string> suites = SuitesFor(source, codename);
    const bool its_own = std::ranges::any_of(
        source.suites, [&](const std::string& suite) { return IsOfSuite(suite, codename); });
    if (suites.empty() || its_own != named) continue;
    text += fmt::format("Types: deb\nURIs: {}\nSuites: {}\nComponents: main\n",
                        Join(source.uris, " "), Join(suites, " "));
    if (!source.signed_by.empty()) text += fmt::format("Signed-By: {}\n", source.signed_by);
    std::map<std::string, std::string> options = source.options;
    // Only releases in the making expire; signed content that is a few weeks old is as good.
    if (codename == "sid" || codename == "unstable") options.emplace("Check-Valid-Until", "no");
    for (const auto& [key, value] : options)
      text += fmt::format("{}: {}\n", key, value);
    text += "\n";
  }
  return text;
}

}  // namespace

Result<std::string> DistributionSources(const std::vector<AptSource>& sources,
                                        const std::string& codename) {
  const bool named = std::ranges::any_of(sources, [&](const AptSource& source) {
    return IsOfDistribution(source) && Contains(source.suites, codename);
  });
  const std::string text = Stanzas(sources, codename, named);
  if (text.empty())
    return Fail(ErrorCode::kNotFound,
                "the machine's apt sources name no mirror of the Debian suite '{0}' with component "
                "main, which the image is made from; add one below /etc/apt/sources.list.d",
                codename);
  return text;
}

std::vector<AptSource> ReadAptSources(const fs::path& etc_apt) {
  std::vector<fs::path> files = {etc_apt / "sources.list"};
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(etc_apt / "sources.list.d", error))
    files.push_back(entry.path());
  std::sort(files.begin() + 1, files.end());
  std::vector<AptSource> sources;
  for (const fs::path& file : files) {
    const bool list = file.extension() == ".list";
    if (!list && file.extension() != ".sources") continue;
    const Result<std::string> text = ReadFile(file);
    if (!text) continue;  // What we may not read, apt run by us could not read either.
    std::vector<AptSource> found = list ? ParseListFile(*text) : ParseSourcesFile(*text);
    sources.insert(sources.end(), found.begin(), found.end());
  }
  return sources;
}

std::string NetworkOptions(std::string_view apt_config_dump) {
  std::string text;
  for (const std::string& line : Split(apt_config_dump, '\n')) {
    const bool wanted =
        line.starts_with("Acquire::http::") || line.starts_with("Acquire::https::") ||
        line.starts_with("Acquire::Check-Valid-Until") || line.starts_with("Acquire::Check-Date") ||
        line.starts_with("Acquire::Retries") || line.starts_with("Acquire::ForceIPv");
    if (wanted && line.find(" \"") != std::string::npos) text += line + "\n";
  }
  return text;
}

}  // namespace holdfast::sandbox
