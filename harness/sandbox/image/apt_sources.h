// Which mirrors the machine's own package manager uses: images are made from them and from nowhere
// else.
#ifndef HOLDFAST_HARNESS_SANDBOX_IMAGE_APT_SOURCES_H_
#define HOLDFAST_HARNESS_SANDBOX_IMAGE_APT_SOURCES_H_

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/result.h"

namespace holdfast::sandbox {

// One enabled source of binary packages.
struct AptSource {
  std::vector<std::string> uris;
  std::vector<std::string> suites;
  std::vector<std::string> components;
  std::string signed_by;  // A path, a fingerprint or a whole key block; may be empty.
  std::map<std::string, std::string> options;  // "Trusted", "Check-Valid-Until": kept as they are.
};

// sources.list(5), one-line style. Lines that are no "deb" lines are skipped.
std::vector<AptSource> ParseListFile(std::string_view text);
// sources.list(5), deb822 style. Stanzas that are disabled or no "deb" ones are skipped.
std::vector<AptSource> ParseSourcesFile(std::string_view text);
// Of `sources`, those of the distribution's own archive for the suite `codename` (also its updates
// and security), written in deb822 style with component main. When they name only other releases,
// the mirror of those is asked for this one: an archive carries them all. kNotFound when there is
// no mirror of the distribution at all.
Result<std::string> DistributionSources(const std::vector<AptSource>& sources,
                                        const std::string& codename);
// Everything below `etc_apt` (normally /etc/apt) that apt itself would read.
std::vector<AptSource> ReadAptSources(const std::filesystem::path& etc_apt);
// Of the output of `apt-config dump`, the lines that say how to reach a mirror (proxies,
// certificates, time checks), as apt.conf(5) text. May hold a proxy's password: for a private file.
std::string NetworkOptions(std::string_view apt_config_dump);

}  // namespace holdfast::sandbox

#endif  // HOLDFAST_HARNESS_SANDBOX_IMAGE_APT_SOURCES_H_
